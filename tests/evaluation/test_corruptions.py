"""The fifteen corruptions: against SciPy, scikit-image and plain twins, and that chance belongs to pictures."""

from __future__ import annotations

import math
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from digitlab.errors import InputError, PictureError
from digitlab.evaluation.corruptions import CORRUPTIONS, corrupt
from digitlab.evaluation.spoiling import blur, edges, fog, noise, places, strokes
from digitlab.evaluation.spoiling.chance import evenly

GOLDEN = {  # CRC-32 of the first 40 test digits under each
    "shot_noise": "70cf967a",
    "impulse_noise": "5705229b",
    "glass_blur": "4a58048c",
    "motion_blur": "241545d0",
    "shear": "37483f95",
    "scale": "1b6a1311",
    "rotate": "b354bcd9",
    "brightness": "4a5acdbc",
    "translate": "966368ce",
    "stripe": "5baab901",
    "fog": "8f1e0ab7",
    "spatter": "dd4f1e5b",
    "dotted_line": "96c17c66",
    "zigzag": "97255ea1",
    "canny_edges": "5487aedc",
}
STILL = {"scale", "brightness", "stripe", "canny_edges"}  # nothing is drawn by chance
KEYS = np.arange(40, dtype=np.uint64) * np.uint64(977)


@pytest.fixture(scope="module")
def digits(mnist):
    return mnist[1].images[:40]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_it_makes_the_same_bytes_as_ever(name, digits):
    assert f"{crc32(corrupt(digits, name).tobytes()):08x}" == GOLDEN[name]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_picture_is_spoiled_alike_whatever_else_is_in_the_batch(name, digits):
    whole = corrupt(digits, name, seed=5)
    assert whole.shape == digits.shape
    assert whole.dtype == np.uint8
    assert (whole != digits).any(axis=(1, 2)).all()
    some = np.array([31, 7, 7])
    np.testing.assert_array_equal(corrupt(digits[some], name, seed=5, numbers=some), whole[some])
    assert np.array_equal(corrupt(digits, name, seed=6), whole) == (name in STILL)


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("pixel", [0, 255])
def test_paper_alone_and_ink_alone_can_be_spoiled_too(name, pixel):
    assert corrupt(np.full((2, 28, 28), pixel, np.uint8), name).shape == (2, 28, 28)
    assert corrupt(np.full((0, 28, 28), pixel, np.uint8), name).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("function", "matrix"),
    [
        (places.rotate, [[math.cos(0.4), math.sin(0.4)], [-math.sin(0.4), math.cos(0.4)]]),
        (places.shear, [[math.cos(0.4), 0], [-math.sin(0.4), 1]]),
        (places.scale, [[1 / 0.7, 0], [0, 1 / 0.7]]),
    ],
)
def test_moved_pictures_are_scipys(function, matrix, digits):
    """SciPy's axes are rows and columns. Places differ by 1/512 pixel at most, so pixels by half a level each way."""
    found, ways = function(digits, KEYS), []
    for sign in (1, -1):
        theirs = np.multiply(matrix, [[1, sign], [sign, 1]])
        offset = 13.5 - theirs @ [13.5, 13.5]
        moved = (ndimage.affine_transform(x, theirs, offset, order=1, mode="grid-constant") for x in digits / 1.0)
        ways.append(list(moved))
    away = np.abs(np.array(ways) - found).max(axis=(2, 3))  # (2, N)
    assert away.min(axis=0).max() < 1.01
    assert function is places.scale or set(away.argmin(axis=0)) == {0, 1}


def test_a_digit_turns_to_the_left(digits):
    np.testing.assert_array_equal(places.turned(digits, 90), np.rot90(digits, axes=(1, 2)))


def test_a_shifted_digit_is_whole_3_pixels_away(digits):
    shifted = corrupt(digits, "translate")
    ways = {(down, right): np.roll(digits, (down, right), (1, 2)) for down in (-3, 3) for right in (-3, 3)}
    inner = np.s_[:, 3:-3, 3:-3]
    same = {way: (rolled[inner] == shifted[inner]).all(axis=(1, 2)) for way, rolled in ways.items()}
    assert all(found.any() for found in same.values())
    assert np.any(list(same.values()), axis=0).all()


def test_shot_noise_is_scipys_poisson(digits):
    drawn = evenly(KEYS, 0, np.arange(784).reshape(28, 28))
    theirs = np.minimum(stats.poisson.ppf(drawn, 3 * (digits / 255)), 3) * 85
    np.testing.assert_array_equal(noise.shot_noise(digits, KEYS), np.where(digits > 0, theirs, 0))


