"""Pieces of ink, against a flood fill by hand; and the lines that they stand in."""

from __future__ import annotations

from itertools import chain

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from digitlab.reading.find import MOST_AREA, MOST_PARTS, PARTS, SPECK, WIDE, Found, Piece, find
from digitlab.reading.paper import Ink

Box = tuple[int, int, int, int]  # left, top, width, height

masks = arrays.arrays(bool, st.tuples(st.integers(1, 16), st.integers(1, 20)))


def found_in(*boxes: Box, size: tuple[int, int] = (600, 300), levels: dict[Box, int] | None = None) -> Found:
    """A page with frames of ink, as high and wide as digits might be."""
    mask = np.zeros(size[::-1], bool)
    dark = np.zeros(size[::-1], np.uint8)
    for left, top, width, height in boxes:
        thick = max(2, min(width, height) // 6)
        frame = np.ones((height, width), bool)
        frame[thick:-thick, thick:-thick] = False
        mask[top : top + height, left : left + width] |= frame
        level = (levels or {}).get((left, top, width, height), 180)
        dark[top : top + height, left : left + width][frame] = level
    return find(Ink(dark, mask))


def box_of(piece: Piece) -> Box:
    return piece.left, piece.top, piece.width, piece.height


def lines_of(found: Found) -> list[list[Box]]:
    return [[box_of(piece) for piece in line] for line in found.lines]


def flooded(mask: np.ndarray) -> list[set[tuple[int, int]]]:
    """Connected pixels, eight neighbours each, by a stack."""
    left = {(int(row), int(column)) for row, column in np.argwhere(mask)}
    parts = []
    while left:
        part, stack = set(), [left.pop()]
        while stack:
            row, column = stack.pop()
            part.add((row, column))
            near = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= near
            stack += near
        parts.append(part)
    return parts


@settings(max_examples=60)
@given(masks)
def test_pieces_are_connected_ink_and_none_is_lost_but_specks(mask):
    found = find(Ink(np.where(mask, 200, 0).astype(np.uint8), mask))
    pieces = [piece for line in found.lines for piece in line]
    boxes = [piece.box for piece in pieces] + [box for box, _ in found.left_out]
    expected = []
    for part in flooded(mask):
        rows, columns = zip(*part, strict=True)
        box = (min(rows), max(rows) + 1, min(columns), max(columns) + 1)
        own = [piece for piece in pieces if found.labels[next(iter(part))] == piece.label]
        if len(part) >= 3 and max(box[1] - box[0], box[3] - box[2]) >= SPECK * found.height:
            expected.append(box)
        for piece in own:
            assert {(int(row), int(column)) for row, column in np.argwhere(found.labels == piece.label)} == part
            assert (piece.box, piece.area, piece.ink) == (box, len(part), 200 * len(part))
    assert sorted(boxes) == sorted(expected)


def test_lines_are_read_from_top_to_bottom_and_left_to_right():
    upper, lower = [(500 - 60 * n, 40 + n, 40, 60) for n in range(5)], [(60 + 70 * n, 180, 40, 60) for n in range(4)]
    found = found_in(*upper, *lower)
    assert lines_of(found) == [upper[::-1], lower]
    assert found.height == 60


def test_a_line_may_rise_by_ten_degrees():
    rising = [(30 + 70 * n, 200 - 12 * n, 40, 60) for n in range(8)]
    below = [(30 + 70 * n, 290 - 12 * n, 40, 60) for n in range(8)]
    assert lines_of(found_in(*rising, *below, size=(640, 400))) == [rising, below]


def test_a_gap_in_a_line_is_no_end_of_it():
    line = [(30, 100, 40, 60), (90, 100, 40, 60), (500, 105, 40, 60)]
    assert lines_of(found_in(*line)) == [line]


def test_the_hat_of_a_five_goes_to_its_line_and_a_speck_goes_nowhere():
    five, hat, other = (100, 100, 40, 60), (125, 90, 20, 6), (200, 100, 40, 60)
    speck, dash = (170, 130, 5, 5), (400, 250, 16, 6)
    found = found_in(five, hat, other, speck, dash)
    assert lines_of(found) == [[five, hat, other]]
    assert found.left_out == [((250, 256, 400, 416), "too small")]


def test_what_is_much_higher_than_the_writing_is_no_digit():
    lines = [[(150 + 60 * n, top, 40, 50) for n in range(7)] for top in (40, 120, 200)]
    brace = (60, 30, 12, 240)
    found = found_in(*chain(*lines), brace)
    assert lines_of(found) == lines
    assert found.left_out == [((30, 270, 60, 72), "too large")]


def test_the_edge_of_a_table_does_not_say_how_high_the_writing_is():
    line = [(150 + 60 * n, 130, 30, 40) for n in range(3)]
    table = (0, 0, 120, 300)
    assert found_in(*line, table).height == 40
    assert lines_of(found_in(*line, table))[-1][-3:] == line


def test_a_blot_does_not_say_how_high_the_writing_is():
    mask = np.zeros((300, 600), bool)
    mask[100:220, 400:520] = True
    for left in (60, 120, 180):
        mask[130:170, left : left + 6] = True
        mask[130:136, left : left + 25] = True
    assert find(Ink(np.where(mask, 180, 0).astype(np.uint8), mask)).height == 40


def test_what_goes_around_a_digit_is_a_frame_and_an_open_bracket_is_none():
    inside = [(80, 80, 40, 60), (180, 80, 40, 60)]
    cell = (60, 60, 190, 100)
    found = found_in(*inside, cell)
    assert lines_of(found) == [inside]
    assert found.left_out == [((60, 160, 60, 250), "a frame")]
    assert found.height == 60
    loop, dot = (300, 80, 60, 70), (325, 110, 8, 8)
    assert loop in lines_of(found_in(*inside, loop, dot))[0]
    mask = np.zeros((200, 300), bool)
    mask[40:160, 60:64] = mask[40:44, 60:200] = mask[156:160, 60:200] = True
    mask[70:130, 100:130] = True
    assert [
        box_of(piece) for line in find(Ink(np.where(mask, 180, 0).astype(np.uint8), mask)).lines for piece in line
    ] == [
        (100, 70, 30, 60),
        (60, 40, 140, 120),
    ]


def test_what_is_much_fainter_than_the_writing_is_dirt():
    line = [(60 + 70 * n, 100, 40, 60) for n in range(4)]
    shade, pencil = (400, 100, 40, 60), (480, 100, 40, 60)
    found = found_in(*line, shade, pencil, levels={shade: 40, pencil: 90})
    assert lines_of(found) == [[*line, pencil]]


def test_a_page_of_specks_alone_has_no_lines():
    mask = np.zeros((40, 40), bool)
    mask[::4, ::4] = True
    found = find(Ink(np.where(mask, 180, 0).astype(np.uint8), mask))
    assert (found.lines, found.left_out, found.height) == ([], [], 0.0)


def test_what_would_take_too_long_is_not_looked_at():
    words = np.zeros((1200, 1200), bool)
    words.reshape(60, 20, 40, 30)[:, 5:15, :, 5:25] = True  # 2,400 of them, each wide enough to be cut
    found = find(Ink(words.astype(np.uint8) * 180, words))
    kept = list(chain(*found.lines))
    assert all(piece.width > WIDE * found.height for piece in kept)
    assert len(kept) == MOST_PARTS // PARTS
    strokes = np.zeros((1300, 1300), bool)
    for row in range(4, 600, 4):
        strokes[row + np.arange(600), np.arange(600)] = True
    found = find(Ink(strokes.astype(np.uint8) * 180, strokes))
    areas = [piece.width * piece.height for piece in chain(*found.lines)]
    assert 0.9 * MOST_AREA < sum(areas) <= MOST_AREA
