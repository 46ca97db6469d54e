"""Where on a page digits may be: connected pieces of ink, and the lines that they stand in.

1. Connected components of the ink, eight neighbours each (Rosenfeld and Pfaltz, 1966). Specks are left out.
2. The size of the writing: the height of the components, in the median of the ink.
3. Lines: a component belongs to the line of its nearest neighbour on the left that it stands beside.
4. Small components go to the line that they lie in: hats of fives, bars of sevens, broken strokes; or points, which the
   networks leave out later.
"""

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.reading.paper import Ink

MOST_PIECES = 1500  # of a page; if there are more, those with the most ink are looked at
MOST_PARTS = 2000  # ... and as many of these as make so many parts, as a wide one is cut into
PARTS = 6  # ... which are at most so many
WIDE = 0.7  # of the height of the writing: what is wider may be two digits
MOST_AREA = 8_000_000  # pixels: ... and as many as have boxes of so much together, should they lie in each other
SPECK = 0.12  # of the height of the writing: what is smaller on both sides is left out
SMALL = 0.4  # ... what is smaller on both sides makes no line of its own
BLOT = 0.5  # of a box that is filled: no stroke does that
PAST_BORDER = 0.35  # of the shorter side of the picture: what touches the border and is larger comes in from outside
LARGE = 2.2  # ... what is higher is no digit
FAINT = 0.35  # of the writing's contrast: what is fainter is dirt
WITHIN = 0.3  # of the shorter side of a frame: what stands in it is at least as large
BESIDE = 0.35  # two pieces stand in one line if they share this much of the lower one's height


Edges: TypeAlias = tuple[int, int, int, int]
"""The box of something on a page: its first row, the row after its last, and so its columns."""


