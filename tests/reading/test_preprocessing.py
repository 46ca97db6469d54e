"""Any picture becomes what MNIST would have made of it."""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

import digitlab as dl
import digitlab.data
import digitlab.reading
from digitlab.errors import PictureError
from digitlab.reading import Prepared, draw, prepare, prepare_ink, prepare_strokes

SEVEN = [[[10, 10], [50, 12], [30, 80]], [[22, 45], [45, 44]]]


def enlarged(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """To 280 pixels, inverted, padded, and shifted."""
    large = 255 - np.array(Image.fromarray(image).resize((280, 280), Image.Resampling.BICUBIC))
    return np.pad(large, rng.integers(0, 60, (2, 2)), constant_values=255)


def held_to_the_bar(mnist, rng, count, epochs):
    """Accuracy within 0.2 points; median distance, of all pixels where either has ink, at most 3."""
    train, test = mnist
    recipe = dl.recipe("quick", epochs=epochs)
    network = recipe.new_network()
    dl.fit(network, train, recipe)
    images, labels = test.images[:count], test.labels[:count]
    again = np.array([prepare(enlarged(image, rng)).pixels for image in images])
    distance = np.abs(again.astype(int) - images)[(again > 0) | (images > 0)]
    assert np.median(distance) <= 3
    direct, prepared = (float((network.predict(x) == labels).mean()) for x in (images, again))
    assert abs(direct - prepared) <= 0.002


def test_enlarged_digits_come_back(mnist, rng):
    held_to_the_bar(mnist, rng, 500, 2)


@pytest.mark.soak
def test_all_enlarged_digits_come_back(mnist, rng):
    held_to_the_bar(mnist, rng, 10_000, 20)


def test_shift_padding_and_inversion_change_nothing():
    canvas = draw(SEVEN, width=6)
    expected = prepare(np.pad(canvas, 20)).pixels
    assert expected.max() == 255
    for other in (np.pad(canvas, ((3, 70), (41, 5))), 255 - np.pad(canvas, 20)):
        assert np.array_equal(prepare(other).pixels, expected)


def test_a_file_an_image_an_array_and_alpha_are_the_same_picture(tmp_path):
    canvas = np.pad(draw(SEVEN, width=6), 20)
    expected = prepare(canvas).pixels
    image = Image.fromarray(canvas)
    image.save(tmp_path / "seven.png")
    clear = np.zeros((*canvas.shape, 4), dtype=np.uint8)
    clear[:, :, 3] = canvas
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    for same in (tmp_path / "seven.png", buffer.getvalue(), image, canvas / 255, clear):
        assert np.array_equal(prepare(same).pixels, expected)


@pytest.mark.parametrize("factor", [3, 10, 1000])
def test_the_unit_of_strokes_does_not_matter(factor):
    large = [[[factor * x, factor * y] for x, y in stroke] for stroke in SEVEN]
    same = prepare_strokes(large, width=6 * factor).pixels
    assert np.array_equal(same, prepare_strokes(SEVEN, width=6).pixels)


def read_as(picture: np.ndarray) -> tuple[int, np.ndarray]:
    pixels = prepare(picture).pixels
    return int(dl.load("standard").predict(pixels[None])[0]), pixels.astype(int)


@pytest.mark.parametrize("scale", [1, 6])
def test_a_digit_may_touch_all_edges(mnist, scale):
    for image, label in zip(mnist[1].images[:20], mnist[1].labels[:20], strict=True):
        rows, columns = (np.flatnonzero(image.max(axis=axis)) for axis in (1, 0))
        tight = Image.fromarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        tight = tight.resize((tight.width * scale, tight.height * scale), Image.Resampling.BICUBIC)
        paper = 230 - np.array(tight) // 2
        digit, pixels = read_as(paper)
        expected, free = read_as(np.pad(paper, 20, constant_values=230))
        assert digit == expected == label
        assert np.abs(pixels - free)[(pixels > 0) | (free > 0)].mean() < 24  # was up to 120


@pytest.mark.parametrize("size", [28, 280, 1000])
def test_strokes_of_one_pixel_are_strokes(size):
    points = {
        7: [(0.2, 0.1), (0.8, 0.1), (0.4, 0.9)],
        4: [(0.6, 0.1), (0.2, 0.6), (0.8, 0.6), (0.65, 0.6), (0.65, 0.95)],
    }
    for digit, line in points.items():
        paper = Image.new("L", (size, size), 240)
        ImageDraw.Draw(paper).line([(x * size, y * size) for x, y in line], 90, 1)
        read, pixels = read_as(np.array(paper))
        assert read == digit
        assert (pixels > 99).sum() > 25  # strong all along


def test_a_digit_that_the_edge_has_cut_is_read(mnist):
    right = 0
    for image, label in zip(mnist[1].images[:40], mnist[1].labels[:40], strict=True):
        columns = np.flatnonzero(image.max(axis=0))
        right += read_as(image[:, : columns[-1]])[0] == label  # its last column is gone
    assert right >= 38


def test_blank_is_not_an_error():
    for blank in (prepare(np.full((30, 40), 200, np.uint8)), prepare_ink(np.zeros((5, 5), np.uint8))):
        assert blank.blank
        assert not blank.pixels.any()
    assert prepare_strokes([], width=1).blank
    assert prepare_strokes([[]], width=1).blank
    assert not prepare_strokes([[[3, 3]]], width=1).blank


@pytest.mark.parametrize(
    ("strokes", "width"),
    [
        ([[[float("nan"), 1]]], 1),
        ([[[float("inf"), 1]]], 1),
        ([[[2e6, 1]]], 1),
        ([[[1, 2, 3]]], 1),
        ([[[1, 2], [3]]], 1),
        ([[["1", "2"]]], 1),
        ([[[1, 2]]], 0),
        ([[[1, 2]]], float("nan")),
        ([[[1, 2]]], "1"),
        ([[[0, 0]] * 100_001], 1),
        ([[]] * 1001, 1),
        (None, 1),
        ([None], 1),
        ([[None]], 1),
    ],
)
def test_strokes_that_are_none_are_refused(strokes, width):
    with pytest.raises(PictureError) as caught:
        draw(strokes, width=width)
    assert caught.value.got


@pytest.mark.parametrize(
    "picture",
    [None, 3, b"", b"abc", "missing.png", ".", "a\0b", np.zeros((2, 2, 5), np.uint8), np.zeros(784, np.uint8),
     np.full((2, 2), np.nan), np.full((2, 2), 1.5), np.zeros((2, 2), int), Image.new("F", (3, 3))],
    ids=lambda picture: str(type(picture).__name__),
)  # fmt: skip
def test_what_is_no_picture_is_refused(picture):
    with pytest.raises(PictureError):
        prepare(picture)


numbers = st.floats(width=64) | st.integers() | st.none() | st.text(max_size=2)
anything = st.recursive(numbers, lambda inner: st.lists(inner, max_size=4), max_leaves=20)
shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9)


