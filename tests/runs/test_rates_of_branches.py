"""The learning rate of each step after a branch: that of its epoch, whatever else the branch changes."""

from __future__ import annotations

from dataclasses import replace
from math import cos, floor, pi, sqrt
from typing import ClassVar

import numpy as np
import pytest

import digitlab as dl
from digitlab.runs import Branch
from digitlab.training import EpochDone, StepDone
from digitlab.training.optimizers import OPTIMIZERS, SGD, Adam
from tests.training.small_training import BATCH, HELD_OUT, RECIPE, SAMPLES, train_small

EPOCHS, RATE, AT = 4, 0.1, 2  # of the parent, and where the branch begins
DECAY, DECAY_EVERY, WARMUP = 0.5, 3, 2.75
CHANGES = {  # what the branch changes: settings, its digits; the steps of an epoch, all its epochs
    "nothing": ({}, SAMPLES, 4, 4),
    "larger batches": ({"batch_size": 2 * BATCH}, SAMPLES, 2, 4),
    "full batches": ({"batch_size": 0}, SAMPLES, 1, 4),
    "smaller batches": ({"batch_size": 1}, SAMPLES, 80, 4),
    "more epochs": ({"epochs": 7}, SAMPLES, 4, 7),
    "fewer epochs": ({"epochs": 3}, SAMPLES, 4, 3),
    "fewer digits": ({}, HELD_OUT + 25, 2, 4),
    "more digits, larger batches, more epochs": ({"batch_size": 30, "epochs": 5}, 3 * SAMPLES, 11, 5),
}


def _one_cycle(epoch: float, one_step: float, epochs: int) -> float:
    """The first step has 1/25 and the last 1/250,000; the top is one step before 30 % of the epochs."""
    top, last = 0.3 * epochs - one_step, epochs - one_step
    if epoch <= top:
        return 1 + (1 / 25 - 1) * (1 + cos(pi * epoch / top)) / 2
    return 1 / 250_000 + (1 - 1 / 250_000) * (1 + cos(pi * (epoch - top) / (last - top))) / 2


BY_HAND = {  # of the epochs done (with their parts), what one step is of an epoch, and all epochs
    "constant": lambda _epoch, _one, _epochs: 1.0,
    "step": lambda epoch, _one, _epochs: DECAY ** (floor(epoch) // DECAY_EVERY),
    "exponential": lambda epoch, _one, _epochs: DECAY ** floor(epoch),
    "cosine": lambda epoch, _one, epochs: (1 + cos(pi * epoch / epochs)) / 2,
    "one_cycle": _one_cycle,
}


class Recording(SGD):
    """Keeps the rate of each step."""

    rates: ClassVar[list[float]] = []

    def change(self, parameters, g, n):
        self.rates.append(n.rate)
        super().change(parameters, g, n)


@pytest.fixture
def rates(monkeypatch) -> list[float]:
    monkeypatch.setitem(OPTIMIZERS, "sgd", Recording)
    monkeypatch.setattr(Recording, "rates", [])
    return Recording.rates


@pytest.fixture
def digits(mnist) -> dl.Digits:
    return mnist[0]


def _recipe(schedule: str, warmup: float = 0.0) -> dl.Recipe:
    rate = {"learning_rate": RATE, "schedule": schedule, "decay": DECAY, "decay_every": DECAY_EVERY, "warmup": warmup}
    return replace(RECIPE, optimizer="sgd", epochs=EPOCHS, **rate)


@pytest.mark.parametrize("warmup", [0.0, WARMUP], ids=["", "warm-up"])
@pytest.mark.parametrize("schedule", BY_HAND)
def test_each_step_has_the_rate_of_its_epoch(schedule, warmup, digits, rates, tmp_path):
    recipe = _recipe(schedule, warmup)
    train_small(recipe, digits[:SAMPLES], out=tmp_path / "parent", snapshot_every=AT)
    unbranched = rates[-2 * 4 :]
    for name, (settings, samples, steps, epochs) in CHANGES.items():
        rates.clear()
        _, history = train_small(replace(recipe, **settings), digits[:samples], branch=Branch(tmp_path / "parent", AT))
        expected = []
        for t in range(AT * steps, epochs * steps):
            warmed = min(1.0, (t + 1) / steps / warmup) if warmup else 1.0
            expected.append(RATE * warmed * BY_HAND[schedule](t / steps, 1 / steps, epochs))
        assert rates == pytest.approx(expected, rel=1e-9, abs=1e-12), name
        assert [event.learning_rate for event in history.epochs] == rates[steps - 1 :: steps], name
        if name == "nothing":
            assert rates == unbranched  # to the last bit


def test_larger_batches_in_numbers(digits, rates, tmp_path):
    train_small(_recipe("cosine"), digits[:SAMPLES], out=tmp_path / "parent", snapshot_every=AT)
    rates.clear()
    train_small(replace(_recipe("cosine"), batch_size=40), digits[:SAMPLES], branch=Branch(tmp_path / "parent", AT))
    assert rates == pytest.approx([0.05, 0.0308658, 0.0146447, 0.0038060], abs=1e-7)


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_branch_that_is_cut_off_goes_on_with_its_rates(cut, digits, rates, tmp_path):
    """Eight steps, two in each epoch, after a parent with four in each."""
    train_small(_recipe("one_cycle"), digits[:SAMPLES], out=tmp_path / "parent", snapshot_every=AT)
    recipe, few = replace(_recipe("one_cycle", WARMUP), batch_size=40, epochs=6), digits[:SAMPLES]
    rates.clear()
    whole, _ = train_small(recipe, few, branch=Branch(tmp_path / "parent", AT))
    unbroken = rates[:]
    rates.clear()
    parts, options = recipe.new_network(), {"out": tmp_path / "cut", "threads": 1}
    events = dl.train(parts, few, recipe, branch=Branch(tmp_path / "parent", AT), each_step=True, **options)
    next(event for event in events if isinstance(event, StepDone) and event.step == AT * 4 + cut)
    events.close()
    dl.fit(parts, few, recipe, resume=True, **options)
    assert rates == unbroken
    assert np.array_equal(parts.parameters, whole.parameters)


def test_a_rate_that_is_changed_on_the_way_keeps_to_the_epoch_too(digits, rates, tmp_path):
    train_small(_recipe("exponential"), digits[:SAMPLES], out=tmp_path / "parent", snapshot_every=AT)
    recipe, control = replace(_recipe("exponential"), batch_size=40), dl.Control()
    rates.clear()
    branch = Branch(tmp_path / "parent", AT)
    for event in dl.train(recipe.new_network(), digits[:SAMPLES], recipe, branch=branch, control=control):
        if isinstance(event, EpochDone):
            control.change(learning_rate=0.8)
    assert rates == pytest.approx([0.1 / 4, 0.1 / 4, 0.8 / 8, 0.8 / 8])


def test_adam_counts_the_steps_of_its_memory_whatever_the_schedule_says(digits, monkeypatch, tmp_path):
    roots = []

    class RecordingAdam(Adam):
        def change(self, parameters, g, n):
            roots.append(n.root)
            super().change(parameters, g, n)

    monkeypatch.setitem(OPTIMIZERS, "adam", RecordingAdam)
    recipe = replace(_recipe("cosine"), optimizer="adam", learning_rate=0.001)
    train_small(recipe, digits[:SAMPLES], out=tmp_path / "parent", snapshot_every=AT)
    roots.clear()
    train_small(replace(recipe, batch_size=40), digits[:SAMPLES], branch=Branch(tmp_path / "parent", AT))
    assert roots == [sqrt(1 - recipe.beta2**t) for t in range(9, 13)]
