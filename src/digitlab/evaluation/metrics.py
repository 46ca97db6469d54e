"""Numbers that say how good predictions are. Each is a function of counts, with its formula and source.

Letters for shapes: N samples, K classes.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from digitlab.network.activations import Floats

Z_95 = 1.959963984540054  # 97.5 % of a normal distribution lies below this many standard deviations


@dataclass(frozen=True)
class DigitScore:
    """How well one digit is recognised. A score without any case to count is 0.

    Attributes:
        digit: which one.
        count: how many there are.
        precision: of those taken for it, the share that are it.
        recall: of those that are it, the share taken for it.
        f1: the harmonic mean of the two.
    """

    digit: int
    count: int
    precision: float
    recall: float
    f1: float


def wilson_interval(hits: float, count: int) -> tuple[float, float]:
    """The 95 % interval for an accuracy measured as ``hits`` of ``count``; hits may be a mean over networks.

    Unlike ``p +- 1.96 sqrt(p (1 - p) / n)`` it stays within 0..1 and holds near the ends.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).

    >>> low, high = wilson_interval(9000, 10000)
    >>> round(low, 4), round(high, 4)
    (0.894, 0.9057)
    """
    share, z2 = hits / count, Z_95**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z_95 / (1 + z2 / count) * sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    # At 0 and at 1 the interval reaches the end exactly; rounding may miss it by a hair.
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == count else centre + half)


def brier_score(probabilities: Floats, labels: NDArray[np.integer]) -> float:
    """The squared distance between probabilities ``(N, K)`` and the truth ``(N, K)``, a one at the label: 0 to 2, mean.

    Like cross-entropy it is lowest for true probabilities; unlike it, one answer can cost no more than 2.
    Source: G. W. Brier, "Verification of forecasts expressed in terms of probability" (1950).

    >>> brier_score(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0, 1]))  # (0.25 + 0.25 + 0 + 0) / 2
    0.25
    """
    true = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    squares = np.square(probabilities, dtype=np.float64).sum(axis=1)
    return float((squares - 2 * true + 1).mean())  # (p - y)^2 summed is p^2 summed - 2 p_t + 1


def confusion_matrix(labels: NDArray[np.integer], predicted: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """``(K, K)``: how many of each true class (row) were taken for each class (column).

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]), classes=2).tolist()
    [[1, 0], [1, 1]]
    """
    cells = labels.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def digit_scores(confusion: NDArray[np.int64]) -> list[DigitScore]:
    """Precision, recall and F1 of each class, from the confusion matrix ``(K, K)``."""
    scores = []
    for digit, hits in enumerate(confusion.diagonal()):
        true, taken = int(confusion[digit].sum()), int(confusion[:, digit].sum())
        precision, recall = _share(hits, taken), _share(hits, true)
        scores.append(DigitScore(digit, true, precision, recall, _share(2 * precision * recall, precision + recall)))
    return scores


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
