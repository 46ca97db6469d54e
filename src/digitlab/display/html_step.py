"""One step of backpropagation as a table of an HTML report: each quantity by name, formula and numbers, and a check."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from digitlab.display.backprop import STAGES
from digitlab.display.html_subject import Subject
from digitlab.inside.backprop import Backprop, Check
from digitlab.inside.quantities import Quantity

MOST_NUMBERS = 12  # of a quantity, that are written out


@dataclass(frozen=True)
class StepTable:
    """What the page tells of a step.

    Attributes:
        step: the step itself.
        stages: a title, and its rows: a quantity, and its numbers as `in_words` tells them.
        check: of the parameter of the last layer whose derivative is largest in size.
    """

    step: Backprop
    stages: list[tuple[str, list[tuple[Quantity, list[str]]]]]
    check: Check


def step_table(subject: Subject) -> StepTable:
    """The step on the example of the report, whose label is what the test set says."""
    step = subject.step
    grouped = groupby(step.quantities.values(), key=lambda one: one.stage)
    stages = [
        (STAGES[stage].capitalize(), [(one, in_words(one)) for one in quantities]) for stage, quantities in grouped
    ]
    last = f"W{len(step.network.layers)}"
    steepest = np.unravel_index(np.abs(step[f"d{last}"]).argmax(), step[last].shape)
    return StepTable(
        step=step,
        stages=stages,
        check=step.check(last, tuple(map(int, steepest))),
    )


def in_words(quantity: Quantity) -> list[str]:
    """Few numbers one by one; of many, how they are arranged, and from where to where they go."""
    values = quantity.values
    if values.size <= MOST_NUMBERS:
        return [f"{value:.4g}" for value in values.ravel()]
    shape = " x ".join(f"{length:,}" for length in values.shape)
    return [f"{shape} numbers from {values.min():.4g} to {values.max():.4g}"]
