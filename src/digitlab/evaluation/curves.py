"""Learning curves of several runs, with those of the runs that they were branched from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digitlab.runs.run import Run
from digitlab.training.events import EpochDone


@dataclass(frozen=True)
class LearningCurve:
    """The history of one run.

    Attributes:
        name: of the run.
        epochs: from the first on; of a branch, those of its parent first.
        branched_at: the epoch after which they are its own, where the parent has a curve, too; else 0.
        beside: whether it is there only as the parent of another one.
    """

    name: str
    epochs: tuple[EpochDone, ...]
    branched_at: int = 0
    beside: bool = False

    @property
    def own(self) -> list[EpochDone]:
        """What is to be drawn: of a branch, from the epoch on that it has in common with its parent."""
        return [epoch for epoch in self.epochs if epoch.epoch >= self.branched_at]


def curves_of(runs: Sequence[tuple[str, Run, int | None]]) -> list[LearningCurve]:
    """The curves of some runs by name, each up to an epoch or to its end; before them those of their parents.

    Raises:
        RunError: a history is damaged.
    """
    curves, parents = [], {}
    given = {run.folder.resolve() for _, run, _ in runs}
    for name, run, until in runs:
        _, *ancestors = run.lineage()
        for parent in ancestors:
            if (place := parent.folder.resolve()) not in given:
                begins = parent.branched_at if parent is not ancestors[-1] else 0
                parents[place] = LearningCurve(parent.folder.name, tuple(parent.history()), begins, beside=True)
        curves.append(LearningCurve(name, tuple(run.history()[:until]), run.branched_at if ancestors else 0))
    return [*parents.values(), *curves]
