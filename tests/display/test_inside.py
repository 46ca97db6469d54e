"""What goes on in a network, in words: within 80 columns, and true."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

import digitlab as dl
from digitlab.display.backprop import check_text, step_text
from digitlab.display.inside import inside_text
from digitlab.inside import attribute, backprop_step, contributions_of
from digitlab.inside.attribution import METHODS
from digitlab.inside.backprop import Check
from digitlab.network.card import new_card

LONG = 80


def _fits(text: str) -> bool:
    return max(map(len, text.splitlines())) <= LONG


@pytest.mark.parametrize("index", [8, 115])
def test_inside_adds_up_before_the_readers_eyes(index, mnist):
    network, image = dl.load("standard"), mnist[1].images[index]
    found = contributions_of(network, image)
    text = inside_text(found, [attribute(network, image, method=method) for method in METHODS], None)
    assert _fits(text)
    for_it, against = map(float, re.search(r"all \S+ +(\S+) +all \S+ +(\S+)", text).groups())
    bias, total, says = map(float, re.search(r"bias of (\S+) they add up to (\S+); .* says (\S+)", text).groups())
    assert for_it + against + bias == pytest.approx(total, abs=0.002)
    assert total == pytest.approx(says, abs=1e-4) == network.logits(image).max()
    rise, first, second = map(float, re.findall(r"[+-]\d+\.\d{4}(?!\d)", text))
    assert second == rise != first
    unit = int(re.search(r"for it.*\n +unit (\d+)", text)[1])
    assert unit == found.towards(found.digit).argmax()


def test_a_network_without_hidden_layers_has_pixels_that_push(mnist):
    network, image = dl.Network([784, 10]), mnist[1].images[0]
    text = inside_text(contributions_of(network, image), [attribute(network, image)], None)
    assert text.startswith("what each pixel adds to the logit of")
    assert _fits(text)


@pytest.mark.parametrize("activation", ["sigmoid", "leaky_relu"])
@pytest.mark.parametrize("sizes", [(784, 64, 10), (784, 10), (784, 300, 200, 10), (784, 8, 30)])
def test_every_quantity_of_a_step_is_told_with_its_formula(sizes, activation, mnist):
    step = backprop_step(dl.Network(sizes, activation=activation), mnist[1].images[8], 5)
    text = step_text(step)
    assert _fits(text)
    lines = text.splitlines()
    for quantity in step.quantities.values():
        equals = f"  {quantity.name} = {quantity.formula}" if quantity.formula else f"  {quantity.name} "
        assert any(line.startswith(equals) and quantity.about in line for line in lines), quantity.name


def test_small_things_are_told_whole_and_of_large_ones_the_largest(mnist):
    step = backprop_step(dl.Network([784, 64, 10], seed=1), mnist[1].images[8], 5, learning_rate=0.25)
    lines = step_text(step).splitlines()
    row = next(number for number, line in enumerate(lines) if line.startswith("  p = softmax(z2)")) + 1
    told = list(map(float, lines[row].split()))
    assert told == pytest.approx(step["p"], abs=5e-4)
    largest = next(line for line in lines if line.startswith("     largest: dW1"))
    pixel, unit = map(int, re.search(r"dW1\[(\d+),(\d+)\]", largest).groups())
    assert abs(step["dW1"][pixel, unit]) == abs(step["dW1"]).max()
    moved = next(line for line in lines if line.startswith("     W2["))
    before, rate, derivative, after = map(float, re.search(r": (\S+) - (\S+) \* (\S+) = (\S+)", moved).groups())
    assert rate == 0.25
    assert before - rate * derivative == pytest.approx(after, abs=1e-3)
    assert lines[-1] == f"try a derivative out: --check W1[{pixel},{unit}]"
    assert f"the loss was {step.loss:.4g} and is now {step.loss_after:.4g}: smaller" in lines


def test_a_step_that_is_too_long_is_called_so():
    network = dl.Network([784, 3, 10], activation="tanh", seed=21)
    network.card = dataclasses.replace(network.card, temperature=1.5)
    text = step_text(backprop_step(network, np.full((28, 28), 0.5), 1, learning_rate=30))
    assert "larger, as the step is too long" in text
    assert "(training knows no temperature: the model's, 1.5, is left out)" in text


def test_named_classes_are_named(mnist):
    network = dl.Network([784, 3])
    network.card = new_card(network.architecture, ("Shirt", "Shoe", "Bag"))
    assert "of class 1 (Shoe);" in step_text(backprop_step(network, mnist[1].images[8], 1))


def test_a_check_says_whether_they_agree(mnist):
    text = check_text(backprop_step(dl.Network([784, 5, 10]), mnist[1].images[8], 5).check("W1", (425, 2)))
    assert text.startswith("the derivative: how the loss changes with W1[425,2]\n")
    assert text.endswith("they agree")
    assert _fits(text)
    assert "they differ" in check_text(Check("b1", (3,), 1.0, 1e-5, 1.0, 1.0))


def test_long_names_of_classes_are_cut(mnist):
    network, image = dl.Network([784, 5, 2]), mnist[1].images[8]
    network.card = new_card(network.architecture, ("a rather long name of a class", "another rather long name"))
    for text in (
        inside_text(contributions_of(network, image), [attribute(network, image)], None),
        step_text(backprop_step(network, image, 1)),
    ):
        assert _fits(text)
        assert "…" in text