def test_impulse_noise_changes_17_of_100_pixels_both_ways():
    spoiled = corrupt(np.full((200, 28, 28), 100, np.uint8), "impulse_noise")
    assert (spoiled == 0).mean() == pytest.approx(0.085, abs=0.003)
    assert (spoiled == 255).mean() == pytest.approx(0.085, abs=0.003)
    assert set(np.unique(spoiled)) == {0, 100, 255}


def test_normal_noise_is_normal():
    added = noise.gaussian_noise(np.zeros((40, 28, 28), np.uint8), KEYS, 0.5) / 255
    assert stats.kstest(added.ravel(), "norm", (0, 0.5)).pvalue > 0.01


def test_a_blur_is_scipys(digits):
    theirs = ndimage.gaussian_filter(digits.astype(float), (0, 1.5, 1.5), mode="nearest")
    np.testing.assert_allclose(blur.blurred(digits.astype(float), 1.5), theirs, atol=1e-9)


def test_a_trail_is_scipys_correlation(digits):
    angles = np.radians(90 * evenly(KEYS, 0, np.arange(1))[:, 0] - 45)
    for found, picture, angle in zip(blur.motion_blur(digits, KEYS), digits, angles, strict=True):
        kernel = np.zeros((41, 41))
        for tap in range(21):
            row, column = math.ceil(tap * math.sin(angle) - 0.5), math.ceil(tap * math.cos(angle) - 0.5)
            kernel[20 + row, 20 + column] += math.exp(-(tap**2) / 18)
        theirs = ndimage.correlate(picture.astype(float), kernel / kernel.sum(), mode="nearest")
        np.testing.assert_allclose(found, theirs, atol=1e-9)


def test_behind_glass_pixels_change_places_one_after_another(digits):
    """A plain twin, for one picture at a time."""
    places_of = (8 * evenly(KEYS[:2], 0, np.arange(2 * 784))).astype(int).reshape(2, 2, 28, 28)
    for found, picture, turns in zip(blur.glass_blur(digits[:2], KEYS[:2]), digits, places_of, strict=False):
        pixels = np.floor(ndimage.gaussian_filter(picture.astype(float), 0.7, mode="nearest") + 1e-6)
        for turn in turns:
            for row in range(27, 1, -1):
                for column in range(27, 1, -1):
                    down, right = {5: (0, 1), 6: (1, 0), 7: (1, 1)}.get(turn[row, column], (0, 0))
                    here, there = (row, column), (row - down, column - right)
                    pixels[here], pixels[there] = pixels[there], pixels[here]
        np.testing.assert_allclose(found, ndimage.gaussian_filter(pixels, 0.7, mode="nearest"), atol=1e-9)


def test_mud_covers_a_part_and_is_a_quarter_of_ink():
    on_paper, on_ink = (corrupt(np.full((100, 28, 28), ink, np.uint8), "spatter") for ink in (0, 255))
    assert 0.05 < (on_paper > 0).mean() < 0.5
    assert on_paper.max() == 63
    assert on_ink.min() == 63
    assert ((on_paper > 0) == (on_ink < 255)).all()


def test_fog_is_a_corner_of_a_landscape_of_256_points(digits):
    """The corner alone, against all 256 x 256 points; the highest and the lowest are nearly those of every eighth."""
    heights, mesh = np.zeros((6, 1, 1)), 256
    while mesh > 1:
        heights, mesh = fog._refined(heights, KEYS[:6], mesh, 0), mesh // 2
    low, high = (edge(heights[:, ::8, ::8], axis=(1, 2), keepdims=True) for edge in (np.min, np.max))
    density = np.clip((heights[:, :28, :28] - low) / (high - low), 0, 1)
    light = digits[:6].max(axis=(1, 2), keepdims=True) / 255
    found = fog.fog(digits[:6], KEYS[:6])
    np.testing.assert_allclose(found, (digits[:6] + 765 * density) * light / (light + 3), atol=1e-9)
    reach = np.ptp(heights, axis=(1, 2))
    assert ((high - low).ravel() > 0.97 * reach).all()


