"""Where touching digits may be cut: seams from top to bottom that cross as little ink as they can.

A seam moves by one column at most from row to row. The cheapest one is found row by row, as in seam carving (Avidan
and Shamir, 2007): the least cost of a pixel is its own and that of the cheapest of the three above it. A seam may stray
from its column by a band, and one is looked for every few pixels. Which are used, the networks' answers decide.
"""

import numpy as np
from numpy.typing import NDArray

from digitlab.reading.find import PARTS, WIDE, Found, Piece

ENOUGH = 48  # pixels: higher writing is made small first
NEAREST = 0.15  # of the height of the writing: seams this near to each other are the same, to a side cut nothing off
BAND = 0.2  # ... how far a seam strays
AWAY = 0.002  # what it costs to be a pixel away from its column
MOVE = 0.02  # ... and to move
MOST_INK = 0.45  # ... a seam through more ink cuts no digits apart
MOST_SEAMS = PARTS - 1  # of one piece


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
        label = next(found.free)
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
    step = max(1, round(NEAREST * height / 2))
    margin = max(1, round(NEAREST * height))
    places = np.arange(margin, mask.shape[1] - margin, step)
    if not len(places):
        return []
    costs, found = _cheapest(mask, places, max(1, round(BAND * height)))
    chosen: list[NDArray[np.int64]] = []
    for n in np.argsort(costs, kind="stable"):
        if costs[n] > MOST_INK * height or len(chosen) == MOST_SEAMS:
            break
        if all(np.abs(found[n] - other).mean() >= margin for other in chosen):
            chosen.append(found[n])
    return sorted(chosen, key=lambda seam: float(seam.mean()))


def _cheapest(
    mask: NDArray[np.bool_], places: NDArray[np.int64], band: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The cheapest seam near each column: costs ``(S,)`` and, for each row, the column ``(S, h)``.

    A seam costs the pixels of ink that it crosses, and a little for each move and for being away from its column.
    """
    away = np.arange(-band, band + 1)
    columns = places[:, None] + away  # (S, B)
    inside = (columns >= 0) & (columns < mask.shape[1])
    cost = np.where(inside, mask[:, columns.clip(0, mask.shape[1] - 1)] + AWAY * np.abs(away), np.inf)  # (h, S, B)
    came = np.zeros(cost.shape, dtype=np.int64)
    best = cost[0]
    for row in range(1, len(cost)):
        ways = best.copy()
        for move, to, start in ((-1, np.s_[:, 1:], np.s_[:, :-1]), (1, np.s_[:, :-1], np.s_[:, 1:])):
            better = best[start] + MOVE < ways[to]
            ways[to][better] = best[start][better] + MOVE
            came[row][to][better] = move
        best = ways + cost[row]
    every = np.arange(len(places))
    at = best.argmin(axis=1)
    found = np.empty((len(places), len(cost)), dtype=np.int64)
    total = best[every, at]
    for row in range(len(cost) - 1, -1, -1):
        found[:, row] = columns[every, at]
        at = at + came[row, every, at]
    return total, found
