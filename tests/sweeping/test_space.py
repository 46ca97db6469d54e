"""What is varied: as it is written, and refused before anything starts where it cannot be."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

import digitlab as dl
from digitlab.errors import RecipeError
from digitlab.sweeping import Space, parse_space, parse_vary
from digitlab.training import SETTINGS

RANGES = {
    "learning_rate": "log:1e-3..1",
    "dropout": "0..0.5",
    "activation": "relu,gelu",
    "layers": "784-10,784-32-10",
    "batch_size": "log:16..512",
    "epochs": "10..12",
    "momentum": "0.8, 0.9,0.8",
}


def test_each_form_is_what_it_says():
    axes = {axis.setting.name: axis for axis in parse_space(RANGES).axes}
    assert (axes["learning_rate"].low, axes["learning_rate"].high, axes["learning_rate"].log) == (1e-3, 1, True)
    assert (axes["dropout"].low, axes["dropout"].high, axes["dropout"].log) == (0, 0.5, False)
    assert axes["activation"].values == ("relu", "gelu")
    assert axes["layers"].values == ((784, 10), (784, 32, 10))
    assert (axes["batch_size"].ends, axes["batch_size"].whole, axes["batch_size"].log) == ((16, 512), True, True)
    assert (axes["epochs"].size, axes["batch_size"].size) == (3, 497)
    assert axes["momentum"].values == (0.8, 0.9)


def test_in_whatever_order_it_is_given_a_space_is_the_same():
    backwards = dict(reversed(RANGES.items()))
    assert parse_space(backwards) == parse_space(RANGES)
    assert list(parse_space(backwards).to_dict()) == [name for name in SETTINGS if name in RANGES]


def test_settings_are_counted_each_once():
    space = parse_space({"epochs": "1..3", "activation": "relu,gelu", "layers": "784-10,784-5-10"})
    every = [tuple(space.nth(place).items()) for place in range(int(space.size))]
    assert len(set(every)) == space.size == 12
    for settings in every:
        dataclasses.replace(dl.recipe(), **dict(settings))
    assert parse_space({"epochs": "1..3", "dropout": "0..1e-3"}).size == float("inf")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("learning_rat", "1..2", "did you mean learning_rate"),
        ("learning_rate", "log:0..1", "LOW above 0"),
        ("learning_rate", "0..1", "a number above 0"),
        ("learning_rate", "1..2000", "to 1,000"),
        ("learning_rate", "1..1", "to a larger one"),
        ("learning_rate", "2..1", "to a larger one"),
        ("learning_rate", "nan..1", "to a larger one"),
        ("learning_rate", "0.1..", "cannot be understood"),
        ("learning_rate", "0.1", "two different values"),
        ("learning_rate", "0.1,0.1", "two different values"),
        ("learning_rate", "log:0.1,0.2", "cannot be understood"),
        ("learning_rate", 0.1, "must be text"),
        ("activation", "relu,sinus", "one of sigmoid"),
        ("activation", "relu..gelu", "numbers at its ends"),
        ("epochs", "1..2.5", "cannot be understood"),
        ("epochs", "0..10", "from 1"),
        ("layers", "784-10,784-x-10", "784-64-10"),
        ("layers", "784-10,784-0-10", "whole numbers from 1"),
    ],
)
def test_what_cannot_be_is_refused(name, text, words):
    with pytest.raises(RecipeError) as error:
        parse_space({name: text})
    assert words in str(error.value)
    assert error.value.what.startswith(f"vary {name}") or "did you mean" in words


@given(st.sampled_from(sorted(SETTINGS)), st.text("0123456789.,-elogru:x ", max_size=20) | st.text(max_size=8))
def test_any_text_is_a_space_of_values_that_can_be_or_refused(name, text):
    try:
        space = parse_space({name: text})
    except RecipeError:
        return
    (axis,) = space.axes
    for end in axis.ends:
        assert SETTINGS[name].check(end) == end
    assert parse_space(space.to_dict()) == space


@given(st.floats(1e-6, 1000), st.floats(1e-6, 1000), st.floats(0, 1))
def test_a_rounded_number_stays_within_its_range(one, other, share):
    if one == other:
        return
    low, high = sorted((one, other))
    (axis,) = parse_space({"learning_rate": f"{low!r}..{high!r}"}).axes
    number = axis.rounded(low + share * (high - low))
    assert low <= number <= high
    assert number in (low, high) or len(f"{number:e}".split("e")[0].rstrip("0").replace(".", "")) <= 4


def test_vary_on_the_command_line():
    assert parse_vary(["learning-rate=0.1,0.2", "epochs=1..2"]) == {"learning_rate": "0.1,0.2", "epochs": "1..2"}
    for texts, words in ((["epochs"], "NAME=RANGE"), (["epochs=1..2", "epochs=3,4"], "twice")):
        with pytest.raises(RecipeError, match=words):
            parse_vary(texts)
    with pytest.raises(RecipeError, match="nothing is varied"):
        parse_space({})


def _check(vary: dict[str, str], **changes) -> Space:
    space = parse_space(vary)
    space.check(dl.recipe("minibatch", **changes))
    return space


def test_values_that_make_no_sense_together_are_refused_in_whatever_corner_they_are():
    with pytest.raises(RecipeError, match="no hidden units"):
        _check({"dropout": "0..0.5", "layers": "784-32-10,784-10"})
    _check({"dropout": "0..0.5", "layers": "784-32-10,784-16-10"})


def test_what_would_make_no_difference_is_refused():
    with pytest.raises(RecipeError, match="makes no difference"):
        _check({"momentum": "0.5..0.9"}, optimizer="sgd")
    with pytest.raises(RecipeError, match="makes no difference"):
        _check({"patience": "1..5"}, validation=0)
    _check({"momentum": "0.5..0.9"}, optimizer="momentum")
    _check({"patience": "1..5"}, validation=100)
    _check({"momentum": "0.5..0.9", "optimizer": "sgd,momentum"}, optimizer="sgd")
