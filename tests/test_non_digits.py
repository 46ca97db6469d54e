"""What is drawn to learn from and to measure with: by the same numbers the same, and what its names say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from tools import shapes
from tools.many_digits import AT_ONCE, RADII, crossed, large, redrawn, thinned, varied
from tools.non_digits import KINDS, non_digits, things
from tools.pens import TEST_FONTS, TRAIN_FONTS, glyphs

EIGHT = np.ones((3, 3))  # neighbours, corners included


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_the_same_by_the_same_numbers(few, kind):
    one, again, other = (non_digits(things(few[:40], seed, train=True), kind, 6) for seed in (1, 1, 2))
    assert one.shape == (6, 28, 28)
    assert one.any()
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_middle_lines_are_thin_and_hang_together_as_the_shapes_did(few):
    solid = large(few.images[:50]) >= 128
    lines = thinned(solid)
    assert not (lines & ~solid).any()
    assert lines.sum() < solid.sum() / 4
    for line, shape in zip(lines, solid, strict=True):
        assert ndimage.label(line, EIGHT)[1] == ndimage.label(shape, EIGHT)[1]
        assert not ndimage.binary_erosion(line, EIGHT).any()
    assert np.array_equal(thinned(lines), lines)


def test_a_wider_pen_gives_more_ink(few):
    images = np.repeat(few.images[3:4], len(RADII), axis=0)
    ink = [one.sum() for one in redrawn(images, np.array(RADII))]
    assert ink == sorted(ink)
    assert ink[-1] > 4 * ink[0]
    assert len(redrawn(few.images[: AT_ONCE + 3], np.ones(AT_ONCE + 3))) == AT_ONCE + 3


def test_digits_drawn_anew_are_as_many_as_there_were_and_some_of_pens_and_fonts(few):
    drawn = varied(few[:100], np.random.default_rng(0), TRAIN_FONTS)
    assert drawn.shape == (120, 28, 28)
    assert drawn.any(axis=(1, 2)).all()
    assert np.array_equal(drawn, varied(few[:100], np.random.default_rng(0), TRAIN_FONTS))


def test_a_crossed_seven_has_a_dash_through_its_stem(few):
    seven = large(few.images[few.labels == 7][:1])[0]
    added = np.argwhere(crossed(seven, np.random.default_rng(1)) > seven)
    assert np.ptp(added[:, 1]) > np.ptp(added[:, 0])


def test_a_skeleton_and_its_curve():
    angle, bow = shapes.skeleton("00 f0 8f/~00 80 ff")
    assert (angle.curved, bow.curved) == (False, True)
    assert angle.points.tolist() == [[0, 0], [15, 0], [8, 15]]
    way = shapes.curve(bow.points, steps=4)
    assert way[[0, 4, 8]].tolist() == bow.points.tolist()
    for ways in (*shapes.LETTERS.values(), *shapes.SYMBOLS.values()):
        assert all(len(one.points) > 1 for way in ways for one in shapes.skeleton(way))


def test_fonts_of_one_part_are_not_in_the_other_and_lack_no_letter():
    assert not set(TRAIN_FONTS) & set(TEST_FONTS)
    for font in (*TRAIN_FONTS, *TEST_FONTS):
        assert all(glyphs(one, font) is not None for one in "AMagx07")
    assert glyphs("\u4e00", "DejaVuSans") is None  # a character that it does not have
    assert glyphs("π", "cmr10") is None  # it has others than letters at places of its own


def test_two_ones_are_never_drawn_on_top_of_one_another(few):
    ones = few[np.flatnonzero(few.labels == 1)[:20]]
    for picture in non_digits(things(ones, 3, train=True), "two digits", 20):
        columns = (picture > 60).any(axis=0)
        assert np.ptp(np.flatnonzero(columns)) > 3
