"""Two networks on the same pictures: which of them is better, or whether the pictures cannot tell.

All that tells them apart are the pictures that only one of them reads rightly. Were both equally good, each of these
would be one's or the other's as a coin falls; McNemar's exact test asks how often coins fall as unevenly:

    n = only A + only B         p = P(n coins fall so unevenly, or more) = 2 sum_(k <= min)  (n over k) / 2^n

How large the difference is, and how much of it may be luck with the pictures, the bootstrap tells: as many pictures are
drawn anew from those that there are, again and again. As if nothing could happen that did not, it would be too short
where few pictures tell the two apart; so half a picture is added to each of the four kinds before. It knows nothing of
luck with the seed: see `seeds`.

Sources: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages"
(1947); B. Efron and R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13; A. Agresti and Y. Min,
"Simple improved confidence intervals for comparing matched proportions" (2005): the halves.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from digitlab.data.label_errors import LabelError
from digitlab.errors import InputError, require_kind
from digitlab.evaluation.predictions import Predictions

RESAMPLES = 10_000
LEVEL = 0.05  # of p, below which a difference counts; of many comparisons at once, each gets its share of it


def mcnemar(only_a: int, only_b: int) -> float:
    """The p of McNemar's exact test, two-sided, in whole numbers until the last division.

    >>> mcnemar(10, 2), mcnemar(0, 0)
    (0.03857421875, 1.0)

    Args:
        only_a: pictures that only A reads rightly.
        only_b: that only B does.

    Raises:
        InputError: a number below 0.
    """
    if min(only_a, only_b) < 0:
        raise InputError("pictures are counted from 0", got=f"{only_a} and {only_b}")
    coins = only_a + only_b
    ways = extreme = 1  # in which k coins show heads; for k = 0, and for all k until now
    for k in range(1, min(only_a, only_b) + 1):
        ways = ways * (coins - k + 1) // k
        extreme += ways
    p: float = 2 * extreme / 2**coins
    return min(p, 1.0)


def difference_interval(only_a: int, only_b: int, count: int, *, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of B's accuracy minus A's, from -1 to 1.

    The difference of a resample depends on two counts alone, so these are drawn, and no picture.

    Args:
        only_a: pictures that only A reads rightly.
        only_b: that only B does.
        count: all pictures.
        seed: the same one gives the same interval.
    """
    shares = np.array([only_a + 0.5, only_b + 0.5, count - only_a - only_b + 1]) / (count + 2)
    drawn = np.random.default_rng(seed).multinomial(count, shares, size=RESAMPLES)
    low, high = np.percentile(drawn[:, 1] - drawn[:, 0], [2.5, 97.5]) / count
    return float(low), float(high)


@dataclass(frozen=True)
class Changed:
    """A picture that changed sides: only one of the two networks reads it rightly.

    Attributes:
        index: which picture of the test set.
        label: what it is said to be.
        answers: of A and of B.
        label_error: what is known to be wrong with its label.
    """

    index: int
    label: int
    answers: tuple[int, int]
    label_error: LabelError | None


@dataclass(frozen=True)
class Comparison:
    """What `compare` found. All differences are B's accuracy minus A's.

    Attributes:
        names: of A and B.
        source: the pictures.
        count: how many, N.
        accuracy: of A and B, 0 to 1.
        both, only_a, only_b, neither: how many pictures are read rightly by whom.
        same_answers: pictures of which both say the same, right or wrong.
        difference: -1 to 1.
        interval: its 95 % interval.
        p: of McNemar's exact test.
        level: the difference counts where p is below.
        changed: the pictures that changed sides, in their order.
        classes: what the classes are called.
    """

    names: tuple[str, str]
    source: str
    count: int
    accuracy: tuple[float, float]
    both: int
    only_a: int
    only_b: int
    neither: int
    same_answers: int
    difference: float
    interval: tuple[float, float]
    p: float
    level: float
    changed: list[Changed]
    classes: tuple[str, ...]

    @property
    def better(self) -> str | None:
        """The name of the better one; None where the pictures cannot tell."""
        return self.names[self.difference > 0] if self.p < self.level else None

    @property
    def sentence(self) -> str:
        """What it comes to, in a sentence."""
        a, b = self.names
        if self.same_answers == self.count:
            return f"{a} and {b} give the same answers"
        if not self.changed:
            return f"{a} and {b} read the same pictures rightly; {self.count - self.same_answers:,} wrong ones differ"
        return verdict(self.names, self.better, self.difference, self.interval, f"{self.count:,} pictures")

    def to_dict(self) -> dict[str, object]:
        """The comparison as plain lists and numbers, ready for JSON."""
        return dataclasses.asdict(self) | {"better": self.better, "sentence": self.sentence}