def test_a_landscape_is_refined_square_by_square():
    heights = np.random.default_rng(3).random((1, 4, 4))
    found, amount = fog._refined(heights, KEYS[:1], 64, 0)[0], 1.96**-2
    up = lambda row, column: amount * (2 * evenly(KEYS[:1], 0, np.array([256 * row + column]))[0, 0] - 1)  # noqa: E731
    old = lambda row, column: heights[0, row % 4, column % 4]  # noqa: E731
    for row in range(4):
        for column in range(4):
            corners = [old(row + i, column + j) for i in (0, 1) for j in (0, 1)]
            middle = np.mean(corners) + up(64 * row + 32, 64 * column + 32)
            assert found[2 * row, 2 * column] == old(row, column)
            assert found[2 * row + 1, 2 * column + 1] == pytest.approx(middle)
            above, beside = found[2 * row - 1, 2 * column + 1], found[2 * row + 1, 2 * column - 1]
            side = np.mean([old(row, column), old(row, column + 1), middle, above]) + up(64 * row, 64 * column + 32)
            assert found[2 * row, 2 * column + 1] == pytest.approx(side)
            side = np.mean([old(row, column), old(row + 1, column), middle, beside]) + up(64 * row + 32, 64 * column)
            assert found[2 * row + 1, 2 * column] == pytest.approx(side)


def test_a_dashed_line_goes_from_row_to_row():
    lines = strokes._dotted_lines()
    columns = [2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26]
    assert (lines[5, 20].any(axis=0).nonzero()[0] == columns).all()
    middle = (lines[5, 20] * np.arange(28)[:, None]).sum(axis=0)[columns] / lines[5, 20].sum(axis=0)[columns]
    np.testing.assert_allclose(middle, 5 + 15 / 27 * np.array(columns), atol=0.15)
    assert lines[9, 9][9, 2] == 255
    assert lines[9, 9][10, 2] == pytest.approx(255 * (1 + math.log(1 - 1 / 2.3)))


def test_a_zigzag_turns_every_4_columns():
    flat = strokes._zigzags()[13, 5]
    ridge = flat.argmax(axis=0)[2:24]
    np.testing.assert_array_equal(ridge[[2, 6, 10, 14, 18]], [15, 11, 15, 11, 15])
    assert not flat[:, :2].any()
    assert not flat[:, 25:].any()


def test_an_outline_is_scikit_images(digits):
    feature = pytest.importorskip("skimage.feature", reason="scikit-image is not installed")
    theirs = np.array([feature.canny(picture / 255) for picture in digits])
    np.testing.assert_array_equal(edges.canny_edges(digits, KEYS) == 255, theirs)


def test_the_outline_of_a_square_is_a_closed_line_around_it():
    square = np.zeros((2, 28, 28), np.uint8)
    square[0, 8:20, 6:22] = 255
    outline = edges.canny_edges(square, KEYS[:2])
    assert not outline[1].any()
    assert ndimage.label(outline[0], np.ones((3, 3)))[1] == 1
    assert not outline[0, 10:18, 8:20].any()
    filled = ndimage.binary_fill_holes(outline[0])
    assert filled[8:20, 6:22].sum() > 12 * 16 - 5  # corners are smoothed away
    assert filled.sum() < 15 * 19


@settings(max_examples=25)
@given(
    st.sampled_from(sorted(CORRUPTIONS)),
    st.integers(0, 2**63 - 1),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=3),
    st.integers(0, 2**32 - 1),
)
def test_any_picture_and_seed_gives_bytes(name, seed, numbers, drawn):
    pictures = np.random.default_rng(drawn).integers(0, 256, (len(numbers), 28, 28), dtype=np.uint8)
    before = pictures.copy()
    found = corrupt(pictures, name, seed=seed, numbers=numbers)
    assert found.dtype == np.uint8
    assert found.shape == pictures.shape
    assert not np.shares_memory(found, pictures)
    np.testing.assert_array_equal(pictures, before)


def test_what_cannot_be_corrupted_is_refused(digits):
    with pytest.raises(InputError, match="no corruption 'fogg'"):
        corrupt(digits, "fogg")
    with pytest.raises(PictureError, match="bytes"):
        corrupt(digits / 255, "fog")
    with pytest.raises(PictureError, match="bytes"):
        corrupt(digits[0], "fog")
    for seed in (-1, 0.5, "0"):
        with pytest.raises(InputError, match="seed"):
            corrupt(digits, "fog", seed=seed)
    for numbers in ([1, 2], -np.arange(40), np.arange(40) / 2):
        with pytest.raises(InputError, match="number"):
            corrupt(digits, "fog", numbers=numbers)
