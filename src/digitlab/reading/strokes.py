"""Strokes of a pen, drawn: points -> a canvas of ink -> 28x28.

The canvas is always `LONGEST` pixels long, whatever the unit of the points, so that the same drawing gives the same
ink at any size, and costs the same. In order, with `width` of the pen and `span`, the larger extent of all points:

1. `longest = span + width`; the pen is a disc of radius `r = width * (LONGEST / 2) / longest`, `R = floor(r)`.
2. A point goes to the pixel `floor((x - least x) * LONGEST / longest + 0.5) + R`, and so for y.
3. The way from one pixel to the next, `d` away, has `n = max(|dx|, |dy|)` steps; step `k` is at
   `x + (2 k dx + n) // (2 n)`, and so for y.
4. The disc is set down at each pixel of the way: in the rows `dy` from `-R` to `R` it covers
   `floor(sqrt(r * r - dy * dy))` pixels to either side of its middle.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import PictureError, describe
from digitlab.reading.preprocessing import Prepared, prepare_ink

LONGEST = 100  # pixels of the canvas's longer side: five for each of MNIST's twenty
MOST_STROKES = 1_000
MOST_POINTS = 100_000
FARTHEST = 1e6  # from the origin, in whatever unit
FINEST = 1e-6  # of a pen's width
LIKE = "strokes such as [[[10, 20], [12, 25]], [[30, 20]]]: each a list of points [x, y]"


def prepare_strokes(strokes: Sequence[Sequence[Sequence[float]]], *, width: float) -> Prepared:
    """Strokes as MNIST would have them: see `draw` for the arguments and errors. No strokes are blank."""
    return prepare_ink(draw(strokes, width=width))


def draw(strokes: Sequence[Sequence[Sequence[float]]], *, width: float) -> NDArray[np.uint8]:
    """Strokes drawn with a round pen.

    Args:
        strokes: each the points ``(x, y)`` of a pen from when it is set down to when it is lifted, y downwards, in any
            unit. One point is a dot; a stroke without points is passed over.
        width: of the pen, in the same unit.

    Returns:
        The canvas ``(H, W) uint8`` with 255 for ink and 0 for paper, its longer side about 100; ``(1, 1)`` without ink.

    Raises:
        PictureError: points that are not pairs of finite numbers within a million, a width that is not positive, or
            more than 1,000 strokes or 100,000 points.
    """
    _check_width(width)
    points, lengths = _points(strokes)
    if not lengths:
        return np.zeros((1, 1), dtype=np.uint8)
    low = points.min(axis=0)
    moved = points - low
    longest = float(moved.max()) + float(width)
    radius = float(width) * (LONGEST / 2) / longest
    reach = int(radius)
    at = np.floor(moved * LONGEST / longest + 0.5).astype(np.intp) + reach  # (N, 2)
    columns, rows = (at.max(axis=0) + reach + 1).tolist()
    way = np.zeros(rows * columns, dtype=np.bool_)
    way[_way(at, lengths, columns)] = True
    return _dilated(way, rows, columns, radius)


def _way(at: NDArray[np.intp], lengths: list[int], columns: int) -> NDArray[np.intp]:
    """The pixels, as ``row * columns + column``, of all ways from point to point, and the points."""
    steps = np.abs(at[1:] - at[:-1]).max(axis=1, initial=0)
    steps[np.cumsum(lengths[:-1], dtype=np.intp) - 1] = 0  # the pen is lifted
    segment = np.repeat(np.arange(len(steps)), steps)
    k = np.arange(len(segment)) - (np.cumsum(steps) - steps)[segment]
    n = steps[segment]
    (x, y), (dx, dy) = at[segment].T, (at[segment + 1] - at[segment]).T
    way = (y + (2 * k * dy + n) // (2 * n)) * columns + x + (2 * k * dx + n) // (2 * n)
    found: NDArray[np.intp] = np.concatenate((way, at[:, 1] * columns + at[:, 0]))
    return found


def _dilated(way: NDArray[np.bool_], rows: int, columns: int, radius: float) -> NDArray[np.uint8]:
    """The disc set down at each pixel of the way: +1 where a row of it begins, -1 behind its end, summed along."""
    y, x = np.divmod(np.flatnonzero(way), columns)
    wide = columns + 1  # the last column takes the ends at the right edge
    reach = int(radius)
    down = np.arange(-reach, reach + 1)
    half = np.sqrt(radius * radius - down * down).astype(np.intp)
    middle = y[:, None] * wide + x[:, None] + down * wide
    begins = np.bincount((middle - half).ravel(), minlength=rows * wide)
    ends = np.bincount((middle + half + 1).ravel(), minlength=rows * wide)
    inside = np.cumsum(begins - ends, dtype=np.int32).reshape(rows, wide)[:, :columns] > 0
    canvas: NDArray[np.uint8] = inside * np.uint8(255)
    return canvas


def _points(strokes: Any) -> tuple[NDArray[np.float64], list[int]]:
    """All points ``(N, 2)``, and how many each stroke with points has."""
    try:
        if len(strokes) > MOST_STROKES:
            raise PictureError("too many strokes", must_be=f"at most {MOST_STROKES}", got=f"{len(strokes)}")
        lengths = [len(stroke) for stroke in strokes]
        if sum(lengths) > MOST_POINTS:
            raise PictureError("too many points", must_be=f"at most {MOST_POINTS}", got=f"{sum(lengths)}")
        points = np.array(list(chain.from_iterable(strokes)))
    except PictureError:
        raise
    except Exception as error:  # whatever foreign sequences do
        raise PictureError("these are not strokes", must_be=LIKE, got=describe(strokes)) from error
    if not sum(lengths):
        return np.zeros((0, 2)), []
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind not in "iuf":
        raise PictureError("a point is not a pair of numbers", must_be=LIKE, got=describe(strokes))
    if not np.abs(points).max() <= FARTHEST:  # NaN is not
        must_be = f"finite numbers from {-FARTHEST:.0f} to {FARTHEST:.0f}"
        raise PictureError("a point is too far away", must_be=must_be, got=f"{np.abs(points).max()}")
    return points.astype(np.float64), [length for length in lengths if length]


def _check_width(width: Any) -> None:
    good = isinstance(width, (int, float, np.integer, np.floating)) and not isinstance(width, bool)
    if not (good and FINEST <= width <= FARTHEST):
        must_be = f"a number from {FINEST} to {FARTHEST:.0f}, in the unit of the points"
        raise PictureError("this is not the width of a pen", must_be=must_be, got=describe(width))
