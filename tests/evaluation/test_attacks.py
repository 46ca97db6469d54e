"""Attacks: against PyTorch, against the exact answer of a linear network, and within what is allowed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError
from digitlab.evaluation import attack_examples, fgsm, pgd
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.network.network import Network


@pytest.fixture(scope="module")
def standard():
    return dl.load("standard")


@pytest.fixture(scope="module")
def seen(standard, mnist):
    """What the network sees of some test digits that it reads, and their labels."""
    test = mnist[1][:60]
    right = standard.predict(test.images) == test.labels
    return standard.inputs(test.images[right].reshape(-1, 784)), test.labels[right]


def loss(network, x, labels):
    return softmax_cross_entropy(network.logits(x, preprocessed=True).astype(np.float64), labels).total / len(labels)


@pytest.mark.parametrize("attack", [fgsm, pgd])
@pytest.mark.parametrize("epsilon", [0, 0.1, 1])
def test_what_is_changed_is_within_epsilon_and_still_a_picture(attack, epsilon, standard, seen):
    x, labels = seen
    before = x.copy()
    attacked = attack(standard, x, labels, epsilon)
    assert attacked.dtype == np.float32
    assert np.abs(attacked - x).max() <= epsilon + 1e-6
    assert 0 <= attacked.min() <= attacked.max() <= 1
    np.testing.assert_array_equal(x, before)
    if epsilon:
        assert loss(standard, attacked, labels) > loss(standard, x, labels)
    else:
        np.testing.assert_array_equal(attacked, x)


def test_many_steps_do_more_harm_than_one_and_one_more_than_chance(standard, seen):
    x, labels = seen
    by_chance = np.clip(x + 0.1 * np.sign(np.random.default_rng(1).standard_normal(x.shape)), 0, 1)
    ways = (x, by_chance, fgsm(standard, x, labels, 0.1), pgd(standard, x, labels, 0.1))
    standing = [(standard.logits(way, preprocessed=True).argmax(axis=1) == labels).mean() for way in ways]
    assert standing[0] == 1
    assert standing[1] > 0.9
    assert standing[1] > standing[2] > standing[3]


def test_steps_begin_where_they_are_told_to(standard, seen):
    x, labels = seen
    reached = pgd(standard, x, labels, 0.05)
    alone, after = pgd(standard, x, labels, 0.1, 2), pgd(standard, x, labels, 0.1, 2, start=x + 2 * (reached - x))
    assert loss(standard, after, labels) > loss(standard, alone, labels)
    far_away = pgd(standard, x, labels, 0.01, 1, start=np.ones_like(x))
    assert np.abs(far_away - x).max() <= 0.01 + 1e-6


def test_a_picture_that_fell_is_left_alone(standard, seen):
    x, labels = seen
    wrong = (labels + 1) % 10
    np.testing.assert_array_equal(pgd(standard, x, wrong, 0.2), x)


def test_a_linear_network_of_two_classes_has_an_exact_answer(rng):
    """Nothing is worse than every pixel at the end of its reach: the margin falls by sum |w_y - w_o| times it."""
    network = Network([784, 2], seed=4)
    network.W1 = rng.normal(0, 0.05, (784, 2))
    x, epsilon = rng.random((300, 784), np.float32), 0.02
    labels = network.logits(x).argmax(axis=1)
    away = (network.W1[:, labels] - network.W1[:, 1 - labels]).T  # (N, P)
    worst = np.where(away > 0, np.maximum(x - epsilon, 0), np.minimum(x + epsilon, 1))
    np.testing.assert_allclose(fgsm(network, x, labels, epsilon), worst, atol=1e-6)
    logits = network.logits(x)
    reach = (np.abs(away) * np.abs(worst - x)).sum(axis=1)
    margin = np.abs(logits[:, 0] - logits[:, 1]) - reach
    for attacked in (worst, pgd(network, x, labels, epsilon)):
        fallen = network.logits(attacked).argmax(axis=1) != labels
        np.testing.assert_array_equal(fallen, margin < 0)
    assert 0.1 < (margin < 0).mean() < 0.9


def test_a_temperature_changes_no_answer_and_so_no_attack(standard, seen):
    x, labels = seen
    unsure, sure = standard.copy(), standard.copy()
    unsure.card, sure.card = (dataclasses.replace(standard.card, temperature=T) for T in (50, None))
    for attack in (fgsm, pgd):
        np.testing.assert_array_equal(attack(unsure, x, labels, 0.1), attack(sure, x, labels, 0.1))


def test_the_way_up_is_pytorchs(standard, seen):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    network = dl.Network([784, 20, 10], activation="tanh", seed=2)
    x, labels = seen
    inputs = torch.tensor(x.astype(np.float64), requires_grad=True)
    W1, b1, W2, b2 = (torch.tensor(getattr(network, one).astype(np.float64)) for one in ("W1", "b1", "W2", "b2"))
    logits = torch.tanh(inputs @ W1 + b1) @ W2 + b2
    torch.nn.functional.cross_entropy(logits, torch.tensor(labels.astype(np.int64))).backward()
    theirs = inputs.grad.numpy()
    clear = np.abs(theirs) > 1e-9
    moved = fgsm(network, x, labels, 0.01) - x
    inside = clear & (x > 0.02) & (x < 0.98)
    np.testing.assert_array_equal(np.sign(moved[inside]), np.sign(theirs[inside]))
    assert inside.sum() > 1000


def test_also_a_network_that_is_surer_than_float32_can_say_is_attacked(standard, seen):
    sure = standard.copy()
    sure.W3, sure.b3 = sure.W3 * 40, sure.b3 * 40
    x, labels = seen
    assert (sure.probabilities(x) == 1).any()
    assert (np.abs(fgsm(sure, x, labels, 0.1) - x).max(axis=1) > 0.09).all()


def test_examples_are_read_before_and_misread_after(standard, mnist):
    examples = attack_examples(standard, mnist[1][:60], 0.1, count=5)
    assert len(examples) == 5
    for one in examples:
        assert mnist[1].labels[one.index] == one.label != one.predicted
        np.testing.assert_array_equal(one.before, standard.inputs(mnist[1].images[one.index]))
        assert standard.predict(one.before) == one.label
        assert standard.predict(one.after) == one.predicted
        assert standard.probabilities(one.after)[one.predicted] == pytest.approx(one.confidence, abs=1e-5)
    assert attack_examples(standard, mnist[1][:20], 0.0) == []


def test_what_cannot_be_attacked_is_refused(standard, seen):
    x, labels = seen
    for epsilon in (-0.1, 1.1, float("nan")):
        with pytest.raises(InputError, match="epsilon"):
            fgsm(standard, x, labels, epsilon)
    for pictures, theirs in ((x[:, :-1], labels), (x[0], labels), (x, labels[1:])):
        with pytest.raises(InputError, match="label for each"):
            pgd(standard, pictures, theirs, 0.1)
    for pictures in ((255 * x).astype(np.uint8), 255 * x, -x):
        with pytest.raises(InputError, match="floats from 0 to 1"):
            fgsm(standard, pictures, labels, 0.1)
    with pytest.raises(InputError, match="labels are 0 to 9"):
        fgsm(standard, x, labels + 5, 0.1)
    with pytest.raises(InputError, match="1 step"):
        pgd(standard, x, labels, 0.1, 0)
    with pytest.raises(InputError, match="as many pictures"):
        pgd(standard, x, labels, 0.1, start=x[1:])