@given(strokes=anything, width=numbers)
def test_any_strokes_are_prepared_or_refused(strokes, width):
    prepared_or_refused(lambda: prepare_strokes(strokes, width=width))


@given(array=arrays.arrays(st.sampled_from([np.uint8, np.float32, np.int64, np.bool_]), shapes))
def test_any_array_is_prepared_or_refused(array):
    prepared_or_refused(lambda: prepare(array))
    prepared_or_refused(lambda: prepare_ink(array))


@given(content=st.binary(max_size=200), start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"]))
def test_any_bytes_are_prepared_or_refused(content, start):
    prepared_or_refused(lambda: prepare(start + content))


def prepared_or_refused(work) -> None:
    try:
        prepared = work()
    except PictureError:
        return
    assert isinstance(prepared, Prepared)
    assert prepared.pixels.shape == (28, 28)
    assert prepared.pixels.dtype == np.uint8
    assert prepared.blank == (not prepared.pixels.any())


@pytest.mark.parametrize("room", [digitlab.data, digitlab.reading], ids=lambda room: room.__name__)
def test_every_module_can_be_imported_by_its_name(room):
    """No function of the room has the name of a module, and hides it: ``import digitlab.reading.ink as m``."""
    for module in pkgutil.iter_modules(room.__path__, room.__name__ + "."):
        importlib.import_module(module.name)
        assert inspect.ismodule(getattr(room, module.name.rpartition(".")[2])), module.name
