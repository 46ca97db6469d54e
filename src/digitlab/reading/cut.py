"""Where touching digits may be cut: seams from top to bottom that cross as little ink as they can.

A seam moves by one column at most from row to row. The cheapest one is found row by row, as in seam carving (Avidan
and Shamir, 2007): the least cost of a pixel is its own and that of the cheapest of the three above it. A seam may stray
from its column by a band, and one is looked for every few pixels. Which are used, the networks' answers decide.
"""

import numpy as np
from numpy.typing import NDArray

from digitlab.reading.find import Found, Piece

WIDE = 0.7  # of the height of the writing: what is wider may be two digits
ENOUGH = 48  # pixels: higher writing is made small first
NEAREST = 0.15  # ... seams this near to each other or to a side are the same, or cut nothing off
BAND = 0.2  # ... how far a seam strays
MOST_INK = 0.45  # ... a seam through more ink cuts no digits apart
MOST_SEAMS = 5  # of one piece


def cut(piece: Piece, found: Found) -> list[Piece]:
    """A piece in the parts that seams make of it; each has a label of its own then, in ``found.labels``."""
    if piece.width < WIDE * found.height:
        return [piece]
    place = slice(piece.top, piece.bottom), slice(piece.left, piece.right)
    mask = found.labels[place] == piece.label
    n = max(1, int(found.height) // ENOUGH)  # seams are looked for in a small picture
    cuts = [np.repeat(seam, n)[: len(mask)] * n for seam in seams(_shrunk(mask, n), found.height / n)]
    side = sum((np.arange(piece.width) >= seam[:, None]).astype(np.int64) for seam in cuts)  # seams on its left
    parts = []
    for number in range(1, len(cuts) + 1):
        part = mask & (side == number)
        if not part.any():
            continue
        label = int(found.labels.max()) + 1
        found.labels[place][part] = label
        parts.append(_part(piece, part, label))
    if not parts:
        return [piece]
    rest = mask & (side == 0)
    return [_part(piece, rest, piece.label), *parts] if rest.any() else parts


def _part(piece: Piece, part: NDArray[np.bool_], label: int) -> Piece:
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    top, left = piece.top + int(rows[0]), piece.left + int(columns[0])
    bottom, right = piece.top + int(rows[-1]) + 1, piece.left + int(columns[-1]) + 1
    return piece._replace(label=label, top=top, bottom=bottom, left=left, right=right)


def _shrunk(mask: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    """Where any pixel of a square is ink."""
    high, wide = (-side % n for side in mask.shape)
    squares = np.pad(mask, ((0, high), (0, wide)))
    return np.asarray(squares.reshape(squares.shape[0] // n, n, -1, n).any(axis=(1, 3)))


def seams(mask: NDArray[np.bool_], height: float) -> list[NDArray[np.int64]]:
    """The best seams through a piece ``(h, w) bool``: for each row the column where the right part begins.

    Args:
        mask: where its ink is.
        height: of the writing, in pixels.
    """
    columns = mask.shape[1]
    step = max(1, round(NEAREST * height / 2))
    margin = max(1, round(NEAREST * height))
    places = range(margin, columns - margin, step)
    found = sorted((_seam(mask, place, max(1, round(BAND * height))) for place in places), key=lambda one: one[0])
    chosen: list[NDArray[np.int64]] = []
    for cost, seam in found:
        if cost > MOST_INK * height or len(chosen) == MOST_SEAMS:
            break
        if all(np.abs(seam - other).mean() >= margin for other in chosen):
            chosen.append(seam)
    return sorted(chosen, key=lambda seam: float(seam.mean()))


def _seam(mask: NDArray[np.bool_], place: int, band: int) -> tuple[float, NDArray[np.int64]]:
    """The cheapest seam near a column, and its cost: the pixels of ink that it crosses, and a little for each move."""
    left, right = max(0, place - band), min(mask.shape[1], place + band + 1)
    ink = mask[:, left:right].astype(np.float64)
    away = 0.002 * np.abs(np.arange(left, right) - place)
    costs, came = ink[0] + away, []
    for row in ink[1:]:
        wide = np.pad(costs, 1, constant_values=np.inf)
        ways = np.stack((wide[1:-1], wide[:-2] + 0.02, wide[2:] + 0.02))
        best = ways.argmin(axis=0)
        came.append(np.array([0, -1, 1])[best])
        costs = ways.min(axis=0) + row + away
    at = int(costs.argmin())
    cost, seam = float(costs[at]), [at]
    for moves in reversed(came):
        at += int(moves[at])
        seam.append(at)
    return cost, left + np.array(seam[::-1])
