"""Distortions: what they do to a picture, measured; the same by SciPy's hand; and that all ways give the same bytes."""

from __future__ import annotations

import hashlib
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from digitlab.engines.native import available_paths
from digitlab.errors import InputError, PictureError
from digitlab.training import augment, distorting
from digitlab.training.augment import Distortion, distort, distort_plainly, distortion_of

MANY = np.arange(2000)
MIDDLE = 13.5
STRONG = Distortion(
    rotation=15,
    shear=0.2,
    scale=0.15,
    stretch=0.1,
    shift=2,
    elastic_alpha=34,
    elastic_sigma=4,
    thickness=1.5,
    noise=0.1,
    erasing=9,
)
KINDS = [field.name for field in fields(Distortion) if not field.name.startswith("elastic")]


def _only(kind: str) -> Distortion:
    return Distortion(**{kind: getattr(STRONG, kind)})


def _many(picture: NDArray[np.uint8], distortion: Distortion) -> NDArray[np.float64]:
    """One picture, distorted in 2,000 ways."""
    same = np.repeat(picture[np.newaxis], len(MANY), axis=0)
    return distort(same, MANY, distortion, seed=1, epoch=1).astype(np.float64)


def _bar(half_width: float, half_height: float) -> NDArray[np.uint8]:
    """An upright bar in the middle, with soft edges."""
    y, x = np.mgrid[:28, :28] - MIDDLE
    sides = np.clip(half_width + 0.5 - abs(x), 0, 1) * np.clip(half_height + 0.5 - abs(y), 0, 1)
    return np.rint(255 * sides).astype(np.uint8)


