"""A line of pieces of ink becomes a line of digits: of all ways to part it, the one that the networks believe most.

Two networks answer for each segment: which digit it is, and whether it is a digit at all (`reject.py`). What a segment
scores is the logarithm of the product, less what its gaps cost. To leave a piece out costs the more the larger it is.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.network.network import Network
from digitlab.reading.cut import cut
from digitlab.reading.find import Edges, Found, Piece
from digitlab.reading.paper import Ink, shrunk
from digitlab.reading.preprocessing import prepare_ink
from digitlab.reading.reject import OPERATING_POINT, digit_probabilities, is_doubtful
from digitlab.reading.segments import Segment, best_way, candidates

THICK = 0.1  # of a digit's longer side: a stroke that is thinner is made so thick, two pixels of MNIST
ENOUGH = 64  # pixels: a longer digit is made small first
GAP = 4.0  # what a gap as wide as the writing is high costs between pieces of one digit
CUT = 0.5  # what it costs to be cut off, on each side
OVER = 8.0  # what it costs if a neighbour lies wholly over or under a digit
MOST_SHARED = 0.55  # of the columns of the narrower one: so far digits may reach over each other
LOWEST = 0.6  # of the height of the writing: no digit is lower
LOW = 12.0  # ... what it costs, for each height that it is
LEAVE_OUT = 8.0  # what it costs to leave out a piece as high as the writing
LEAVE_SPECK = 0.3  # ... and the smallest one
CUT_OFF = 0.2  # of the height of the writing: what is larger, cut from a digit and left out makes it doubtful
AMONG_DIGITS = 0.02  # where half of a line are digits, what looks so little like one is taken for one, too, in doubt
LEAST = 1e-6  # no probability is taken for less


class LineDigit(NamedTuple):
    """A digit of a line, where it is on the page."""

    digit: int
    probability: float
    box: Edges
    doubtful: bool


class Seen(NamedTuple):
    """What the two networks say of some pictures.

    Attributes:
        digits: ``(N, 10)``, the probability of each digit.
        is_digit: ``(N,)``, of being a digit at all.
    """

    digits: NDArray[np.float64]
    is_digit: NDArray[np.float64]

    @property
    def score(self) -> NDArray[np.float64]:
        """``(N,)``, the logarithm of how far each is believed to be one digit."""
        believed: NDArray[np.float64] = np.log(np.maximum(self.digits.max(axis=1) * self.is_digit, LEAST))
        return believed


def look(network: Network, pixels: NDArray[np.uint8]) -> Seen:
    """Ask both networks for pictures ``(N, 28, 28)``."""
    return Seen(network.probabilities(pixels).astype(np.float64), digit_probabilities(pixels))


def cell(ink: Ink, found: Found, pieces: Sequence[Piece]) -> NDArray[np.uint8]:
    """Some pieces as MNIST would have them, ``(28, 28)``. A pixel around them comes along: strokes have soft edges."""
    from scipy import ndimage

    top, bottom, left, right = around(pieces)
    longer = max(bottom - top, right - left)
    wide = 1 + int(THICK * longer)
    place = slice(max(top - wide, 0), bottom + wide), slice(max(left - wide, 0), right + wide)
    labels = found.labels[place]
    mask = np.logical_or.reduce([labels == piece.label for piece in pieces])
    levels = np.where(ndimage.maximum_filter(mask, 3), ink.levels[place], 0)
    full = max(
        float(np.median(levels[mask])), 1.0
    )  # half of the ink then is as dark as can be: a patchy stroke is even
    levels = np.minimum(255, levels * (255 / full))
    n = max(1, longer // ENOUGH)
    stroke = (2 * mask.sum() / (mask & ~ndimage.binary_erosion(mask)).sum() - 1) / n  # area by half of the outline
    levels = shrunk(levels, n)
    radius = round((THICK * longer / n - stroke) / 2)
    if radius >= 1:
        levels = ndimage.grey_dilation(levels, size=(2 * radius + 1, 2 * radius + 1))
    return prepare_ink(levels.astype(np.uint8)).pixels


def around(pieces: Sequence[Piece]) -> Edges:
    """The box of some pieces: top, bottom, left, right."""
    boxes = np.array([piece.box for piece in pieces])
    top, left = boxes[:, 0].min(), boxes[:, 2].min()
    return int(top), int(boxes[:, 1].max()), int(left), int(boxes[:, 3].max())


def read_line(
    line: list[Piece], found: Found, ink: Ink, network: Network, expect: int | None
) -> tuple[list[LineDigit], list[Edges]]:
    """The digits of a line, and the boxes of what is none."""
    parts = [(part, piece.label) for piece in line for part in cut(piece, found)]
    parts.sort(key=lambda part: part[0].middle())
    pieces, whole = [part for part, _ in parts], [label for _, label in parts]
    boxes = np.array([piece.box for piece in pieces])
    runs = candidates(boxes, found.height)
    seen = look(network, np.stack([cell(ink, found, pieces[first:last]) for first, last in runs]))
    segments = [
        Segment(first, last, float(score) - _unlikely(boxes, whole, first, last, found.height))
        for (first, last), score in zip(runs, seen.score, strict=True)
    ]
    sizes = np.array([piece.size / found.height for piece in pieces])
    way = best_way(segments, -LEAVE_SPECK - LEAVE_OUT * np.minimum(sizes, 1.0) ** 1.5, expect)
    numbers = [segments.index(segment) for segment in way]
    sure = int((seen.is_digit[numbers] >= OPERATING_POINT).sum())
    least = AMONG_DIGITS if sure and 2 * sure >= len(way) else OPERATING_POINT
    taken = [(segment, n) for segment, n in zip(way, numbers, strict=True) if seen.is_digit[n] >= least]
    used = set(chain(*(range(segment.first, segment.last) for segment, _ in taken)))
    unsure = [is_doubtful(float(seen.is_digit[n]), seen.digits[n]) for _, n in taken]
    doubts = _doubts([segment for segment, _ in taken], unsure, sizes, whole, used)
    digits = [
        LineDigit(int(seen.digits[n].argmax()), float(seen.digits[n].max()), around(pieces[slice(*segment[:2])]), doubt)
        for (segment, n), doubt in zip(taken, doubts, strict=True)
    ]
    return digits, [piece.box for n, piece in enumerate(pieces) if n not in used]


def _doubts(
    taken: list[Segment], unsure: list[bool], sizes: NDArray[np.float64], whole: list[int], used: set[int]
) -> list[bool]:
    """Which digits are in doubt.

    Those that the networks are unsure of; those beside something that was left out, and is large or was cut off; and
    with one of them all that were cut from the same piece, since it was cut right or not. A piece that is a line by
    itself, and was cut, may be any sign.

    Args:
        taken: the segments that are digits.
        unsure: of which of them the networks are.
        sizes: of the pieces, in heights of the writing.
        whole: which component each piece was cut from.
        used: the pieces that belong to digits.
    """
    if len(taken) > 1 and len({whole[n] for n in used}) == 1:
        return [True] * len(taken)
    least = [CUT_OFF if whole.count(label) > 1 else LOWEST for label in whole]
    missing = {n for n, size in enumerate(sizes) if n not in used and size >= least[n]}
    unsure = [
        doubt or not missing.isdisjoint((segment.first - 1, segment.last))
        for segment, doubt in zip(taken, unsure, strict=True)
    ]
    sources = [set(whole[segment.first : segment.last]) for segment in taken]
    doubtful = set(chain(*(labels for labels, doubt in zip(sources, unsure, strict=True) if doubt)))
    return [not labels.isdisjoint(doubtful) for labels in sources]


def _unlikely(boxes: NDArray[np.int64], whole: list[int], first: int, last: int, height: float) -> float:
    """What it costs if pieces have gaps between them, are low, are cut off, or lie over or under their neighbours."""
    own = boxes[first:last]
    gaps = np.maximum(own[1:, 2] - np.maximum.accumulate(own[:-1, 3]), 0).sum()
    left, right = own[:, 2].min(), own[:, 3].max()
    beside = boxes[[n for n in (first - 1, last) if 0 <= n < len(boxes)]]
    shared = (np.minimum(beside[:, 3], right) - np.maximum(beside[:, 2], left)) / np.minimum(
        beside[:, 3] - beside[:, 2], right - left
    )
    labels = set(whole[first:last])
    cuts = (not labels.isdisjoint(whole[:first])) + (not labels.isdisjoint(whole[last:]))
    return float(
        GAP * gaps / height
        + CUT * cuts
        + LOW * max(0.0, LOWEST - (own[:, 1].max() - own[:, 0].min()) / height)
        + OVER * np.maximum(shared - MOST_SHARED, 0).sum()
    )
