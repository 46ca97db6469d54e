"""A line of pieces becomes digits: broken and touching ones, and what is none."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

import digitlab as dl
from digitlab.network.network import Network
from digitlab.reading.find import find
from digitlab.reading.line import LineDigit, Seen, around, cell, look, read_line
from digitlab.reading.paper import Ink, ink_of
from digitlab.reading.reject import digit_probabilities
from digitlab.reading.results import Box
from tests.reading.sheets import INK, PAPER, Plane, blank, grey, page, write


@pytest.fixture(scope="module")
def standard() -> Network:
    return dl.load("standard")


def read_all(sheet: Plane, network: Network, expect: int | None = None) -> list[tuple[list[LineDigit], list]]:
    ink = ink_of(grey(sheet))
    found = find(ink)
    return [read_line(line, found, ink, network, expect) for line in found.lines]


def text_of(digits: list[LineDigit]) -> str:
    return "".join(str(one.digit) for one in digits)


def overlap(sheet: Plane, text: str, by: int, nth: int = 4) -> list[Box]:
    """Digits that share so many columns; where two lie on each other, the ink is as dark as the darker one."""
    left, boxes = 60, []
    for digit in text:
        layer = np.full_like(sheet, PAPER)
        boxes += write(layer, digit, left, 60, 60, nth=nth)
        np.minimum(sheet, layer, out=sheet)
        left += boxes[-1][2] - by
    return boxes


def with_letter_e(sheet: Plane, left: int) -> Plane:
    """An E as high as the digits."""
    image = Image.fromarray(sheet.astype(np.float32))
    draw = ImageDraw.Draw(image)
    draw.line((left, 60, left, 120), fill=INK, width=6)
    for top in (60, 90, 120):
        draw.line((left, top, left + 35, top), fill=INK, width=6)
    return np.asarray(image, np.float64)


def test_both_networks_answer_for_each_picture(standard, mnist):
    pixels = mnist[1].images[:20]
    seen = look(standard, pixels)
    assert (seen.digits == standard.probabilities(pixels)).all()
    assert (seen.is_digit == digit_probabilities(pixels)).all()
    assert seen.score == pytest.approx(np.log(seen.digits.max(axis=1) * seen.is_digit), abs=1e-9)
    nothing = look(standard, np.zeros((1, 28, 28), np.uint8))
    assert np.log(1e-6) <= nothing.score[0] < -2


def test_a_cell_shows_its_pieces_and_no_others():
    mask = np.zeros((100, 300), bool)
    mask[20:80, 50:58] = True
    mask[20:28, 70:100] = True
    mask[20:80, 130:138] = True
    ink = Ink(np.where(mask, 120, 0).astype(np.uint8), mask)
    found = find(ink)
    first, second, third = found.lines[0]
    assert around([first, second]) == (20, 80, 50, 100)
    alone, both = cell(ink, found, [first]), cell(ink, found, [first, second])
    assert alone.shape == both.shape == (28, 28)
    assert alone.max() == both.max() == 255  # as dark as can be
    assert (alone == cell(ink, found, [third])).all()
    assert np.ptp(np.flatnonzero(alone.any(axis=0))) < np.ptp(np.flatnonzero(both.any(axis=0)))


def test_a_patchy_stroke_becomes_even():
    mask = np.zeros((100, 100), bool)
    mask[20:80, 45:55] = True
    levels = np.where(mask, 100, 0).astype(np.uint8)
    levels[60:80][mask[60:80]] = 200
    ink = Ink(levels, mask)
    found = find(ink)
    small = cell(ink, found, found.lines[0])
    assert small[6:9].max() > 240
    assert small[19:22].max() > 240


def test_a_thin_stroke_is_as_thick_in_its_cell_as_mnist_writes():
    for thickness in (1, 3):
        mask = np.zeros((200, 100), bool)
        mask[30:170, 50 : 50 + thickness] = True
        ink = Ink(np.where(mask, 200, 0).astype(np.uint8), mask)
        found = find(ink)
        small = cell(ink, found, found.lines[0])
        assert 1.5 <= small[10:18].sum(axis=1).mean() / 255 <= 3


def test_a_broken_digit_is_read_as_one(standard):
    sheet = page("3527")
    left = 60 + (find(ink_of(grey(sheet))).lines[0][0].width) + 10
    sheet[74:77, left : left + 75] = PAPER  # a scratch under the hat of the five
    found = find(ink_of(grey(sheet)))
    assert len(found.lines[0]) == 5
    ((digits, no_digits),) = read_all(sheet, standard)
    assert text_of(digits) == "3527"
    assert no_digits == []


@pytest.mark.parametrize("text", ["53", "680", "22", "97"])
def test_touching_digits_are_parted(standard, text):
    sheet = blank(400, 180)
    boxes = overlap(sheet, text, by=8)
    assert len(find(ink_of(grey(sheet))).lines[0]) == 1
    ((digits, _),) = read_all(sheet, standard)
    assert text_of(digits) == text
    assert all(one.doubtful for one in digits)  # all of them from one piece: it might have been a letter
    for one, (left, _, width, _) in zip(digits, boxes, strict=True):
        assert one.box[2:] == pytest.approx((left, left + width), abs=20)


def test_no_more_digits_are_read_than_are_expected(standard):
    for expect, count in ((1, 1), (2, 2), (3, 3), (4, 4), (1000, 4)):
        ((digits, _),) = read_all(page("3527", gap=5), standard, expect)
        assert len(digits) <= count
    assert text_of(digits) == "3527"


def test_dashes_and_dots_beside_a_number_are_left_out(standard):
    sheet = page("24680", gap=110)
    sheet[88:93, 150:176] = INK
    sheet[100:110, 300:310] = INK
    left_out = find(ink_of(grey(sheet))).left_out
    ((digits, no_digits),) = read_all(sheet, standard)
    assert text_of(digits) == "24680"
    assert len(left_out) + len(no_digits) == 2


def test_what_was_left_out_beside_a_digit_makes_it_doubtful(standard):
    sheet = page("3738", gap=70)
    ((digits, _),) = read_all(sheet, standard)
    assert not any(one.doubtful for one in digits)
    ((digits, no_digits),) = read_all(with_letter_e(sheet, digits[2].box[3] + 12), standard)
    assert text_of(digits) == "3738"
    assert len(no_digits) == 1
    assert [one.doubtful for one in digits] == [False, False, True, True]


@pytest.mark.parametrize(
    ("is_digit", "doubts"), [([0.99] * 4, "...."), ([0.99, 0.7, 0.99, 0.99], ".??."), ([0.7, *[0.99] * 3], "?...")]
)
def test_the_parts_of_one_piece_are_in_doubt_together(monkeypatch, standard, is_digit, doubts):
    mask = np.zeros((120, 400), bool)
    for left in (40, 140, 180, 280):
        mask[30:90, left : left + 20] = True
    mask[58:62, 150:190] = True  # the second and the third touch
    ink = Ink(np.where(mask, 200, 0).astype(np.uint8), mask)
    found = find(ink)
    seam = [np.full(60, 30)]
    answers = Seen(np.eye(10)[[3, 4, 5, 6]], np.array(is_digit))
    monkeypatch.setattr("digitlab.reading.cut.seams", lambda *_: seam)
    monkeypatch.setattr("digitlab.reading.line.candidates", lambda *_: [(n, n + 1) for n in range(4)])
    monkeypatch.setattr("digitlab.reading.line.look", lambda *_: answers)
    digits, no_digits = read_line(found.lines[0], found, ink, standard, None)
    assert text_of(digits) == "3456"
    assert no_digits == []
    assert "".join("?" if one.doubtful else "." for one in digits) == doubts
