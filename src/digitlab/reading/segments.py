"""Which pieces of a line make a digit together: of all ways to part the line, the one that the networks believe most.

The pieces, cut at seams where they may touch, are taken from left to right. A segment is some that follow each other;
a way through the line takes each piece into one segment or leaves it out. Its score is the sum of what its segments
score, so the best way is found piece by piece (dynamic programming; LeCun et al., "Gradient-Based Learning Applied to
Document Recognition", 1998, section V).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_PIECES = 6  # in one segment
WIDEST = 1.7  # of the height of the writing: no digit is wider
FARTHEST = 0.35  # ... pieces with a wider gap are not of one digit
LEFT_OUT = -1  # no segment begins with this piece


class Segment(NamedTuple):
    """Pieces from ``first`` to before ``last`` as one digit.

    Attributes:
        score: the logarithm of how far it is believed.
    """

    first: int
    last: int
    score: float


def candidates(boxes: NDArray[np.int64], height: float) -> list[tuple[int, int]]:
    """Which runs of pieces may be one digit, as first and last + 1.

    Args:
        boxes: ``(N, 4)``, top, bottom, left and right of each piece, ordered by their middles.
        height: of the writing, in pixels.
    """
    found = []
    for first in range(len(boxes)):
        left, right = boxes[first, 2:]
        found.append((first, first + 1))
        for last in range(first + 1, min(len(boxes), first + MOST_PIECES)):
            gap = boxes[last, 2] - right
            left, right = min(left, boxes[last, 2]), max(right, boxes[last, 3])
            if gap > FARTHEST * height or right - left > WIDEST * height:
                break
            found.append((first, last + 1))
    return found


def best_way(segments: Sequence[Segment], left_out: NDArray[np.float64], expect: int | None = None) -> list[Segment]:
    """The segments of the best way.

    Args:
        segments: all that may be.
        left_out: ``(N,)``, the score of leaving out each piece.
        expect: the number of segments, where it is known. If no way has so many, it is ignored.
    """
    count = len(left_out)
    if expect is not None and expect > count:
        return best_way(segments, left_out)
    starting: list[list[int]] = [[] for _ in range(count)]
    for number, segment in enumerate(segments):
        starting[segment.first].append(number)
    still = 1 if expect is None else expect + 1  # how many segments may still come: 0 to expect, or whatever
    best = np.full((count + 1, still), -np.inf)
    best[count, 0] = 0
    steps = np.full((count, still), LEFT_OUT)
    for at in range(count - 1, -1, -1):
        best[at] = best[at + 1] + left_out[at]
        for number in starting[at]:
            score = best[segments[number].last] + segments[number].score
            if expect is not None:
                score = np.append(-np.inf, score[:-1])
            better = score > best[at]
            best[at, better], steps[at, better] = score[better], number
    if not np.isfinite(best[0, -1]):
        return best_way(segments, left_out)
    way, at, more = [], 0, still - 1
    while at < count:
        step = steps[at, more]
        if step == LEFT_OUT:
            at += 1
        else:
            way.append(segments[step])
            at, more = segments[step].last, more - (expect is not None)
    return way
