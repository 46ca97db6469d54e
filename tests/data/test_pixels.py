"""From bytes to numbers: what the functions make of each accepted form, and that they accept no other."""

from __future__ import annotations

import numpy as np
import pytest

from digitlab.data import as_label, as_rows, normalize, one_hot
from digitlab.errors import PictureError

RAGGED = [[0.0, 1.0], [0.5]]


def test_every_byte_becomes_a_255th():
    scaled = normalize(np.arange(256, dtype=np.uint8))
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [float(np.float32(value) / np.float32(255)) for value in range(256)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("source", [np.uint8, np.float16, np.float32, np.float64])
def test_pixels_have_the_type_that_was_asked_for(dtype, source):
    scaled = normalize(np.array([[0, 1]], dtype=source), dtype)
    assert scaled.dtype == dtype
    assert scaled.shape == (1, 2)


@pytest.mark.parametrize("values", [[0.0, 0.25, 1.0], [], [-0.0], [5e-324]])
def test_floats_from_0_to_1_stay_as_they_are(values):
    assert normalize(values, np.float64).tolist() == values


@pytest.mark.parametrize("wrong", [-1e-7, 1.0000001, 255.0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 5, 783])
def test_one_wrong_float_anywhere_is_refused(wrong, place):
    picture = np.zeros(784, dtype=np.float32)
    picture[place] = wrong
    with pytest.raises(PictureError, match=r"out of range(?s:.)*\(1 such pixels\)"):
        normalize(picture)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, np.bool_, np.complex64, object, "U3", "M8[s]"])
def test_other_types_of_pixels_are_refused(dtype):
    with pytest.raises(PictureError, match="wrong type"):
        normalize(np.zeros(3).astype(dtype))


@pytest.mark.parametrize("function", [normalize, one_hot, as_label, lambda values: as_rows(values, 4)])
def test_ragged_lists_are_refused(function):
    with pytest.raises(PictureError, match="not an array"):
        function(RAGGED)


def test_scaling_leaves_the_bytes_alone(few):
    before = few.sha256()
    normalize(few.images)[...] = 0
    assert few.sha256() == before


@pytest.mark.parametrize(
    ("shape", "rows", "single"),
    [
        ((28, 28), 1, True),
        ((784,), 1, True),
        ((1, 28, 28), 1, False),
        ((1, 784), 1, False),
        ((3, 28, 28), 3, False),
        ((3, 784), 3, False),
        ((3, 28, 28, 1), 3, False),
        ((3, 1, 28, 28), 3, False),
        ((28, 28, 1), 1, True),
        ((784, 784), 784, False),
        ((28, 28, 28), 28, False),
        ((0, 28, 28), 0, False),
        ((0, 784), 0, False),
    ],
)
def test_pictures_become_rows(shape, rows, single):
    pixels = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    got, was_single = as_rows(pixels, 784)
    assert (got.shape, was_single) == ((rows, 784), single)
    assert np.array_equal(got.ravel(), pixels.ravel())


@pytest.mark.parametrize(
    "shape",
    [(), (0,), (783,), (28,), (27, 28), (28, 29), (3, 783), (784, 3), (3, 28, 27), (1, 3, 28, 28), (3, 0, 784)],
)
def test_other_shapes_are_refused(shape):
    with pytest.raises(PictureError, match=r"must be: \(28, 28\), \(N, 28, 28\), \(784,\) or \(N, 784\)"):
        as_rows(np.zeros(shape), 784)


def test_pictures_of_yes_and_no_get_advice_that_works():
    wrong = np.eye(28, dtype=bool)
    with pytest.raises(PictureError, match=r"help: .*images.astype\(np.float32\)"):
        normalize(wrong)
    assert normalize(wrong.astype(np.float32)).sum() == 28


@pytest.mark.parametrize("shape", [(784, 1), (392, 2), (2, 392), (14, 56), (3, 14, 56), (3, 784, 1)])
def test_as_many_pixels_in_another_arrangement_are_no_picture(shape):
    with pytest.raises(PictureError, match="wrong shape"):
        as_rows(np.zeros(shape), 784)


@pytest.mark.parametrize(
    ("shape", "size", "single"),
    [((4,), 4, True), ((2, 2), 4, True), ((1, 4), 4, False), ((5, 2, 2), 4, False), ((28, 28), 28, False)],
)
def test_a_network_of_another_size_takes_pictures_of_its_size(shape, size, single):
    rows, was_single = as_rows(np.zeros(shape), size)
    assert (rows.shape[1], was_single) == (size, single)


def test_labels_become_rows_with_a_single_one(few):
    rows = one_hot(few.labels)
    assert (rows.shape, rows.dtype) == ((1000, 10), np.float32)
    assert np.array_equal(rows.argmax(axis=1), few.labels)
    assert np.array_equal(np.sort(rows, axis=1), np.tile([0] * 9 + [1], (1000, 1)))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_labels_may_be_any_whole_numbers(dtype):
    assert one_hot(np.array([2, 0], dtype=dtype), classes=3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_no_labels_become_no_rows():
    assert one_hot([]).shape == (0, 10)


@pytest.mark.parametrize(
    "labels",
    [[10], [0, -1], [2**64 - 1], [2**70], [1.0], [np.nan], [True], ["1"], [None], 3, [[0, 1]], np.zeros((0, 5), int)],
)
def test_what_is_no_list_of_digits_is_refused(labels):
    with pytest.raises(PictureError, match="one-hot"):
        one_hot(labels)


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize(
    "form",
    [
        int,
        np.uint8,
        np.int64,
        np.array,
        lambda digit: np.eye(10)[digit],
        lambda digit: np.eye(10, dtype=int)[digit].tolist(),
        lambda digit: np.eye(10, dtype=bool)[digit],
        lambda digit: one_hot([digit])[0],
    ],
    ids=["int", "uint8", "int64", "0-d", "floats", "list", "bools", "one_hot"],
)
def test_a_label_is_a_digit_or_a_one_hot_row(form, digit):
    label = as_label(form(digit))
    assert (label, type(label)) == (digit, int)


@pytest.mark.parametrize(
    "label",
    [
        *(10, -1, 255, 2**70, 3.0, np.float32(3), np.nan, True, np.True_, None, "3", b"3", 3j, {3}, [3], [[3]]),
        [0] * 10,
        [1] * 2 + [0] * 8,
        [0] * 9 + [2],
        [0] * 9 + [-1],
        [0.5] + [0] * 9,
        [np.nan] + [0] * 9,
        [1] + [0] * 8,
        [1] + [0] * 10,
        np.eye(10),
        np.eye(10)[:1],
        [1, *[None] * 9],
        ["1", *[""] * 9],
        np.timedelta64(3, "s"),
    ],
    ids=str,
)
def test_what_is_no_label_is_refused(label):
    with pytest.raises(PictureError, match="not a digit"):
        as_label(label)


def test_the_real_digits_pass_through_unharmed(few):
    rows, _ = as_rows(few.images, 784)
    assert np.array_equal(np.rint(normalize(rows) * 255).reshape(-1, 28, 28), few.images)
