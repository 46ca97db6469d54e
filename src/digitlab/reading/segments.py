"""Which pieces of a line make a digit together: of all ways to part the line, the one that the networks believe most.

The pieces, cut at seams where they may touch, are taken from left to right. A segment is some that follow each other;
a way through the line takes each piece into one segment or leaves it out. Its score is the sum of what its segments
score, so the best way is found piece by piece (dynamic programming; LeCun et al., "Gradient-Based Learning Applied to
Document Recognition", 1998, section V). Summed over all ways in place of the best one, the same recursion gives how
probable it is that a segment is right, given the line.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_PIECES = 6  # in one segment
WIDEST = 1.7  # of the height of the writing: no digit is wider
FARTHEST = 0.35  # ... pieces with a wider gap are not of one digit
GAP = 2.0  # what a gap between pieces of one digit costs, for each height of the writing


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


def best_way(
    count: int, segments: list[Segment], left_out: NDArray[np.float64], expect: int | None = None
) -> tuple[list[tuple[Segment, float]], float]:
    """The segments of the best way, each with how probable it is given the line.

    Args:
        count: of the pieces.
        segments: all that may be.
        left_out: ``(N,)``, the score of leaving out each piece.
        expect: the number of segments, where it is known. If no way has so many, it is ignored.
    """
    steps: list[list[Segment | None]] = [[None] for _ in range(count)]
    for segment in segments:
        steps[segment.first].append(segment)
    ahead = np.zeros(count + 1)  # the logarithm of the sum over all ways from here to the end
    behind = np.full(count + 1, -np.inf)
    behind[0] = 0
    for at in range(count - 1, -1, -1):
        ahead[at] = np.logaddexp.reduce([_score(step, left_out[at]) + ahead[_next(step, at)] for step in steps[at]])
    for at in range(count):
        for step in steps[at]:
            to = _next(step, at)
            behind[to] = np.logaddexp(behind[to], behind[at] + _score(step, left_out[at]))
    way = _counted(count, steps, left_out, expect)
    return [
        (step, float(np.exp(behind[step.first] + step.score + ahead[step.last] - ahead[0]))) for step in way
    ], float(ahead[0])


def _score(step: Segment | None, left_out: float) -> float:
    return left_out if step is None else step.score


def _next(step: Segment | None, at: int) -> int:
    return at + 1 if step is None else step.last


def _counted(
    count: int, steps: list[list[Segment | None]], left_out: NDArray[np.float64], expect: int | None
) -> list[Segment]:
    """The best way; with ``expect`` the best one with so many segments."""
    most = count if expect is not None else 0
    best = np.full((count + 1, most + 1), -np.inf)  # by place, and by how many segments are still to come
    best[count, 0] = 0
    chosen: dict[tuple[int, int], Segment | None] = {}
    for at in range(count - 1, -1, -1):
        for left in range(most + 1):
            for step in steps[at]:
                after = left - (step is not None) if most else 0
                if after < 0:
                    continue
                score = _score(step, left_out[at]) + best[_next(step, at), after]
                if score > best[at, left]:
                    best[at, left], chosen[at, left] = score, step
    if expect is not None and not (expect <= most and np.isfinite(best[0, expect])):
        return _counted(count, steps, left_out, None)
    way, at, left = [], 0, expect or 0
    while at < count:
        step = chosen[at, left]
        if step is not None:
            way.append(step)
            left -= 1 if most else 0
        at = _next(step, at)
    return way
