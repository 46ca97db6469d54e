"""Digits of MNIST that somebody enlarged: found out, and made small again.

Area resampling of a smooth enlargement would blur it a second time, by 12 grey levels in the median. So where a
picture is a smooth enlargement, by a whole factor `c`, of one whose digit is 20 pixels long, the small one is taken.

For each `c` from 3 to 64 with `19 c <= longer side of the ink <= 22 c`, on each axis by itself, each of the `c` places
where the grid of small pixels may begin is tried: take the pixel in the middle of each block (of an even block the two,
`(a + b + 1) // 2`),
and sum, at the seams between blocks, how far the picture is from the cubic through four of them, clipped to bytes:
`(9 (b + c) - a - d + 8) // 16`. The best place of an axis counts; the factor with the smallest sum is held to `LIMIT`.
Pixels of 5 and less are paper then.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FACTORS = range(3, 65)
SEEN = 16  # ink that counts for the first look at the size
PAPER = 5  # what the cubic leaves beside ink
LIMIT = 1  # grey level: the mean distance from the cubic, over the box, that is still an enlargement
LONGEST = 20
LARGE = 30  # a digit up to this long may be one of MNIST's own, not enlarged


def undo_enlargement(ink: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The small picture that ``ink`` is an enlargement of, or None where it is not one."""
    rows, columns = (np.flatnonzero(ink.max(axis=axis) >= SEEN) for axis in (1, 0))
    if not len(rows):
        return None
    longest = max(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    if longest <= LARGE:
        distance, small = 0.0, _without_paper(ink)
    else:
        tries = [_smallest(_box(ink, rows, columns, 2 * c), c) for c in FACTORS if 19 * c <= longest <= 22 * c]
        distance, small = min(tries, key=lambda one: one[0], default=(np.inf, ink))
    return small if distance <= LIMIT and _length(small) == LONGEST else None


def _length(small: NDArray[np.uint8]) -> int:
    rows, columns = (np.flatnonzero(small.max(axis=axis)) for axis in (1, 0))
    return max(int(np.ptp(rows)), int(np.ptp(columns))) + 1 if len(rows) else 0


def _without_paper(small: NDArray[Any]) -> NDArray[np.uint8]:
    return np.where(small > PAPER, small, 0).astype(np.uint8)


def _box(ink: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp], margin: int) -> NDArray[np.uint8]:
    """The ink with paper of exactly ``margin`` around it, whatever the picture has."""
    height, width = ink.shape
    top, bottom, left, right = rows[0] - margin, rows[-1] + 1 + margin, columns[0] - margin, columns[-1] + 1 + margin
    inner = ink[max(0, top) : bottom, max(0, left) : right]
    around = ((max(0, -top), max(0, bottom - height)), (max(0, -left), max(0, right - width)))
    return np.pad(inner, around)


def _smallest(box: NDArray[np.uint8], c: int) -> tuple[float, NDArray[np.uint8]]:
    """The mean distance from the cubic at the best places, and the small picture there."""
    total = 0
    small: NDArray[Any] = box
    for _ in range(2):  # columns, then rows; each time turned
        tries = [_along(box, c, begin) for begin in range(c)]
        best = min(range(c), key=lambda begin: tries[begin])
        total += tries[best]
        small = _middles(small, c, best).T
        box = box.T
    return total / (2 * box.size), _without_paper(small)


def _middles(box: NDArray[np.uint8], c: int, begin: int) -> NDArray[np.int64]:
    """The middle of each block of ``c`` columns, the first of which begins at ``begin``."""
    count = (box.shape[1] - begin) // c
    first, second = begin + (c - 1) // 2, begin + c // 2
    a, b = (box[:, at : at + (count - 1) * c + 1 : c].astype(np.int64) for at in (first, second))
    return (a + b + 1) // 2


def _along(box: NDArray[np.uint8], c: int, begin: int) -> int:
    """How far the rows are, in all, from the cubic through the middles, at the seams between the blocks."""
    middles = _middles(box, c, begin)
    seam = begin + c
    count = middles.shape[1] - 1
    a, b = (box[:, at : at + (count - 1) * c + 1 : c].astype(np.int64) for at in (seam - 1, seam))
    m = np.pad(middles, ((0, 0), (1, 1)))
    curve = np.clip((9 * (m[:, 1:-2] + m[:, 2:-1]) - m[:, :-3] - m[:, 3:] + 8) // 16, 0, 255)
    return int(np.abs((a + b + 1) // 2 - curve).sum()) * c
