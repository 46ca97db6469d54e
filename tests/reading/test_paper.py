"""Ink is what is written, wherever the light falls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw
from scipy import ndimage

from digitlab.reading.paper import ink_of, is_light_on_dark, shrunk
from tests.reading.sheets import PAPER, blank, grey, page

WIDTH, HEIGHT = 640, 400
Y, X = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
LIGHTS = {
    "even": np.ones_like(X),
    "from a side": 0.75 - 0.25 * X,
    "from a corner": 0.7 - 0.15 * X + 0.15 * Y,
    "vignette": 1 - 0.25 * (X**2 + Y**2),
    "shadow": ndimage.gaussian_filter(np.where(X + 0.3 * Y < 0.1, 1.0, 0.5), 6),
    "soft shadow": 1 - 0.6 * ndimage.gaussian_filter((X > 0).astype(float), 20),
}


def strokes() -> np.ndarray:
    """Where a pen of 7 pixels went: the sign # in the middle, a stroke near two corners."""
    image = Image.new("1", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    for line in (
        (280, 130, 280, 270),
        (360, 130, 360, 270),
        (240, 170, 400, 170),
        (240, 230, 400, 230),
        (30, 30, 60, 80),
        (590, 330, 610, 380),
    ):
        draw.line(line, fill=1, width=7)
    return np.array(image)


@pytest.mark.parametrize("light", LIGHTS)
def test_light_is_no_ink(light):
    ink = ink_of(grey(PAPER * LIGHTS[light]))
    assert ink.mask.mean() < 0.0005


@pytest.mark.parametrize("light", LIGHTS)
def test_ink_is_as_dark_in_a_shadow_as_beside_it(light):
    where = strokes()
    ink = ink_of(grey(PAPER * LIGHTS[light] * np.where(where, 0.4, 1)))
    near = ndimage.binary_dilation(where, iterations=3)
    inner = ndimage.binary_erosion(where, iterations=2)
    assert ink.mask[inner].mean() > 0.97
    assert ink.mask[~near].mean() < 0.001
    assert np.median(ink.levels[inner]) == pytest.approx(0.6 * 255, abs=4)
    assert np.percentile(ink.levels[inner], [10, 90]) == pytest.approx(0.6 * 255, abs=12)


@pytest.mark.parametrize(("less", "seen"), [(0.02, False), (0.12, True)])
def test_what_is_too_faint_is_not_seen(less, seen):
    where = strokes()
    mask = ink_of(grey(blank(WIDTH, HEIGHT) * np.where(where, 1 - less, 1))).mask
    assert (mask[where].mean() > 0.95) if seen else not mask.any()


@pytest.mark.parametrize("deviation", [2, 6, 12])
def test_noise_is_no_ink(deviation, rng):
    noise = rng.normal(0, deviation, (HEIGHT, WIDTH))
    assert ink_of(grey(blank(WIDTH, HEIGHT, 190) + noise)).mask.mean() < 0.001
    where = strokes()
    written = ink_of(grey(blank(WIDTH, HEIGHT, 190) * np.where(where, 0.3, 1) + noise)).mask
    assert written[where].mean() > 0.9


def test_the_blurred_edge_of_a_stroke_is_no_ink():
    where = strokes()
    blurred = ndimage.gaussian_filter(np.where(where, 0.4, 1.0), 2)
    mask = ink_of(grey(PAPER * blurred)).mask
    assert 0.9 < mask.sum() / where.sum() < 1.35


@pytest.mark.parametrize("light", LIGHTS)
def test_what_is_written_is_dark_or_light(light):
    sheet = page("31/58")
    lit = np.asarray(Image.fromarray(LIGHTS[light].astype(np.float32)).resize(sheet.shape[::-1]))
    assert not is_light_on_dark(grey(sheet * lit))
    assert is_light_on_dark(255 - grey(sheet * lit))


def test_a_single_digit_of_mnist_is_light_on_dark(mnist):
    for image in mnist[1].images[:50]:
        assert is_light_on_dark(image)
        assert not is_light_on_dark(255 - image)


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))), st.integers(1, 4))
def test_made_small_each_pixel_is_the_mean_of_its_square(levels, n):
    small = shrunk(levels, n)
    assert small.shape == (levels.shape[0] // n, levels.shape[1] // n)
    for row, column in np.ndindex(small.shape):
        square = levels[row * n : row * n + n, column * n : column * n + n]
        assert small[row, column] == pytest.approx(sum(int(level) for level in square.flat) / n**2)


@settings(max_examples=50)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_any_picture_has_ink_of_its_own_size(levels):
    ink = ink_of(levels)
    assert ink.levels.shape == ink.mask.shape == levels.shape
    assert (ink.levels.dtype, ink.mask.dtype) == (np.uint8, bool)
    assert isinstance(is_light_on_dark(levels), bool)