class Piece(NamedTuple):
    """A connected component: its number in ``labels``, its box, the sum of its levels, and its pixels."""

    label: int
    top: int
    bottom: int
    left: int
    right: int
    ink: float
    area: int

    @property
    def darkness(self) -> float:
        """Of its pixels, in the mean."""
        return self.ink / self.area

    @property
    def is_blot(self) -> bool:
        """Whether it fills its box, and is no bar."""
        return self.area > BLOT * self.width * self.height and 0.4 < self.width / self.height < 2.5

    @property
    def box(self) -> Edges:
        """Top, bottom, left, right."""
        return self.top, self.bottom, self.left, self.right

    def middle(self) -> float:
        """The column in its middle."""
        return (self.left + self.right) / 2

    @property
    def height(self) -> int:
        """In rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """In columns."""
        return self.right - self.left

    @property
    def size(self) -> int:
        """The longer side, in pixels."""
        return max(self.height, self.width)


class Found(NamedTuple):
    """The pieces of a page.

    Attributes:
        labels: ``(H, W) int32``, which component a pixel belongs to; 0 is paper.
        lines: from top to bottom, the pieces of each from left to right.
        left_out: where pieces are that are no digits by their size, each with the reason.
        height: of the writing, in pixels.
        free: the labels that no component has, one after the other.
    """

    labels: NDArray[np.int32]
    lines: list[list[Piece]]
    left_out: list[tuple[Edges, str]]
    height: float
    free: Iterator[int]


def find(ink: Ink) -> Found:
    """The lines of a page."""
    from scipy import ndimage

    labels, most = ndimage.label(ink.mask, structure=np.ones((3, 3)))
    pieces = _pieces(labels, ink)
    if not pieces:
        return Found(labels, [], [], 0.0, count(most + 1))
    pieces = sorted(_dark_ones(pieces, ink.mask.shape), key=lambda piece: -piece.ink)[:MOST_PIECES]
    frames = _frames(pieces, labels)
    pieces = [piece for piece in pieces if piece not in frames]
    height = _writing_height(pieces, ink.mask.shape)
    main, small, left_out = _sorted_out(_affordable(pieces, height), height)
    left_out += [(piece.box, "a frame") for piece in frames]
    lines = _lines(main)
    for piece in small:
        if (line := _line_of(piece, lines, height)) is not None:
            line.append(piece)
        else:
            left_out.append((piece.box, "too small"))
    return Found(labels, [sorted(line, key=Piece.middle) for line in lines], left_out, height, count(most + 1))


def _pieces(labels: NDArray[np.int32], ink: Ink) -> list[Piece]:
    from scipy import ndimage

    sums = np.bincount(labels.ravel(), weights=ink.levels.ravel())
    areas = np.bincount(labels.ravel())
    found = []
    for label, place in enumerate(ndimage.find_objects(labels), 1):
        if areas[label] < 3:
            continue
        rows, columns = place
        edges = rows.start, rows.stop, columns.start, columns.stop
        found.append(Piece(label, *edges, float(sums[label]), int(areas[label])))
    return found


def _dark_ones(pieces: list[Piece], shape: tuple[int, int]) -> list[Piece]:
    """Without what is much fainter than the writing: grain and the edges of shadows."""
    written = [(piece.darkness, piece.ink * piece.size) for piece in pieces if not _at_border(piece, shape)]
    least = FAINT * _median(written, 0.8) if written else 0.0
    return [piece for piece in pieces if piece.darkness >= least]


def _frames(pieces: list[Piece], labels: NDArray[np.int32]) -> list[Piece]:
    """Those that go all around another one that is no speck: circles, the cells of a form, tables."""
    from scipy import ndimage

    top, bottom, left, right = np.array([piece.box for piece in pieces]).T
    sizes, own = np.array([piece.size for piece in pieces]), np.array([piece.label for piece in pieces])
    frames = []
    for piece in pieces:
        within = (piece.top < top) & (bottom < piece.bottom) & (piece.left < left) & (right < piece.right)
        within &= sizes >= WITHIN * min(piece.height, piece.width)
        if not within.any():
            continue
        place = labels[piece.top : piece.bottom, piece.left : piece.right]
        parts, _ = ndimage.label(place != piece.label)
        outside = np.concatenate((parts[0], parts[-1], parts[:, 0], parts[:, -1]))
        if np.isin(place[~np.isin(parts, outside)], own[within]).any():
            frames.append(piece)
    return frames


def _writing_height(pieces: list[Piece], shape: tuple[int, int]) -> float:
    """The height of the pieces, in the median of ink times size; of those inside the picture, if there are any."""
    inner = [piece for piece in pieces if not _at_border(piece, shape) and not piece.is_blot] or pieces
    return _median([(max(piece.height, piece.width / 2), piece.ink * piece.size) for piece in inner])


def _median(weighted: list[tuple[float, float]], part: float = 0.5) -> float:
    """Of values with weights: so much of the weight is at it or below."""
    order = sorted(weighted)
    share = np.cumsum([weight for _, weight in order])
    return order[int(np.searchsorted(share, part * share[-1]))][0]


def _affordable(pieces: list[Piece], height: float) -> list[Piece]:
    """The first pieces, as many as can be read in a few seconds."""
    parts = np.cumsum([PARTS if piece.width >= WIDE * height else 1 for piece in pieces])
    boxes = np.cumsum([piece.width * piece.height for piece in pieces])
    return pieces[: int(((parts <= MOST_PARTS) & (boxes <= MOST_AREA)).sum())]


def _at_border(piece: Piece, shape: tuple[int, int]) -> bool:
    """Whether it comes in from outside: it touches the border, and is too large for a digit that does."""
    if piece.size < PAST_BORDER * min(shape):
        return False
    return piece.top == 0 or piece.left == 0 or piece.bottom == shape[0] or piece.right == shape[1]


def _sorted_out(pieces: list[Piece], height: float) -> tuple[list[Piece], list[Piece], list[tuple[Edges, str]]]:
    """Which pieces make lines, which are small, and which are no digits by their size."""
    main, small, left_out = [], [], []
    for piece in pieces:
        size = piece.size
        if size < SPECK * height:
            continue
        if piece.height > LARGE * height or piece.width > 8 * height:
            left_out.append((piece.box, "too large"))
        elif size < SMALL * height or piece.height < SMALL * height / 2:
            small.append(piece)
        else:
            main.append(piece)
    return main, small, left_out


def _lines(pieces: list[Piece]) -> list[list[Piece]]:
    """Chains of pieces that stand beside each other, from top to bottom."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=Piece.middle):
        near = [(piece.left - line[-1].right, line) for line in lines if _beside(line, piece)]
        if near:
            min(near, key=lambda one: one[0])[1].append(piece)
        else:
            lines.append([piece])
    return sorted(lines, key=lambda line: float(np.mean([piece.top + piece.bottom for piece in line])))


def _beside(line: list[Piece], piece: Piece) -> bool:
    return any(
        min(last.bottom, piece.bottom) - max(last.top, piece.top) >= BESIDE * min(last.height, piece.height)
        for last in line[-3:]
    )


def _line_of(piece: Piece, lines: list[list[Piece]], height: float) -> list[Piece] | None:
    """The line with the piece that is nearest to a small one, if that is near."""
    best, nearest = None, 0.5 * height
    for line in lines:
        for other in line:
            across = max(other.left - piece.right, piece.left - other.right, 0)
            down = max(other.top - piece.bottom, piece.top - other.bottom, 0)
            if max(across, down) < nearest:
                best, nearest = line, max(across, down)
    return best
