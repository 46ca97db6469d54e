"""Seams are the cheapest paths, by another hand's search; and a cut piece keeps all of its ink."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from digitlab.reading.cut import AWAY, BAND, MOST_INK, MOST_SEAMS, MOVE, NEAREST, cut, seams
from digitlab.reading.find import find
from digitlab.reading.paper import Ink

masks = arrays.arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 24)))


def found_in(mask: np.ndarray):
    return find(Ink(np.where(mask, 200, 0).astype(np.uint8), mask))


def shortest(mask: np.ndarray, place: int, band: int) -> float:
    """The cost of the cheapest way down near a column, by Dijkstra's search in a graph of pixels."""
    height = len(mask)
    columns = [column for column in range(place - band, place + band + 1) if 0 <= column < mask.shape[1]]
    number = {(row, column): n for n, (row, column) in enumerate(np.ndindex(height, len(columns)), 2)}
    graph = sparse.lil_array((len(number) + 2, len(number) + 2))  # 0 lies above the picture, 1 below it
    for (row, n), node in number.items():
        cost = mask[row, columns[n]] + AWAY * abs(columns[n] - place) + 1e-9  # a way that costs 0 is no way there
        for before in (n - 1, n, n + 1) if row else ():
            if (row - 1, before) in number:
                graph[number[row - 1, before], node] = cost + MOVE * (before != n)
        if not row:
            graph[0, node] = cost
        if row == height - 1:
            graph[node, 1] = 1e-9
    return float(sparse.csgraph.dijkstra(graph.tocsr(), indices=0)[1])


def cost_of(mask: np.ndarray, seam: np.ndarray, place: int) -> float:
    rows = np.arange(len(mask))
    return float(mask[rows, seam].sum() + AWAY * np.abs(seam - place).sum() + MOVE * np.count_nonzero(np.diff(seam)))


@settings(max_examples=40)
@given(masks, st.integers(4, 20))
def test_the_first_seam_is_the_cheapest_of_all(mask, height):
    margin, step, band = (max(1, round(share * height)) for share in (NEAREST, NEAREST / 2, BAND))
    places = range(margin, mask.shape[1] - margin, step)
    least = [shortest(mask, place, band) for place in places]
    found = seams(mask, height)
    if not least or min(least) > MOST_INK * height:
        assert not found or min(least) == pytest.approx(MOST_INK * height)
        return
    assert 1 <= len(found) <= MOST_SEAMS
    for seam in found:
        assert seam.shape == (len(mask),)
        assert (np.abs(np.diff(seam)) <= 1).all()
    cheapest = min(cost_of(mask, seam, place) for seam in found for place in places)
    assert cheapest == pytest.approx(min(least), abs=1e-6)


@given(masks, st.integers(4, 20))
def test_seams_are_apart_and_go_from_left_to_right(mask, height):
    found = seams(mask, height)
    for left, right in pairwise(found):
        assert left.mean() <= right.mean()
        assert np.abs(left - right).mean() >= max(1, round(NEAREST * height))


@pytest.mark.parametrize("size", [30, 120])  # the larger one is made small to be cut
def test_two_blocks_with_a_bridge_are_cut_at_the_bridge(size):
    mask = np.zeros((2 * size, 4 * size), bool)
    mask[size // 2 : size // 2 + size, size : size + size // 2] = True
    mask[size // 2 : size // 2 + size, 2 * size : 2 * size + size // 2] = True
    mask[size : size + size // 10, size : 2 * size] = True  # the bridge
    found = found_in(mask)
    (piece,) = found.lines[0]
    parts = cut(piece, found)
    assert any(abs(part.left - size) <= 1 and size * 1.4 < part.right <= size * 2 for part in parts)


@settings(max_examples=40)
@given(masks)
def test_a_cut_piece_keeps_all_of_its_ink(mask):
    found = found_in(mask)
    for piece in [piece for line in found.lines for piece in line]:
        before = found.labels == piece.label
        others = found.labels[~before].copy()
        parts = cut(piece, found)
        assert len({part.label for part in parts}) == len(parts)
        assert (found.labels[~before] == others).all()
        together = np.zeros_like(mask)
        for part in parts:
            own = found.labels == part.label
            rows, columns = np.nonzero(own)
            assert part.box == (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)
            together |= own
        assert (together == before).all()


def test_what_is_no_wider_than_a_digit_stays_whole():
    mask = np.zeros((50, 80), bool)
    mask[10:40, 10:28] = True
    mask[10:40, 60:61] = True
    found = found_in(mask)
    for piece in [piece for line in found.lines for piece in line]:
        assert cut(piece, found) == [piece]