def verdict(
    names: tuple[str, str], better: str | None, difference: float, interval: tuple[float, float], judges: str
) -> str:
    """Which of two is better and by how much; or that ``judges``, such as "10,000 pictures", cannot tell."""
    a, b = names
    if better == a:
        return f"{a} is better than {b}: {in_points(-difference, (-interval[1], -interval[0]))}"
    told = in_points(difference, interval)
    if better:
        return f"{b} is better than {a}: {told}"
    return f"from {a} to {b} this difference is noise, as far as {judges} can tell: {told}"


def in_points(difference: float, interval: tuple[float, float]) -> str:
    """A difference of accuracies in percentage points.

    >>> in_points(0.0041, (0.00204, 0.006))
    '+0.41 points, 95 % interval 0.20 to 0.60'
    """
    low, high = (f"{_rounded(end):.2f}" for end in interval)
    return f"{_rounded(difference):+.2f} points, 95 % interval {low} to {high}"


def _rounded(share: float) -> float:
    return round(100 * share, 2) + 0.0  # no -0.00


def compare(
    a: Predictions, b: Predictions, names: tuple[str, str] = ("A", "B"), *, seed: int = 0, level: float = LEVEL
) -> Comparison:
    """Compare the answers of two networks to the same pictures.

    Args:
        a: what the one said: see `predict_all`.
        b: what the other one said.
        names: what to call them.
        seed: of the bootstrap.
        level: of p, below which a difference counts.

    Raises:
        InputError: they were asked about other pictures, or know other classes.
    """
    for predictions in (a, b):
        require_kind(predictions, Predictions, "the answers", "dl.evaluation.predict_all(network, test)")
    _require_same_pictures(a, b)
    both, neither = int((a.right & b.right).sum()), int((~a.right & ~b.right).sum())
    only_a, only_b = int((a.right & ~b.right).sum()), int((~a.right & b.right).sum())
    changed = [
        Changed(
            index=index,
            label=int(a.labels[index]),
            answers=(int(a.predicted[index]), int(b.predicted[index])),
            label_error=a.label_errors.get(index),
        )
        for index in np.flatnonzero(a.right != b.right).tolist()
    ]
    return Comparison(
        names=names,
        source=a.digits.source,
        count=len(a),
        accuracy=(a.accuracy, b.accuracy),
        both=both,
        only_a=only_a,
        only_b=only_b,
        neither=neither,
        same_answers=int((a.predicted == b.predicted).sum()),
        difference=(only_b - only_a) / len(a),
        interval=difference_interval(only_a, only_b, len(a), seed=seed),
        p=mcnemar(only_a, only_b),
        level=level,
        changed=changed,
        classes=a.names,
    )


def _require_same_pictures(a: Predictions, b: Predictions) -> None:
    if a.digits is not b.digits and a.digits.sha256() != b.digits.sha256():
        raise InputError(
            "only answers to the same pictures can be compared",
            got=f"{a.digits!r} and {b.digits!r}",
            help="measure both on the same test set",
        )
    if a.names != b.names:
        raise InputError(
            "only networks that know the same classes can be compared",
            got=f"{', '.join(a.names)} and {', '.join(b.names)}",
        )
