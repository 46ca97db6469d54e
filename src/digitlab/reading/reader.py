"""Reading a picture of any number of digits, and saying when in doubt."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.network.network import Network
from digitlab.network.shipped import STANDARD, load_shipped
from digitlab.reading.cut import seams
from digitlab.reading.find import Found, Piece, find
from digitlab.reading.ink import on_paper
from digitlab.reading.paper import Ink, ink_of, is_light_on_dark
from digitlab.reading.pictures import Picture, grey_and_alpha
from digitlab.reading.preprocessing import prepare_ink
from digitlab.reading.results import ReadDigit, Reading, ReadLine, Rejected
from digitlab.reading.rules import without_rules
from digitlab.reading.segments import GAP, Segment, best_way, candidates

LONGEST = 2048
DOUBT = 0.9


class Lattice(NamedTuple):
    """A line with all ways to part it."""

    pieces: list[Piece]
    segments: list[Segment]
    left_out: NDArray[np.float64]
    probabilities: dict[tuple[int, int], NDArray[np.float64]]


def read(picture: Picture, network: Network | None = None, *, expect: int | None = None) -> Reading:
    """The digits of a picture."""
    network = network or load_shipped(STANDARD)
    opened = grey_and_alpha(picture, LONGEST)
    grey, size, factor = on_paper(opened.levels, opened.alpha), opened.size, opened.factor
    if is_light_on_dark(grey):
        grey = 255 - grey
    ink = ink_of(grey)
    ink = ink._replace(mask=without_rules(ink.mask))
    found = find(ink)
    found = found._replace(labels=found.labels.copy())
    lines = []
    rejected = [Rejected(_box([piece], factor), reason) for piece, reason in found.left_out]
    for line in found.lines:
        lattice = _lattice(line, found, ink, network)
        way, _ = best_way(len(lattice.pieces), lattice.segments, lattice.left_out, expect)
        digits = []
        used = set()
        for segment, posterior in way:
            key = segment.first, segment.last
            used |= set(range(*key))
            p = lattice.probabilities[key]
            box = _box(lattice.pieces[slice(*key)], factor)
            digits.append(ReadDigit(int(p.argmax()), float(p.max()), box, bool(p.max() * posterior < DOUBT)))
        rejected += [Rejected(_box([p], factor), "not a digit") for n, p in enumerate(lattice.pieces) if n not in used]
        if digits:
            lines.append(ReadLine(tuple(digits)))
    return Reading(tuple(lines), tuple(rejected), 0, size)


def _lattice(line: list[Piece], found: Found, ink: Ink, network: Network) -> Lattice:
    pieces = [part for piece in line for part in _parts(piece, found)]
    pieces.sort(key=lambda piece: piece.left + piece.right)
    boxes = np.array([[p.top, p.bottom, p.left, p.right] for p in pieces])
    runs = candidates(boxes, found.height)
    pixels = np.stack([_cell(ink, found, pieces[first:last]) for first, last in runs])
    probabilities = network.probabilities(pixels).astype(np.float64)
    segments = []
    for (first, last), p in zip(runs, probabilities, strict=True):
        gaps = np.maximum(boxes[first + 1 : last, 2] - np.maximum.accumulate(boxes[first:last, 3])[:-1], 0)
        segments.append(Segment(first, last, float(np.log(p.max() + 1e-9) - GAP * gaps.sum() / found.height)))
    extent = np.maximum(boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]) / found.height
    left_out = -0.3 - 6 * np.minimum(extent, 1.0) ** 1.5
    return Lattice(pieces, segments, left_out, dict(zip(runs, probabilities, strict=True)))


def _parts(piece: Piece, found: Found) -> list[Piece]:
    """A piece, cut apart where it may be more than one digit; its parts get labels of their own."""
    place = slice(piece.top, piece.bottom), slice(piece.left, piece.right)
    mask = found.labels[place] == piece.label
    cuts = seams(mask, found.height)
    if not cuts:
        return [piece]
    side = sum((np.arange(piece.width) >= cut[:, None]).astype(int) for cut in cuts)
    parts = []
    for number in range(len(cuts) + 1):
        part = mask & (side == number)
        if not part.any():
            continue
        label = found.labels.max() + 1
        found.labels[place][part] = label
        rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        top, left = piece.top + int(rows[0]), piece.left + int(columns[0])
        parts.append(
            piece._replace(
                label=int(label),
                top=top,
                bottom=piece.top + int(rows[-1]) + 1,
                left=left,
                right=piece.left + int(columns[-1]) + 1,
            )
        )
    return parts


def _box(pieces: list[Piece], factor: int) -> tuple[int, int, int, int]:
    top, left = min(piece.top for piece in pieces), min(piece.left for piece in pieces)
    bottom, right = max(piece.bottom for piece in pieces), max(piece.right for piece in pieces)
    return left * factor, top * factor, (right - left) * factor, (bottom - top) * factor


def _cell(ink: Ink, found: Found, pieces: list[Piece]) -> NDArray[np.uint8]:
    """The pieces as MNIST would have them, ``(28, 28)``."""
    from scipy import ndimage

    top, left = min(piece.top for piece in pieces), min(piece.left for piece in pieces)
    bottom, right = max(piece.bottom for piece in pieces), max(piece.right for piece in pieces)
    place = slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1)
    mask = np.isin(found.labels[place], [piece.label for piece in pieces])
    mask = ndimage.binary_dilation(mask, structure=np.ones((3, 3)))
    return prepare_ink(np.where(mask, ink.levels[place], 0)).pixels
