"""From bytes to numbers: pixels scaled to 0..1, labels as one-hot rows, and the checks on both.

Letters for shapes: N samples, P pixels of a picture (784), K classes (10).
"""

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import CLASSES, SIDE
from digitlab.errors import PictureError, describe

_PIXEL_RULE = "bytes 0..255 (uint8), or floats 0..1"


def normalize(images: ArrayLike, dtype: type[np.floating] = np.float32) -> NDArray[np.floating]:
    """Pixels as numbers from 0 (paper) to 1 (ink), in the same shape.

    ``uint8`` always means 0..255 and is divided by 255; floats must lie in 0..1 already, and come back as they are
    (without a copy where the type fits).

    Raises:
        PictureError: another type, a float outside 0..1, or NaN.

    >>> normalize(np.array([0, 51, 255], dtype=np.uint8)).tolist()
    [0.0, 0.20000000298023224, 1.0]
    """
    pixels = _as_array(images)
    if pixels.dtype == np.uint8:
        scaled: NDArray[np.floating] = np.divide(pixels, 255, dtype=dtype)
        return scaled
    if not np.issubdtype(pixels.dtype, np.floating):
        yes_or_no = pixels.dtype.kind == "b"
        meaning, kind = ("no ink or full ink", "np.float32") if yes_or_no else ("whole numbers 0..255", "np.uint8")
        help = f"for {meaning} use images.astype({kind})"
        raise PictureError("the pixels have the wrong type", must_be=_PIXEL_RULE, got=str(pixels.dtype), help=help)
    if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 1):  # NaN fails both comparisons
        wrong = pixels[~((pixels >= 0) & (pixels <= 1))]
        got, help = f"{wrong[0]} ({wrong.size} such pixels)", "for floats that mean 0..255, divide them by 255"
        raise PictureError("a pixel is out of range", must_be=_PIXEL_RULE, got=got, help=help)
    return pixels.astype(dtype, copy=False)


def as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels as bytes, in the same shape: ``uint8`` as they are, floats 0..1 to the nearest, ``floor(255 x + 0.5)``.

    Raises:
        PictureError: as `normalize`.
    """
    if images.dtype == np.uint8:
        return images
    rounded: NDArray[np.uint8] = np.floor(normalize(images, np.float64) * 255 + 0.5).astype(np.uint8)
    return rounded


def as_rows(images: ArrayLike, size: int) -> tuple[NDArray[Any], bool]:
    """Pictures in any accepted shape as rows, for a network with ``size`` inputs; their values stay as they are.

    Args:
        images: one picture ``(28, 28)`` or ``(784,)``, or many: ``(N, 28, 28)`` or ``(N, 784)``; an axis of one
            channel, last or before the rows, does no harm.
        size: numbers in a picture, P.

    Returns:
        The rows ``(N, P)``, and whether it was one single picture.

    Raises:
        PictureError: a shape that does not fit.
    """
    array = _as_array(images)
    pictures = _shapes_of_one(size)
    many = array.shape[1:] in pictures
    single = array.shape in pictures and not many
    if not (single or many):
        square = f"({SIDE}, {SIDE}), (N, {SIDE}, {SIDE}), " if size == SIDE * SIDE else ""
        must_be = f"{square}({size},) or (N, {size})"
        raise PictureError("the picture has the wrong shape", must_be=must_be, got=f"shape {array.shape}")
    return array.reshape(-1, size), single


def as_row(image: ArrayLike, size: int) -> NDArray[Any]:
    """One picture, ``(28, 28)`` or ``(784,)``, as a row ``(P,)``; see `as_rows`.

    Raises:
        PictureError: a shape that does not fit, or more than one picture.
    """
    rows, _ = as_rows(image, size)
    if len(rows) != 1:
        got, help = f"{len(rows)} pictures", "choose one: digits.images[index]"
        raise PictureError("this must be one picture", got=got, help=help)
    row: NDArray[Any] = rows[0]
    return row


def one_hot(labels: ArrayLike, classes: int = CLASSES) -> NDArray[np.float32]:
    """Labels ``(N,)`` as rows ``(N, K)`` with a one at the label's place.

    Raises:
        PictureError: a label that is not a whole number from 0 to K - 1.

    >>> one_hot([3, 0], classes=4).tolist()
    [[0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]]
    """
    array = _as_array(labels)
    whole = array.dtype.kind in "iu" or array.size == 0
    if not whole or array.ndim != 1 or (array.size and (array.min() < 0 or array.max() >= classes)):
        got = f"shape {array.shape}, {array.dtype}, {array.ravel()[:5].tolist()}..."
        must_be = f"whole numbers 0 to {classes - 1}, shape (N,)"
        raise PictureError("the labels cannot be one-hot encoded", must_be=must_be, got=got)
    rows = np.zeros((len(array), classes), dtype=np.float32)  # (N, K)
    rows[np.arange(len(array)), array.astype(np.intp)] = 1
    return rows


def as_label(label: ArrayLike, classes: int = CLASSES) -> int:
    """One label, given as a digit or as a one-hot row ``(K,)``, as a digit.

    Raises:
        PictureError: neither a digit below K nor a row with a single one.

    >>> as_label([0, 0, 1, 0, 0, 0, 0, 0, 0, 0]), as_label(np.uint8(7))
    (2, 7)
    """
    array = _as_array(label)
    kind = array.dtype.kind  # signed, unsigned, float, bool
    if array.ndim == 0 and kind in "iu" and 0 <= int(array) < classes:
        return int(array)
    if array.shape == (classes,) and kind in "iufb" and np.count_nonzero(array) == 1 and array.max() == 1:
        return int(array.argmax())
    must_be = f"a whole number 0 to {classes - 1}, or a one-hot row of {classes}"
    raise PictureError("the label is not a digit", must_be=must_be, got=describe(label))


@cache
def _shapes_of_one(size: int) -> tuple[tuple[int, ...], ...]:
    """The shapes in which one picture of so many numbers may come."""
    side = math.isqrt(size)
    squares = ((side, side), (side, side, 1), (1, side, side)) if side * side == size else ()
    return ((size,), *squares)


def _as_array(values: ArrayLike) -> NDArray[Any]:
    """NumPy's view of what was passed; ragged lists are refused in our words."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise PictureError("this is not an array", must_be="rows of equal length", got=str(error)) from None