def _moments(pictures: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres ``(N, 2)`` and covariances ``(N, 2, 2)`` of the ink, x to the right and y upwards."""
    places = np.stack(np.meshgrid(MIDDLE - np.arange(28), np.arange(28) - MIDDLE, indexing="ij"))[::-1].reshape(2, -1)
    ink = pictures.reshape(len(pictures), -1)
    ink = ink / ink.sum(axis=1, keepdims=True)
    centres = ink @ places.T
    return centres, np.einsum("np,ip,jp->nij", ink, places, places) - np.einsum("ni,nj->nij", centres, centres)


def _is_even(values: NDArray[np.float64], most: float, slack: float) -> None:
    """Evenly from -most to most."""
    assert abs(values).max() <= most + slack
    assert values.max() > 0.98 * most - slack
    assert values.min() < -0.98 * most + slack
    assert abs(values.mean()) < 4 * most / np.sqrt(3 * len(values))
    assert values.std() == pytest.approx(most / np.sqrt(3), rel=0.06)


# What each does -------------------------------------------------------------------------------------------------------


def test_without_any_amount_pictures_stay_as_they_are(few):
    assert not Distortion().distorts
    assert not Distortion(elastic_sigma=4).distorts
    assert np.array_equal(distort(few.images, np.arange(len(few)), Distortion(), seed=0, epoch=1), few.images)
    assert all(_only(kind).distorts for kind in KINDS)


def test_twelve_degrees_are_twelve_degrees():
    _, covariance = _moments(_many(_bar(1, 9), Distortion(rotation=12)))
    angles = (
        np.arctan2(-2 * covariance[:, 0, 1], covariance[:, 1, 1] - covariance[:, 0, 0]) / 2
    )  # to the left is above 0
    _is_even(np.degrees(angles), 12, 0.2)


def test_shear_moves_each_row_by_its_share():
    _, covariance = _moments(_many(_bar(1, 8), Distortion(shear=0.3)))
    _is_even(covariance[:, 0, 1] / covariance[:, 1, 1], 0.3, 0.01)
    assert np.ptp(covariance[:, 1, 1]) < 0.1  # no higher and no lower


def test_scale_keeps_the_shape_and_stretch_the_area():
    square = _bar(5, 5)
    sizes = {}
    for kind in ("scale", "stretch"):
        _, covariance = _moments(_many(square, Distortion(**{kind: 0.2})))
        before = _moments(square[np.newaxis].astype(float))[1][0]
        sizes[kind] = np.sqrt(np.stack([covariance[:, i, i] / before[i, i] for i in (0, 1)]))  # width, height
    _is_even(sizes["scale"][0] - 1, 0.2, 0.02)
    assert abs(sizes["scale"][0] - sizes["scale"][1]).max() < 0.01
    _is_even(sizes["stretch"][0] - 1, 0.2, 0.02)
    assert abs(sizes["stretch"].prod(axis=0) - 1).max() < 0.05


def test_shift_is_in_pixels_along_each_axis_by_itself():
    centres, _ = _moments(_many(_bar(3, 3), Distortion(shift=3)))
    for axis in (0, 1):
        _is_even(centres[:, axis], 3, 0.02)
    assert abs(np.corrcoef(centres.T)[0, 1]) < 0.1


def test_a_negative_amount_is_the_mirror(few):
    images, numbers = few.images[:100], np.arange(100)
    for kind in ("rotation", "shear"):
        one = distort(images, numbers, _only(kind), seed=0, epoch=1).astype(int)
        mirrored = distort(images[:, :, ::-1], numbers, Distortion(**{kind: -getattr(STRONG, kind)}), seed=0, epoch=1)
        assert abs(one - mirrored[:, :, ::-1]).max() <= 2
        assert abs(one - images).max() > 100


def test_noise_is_even_around_the_pixel():
    noise = _many(np.full((28, 28), 128, np.uint8), Distortion(noise=0.2)) - 128
    _is_even(noise.ravel(), 51, 1)
    assert _many(np.zeros((28, 28), np.uint8), Distortion(noise=0.2)).min() == 0


def test_erasing_leaves_a_square_of_paper():
    erased = _many(np.full((28, 28), 200, np.uint8), Distortion(erasing=6)) == 0
    rows, columns = erased.any(axis=2).sum(axis=1), erased.any(axis=1).sum(axis=1)
    assert np.array_equal(rows, columns)
    assert np.array_equal(erased.sum(axis=(1, 2)), rows * columns)
    assert np.array_equal(np.unique(rows), np.arange(7))
    assert erased.any(axis=(0, 1)).all()  # wherever in the picture
    assert erased.any(axis=(0, 2)).all()


# The same by another hand ---------------------------------------------------------------------------------------------


def test_maps_are_those_of_scipy(few):
    images, numbers = few.images[:200], np.arange(200)
    affine = Distortion(rotation=20, shear=0.3, scale=0.2, stretch=0.2, shift=3)
    ours = distort(images, numbers, affine, seed=4, epoch=2).astype(int)
    maps = augment._drawn(images, numbers, affine, 4, 2)["map"] / 2**16
    for image, picture, found in zip(images, maps, ours, strict=True):
        theirs = ndimage.affine_transform(
            image.astype(float), picture[:, :2], picture[:, 2], order=1, mode="grid-constant"
        )
        assert abs(found - theirs).max() < 2  # 1/512 pixel along both axes, and whole bytes


def test_elastic_distortions_are_those_of_simard_by_scipy(few):
    images, numbers = few.images[:200], np.arange(200)
    elastic = Distortion(elastic_alpha=34, elastic_sigma=4)
    keys = augment._drawn(images, numbers, elastic, 4, 2)["field_key"]
    displacement = distorting.displacement(keys, augment._common(elastic)) / 256
    fields_ = (2.0 * distorting.random_bytes(keys, (2, 28, 28)) - 255) / 256
    assert abs(fields_.mean()) < 0.005
    assert fields_.std() == pytest.approx(1 / np.sqrt(3), rel=0.005)
    exact = 34 * ndimage.gaussian_filter(fields_, (0, 0, 4, 4))
    assert abs(displacement - exact).max() < 0.02
    assert (displacement - exact).std() < 0.004 * exact.std()
    ours = distort(images, numbers, elastic, seed=4, epoch=2).astype(int)
    for image, moves, found in zip(images, displacement, ours, strict=True):
        theirs = ndimage.map_coordinates(image.astype(float), np.mgrid[:28, :28] + moves, order=1, mode="grid-constant")
        assert abs(found - theirs).max() <= 0.5 + 1e-9


def test_alpha_34_with_sigma_4_moves_a_pixel_by_1_38():
    keys = augment._drawn(np.zeros((2000, 28, 28), np.uint8), MANY, STRONG, 0, 1)["field_key"]
    middle = distorting.displacement(keys, augment._common(STRONG))[:, :, 12:16, 12:16] / 256
    assert 34 / np.sqrt(3) / (2 * 4 * np.sqrt(np.pi)) == pytest.approx(1.384, abs=0.001)
    assert middle.std() == pytest.approx(1.384, rel=0.03)
    assert abs(middle.mean()) < 0.05
    assert abs(np.corrcoef(middle[:, 0].ravel(), middle[:, 1].ravel())[0, 1]) < 0.05  # rows and columns by themselves


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_thickness_is_that_of_scipy(few, steps):
    images = few.images[:50].astype(np.int32)
    plus = ndimage.generate_binary_structure(2, 1)
    for sign, theirs in ((1, ndimage.grey_dilation), (-1, ndimage.grey_erosion)):
        expected = images
        for _ in range(steps):
            expected = np.stack([theirs(one, footprint=plus, mode="constant") for one in expected])
        found = distorting.thickened(images, np.full(50, sign * 256 * steps, np.int32))
        assert np.array_equal(found, expected)
        before = distorting.thickened(images, np.full(50, sign * 256 * (steps - 1), np.int32))
        half = distorting.thickened(images, np.full(50, sign * (256 * steps - 128), np.int32))
        assert abs(half - (before + expected) / 2).max() <= 0.5


def test_thickness_is_drawn_evenly(few):
    drawn = augment._drawn(np.zeros((2000, 28, 28), np.uint8), MANY, Distortion(thickness=1.5), 0, 1)
    _is_even(drawn["thickness"] / 256, 1.5, 0.01)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1, 2, 4, 6.5, 10, 30, 200])
def test_sums_of_the_smoothing_fit_into_float32(sigma):
    smoothing = augment._smoothing(sigma).astype(np.float64)
    assert abs(smoothing / 2**13 - ndimage.gaussian_filter1d(np.eye(28), sigma, axis=0)).max() <= 2**-14 + 1e-12
    assert np.array_equal(smoothing, smoothing.T)
    assert (smoothing >= 0).all()
    most = np.ceil(
        255 * smoothing.sum(axis=1).max() / 2**10
    )  # between both ways, if each random number were the greatest
    assert most * smoothing.sum(axis=1).max() <= 2**24


# The same bytes -------------------------------------------------------------------------------------------------------


def test_the_same_bytes_on_all_paths_and_threads(few, monkeypatch):
    numbers = np.arange(len(few))
    expected = distort_plainly(few.images, numbers, STRONG, seed=5, epoch=3)
    for path in available_paths() or [""]:
        monkeypatch.setenv("DIGITLAB_SIMD", path)
        for threads in (1, 2, 3):
            found = distort(few.images, numbers, STRONG, seed=5, epoch=3, threads=threads)
            assert np.array_equal(found, expected), (path, threads)


amounts = {
    "rotation": st.floats(-90, 90),
    "shear": st.floats(-1, 1),
    "scale": st.floats(0, 0.999),
    "stretch": st.floats(0, 0.999),
    "shift": st.floats(0, 1e6),
    "elastic_alpha": st.floats(0, 1e6),
    "thickness": st.floats(0, 4),
    "noise": st.floats(0, 2),
    "erasing": st.floats(0, 40),
}
# Each of them may be missing: 0.
drawn_distortions = st.fixed_dictionaries({"elastic_sigma": st.floats(0.1, 50)}, optional=amounts)


@pytest.mark.skipif(not available_paths(), reason="no native engine")
@settings(max_examples=60)
@given(drawn_distortions, st.integers(0, 2**32), st.integers(1, 10**6))
def test_the_same_bytes_in_cpp_and_numpy(few, asked, seed, epoch):
    distortion, numbers = Distortion(**asked), np.arange(20) * 1000
    expected = distort_plainly(few.images[:20], numbers, distortion, seed=seed, epoch=epoch)
    assert np.array_equal(distort(few.images[:20], numbers, distortion, seed=seed, epoch=epoch), expected)


def test_a_picture_is_distorted_alike_wherever_it_stands(few):
    numbers = np.arange(len(few))
    whole = distort(few.images, numbers, STRONG, seed=5, epoch=3)
    some = np.array([999, 3, 500, 3])
    assert np.array_equal(distort(few.images[some], some, STRONG, seed=5, epoch=3), whole[some])
    for seed, epoch in ((5, 4), (6, 3)):
        others = distort(few.images, numbers, STRONG, seed=seed, epoch=epoch)
        assert (others != whole).any(axis=(1, 2)).all()


def test_no_kind_changes_the_numbers_of_another():
    """All of what is drawn for it alone is drawn for it beside the others."""
    images = np.zeros((2000, 28, 28), np.uint8)
    together = augment._drawn(images, MANY, STRONG, 5, 3)
    for kind, name in (
        ("thickness", "thickness"),
        ("noise", "noise_key"),
        ("erasing", "square"),
        ("shift", "field_key"),
    ):
        assert np.array_equal(augment._drawn(images, MANY, _only(kind), 5, 3)[name], together[name])
    affine = {kind: _many(_bar(2, 8), _only(kind)) for kind in ("rotation", "shear", "scale", "stretch")}
    centres, covariances = zip(*(_moments(pictures) for pictures in affine.values()), strict=True)
    leaning = np.corrcoef([covariances[0][:, 0, 1], covariances[1][:, 0, 1]])[0, 1]
    growing = np.corrcoef([covariances[2][:, 1, 1], covariances[3][:, 1, 1]])[0, 1]
    assert abs(leaning) < 0.1  # each has random numbers of its own
    assert abs(growing) < 0.1
    assert all(abs(centre).max() < 0.05 for centre in centres)  # all of these are about the middle


def test_bytes_are_what_they_have_always_been(few):
    """A training that goes on meets the same digits as before; whoever changes this changes all results."""
    distorted = distort(few.images, np.arange(len(few)), STRONG, seed=1, epoch=1)
    assert hashlib.sha256(distorted.tobytes()).hexdigest()[:16] == "ae14c8aae67c1a39"


# Odd calls ------------------------------------------------------------------------------------------------------------


def test_no_pictures_are_no_trouble():
    assert distort(np.zeros((0, 28, 28), np.uint8), np.arange(0), STRONG, seed=0, epoch=1).shape == (0, 28, 28)


@pytest.mark.parametrize(("kind", "all_of_it"), [("noise", 1), ("erasing", 28)])
def test_more_than_all_is_all(kind, all_of_it, few):
    most, more = (
        distort_plainly(few.images, np.arange(len(few)), Distortion(**{kind: amount}), seed=0, epoch=1)
        for amount in (all_of_it, 50 * all_of_it)
    )
    assert np.array_equal(most, more)


def test_what_cannot_be_is_refused(few):
    with pytest.raises(InputError, match="elastic distortions need both") as refused:
        Distortion(elastic_alpha=34)
    assert refused.value.got == "elastic_alpha 34, elastic_sigma 0"
    for images, numbers in (
        (np.zeros((2, 28, 27), np.uint8), np.arange(2)),
        (np.zeros((2, 28, 28)), np.arange(2)),
        (few.images, np.arange(2)),
    ):
        with pytest.raises(PictureError, match="pictures to be distorted are bytes"):
            distort(images, numbers, STRONG, seed=0, epoch=1)
    with pytest.raises(InputError, match="threads"):
        distort(few.images, np.arange(len(few)), STRONG, seed=0, epoch=1, threads=0)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rotation": "much"}, "this rotation"),
        ({"rotation": 180}, "this rotation"),
        ({"scale": 1.0}, "this scale"),
        ({"shift": np.inf}, "this shift"),
        ({"erasing": np.nan}, "this erasing"),
        ({"elastic_alpha": 34, "elastic_sigma": np.inf}, "this elastic_sigma"),
    ],
)
def test_an_amount_that_cannot_be_is_refused(asked, words):
    with pytest.raises(InputError, match=f"a distortion cannot have {words}"):
        Distortion(**asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**64}, "seed must be"),
        ({"epoch": 1.5}, "epoch must be"),
        ({"numbers": [-1, 0]}, "the numbers of pictures"),
        ({"numbers": ["a", "b"]}, "the numbers of pictures"),
        ({"numbers": 2}, "each has a number"),
        ({"images": [[0]]}, "are bytes"),
    ],
)
def test_what_names_no_picture_of_no_epoch_is_refused(asked, words):
    call = {"images": np.zeros((2, 28, 28), np.uint8), "numbers": [0, 1], "seed": 0, "epoch": 1} | asked
    with pytest.raises(InputError, match=words):
        distort(distortion=STRONG, **call)


def test_settings_of_the_same_names_are_a_distortion():
    class Settings:
        rotation, erasing, epochs = 10.0, 3.0, 5

    assert distortion_of(Settings()) == Distortion(rotation=10, erasing=3)
