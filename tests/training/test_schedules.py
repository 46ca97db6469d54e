"""Schedules: against their closed forms, and against PyTorch, where it is installed."""

from __future__ import annotations

import importlib.util
from math import cos, pi

import pytest

from digitlab.training.schedules import SCHEDULES, ScheduleSettings, rate_factor

SETTINGS = ScheduleSettings(steps=100, epoch_steps=10, decay=0.5, decay_every=3, warmup=0.0)


def test_constant_step_and_exponential_at_the_ends_of_epochs():
    at = {t: [rate_factor(name, t, SETTINGS) for name in ("constant", "step", "exponential")] for t in (0, 29, 30, 99)}
    assert at == {0: [1, 1, 1], 29: [1, 1, 0.25], 30: [1, 0.5, 0.125], 99: [1, 0.125, 0.5**9]}


def test_cosine_goes_from_one_to_nearly_zero():
    assert rate_factor("cosine", 0, SETTINGS) == 1
    assert rate_factor("cosine", 50, SETTINGS) == pytest.approx(0.5)
    assert rate_factor("cosine", 99, SETTINGS) == pytest.approx((1 + cos(0.99 * pi)) / 2)


def test_one_cycle_rises_and_falls():
    factors = [rate_factor("one_cycle", t, SETTINGS) for t in range(100)]
    top = factors.index(max(factors))
    assert (factors[top], top) == (1, 29)
    assert factors[0] == pytest.approx(1 / 25)
    assert factors[-1] == pytest.approx(1 / 250_000)
    assert factors[: top + 1] == sorted(factors[: top + 1])
    assert factors[top:] == sorted(factors[top:], reverse=True)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7])
def test_the_shortest_trainings_have_a_rate_too(name, steps):
    settings = ScheduleSettings(steps, 1, 0.5, 1, 0.5)
    for t in range(steps):
        assert 0 <= rate_factor(name, t, settings) <= 1


def test_the_warm_up_ends_with_the_full_rate():
    settings = ScheduleSettings(100, 10, 0.5, 3, warmup=0.5)
    assert [rate_factor("constant", t, settings) for t in range(6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed; the closed forms are its"
)
@pytest.mark.parametrize("name", ["step", "exponential", "cosine", "one_cycle"])
def test_a_hundred_steps_equal_pytorchs(name):
    import torch

    schedulers = torch.optim.lr_scheduler
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    theirs = {
        "step": lambda: schedulers.StepLR(optimizer, 30, 0.5),
        "exponential": lambda: schedulers.StepLR(optimizer, 10, 0.5),  # ours changes once an epoch, of ten steps here
        "cosine": lambda: schedulers.CosineAnnealingLR(optimizer, 100),
        "one_cycle": lambda: schedulers.OneCycleLR(optimizer, 1.0, total_steps=100, cycle_momentum=False),
    }[name]()
    for t in range(100):
        assert rate_factor(name, t, SETTINGS) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-6), t
        optimizer.step()
        if t < 99:
            theirs.step()
