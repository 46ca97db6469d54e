"""Trainings that learn nothing say so, once, and why: real ones, and real ones that do learn."""

from __future__ import annotations

import numpy as np
import pytest

import digitlab as dl
from digitlab.training import Advice, EpochDone, Stopped
from digitlab.training.loop import Loop

SO_FAR = "nothing is learnt so far: "
LEAPS = "the learning rate {} is too large, its steps leap too far; try a tenth of it"
SLOWLY = "the loss falls too slowly; try a larger learning rate than {}, or more epochs"
PASS_ON = "{} {} layers hardly pass anything on; try {}"


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:2000]


def _advice(digits: dl.Digits, name: str, **changes) -> str | None:
    recipe = dl.recipe(name, **changes)
    advice = dl.fit(recipe.new_network(), digits, recipe, threads=1).advice
    return advice and advice.removeprefix(SO_FAR)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"layers": (784, *[32] * 5, 10)}, PASS_ON.format(5, "sigmoid", "relu or fewer layers")),
        ({"layers": (784, *[32] * 20, 10), "activation": "relu"}, PASS_ON.format(20, "relu", "fewer layers")),
        ({"learning_rate": 10.0}, LEAPS.format(10)),
        ({"learning_rate": 200.0, "layers": (784, *[32] * 5, 10)}, LEAPS.format(200)),
        ({"learning_rate": 10.0, "activation": "relu"}, LEAPS.format(10)),
        (
            {"learning_rate": 1.2, "activation": "relu"},
            LEAPS.format(1.2),
        ),  # its units are dead, its loss is a guesser's
        ({"learning_rate": 1e-6}, SLOWLY.format("1e-06")),
        ({"learning_rate": 1e-6, "layers": (784, 10)}, SLOWLY.format("1e-06")),
    ],
    ids=[
        "deep",
        "deep relu",
        "large rate",
        "large rate in a deep network",
        "large rate for relu",
        "stuck",
        "small rate",
        "small rate without a hidden layer",
    ],
)
def test_what_is_wrong_is_measured(changes, expected, digits):
    assert _advice(digits, "minibatch", **{"epochs": 2, **changes}) == expected


def test_full_batches_whose_rate_is_far_too_large(digits):
    assert _advice(digits, "seed", epochs=30, learning_rate=50.0) == LEAPS.format(50)


def test_one_class_alone(digits):
    threes = digits[digits.labels == 3]
    words = "every picture is a 3, and there is nothing to tell apart; add others"
    assert _advice(threes, "minibatch", epochs=5) == words
    named = dl.Digits(threes.images, threes.labels, "made", ("circle", "square", "line", "[b]dot[/b]"))
    assert "every picture is a [b]dot[/b]," in _advice(named, "minibatch", epochs=5, layers=(784, 8, 4))


@pytest.mark.parametrize("most", [2, 0])
def test_pixels_of_hardly_any_ink(most, digits):
    """Zeros and ones are refused by `Digits` itself."""
    faint = dl.Digits((digits.images * (most / 255)).astype(np.uint8), digits.labels, "made")
    words = f"no pixel is above {most}, where full ink is 255; bring them to 0 to 255"
    assert _advice(faint, "minibatch", epochs=3) == words
    assert _advice(faint, "seed", epochs=30) == words


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("seed", {"epochs": 40}),
        ("minibatch", {"epochs": 1}),
        ("minibatch", {"epochs": 5, "layers": (784, 32, 32, 10)}),
        ("quick", {"epochs": 3}),
        ("minibatch", {"epochs": 3, "optimizer": "adam", "learning_rate": 0.001}),
    ],
)
def test_what_learns_is_left_alone(name, changes, digits):
    assert _advice(digits, name, **changes) is None


def test_a_training_that_is_hardly_begun_is_left_alone(digits):
    assert _advice(digits, "seed", epochs=19, learning_rate=1e-6) is None
    assert _advice(digits, "seed", epochs=20, learning_rate=1e-6) == SLOWLY.format("1e-06")


def test_classes_that_are_not_equally_frequent(digits):
    """Nine of ten are ones: to answer 1 always is right nine times, and nothing is learnt by it."""
    ones, twos = digits[digits.labels == 1], digits[digits.labels == 2]
    many = len(twos) // 10
    mixed = dl.Digits(
        np.concatenate([ones.images[: 9 * many], twos.images[:many]]),
        np.concatenate([ones.labels[: 9 * many], twos.labels[:many]]),
        "made",
    )
    assert _advice(mixed, "minibatch", epochs=10, learning_rate=1e-3) == SLOWLY.format(0.001)
    assert _advice(mixed, "minibatch", epochs=60, learning_rate=0.5) is None


DEEP = dl.recipe("minibatch", layers=(784, *[16] * 5, 10), epochs=30)


def test_it_is_told_once_after_a_tenth_of_the_epochs(digits):
    events = list(dl.train(DEEP.new_network(), digits, DEEP, threads=1))
    told = [number for number, event in enumerate(events) if isinstance(event, Advice)]
    assert len(told) == 1
    assert events[told[0]].epoch == events[told[0] - 1].epoch == 3
    assert isinstance(events[told[0] - 1], EpochDone)
    assert isinstance(events[-1], Stopped)


@pytest.mark.parametrize("engine", ["auto", "numpy"])
def test_to_look_changes_no_bit(engine, digits, monkeypatch):
    networks = DEEP.new_network(), DEEP.new_network()
    history = dl.fit(networks[0], digits[:500], DEEP, engine=engine, threads=1)
    monkeypatch.setattr("digitlab.training.loop.explain_standstill", lambda *_: "")
    assert dl.fit(networks[1], digits[:500], DEEP, engine=engine, threads=1).advice is None
    assert history.advice
    assert np.array_equal(networks[0].parameters, networks[1].parameters)


def test_it_costs_two_looks_at_500_digits_and_nothing_where_something_is_learnt(digits, monkeypatch):
    looks = []

    class Counting(Loop):
        def _close_epoch(self):
            looks.append([])
            sums = type(self.session).sums
            self.session.sums = lambda parameters, batch: (
                looks[-1].append(len(batch)) or sums(self.session, parameters, batch)
            )
            return super()._close_epoch()

    monkeypatch.setattr("digitlab.fitting.Loop", Counting)
    dl.fit(DEEP.new_network(), digits, DEEP, threads=1)
    assert looks[2] == [500, 500]
    looks.clear()
    learning = dl.recipe("minibatch", epochs=10)
    dl.fit(learning.new_network(), digits, learning, engine="native", threads=1)
    assert looks[1] == []


def test_a_training_that_is_gone_on_with_says_it_again(digits, tmp_path):
    options = {"out": tmp_path / "run", "threads": 1}
    for event in dl.train(DEEP.new_network(), digits, DEEP, **options):
        if isinstance(event, Advice):
            break
    history = dl.fit(DEEP.new_network(), digits, DEEP, resume=True, **options)
    assert history.advice.startswith(SO_FAR + "5 sigmoid layers")
