"""Rules of the paper go, and what is written on them stays."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlab.reading.rules import without_rules

WIDTH, HEIGHT = 600, 320


def drawn(lines: list[tuple[float, float, float, float]], width: int = 2, size=(WIDTH, HEIGHT)) -> np.ndarray:
    image = Image.new("1", size)
    for line in lines:
        ImageDraw.Draw(image).line(line, fill=1, width=width)
    return np.array(image)


def through(slope: float, top: float) -> tuple[float, float, float, float]:
    """A rule through the whole picture, `slope` rows down for each column."""
    return -20, top - 20 * slope, WIDTH + 20, top + (WIDTH + 20) * slope


def written() -> np.ndarray:
    """A thick ring and a thick upright stroke, as a pen would write a 0 and a 1."""
    image = Image.new("1", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    draw.ellipse((200, 120, 260, 210), outline=1, width=9)
    draw.line((330, 120, 330, 210), fill=1, width=9)
    return np.array(image)


@pytest.mark.parametrize("degrees", [-8, -2.5, 0, 1, 8])
@pytest.mark.parametrize("spacing", [40, 1000])
def test_rules_that_go_through_are_taken_out(degrees, spacing):
    slope = np.tan(np.radians(degrees))
    rules = drawn([through(slope, top) for top in range(150 - 40 * int(spacing < 100), HEIGHT, spacing)])
    ink = written()
    left = without_rules(ink | rules)
    assert (left & rules & ~ink).sum() <= 0.03 * rules.sum()
    assert (left & ink).sum() >= 0.9 * ink.sum()
    assert (left & ~(ink | rules)).sum() == 0


def test_upright_rules_and_squares_too():
    rules = drawn([(x, 0, x, HEIGHT) for x in range(20, WIDTH, 45)] + [(0, y, WIDTH, y) for y in range(30, HEIGHT, 45)])
    ink = written()
    left = without_rules(ink | rules)
    assert (left & rules & ~ink).sum() <= 0.04 * rules.sum()  # where two cross, a dot stays
    assert (left & ink).sum() >= 0.85 * ink.sum()


def test_several_rules_need_not_reach_the_edges():
    """As on a page that the camera does not show to its sides; a single dash as long may be written."""
    sides = 80, WIDTH - 80
    several = drawn([(sides[0], y, sides[1], y) for y in (80, 130, 180, 230)])
    assert without_rules(several).sum() <= 0.02 * several.sum()
    dash = drawn([(sides[0], 130, sides[1], 130)])
    assert (without_rules(dash) == dash).all()


def test_a_thick_bar_and_a_steep_line_are_no_rules():
    for ink in (drawn([through(0, 150)], width=16), drawn([through(0.35, 40)]), written()):
        assert (without_rules(ink) == ink).all()


def test_a_small_picture_shows_digits_and_no_paper():
    bar = np.zeros((60, 199), bool)
    bar[30:33] = True
    assert (without_rules(bar) == bar).all()
    larger = np.zeros((120, 240), bool)
    larger[60:62] = True
    assert not without_rules(larger).any()


def test_nothing_is_found_in_nothing():
    assert not without_rules(np.zeros((300, 400), bool)).any()
    assert without_rules(np.ones((300, 400), bool)).all()
