"""Printed rules and grids, found and taken out of the ink.

A rule is thin, straight, and goes through the whole picture; or there are several side by side. Only pixels whose ink
is thin across the rule can belong to it: where a stroke crosses a rule, the stroke stays whole. Straight lines are
found by counting pixels along lines of all directions near the horizontal (Duda and Hart, "Use of the Hough
Transformation to Detect Lines and Curves in Pictures", 1972); the vertical ones in the picture turned.
"""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
SMALLEST = 200  # pixels: smaller pictures show a digit or two, and no paper around
THIN = 160  # a rule's thickness is at most the longer side by this
STEEPEST = 0.18  # rows for each column: 10 degrees
STEP = 0.004
LONG = 0.35  # of the width: ink along a line that makes it a rule
THROUGH = 0.95  # ... from its first pixel to its last
SEVERAL = 3  # ... or so many lines with a common direction
BAND = 2  # rows beside the line that also belong to it
MOST_POINTS = 20_000


def without_rules(mask: Mask) -> Mask:
    """The ink ``(H, W) bool`` without the rules of the paper, horizontal and vertical."""
    if min(mask.shape) < SMALLEST // 2 or max(mask.shape) < SMALLEST:
        return mask
    return mask & ~_rules(mask) & ~_rules(mask.T).T


def _rules(mask: Mask) -> Mask:
    """The pixels of nearly horizontal rules."""
    thin = _thin(mask, max(3, max(mask.shape) // THIN))
    rows, columns = np.nonzero(thin)
    found = np.zeros_like(mask)
    if len(rows) < LONG * mask.shape[1]:
        return found
    stride = -(-len(rows) // MOST_POINTS)
    slope = _direction(rows[::stride], columns[::stride])
    level = _level(rows, columns, slope)
    counts = np.bincount(level)
    width = mask.shape[1]
    long = np.flatnonzero(counts >= LONG * width)
    lines = []
    while len(long):
        best = long[counts[long].argmax()]
        lines.append(best)
        long = long[np.abs(long - best) > 2 * BAND]
    for line in lines:
        near = np.abs(level - line) <= BAND
        reach = np.ptp(columns[near]) / width
        if reach >= THROUGH or (len(lines) >= SEVERAL and reach >= 0.5):
            found[rows[near], columns[near]] = True
    return found


def _thin(mask: Mask, thickness: int) -> Mask:
    """Where the ink is at most so many rows thick."""
    from scipy import ndimage

    thick: Mask = ndimage.binary_opening(mask, structure=np.ones((thickness + 1, 1)))
    return mask & ~thick


def _direction(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> float:
    """The slope along which most pixels share a level."""
    slopes = np.arange(-STEEPEST, STEEPEST + STEP / 2, STEP)
    squares = [float((np.bincount(_level(rows, columns, slope)).astype(np.float64) ** 2).sum()) for slope in slopes]
    return float(slopes[int(np.argmax(squares))])


def _level(rows: NDArray[np.intp], columns: NDArray[np.intp], slope: float) -> NDArray[np.int64]:
    """The row at which the line with this slope through each pixel leaves the picture on the left, from 0 on."""
    level: NDArray[np.int64] = np.rint(rows - slope * columns).astype(np.int64)
    level -= level.min()
    return level
