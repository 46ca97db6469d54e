"""What the trials of a sweep are compared by, and the rule by which one is given up early."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from digitlab.training.events import EpochDone
from digitlab.training.recipe import Recipe

Objective = Literal["validation_accuracy", "validation_loss"]
Pruner = Literal["none", "median"]

OBJECTIVES = {"validation_accuracy": True, "validation_loss": False}  # whether more is better
PRUNERS = {
    "none": "every trial is trained to its end",
    "median": "a trial ends once its best epoch is worse than half of the finished ones were at this epoch",
}
ENOUGH = 5  # trials that must have come to an epoch before another one is measured by them


def is_better(objective: str, one: float, other: float) -> bool:
    """Whether one value of the objective is better than another one."""
    return one > other if OBJECTIVES[objective] else one < other


def best_of(objective: str, values: Sequence[float]) -> float:
    """The best of these values."""
    return max(values) if OBJECTIVES[objective] else min(values)


def value_of(objective: str, recipe: Recipe, history: Sequence[EpochDone]) -> float:
    """How good the network of a whole training is: at the epoch whose parameters it keeps."""
    kept = history[-1]
    if recipe.keep == "best":
        kept = min(history, key=lambda epoch: math.inf if epoch.validation_loss is None else epoch.validation_loss)
    return float(getattr(kept, objective))


def bars(curves: Sequence[Sequence[float]]) -> list[float]:
    """What a new trial is to reach after each epoch: the median of the others at that epoch.

    The median stopping rule of D. Golovin et al., "Google Vizier: A Service for Black-Box Optimization" (KDD 2017),
    section 3.2.2, as Optuna's ``MedianPruner`` has it.

    Args:
        curves: the objective of each finished trial, epoch by epoch.

    Returns:
        One for each epoch to which enough trials came.
    """
    found: list[float] = []
    while len(there := [curve[len(found)] for curve in curves if len(curve) > len(found)]) >= ENOUGH:
        found.append(float(np.median(there)))
    return found


def falls_short(objective: str, curve: Sequence[float], bars: Sequence[float]) -> bool:
    """Whether a trial that came as far as this is to be given up: its best is worse than the bar of its last epoch."""
    return 0 < len(curve) <= len(bars) and is_better(objective, bars[len(curve) - 1], best_of(objective, curve))
