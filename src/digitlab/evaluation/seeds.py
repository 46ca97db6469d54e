"""Runs that differ in nothing but their seed: how much of an accuracy is luck, and whether others are really better.

Two trainings of the same recipe end apart, as their first weights and their order of samples differ. So one run beside
another tells little about their recipes; several of each do. Of two recipes the means are compared, by the spread of
their runs (Welch's t-test):

    t = (mean_B - mean_A) / s        s^2 = var_A / n_A + var_B / n_B
    degrees of freedom = s^4 / ((var_A / n_A)^2 / (n_A - 1) + (var_B / n_B)^2 / (n_B - 1))

Source: B. L. Welch, "The generalization of 'Student's' problem when several different population variances are
involved" (1947).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from digitlab.evaluation.comparison import LEVEL, verdict

FEW = 5  # with fewer runs, their spread is hardly known


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed alone; or one run that has none like it.

    Attributes:
        title: what tells it from the other groups.
        names: of its runs.
        accuracies: theirs, 0 to 1.
    """

    title: str
    names: tuple[str, ...]
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean accuracy."""
        return float(np.mean(self.accuracies))

    @property
    def deviation(self) -> float | None:
        """The standard deviation over the seeds (with n - 1); None of a single run."""
        return float(np.std(self.accuracies, ddof=1)) if len(self.names) > 1 else None

    @property
    def sentence(self) -> str:
        """Mean and spread in words."""
        share = f"{100 * self.mean:.2f} %"
        if self.deviation is None:
            return f"{self.title}: {share} with one seed"
        spread = f"{100 * self.deviation:.2f} points from seed to seed (standard deviation)"
        return f"{self.title}: {share} on average of {len(self.names)} seeds, which differ by {spread}"

    def to_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return dataclasses.asdict(self) | {
            "mean": self.mean,
            "standard_deviation": self.deviation,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class GroupComparison:
    """Two groups, by the means of their seeds. All differences are B's mean accuracy minus A's.

    Attributes:
        a, b: the groups.
        difference: -1 to 1.
        interval: its 95 % interval; None where the seeds cannot tell: a group of one, or no spread at all.
        p: of Welch's t-test; likewise.
        level: the difference counts where p is below.
    """

    a: Group
    b: Group
    difference: float
    interval: tuple[float, float] | None
    p: float | None
    level: float

    @property
    def better(self) -> str | None:
        """The title of the better group; None where the seeds cannot tell."""
        if self.p is None or self.p >= self.level:
            return None
        return (self.b if self.difference > 0 else self.a).title

    @property
    def sentence(self) -> str:
        """What it comes to, in a sentence; of few seeds it says that they are few."""
        a, b = self.a.title, self.b.title
        if self.interval is None:
            points = f"{100 * self.difference:+.2f} points"
            return f"from {a} to {b}: {points}, of which nobody can tell how much is luck with the seed: {self._lacks}"
        fewest = min(len(self.a.names), len(self.b.names))
        few = f" ({fewest} seeds are few: with other ones it may look otherwise)" if fewest < FEW else ""
        return verdict((a, b), self.better, self.difference, self.interval, "these seeds") + few

    @property
    def _lacks(self) -> str:
        ones = [group.title for group in (self.a, self.b) if len(group.names) == 1]
        return f"there is one run alone of {' and of '.join(ones)}" if ones else "too few seeds, with no spread at all"

    def to_dict(self) -> dict[str, object]:
        """As JSON has it."""
        told = {"groups": [self.a.title, self.b.title], "better": self.better, "sentence": self.sentence}
        return told | {name: getattr(self, name) for name in ("difference", "interval", "p", "level")}


def compare_groups(a: Group, b: Group, *, level: float = LEVEL) -> GroupComparison:
    """Compare the means of two groups by Welch's t-test."""
    difference = b.mean - a.mean
    if (told := _welch(a.accuracies, b.accuracies)) is None:
        return GroupComparison(a, b, difference, None, None, level)
    return GroupComparison(a, b, difference, *told, level)


def _welch(a: Sequence[float], b: Sequence[float]) -> tuple[tuple[float, float], float] | None:
    """The 95 % interval of the difference of the means, and p; None where there is no spread to go by."""
    from scipy.special import stdtr, stdtrit  # the distribution of Student's t, and its inverse

    if min(len(a), len(b)) < 2:
        return None
    variances = [float(np.var(one, ddof=1)) / len(one) for one in (a, b)]
    if (s := sqrt(sum(variances))) == 0:
        return None
    freedom = s**4 / sum(variance**2 / (len(one) - 1) for variance, one in zip(variances, (a, b), strict=True))
    difference, half = float(np.mean(b) - np.mean(a)), s * float(stdtrit(freedom, 0.975))
    return (difference - half, difference + half), 2 * float(stdtr(freedom, -abs(difference) / s))
