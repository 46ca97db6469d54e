"""Lines drawn over a digit, and stripes. There are few different lines, so all are drawn once.

Letters for shapes: N pictures.
"""

from functools import cache
from itertools import pairwise

import numpy as np

from digitlab.data.digits import SIDE
from digitlab.evaluation.spoiling.chance import Bytes, Keys, Numbers, whole

_HALF_WIDTH = 2.3  # of a line, in pixels up or down: there its ink ends
_STARTS = 27  # rows in which a line may begin or end


def stripe(images: Bytes, _: Keys) -> Bytes:
    """MNIST-C: the seven columns at the left and at the right are inverted. Nothing is drawn by chance."""
    changed = images.copy()
    for columns in (slice(0, 7), slice(21, SIDE)):
        changed[:, :, columns] = 255 - images[:, :, columns]
    return changed


def dotted_line(images: Bytes, keys: Keys) -> Numbers:
    """MNIST-C: dashes of two pixels from the left to the right, which begin and end in rows 0 to 26, by chance."""
    return images + _dotted_lines()[whole(keys, 0, _STARTS), whole(keys, 1, _STARTS)]


def zigzag(images: Bytes, keys: Keys) -> Numbers:
    """MNIST-C: a zigzag from column 2 to 25; it begins in row 0 to 26 and ends up to 5 rows higher or 4 lower."""
    return images + _zigzags()[whole(keys, 0, _STARTS), whole(keys, 1, 10)]


@cache
def _dotted_lines() -> Numbers:
    """Each by the rows of its ends: ``(27, 27, 28, 28)``."""
    shown = np.arange(SIDE) // 2 % 2 == 1
    ends = range(_STARTS)
    return np.array([[_line((0, first), (27, last)) * shown for last in ends] for first in ends])


@cache
def _zigzags() -> Numbers:
    """Each by the row it begins in, and how far it goes down, from -5: ``(27, 10, 28, 28)``."""
    return np.array([[_zigzag(first, first + down) for down in range(-5, 5)] for first in range(_STARTS)])


def _zigzag(first: int, last: int) -> Numbers:
    """About the line from (column 2, row ``first``) to (25, ``last``), 2 to either side of it every 4 pixels."""
    left, right, size = 2, 25, 2
    slope = (last - first) / (right - left)
    length = float(np.hypot(right - left, last - first))
    along = np.arange(size, length, 2 * size)  # its corners, from 2 on, and then its end
    across = size * (-1.0) ** np.arange(len(along))
    # The last corner is off the line by as much as the authors' code has it, and not on it.
    end = across[-1] / (2 * (length % (2 * size)))
    along, across = np.array([0, *along, length]), np.array([0, *across, end])
    cos, sin = (right - left) / length, slope * (right - left) / length
    corners = list(zip(left + cos * along - sin * across, first + sin * along + cos * across, strict=True))
    return np.minimum(sum(_line(*ends) for ends in pairwise(corners)), 255.0)


def _line(start: tuple[float, float], end: tuple[float, float]) -> Numbers:
    """A straight line between two places (column, row): a picture ``(28, 28)``, 0 to 255.

    Its ink is 1 + ln(1 - d / 2.3), d rows away from it, and none where that is below 0.
    """
    (left, first), (right, last) = start, end
    row, column = np.mgrid[:SIDE, :SIDE]
    away = np.abs(row - (first + (last - first) / (right - left) * (column - left)))
    ink = 1 + np.log(np.maximum(1 - away / _HALF_WIDTH, 1e-9))
    within = (column >= np.floor(left)) & (column < np.ceil(right))
    return 255 * np.where(within, np.maximum(ink, 0), 0)
