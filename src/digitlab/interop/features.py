"""Features of any range as bytes, which is what engines learn from: as pixels are, from 0 (least) to 255 (most).

Letters for shapes: N samples, P features.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import InputError, describe

Bounds = tuple[Any, Any]  # what becomes 0, and what becomes 255: two numbers for all features, or two rows (P,)

PIXELS = ((0, 255), (0, 1))  # features whose least and largest are one of these are pixels
LEAST_SPAN = 1e-300  # a feature that varies less has one value, as what it is divided by must be finite
BLOCK = 256  # samples at a time: on the way they are float64, and stay in the processor's cache


def find_bounds(X: NDArray[Any]) -> Bounds:
    """What features ``X (N, P)`` most likely are: pixels of 0..255 or 0..1, or each with a range of its own."""
    low, high = X.min().item(), X.max().item()
    if (low, high) in PIXELS:
        return low, high
    return X.min(axis=0), X.max(axis=0)


def check_bounds(bounds: Any, features: int) -> Bounds:
    """Two numbers, or two rows ``(P,)``, as they are.

    Raises:
        InputError: they are something else, not finite, or the first one is not the smaller.
    """
    must_be = f"(low, high): two numbers, or two rows of {features} of them, low below high"
    try:
        low, high = (np.asarray(bound, np.float64) for bound in bounds)
        fits = {low.shape, high.shape} in ({()}, {(features,)}) and np.isfinite([low, high]).all()
    except (TypeError, ValueError):
        fits = False
    if not fits or np.any(low >= high):
        raise InputError("feature_range cannot be this", must_be=must_be, got=describe(bounds))
    return (low, high) if low.shape else (low.item(), high.item())


def other_pixels(X: NDArray[Any], bounds: Bounds) -> str:
    """What is strange, in a line, where the pixels of the training were 0..255 and these are 0..1, or the reverse."""
    if np.ndim(bounds[0]) or bounds not in PIXELS:
        return ""
    high, most = bounds[1], X.max().item()
    if not (most > 2 * high or 0 < most <= high / 255):
        return ""
    return f"the largest pixel is {most:g}, where {high:g} was full ink in training: bring them to the same range"


def as_bytes(X: NDArray[Any], bounds: Bounds) -> NDArray[np.uint8]:
    """``X (N, P)`` as bytes ``(N, P)``, to the nearest of 256 steps; what is beyond the bounds is at them.

    A feature that has but one value is 0.
    """
    if X.dtype == np.uint8 and not np.ndim(bounds[0]) and bounds == (0, 255):
        return X
    low, high = (np.asarray(bound, np.float64) / 2 for bound in bounds)  # halves: no difference of them overflows
    span = high - low
    steps = 255 / np.where(span > LEAST_SPAN, span, np.inf)
    scaled = np.empty(X.shape, np.uint8)
    for start in range(0, len(X), BLOCK):
        some = np.multiply(X[start : start + BLOCK], 0.5, dtype=np.float64)
        np.clip(some, low, high, out=some)
        some -= low
        some *= steps
        scaled[start : start + BLOCK] = np.rint(some, out=some)
    return scaled
