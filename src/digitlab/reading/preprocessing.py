"""The one preprocessing contract: any picture of one digit -> the 28x28 bytes that MNIST would have made of it.

All arithmetic is of whole numbers, and none is rounded before the last step, so that another implementation gives
the same bytes. `//` rounds down. In words, and with pictures: docs/reference/preparing.md.

From ink `(H, W)`, bright on 0, to 28x28 (`prepare_ink`):

1. The box: the rows and columns that hold a pixel of at least `faintest` (1 for a clean canvas). None: blank.
2. `m` is the longer side of the box. A cell, a pixel of the result, is a square of side `m / 20`: the longest side
   becomes 20 and the aspect stays. On an axis where the box is `s` long, `n = max(1, (40 s + m) // (2 m))` cells,
   which is `20 s / m` rounded, lie centred on the box, and one more at each end.
3. Area resampling: a cell's sum `S` is the ink in it, each pixel weighted by the area that they share.
   In units of 1/40 pixel a cell is `2 m` wide and every edge is a whole number.
4. Grey levels: with the brightest cell's `P`, a cell becomes `(510 S + P) // (2 P)`: `255 S / P` rounded.
5. Centre of mass of these bytes, by row `B = sum(row * byte)` and in all `M`: shift by `(29 M - 2 B) // (2 M)`
   rows, and so for columns. The centre then lies within half a pixel of index 14. What leaves the 28x28 is lost.

From a picture to ink (`prepare`): `reading/ink.py`. Pictures that are MNIST's own digits enlarged: `enlarged.py`.

Source of steps 2, 4 and 5: Yadav and Bottou, "Cold Case: The Lost MNIST Digits", 2019, whose program makes MNIST again.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.errors import PictureError
from digitlab.reading.enlarged import undo_enlargement
from digitlab.reading.ink import FAINTEST, find_ink
from digitlab.reading.pictures import Picture, check_size

LONGEST = 20  # pixels of a digit's longer side, in MNIST
EXACT = 2**24  # whole numbers up to here are exact in float32
REMEMBERED = 1024  # weights for boxes up to this long are kept
ROWS_AT_ONCE = 2**20  # pixels


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as MNIST would have it.

    Attributes:
        pixels: ``(28, 28) uint8``, ink bright on 0.
        blank: nothing was there; all pixels are 0.
    """

    pixels: NDArray[np.uint8]
    blank: bool


def prepare(picture: Picture) -> Prepared:
    """Any picture of one digit as MNIST would have it.

    Args:
        picture: an array ``(H, W)`` or ``(H, W, 1..4)`` (grey, grey and alpha, RGB, RGBA) of bytes or of floats 0..1;
            a Pillow image; or a PNG, JPEG, BMP, WebP or GIF file as bytes or as a path. Dark on light or light on dark.

    Raises:
        PictureError: it is none of these, too large, or damaged. A blank one is not an error.
    """
    ink = find_ink(picture)
    small = undo_enlargement(ink)
    return prepare_ink(small) if small is not None else _prepared(ink, FAINTEST)


def prepare_ink(ink: NDArray[np.uint8]) -> Prepared:
    """A clean canvas ``(H, W) uint8``, ink bright on 0, as MNIST would have it: no paper is looked for.

    Raises:
        PictureError: another shape or type, or too large.
    """
    if not isinstance(ink, np.ndarray) or ink.dtype != np.uint8 or ink.ndim != 2:
        got = f"{getattr(ink, 'dtype', type(ink).__name__)} of shape {np.shape(ink)}"
        raise PictureError("this is not a canvas of ink", must_be="an array (H, W) of bytes (uint8)", got=got)
    check_size(ink.shape[1], ink.shape[0], "the canvas")
    return _prepared(ink, 1)


def _prepared(ink: NDArray[np.uint8], faintest: int) -> Prepared:
    """Steps 1 to 5."""
    rows = np.flatnonzero(ink.max(axis=1, initial=0) >= faintest)
    if not len(rows):
        return Prepared(np.zeros((SIDE, SIDE), dtype=np.uint8), blank=True)
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(ink[top:bottom].max(axis=0) >= faintest)
    left, right = int(columns[0]), int(columns[-1]) + 1
    m = max(bottom - top, right - left)
    sums = _sums(ink[top:bottom, left:right], m)
    peak = sums.max()
    return Prepared(_placed((510 * sums + peak) // (2 * peak)), blank=False)


def _sums(box: NDArray[np.uint8], m: int) -> NDArray[np.int64]:
    """Step 3: the ink in each cell, exactly. Matrix products of whole numbers do not round below their type's limit."""
    down, along = _weights(box.shape[0], m), _weights(box.shape[1], m)
    exact = np.float32 if 255 * 2 * m < EXACT else np.float64
    step = max(1, ROWS_AT_ONCE // box.shape[1])
    parts = [box[row : row + step].astype(exact) @ along.T.astype(exact) for row in range(0, len(box), step)]
    across = np.concatenate(parts) if len(parts) > 1 else parts[0]
    return (down @ across.astype(np.float64)).astype(np.int64)


def _weights(length: int, m: int) -> NDArray[np.float64]:
    return _kept_weights(length, m) if length <= REMEMBERED else _overlaps(length, m)


def _overlaps(length: int, m: int) -> NDArray[np.float64]:
    """How much of each pixel of an axis lies in each cell ``(cells, length)``, in units of 1/40 pixel."""
    cells = max(1, (2 * LONGEST * length + m) // (2 * m))
    edges = LONGEST * length - cells * m + 2 * m * np.arange(-1, cells + 2)  # one cell more at each end
    pixels = 2 * LONGEST * np.arange(length + 1)
    shared = np.minimum(edges[1:, None], pixels[None, 1:]) - np.maximum(edges[:-1, None], pixels[None, :-1])
    weights: NDArray[np.float64] = np.maximum(shared, 0).astype(np.float64)
    weights.flags.writeable = False
    return weights


_kept_weights = lru_cache(maxsize=512)(_overlaps)


def _placed(cells: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Step 5: the cells in a picture of 28x28, their centre of mass at index 14."""
    by_row, by_column = cells.sum(axis=1), cells.sum(axis=0)
    mass = int(by_row.sum())
    pixels = np.zeros((SIDE, SIDE), dtype=np.uint8)
    places = []
    for sums in (by_row, by_column):
        shift = (29 * mass - 2 * int(sums @ np.arange(len(sums)))) // (2 * mass)
        begin, end = max(0, -shift), min(len(sums), SIDE - shift)
        places.append((slice(begin + shift, end + shift), slice(begin, end)))
    (to_rows, rows), (to_columns, columns) = places
    pixels[to_rows, to_columns] = cells[rows, columns]
    return pixels
