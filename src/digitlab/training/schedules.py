"""How the learning rate changes while training goes on: a factor for each step, which multiplies the recipe's rate.

A schedule follows the epochs, and the part of one that is done: a branch to other batches or digits has the rate of its
epoch. It is told of them in whole steps, so that its numbers are exact.

Letters: E steps of one epoch; T all steps of the training; t where it is: E for each epoch done, and the steps since.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi


@dataclass(frozen=True)
class ScheduleSettings:
    """What a schedule needs to know of the training."""

    steps: int  # of the whole training, T
    epoch_steps: int  # of one epoch, E
    decay: float  # what step and exponential multiply the rate by
    decay_every: int  # the epochs after which step does it
    warmup: float  # epochs in which the rate grows from nearly 0 to the schedule's


def constant(_t: int, _s: ScheduleSettings) -> float:
    """1."""
    return 1.0


def step(t: int, s: ScheduleSettings) -> float:
    """``decay^floor(epoch / decay_every)``."""
    return float(s.decay ** (t // s.epoch_steps // s.decay_every))


def exponential(t: int, s: ScheduleSettings) -> float:
    """``decay^epoch``."""
    return float(s.decay ** (t // s.epoch_steps))


def cosine(t: int, s: ScheduleSettings) -> float:
    """``(1 + cos(pi t / T)) / 2``: from 1 to 0, slowly at both ends.

    Source: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017), equation 5.
    """
    return (1 + cos(pi * t / s.steps)) / 2


RISING = 0.3  # of the steps
FIRST, LAST = 1 / 25, 1 / 250_000  # the factor at the first and at the last step; the values that PyTorch uses


def one_cycle(t: int, s: ScheduleSettings) -> float:
    """Up from 1/25 to 1 in 30 % of the steps, then down to 1/250,000, both along half a cosine.

    Source: L. N. Smith and N. Topin, "Super-convergence" (2017), in the form of PyTorch's ``OneCycleLR``.
    """
    top = RISING * s.steps - 1
    if t <= top:
        return _along_cosine(FIRST, 1.0, t / top)
    return _along_cosine(1.0, LAST, (t - top) / (s.steps - 1 - top))


def _along_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + cos(pi * min(share, 1.0))) / 2


@dataclass(frozen=True)
class Schedule:
    """A factor for each step, and what it is."""

    factor: Callable[[int, ScheduleSettings], float]
    in_words: str


SCHEDULES = {
    "constant": Schedule(constant, "the same rate throughout"),
    "step": Schedule(step, "multiplied by decay every decay_every epochs"),
    "exponential": Schedule(exponential, "multiplied by decay every epoch"),
    "cosine": Schedule(cosine, "down to 0 along half a cosine"),
    "one_cycle": Schedule(one_cycle, "up, then down to almost 0: large steps in the middle"),
}


def rate_factor(name: str, t: int, s: ScheduleSettings) -> float:
    """The schedule's factor at ``t``, with the warm-up laid over it: the warm-up's last step has the full rate."""
    factor = SCHEDULES[name].factor(t, s)
    warmup_steps = s.warmup * s.epoch_steps
    return factor * min(1.0, (t + 1) / warmup_steps) if warmup_steps > 0 else factor
