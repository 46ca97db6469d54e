"""Deskewing: a slanted digit made upright, by shifting its rows sideways.

Ink leans by `slope = mu_11 / mu_20` columns a row, with its central moments `mu_11 = sum(ink (y - y0) (x - x0))` and
`mu_20 = sum(ink (y - y0)^2)` about the centre of mass: row `y0`, column `x0`. Row `y` is taken from `slope (y - y0)`
columns further right, by linear interpolation, with paper beyond its ends. Then `mu_11` is 0 up to rounding: the
principal axis of the ink that was nearest to the vertical is vertical, and the centre of mass is where it was.

All arithmetic is of whole numbers, so that another implementation gives the same bytes. `//` rounds down. With
`M = sum(ink)`, `Y = sum(ink y)`, `X = sum(ink x)`, rows and columns counted from 0:

1. `n = M sum(ink x y) - X Y` and `d = M sum(ink y y) - Y Y`. Where `d` is 0 (a blank picture, or one of a single row)
   the picture stays as it is.
2. The slope in 1/256 columns a row: `k = (512 n + d) // (2 d)`, but at least -256 and at most 256, which is 45 degrees.
3. The shift of row `y` in 1/256 columns: `s = (2 k (M y - Y) + M) // (2 M)`; its whole columns `q = s // 256`, and the
   rest `r = s - 256 q`.
4. The pixel at column `x` becomes `((256 - r) a + r b + 128) // 256`, where `a` and `b` are those at `x + q` and
   `x + q + 1` of the same row, 0 beyond its ends.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998, III.A.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.data.pixels import as_rows
from digitlab.errors import PictureError

STEEPEST = 256  # in 1/256 columns a row
BLOCK = 500  # pictures at a time: what is computed of them stays in the processor's cache
_PLACES = np.arange(SIDE)
_MARGIN = SIDE  # paper at both ends of a row; no row is shifted further


def deskew(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Slanted digits made upright, in the same shape.

    Args:
        images: ink as bytes, shape ``(N, 28, 28)``, ``(N, 784)``, ``(28, 28)`` or ``(784,)``.

    Raises:
        PictureError: another shape or type.
    """
    rows, _ = as_rows(images, SIDE * SIDE)
    if rows.dtype != np.uint8:
        raise PictureError("only bytes can be deskewed", must_be="bytes 0..255 (uint8)", got=str(rows.dtype))
    pictures = rows.reshape(-1, SIDE, SIDE)
    upright = np.empty(pictures.shape, np.uint8)
    for first in range(0, len(pictures), BLOCK):
        some = pictures[first : first + BLOCK]
        upright[first : first + BLOCK] = _shifted(some, _shifts(some))
    return upright.reshape(np.shape(images))


def _shifts(pictures: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Steps 1 to 3: how far to the right each row is taken from, ``(N, 28)``, in 1/256 columns."""
    weights = np.stack([np.ones(SIDE), _PLACES], axis=1).astype(np.float32)
    sums = (pictures.astype(np.float32) @ weights).astype(np.int64)  # (N, 28, 2), exact: below 2^24
    ink, across = sums[..., 0], sums[..., 1]  # of each row: sum(ink), sum(ink x)
    M, Y, X = (part.sum(axis=1, keepdims=True) for part in (ink, ink * _PLACES, across))  # (N, 1)
    n = M * np.sum(across * _PLACES, axis=1, keepdims=True) - X * Y
    d = M * np.sum(ink * _PLACES**2, axis=1, keepdims=True) - Y * Y
    k = np.clip((512 * n + d) // np.maximum(2 * d, 1), -STEEPEST, STEEPEST)  # 0 where d is: n is then, too
    shifts: NDArray[np.int64] = (2 * k * (M * _PLACES - Y) + M) // np.maximum(2 * M, 1)  # (N, 28)
    return shifts


def _shifted(pictures: NDArray[np.uint8], shifts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Step 4."""
    padded = np.pad(pictures, ((0, 0), (0, 0), (_MARGIN, _MARGIN + 1))).reshape(-1)
    width = SIDE + 2 * _MARGIN + 1
    first = width * np.arange(shifts.size) + _MARGIN + (shifts >> 8).reshape(-1)
    taken = sliding_window_view(padded, SIDE + 1)[first].astype(np.uint16)  # (N * 28, 29)
    r = (shifts & 255).reshape(-1, 1).astype(np.uint16)
    mixed = (256 - r) * taken[:, :-1] + r * taken[:, 1:] + 128  # at most 256 * 255 + 128, below 2^16
    return (mixed >> 8).astype(np.uint8).reshape(pictures.shape)
