"""Slanted digits become upright, by the formulas that are documented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from digitlab.data.deskew import deskew
from digitlab.errors import PictureError

ROWS, COLUMNS = np.mgrid[:28, :28]


def bar(slope: float) -> np.ndarray:
    """A bar 16 rows high and about 3 columns wide, which leans by so many columns a row."""
    away = np.abs(COLUMNS - 13.5 - slope * (ROWS - 13.5))
    return np.where((ROWS >= 6) & (ROWS < 22), np.clip(2 - away, 0, 1) * 255, 0).round().astype(np.uint8)


def moments(picture: np.ndarray) -> tuple[float, float, float]:
    """The centre of mass, and how far the ink leans, in columns a row."""
    ink = picture.astype(float)
    y, x = ndimage.center_of_mass(ink)
    return y, x, float(np.sum(ink * (ROWS - y) * (COLUMNS - x)) / np.sum(ink * (ROWS - y) ** 2))


def twin(picture: np.ndarray) -> np.ndarray:
    """The documented steps, one pixel after the other."""
    ink = [[int(byte) for byte in row] for row in picture]
    all_places = [(y, x, ink[y][x]) for y in range(28) for x in range(28)]
    mass, by_row, by_column = (sum(v for *_, v in all_places), *(sum(p[i] * p[2] for p in all_places) for i in (0, 1)))
    n = mass * sum(v * x * y for y, x, v in all_places) - by_column * by_row
    d = mass * sum(v * y * y for y, _, v in all_places) - by_row * by_row
    if d == 0:
        return picture
    k = max(-256, min(256, (512 * n + d) // (2 * d)))
    upright = np.zeros((28, 28), np.uint8)
    for y in range(28):
        q, r = divmod((2 * k * (mass * y - by_row) + mass) // (2 * mass), 256)
        at = {x - q: byte for x, byte in enumerate(ink[y])}  # the row, moved by whole columns
        for x in range(28):
            upright[y, x] = ((256 - r) * at.get(x, 0) + r * at.get(x + 1, 0) + 128) // 256
    return upright


@given(arrays.arrays(np.uint8, (2, 28, 28), elements=st.sampled_from([0, 0, 0, 1, 127, 254, 255])))
def test_the_bytes_are_those_of_the_documented_steps(pictures):
    upright = deskew(pictures)
    for picture, result in zip(pictures, upright, strict=True):
        assert np.array_equal(result, twin(picture))


def test_the_bytes_of_real_digits_are_those_of_the_documented_steps(few):
    assert all(np.array_equal(deskew(image), twin(image)) for image in few.images[:60])


def test_the_steepest_and_heaviest_pictures_do_not_overflow():
    for picture in (np.eye(28), np.eye(28)[::-1], np.ones((28, 28)), np.tri(28), np.tri(28)[::-1]):
        full = (255 * picture).astype(np.uint8)
        assert np.array_equal(deskew(full), twin(full))


def test_scipy_shifts_the_rows_likewise(few):
    """Its slope is not rounded to 1/256, so that single pixels differ by a few levels."""
    for image in few.images[:100]:
        y, _, leaning = moments(image)
        slope = min(1.0, max(-1.0, leaning))
        matrix = np.array([[1, 0], [slope, 1]])  # from a place in the result to one in the picture
        expected = ndimage.affine_transform(image.astype(float), matrix, offset=[0, -slope * y], order=1)
        difference = np.abs(deskew(image) - expected)
        assert difference.max() < 8
        assert difference.mean() < 0.3


@pytest.mark.parametrize("slope", [-0.9, -0.4, 0.1, 0.5, 0.8])
def test_a_slanted_bar_becomes_upright(slope):
    before, after = moments(bar(slope)), moments(deskew(bar(slope)))
    assert before[2] == pytest.approx(slope, abs=0.05)
    assert after[2] == pytest.approx(0, abs=0.01)
    assert np.abs(deskew(bar(slope)).astype(int) - bar(0)).mean() < 4


def test_what_is_upright_blank_or_a_single_row_stays_as_it_is():
    others = np.zeros((28, 28)), 255 * (ROWS == 9), 255 * ((ROWS == 27) & (COLUMNS == 0))
    for picture in (bar(0), *(other.astype(np.uint8) for other in others)):
        assert np.array_equal(deskew(picture), picture)


def test_what_leans_further_than_45_degrees_is_shifted_by_a_column_a_row():
    rows = np.zeros((28, 28), np.uint8)
    rows[13, 3:13], rows[14, 15:25] = 200, 200  # nearly lying
    assert moments(rows)[2] > 10
    expected = np.zeros((28, 28))
    expected[13, 3:14], expected[14, 14:25] = 200, 200  # half a column each, towards each other
    expected[13, [3, 13]] = expected[14, [14, 24]] = 100
    assert np.array_equal(deskew(rows), expected)


def test_the_centre_of_mass_stays_and_the_slant_goes(few):
    for image, upright in zip(few.images, deskew(few.images), strict=True):
        before, after = moments(image), moments(upright)
        lost = int(image.sum()) - int(upright.sum())  # over the edge, of few digits; beside a few levels of rounding
        assert after[:2] == pytest.approx(before[:2], abs=0.005 if lost < 20 else 0.1)
        assert abs(after[2]) < (0.004 if lost < 20 else 0.05) or abs(before[2]) > 1


def test_deskewing_again_changes_little(few):
    once = deskew(few.images).astype(int)
    changed_first = np.abs(once - few.images).mean()
    changed_again = np.abs(deskew(once.astype(np.uint8)) - once).mean()
    assert changed_first > 10
    assert changed_again < changed_first / 500


@pytest.mark.parametrize("shape", [(1000, 28, 28), (1000, 784)])
def test_many_are_deskewed_as_one_is_in_any_shape(few, shape):
    pictures = few.images.reshape(shape)
    upright = deskew(pictures)
    assert (upright.shape, upright.dtype) == (shape, np.uint8)
    for number in (0, 499, 500, 999):  # beside the seams of blocks
        assert np.array_equal(upright[number], deskew(pictures[number]))
    assert np.array_equal(deskew(pictures[::-2]), upright[::-2])
    assert deskew(pictures[:0]).shape == (0, *shape[1:])


def test_what_is_deskewed_is_not_changed_itself(few):
    image = few.images[0].copy()
    image.flags.writeable = False
    assert not np.shares_memory(deskew(image), image)


@pytest.mark.parametrize("wrong", [np.zeros((28, 28)), np.zeros((8, 8), np.uint8), np.zeros((2, 28, 28), bool), 3])
def test_other_types_and_sizes_are_refused(wrong):
    with pytest.raises(PictureError):
        deskew(wrong)
