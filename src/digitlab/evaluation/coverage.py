"""Coverage: how accurate a network is where it answers only what it is sure of, and passes on the rest.

Whoever has a person look at what is in doubt wants to know two things of a threshold: how much the network then reads
by itself, and how much of that is right.

Source: R. El-Yaniv and Y. Wiener, "On the foundations of noise-free selective classification" (2010), which calls the
curve that of risk and coverage.

Letters for shapes: N samples.
"""

from dataclasses import dataclass

import numpy as np

from digitlab.errors import InputError, describe
from digitlab.evaluation.metrics import wilson_interval
from digitlab.evaluation.predictions import Predictions

MOST_POINTS = 200  # of a curve
SURE = 0.99


@dataclass(frozen=True)
class Coverage:
    """A curve, point by point, from the surest answers to all of them; share is the coverage.

    Attributes:
        share: of the pictures, those that are answered, 0 to 1.
        accuracy: the share of these answers that is right.
        threshold: the lowest probability among them. Answers with the same one are never told apart.
    """

    share: list[float]
    accuracy: list[float]
    threshold: list[float]


@dataclass(frozen=True)
class Sure:
    """What a network answers with a probability of ``threshold`` or more.

    Attributes:
        threshold: how sure it is at least.
        count: how many such answers there are.
        share: of all pictures, 0 to 1.
        accuracy: the share of these answers that is right; None where there are none.
        interval: its 95 % Wilson interval; likewise.
    """

    threshold: float
    count: int
    share: float
    accuracy: float | None
    interval: tuple[float, float] | None


def coverage_curve(predictions: Predictions) -> Coverage:
    """Accuracy against coverage: at most 200 points, which lie the closer the less is passed on."""
    order = np.argsort(-predictions.confidence, kind="stable")
    sure = predictions.confidence[order]  # (N,), falling
    hits = predictions.right[order].cumsum()
    ends = np.flatnonzero(np.append(sure[1:] < sure[:-1], True))  # the last of those that are equally sure
    passed_on = np.geomspace(1, len(sure), MOST_POINTS) - 1
    counts = 1 + (ends := ends[np.unique(np.searchsorted(ends, len(sure) - 1 - passed_on))])
    return Coverage((counts / len(sure)).tolist(), (hits[ends] / counts).tolist(), sure[ends].tolist())


def when_sure(predictions: Predictions, threshold: float = SURE) -> Sure:
    """How much of what the network is sure of is right.

    Raises:
        InputError: the threshold is no probability.
    """
    if not 0 <= threshold <= 1:
        raise InputError("how sure an answer must be is a probability", must_be="0 to 1", got=describe(threshold))
    right = predictions.right[predictions.confidence >= threshold]
    count, share = len(right), len(right) / len(predictions)
    if not count:
        return Sure(threshold, count, share, None, None)
    return Sure(threshold, count, share, float(right.mean()), wilson_interval(int(right.sum()), count))
