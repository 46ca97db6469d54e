"""How the learning rate changes while training goes on: a factor for each step, which multiplies the recipe's rate.

Letters: t is the step, from 0; T all steps of the training; E steps of one epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi

__all__ = ["SCHEDULES", "Course", "Schedule", "rate_factor"]


@dataclass(frozen=True)
class Course:
    """What a schedule needs to know of the training.

    Attributes:
        steps: of the whole training, T.
        epoch_steps: of one epoch, E.
        decay: what step and exponential multiply the rate by.
        decay_every: the epochs after which step does it.
        warmup: epochs in which the rate grows from nearly 0 to the schedule's.
    """

    steps: int
    epoch_steps: int
    decay: float
    decay_every: int
    warmup: float


def constant(_t: int, _course: Course) -> float:
    """1."""
    return 1.0


def step(t: int, course: Course) -> float:
    """``decay^floor(epoch / decay_every)``."""
    return float(course.decay ** (t // course.epoch_steps // course.decay_every))


def exponential(t: int, course: Course) -> float:
    """``decay^epoch``."""
    return float(course.decay ** (t // course.epoch_steps))


def cosine(t: int, course: Course) -> float:
    """``(1 + cos(pi t / T)) / 2``: from 1 to 0, slowly at both ends.

    Source: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017), equation 5.
    """
    return (1 + cos(pi * t / course.steps)) / 2


RISING = 0.3  # of the steps
FIRST, LAST = 1 / 25, 1 / 250_000  # the factor at the first and at the last step; the values that PyTorch uses


def one_cycle(t: int, course: Course) -> float:
    """Up from 1/25 to 1 in 30 % of the steps, then down to 1/250,000, both along half a cosine.

    Source: L. N. Smith and N. Topin, "Super-convergence" (2017), in the form of PyTorch's ``OneCycleLR``.
    """
    top = RISING * course.steps - 1
    if t <= top:
        return _along_cosine(FIRST, 1.0, t / top)
    return _along_cosine(1.0, LAST, (t - top) / (course.steps - 1 - top))


def _along_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + cos(pi * min(share, 1.0))) / 2


@dataclass(frozen=True)
class Schedule:
    """A factor for each step, and what it is."""

    factor: Callable[[int, Course], float]
    in_words: str


SCHEDULES = {
    "constant": Schedule(constant, "the same rate throughout"),
    "step": Schedule(step, "multiplied by decay every decay_every epochs"),
    "exponential": Schedule(exponential, "multiplied by decay every epoch"),
    "cosine": Schedule(cosine, "down to 0 along half a cosine"),
    "one_cycle": Schedule(one_cycle, "up, then down to almost 0: large steps in the middle"),
}


def rate_factor(name: str, t: int, course: Course) -> float:
    """The schedule's factor at step ``t``, with the warm-up laid over it: the warm-up's last step has the full rate."""
    factor = SCHEDULES[name].factor(t, course)
    warmup_steps = course.warmup * course.epoch_steps
    return factor * min(1.0, (t + 1) / warmup_steps) if warmup_steps > 0 else factor
