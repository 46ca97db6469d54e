"""Calibration: whether a network is right as often as it says. Its error, and the temperature that lowers it.

Of all pictures of which a well calibrated network says "90 % sure", it reads 90 % rightly. Networks that learnt nearly
all their samples are mostly surer than that; dividing their logits by one temperature T mends most of it, and no answer
changes.

Source: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On calibration of modern neural networks" (2017).

Letters for shapes: N samples, K classes.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import InputError, describe
from digitlab.evaluation.metrics import wilson_interval
from digitlab.network.activations import Floats, softmax
from digitlab.network.card import MAX_TEMPERATURE, MIN_TEMPERATURE

BINS = 15  # as in the paper
RESAMPLES = 1000  # for an interval
ROUNDING = 1e-5  # by which float32 may miss a probability of 1
HALVINGS = 50  # of the range of ln T
DECIMALS = 3  # of a temperature: the last bits of a matrix product are no part of the answer


def calibration_error(probabilities: Floats, labels: NDArray[np.integer], bins: int = BINS) -> float:
    """The expected calibration error, 0 to 1: how far probabilities are from how often the answers are right.

    The samples are sorted into ``bins`` of equal width by their largest probability, those from (m-1)/M to m/M into bin
    B_m. Of each bin the mean probability, conf, is compared with the share of right answers, acc (equation 5):

        ECE = sum_m  |B_m| / N  |acc(B_m) - conf(B_m)|

    >>> calibration_error(np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([0, 1]))  # surer than it is right
    0.4

    Args:
        probabilities: ``(N, K)``, each row adding up to 1.
        labels: ``(N,)``, the true classes.
        bins: how many, M.

    Raises:
        InputError: there are no samples, or not as many labels; a label or a number that cannot be; or no bins.
    """
    surest, right, places = _in_bins(probabilities, labels, bins)
    return _error(places, right - surest, bins)


@dataclass(frozen=True)
class Bin:
    """The samples of which a network is about as sure: one bar of a reliability diagram.

    Attributes:
        low, high: from how sure, exclusive, to how sure.
        count: how many.
        confidence: how sure it is of them, on average.
        accuracy: the share that it reads rightly.
        interval: the 95 % Wilson interval of that share; a wide one says that there are too few samples to tell.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float
    interval: tuple[float, float]


def reliability(probabilities: Floats, labels: NDArray[np.integer], bins: int = BINS) -> list[Bin]:
    """The bins of `calibration_error` that hold samples, from the least sure to the surest.

    Args, errors: as `calibration_error`.
    """
    surest, right, places = _in_bins(probabilities, labels, bins)
    counts, hits, sums = (np.bincount(places, weights, minlength=bins) for weights in (None, right, surest))
    return [
        Bin(
            low=place / bins,
            high=(place + 1) / bins,
            count=int(counts[place]),
            confidence=float(sums[place] / counts[place]),
            accuracy=float(hits[place] / counts[place]),
            interval=wilson_interval(int(hits[place]), int(counts[place])),
        )
        for place in np.flatnonzero(counts).tolist()
    ]


def calibration_interval(
    probabilities: Floats, labels: NDArray[np.integer], bins: int = BINS, *, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of `calibration_error`: what further samples of the same kind would show.

    Samples are drawn anew from those that are there. Chance alone moves every bin off the diagonal, so whatever is
    drawn shows a larger error than is true; the basic bootstrap, which mirrors the quantiles at the estimate, takes
    that out: ``(2 ECE - q(97.5 %), 2 ECE - q(2.5 %))``. (The plain quantiles never hold the error of a well calibrated
    network.) Where a network that is right just as often as it says would be measured this far off once in 40 times,
    the interval begins at 0.

    Source: A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application" (1997), section 5.2; for
    the chance of well calibrated ones J. Bröcker and L. A. Smith, "Increasing the reliability of reliability diagrams"
    (2007).

    Args, errors: as `calibration_error`; ``seed`` is of what is drawn.
    """
    surest, right, places = _in_bins(probabilities, labels, bins)
    gaps, count = right - surest, len(labels)
    rng = np.random.default_rng(seed)
    again, by_chance = np.empty(RESAMPLES), np.empty(RESAMPLES)
    for n in range(RESAMPLES):
        drawn = rng.integers(count, size=count)
        again[n] = _error(places[drawn], gaps[drawn], bins)
        by_chance[n] = _error(places, (rng.random(count) < surest) - surest, bins)
    error = _error(places, gaps, bins)
    low, high = 2 * error - np.quantile(again, [0.975, 0.025])
    if error <= np.quantile(by_chance, 0.975):
        low = 0.0
    return max(float(low), 0.0), max(float(high), error)


def _in_bins(
    probabilities: Floats, labels: NDArray[np.integer], bins: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.intp]]:
    """Of each sample the largest probability, whether that answer is right, and the place of its bin: all ``(N,)``."""
    _check_samples(probabilities, labels)
    if bins < 1:
        raise InputError("the samples must be sorted into 1 bin or more", got=describe(bins))
    surest = probabilities.max(axis=1).astype(np.float64)
    if surest.max() > 1 + ROUNDING:
        raise InputError("calibration needs probabilities", must_be="0 to 1", got=describe(float(surest.max())))
    right = probabilities.argmax(axis=1) == labels
    return surest, right, np.ceil(surest * bins).astype(np.intp).clip(1, bins) - 1


def _error(places: NDArray[np.intp], gaps: NDArray[np.float64], bins: int) -> float:
    """The calibration error; ``gaps (N,)`` are 1 or 0 for a right or wrong answer, less its probability."""
    sums = np.bincount(places, weights=gaps, minlength=bins)  # |B_m| (acc - conf)
    return float(np.abs(sums).sum() / len(gaps))


def fit_temperature(logits: Floats, labels: NDArray[np.integer]) -> float:
    """The temperature T, to three decimals, with which ``softmax(logits / T)`` has the lowest cross-entropy.

    By 1/T the cross-entropy is convex, and its derivative is the mean of ``sum_k p_k z_k - z_t``, t the true class:
    where the network expects larger logits than the true ones are, it is too sure and T must be higher. So the range of
    ln T is halved again and again. Take samples that the network was not trained on: of the others it is rightly sure.

    Args:
        logits: ``(N, K)``, before softmax.
        labels: ``(N,)``, the true classes.

    Returns:
        From `MIN_TEMPERATURE` to `MAX_TEMPERATURE`.

    Raises:
        InputError: there are no samples, or not as many labels; a label or a number that cannot be.
    """
    _check_samples(logits, labels)
    z = logits.astype(np.float64)
    true = z[np.arange(len(z)), labels].sum()
    low, high = math.log(MIN_TEMPERATURE), math.log(MAX_TEMPERATURE)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        too_sure = (softmax(z, math.exp(middle)) * z).sum() > true
        low, high = (middle, high) if too_sure else (low, middle)
    return round(math.exp(high), DECIMALS)


def _check_samples(values: Floats, labels: NDArray[np.integer]) -> None:
    if values.ndim != 2 or labels.shape != values.shape[:1] or not len(labels):
        got = f"shapes {values.shape} and {labels.shape}"
        raise InputError("calibration needs a row of numbers and a label for each sample, (N, K) and (N,)", got=got)
    if not 0 <= labels.min() <= labels.max() < values.shape[1]:
        got = f"labels from {labels.min()} to {labels.max()}"
        raise InputError(f"with {values.shape[1]} classes, labels are 0 to {values.shape[1] - 1}", got=got)
    if not np.isfinite(values).all():
        raise InputError("calibration needs finite numbers", got="NaN or infinity among them")
