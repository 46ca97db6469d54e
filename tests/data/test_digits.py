"""`Digits`: what it accepts, its slices, its name and its fingerprint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError, PictureError


def pictures(*shape: int, dtype: type[np.generic] = np.uint8) -> np.ndarray:
    return np.zeros(shape, dtype=dtype)


def labels(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint8)


@pytest.mark.parametrize(
    ("images", "truth", "complaint"),
    [
        (pictures(2, 28, 28).tolist(), labels(0, 1), "got: list"),
        (pictures(2, 28, 28, dtype=np.float32), labels(0, 1), "got: shape .2, 28, 28., float32"),
        (pictures(2, 28, 28, dtype=np.int8), labels(0, 1), "int8"),
        (pictures(2, 784), labels(0, 1), "got: shape .2, 784."),
        (pictures(28, 28), labels(0), "got: shape .28, 28."),
        (pictures(2, 27, 28), labels(0, 1), "wrong size"),
        (pictures(2, 28, 1), labels(0, 1), "wrong size"),
        (pictures(2, 28, 28), [0, 1], "the labels are not .*(?s:.)*got: list"),
        (pictures(2, 28, 28), labels(0, 1).astype(np.int64), "int64"),
        (pictures(2, 28, 28), labels(0, 1)[:, np.newaxis], "got: shape .2, 1."),
        (pictures(2, 28, 28), labels(0, 1, 2), "got: 2 images, 3 labels"),
        (pictures(2, 28, 28), labels(), "got: 2 images, 0 labels"),
        (pictures(2, 28, 28), labels(9, 10), "got: label 10 at index 1"),
        (pictures(3, 28, 28), labels(9, 255, 10), "got: label 255 at index 1"),
    ],
)
def test_each_wrong_thing_is_named(images, truth, complaint):
    with pytest.raises(PictureError, match=complaint):
        dl.Digits(images, truth, "a test")


def test_all_ten_digits_and_none_at_all_are_accepted():
    assert len(dl.Digits(pictures(10, 28, 28), labels(*range(10)), "ten")) == 10
    assert len(dl.Digits(pictures(0, 28, 28), labels(), "none")) == 0


def test_digits_cannot_be_changed_into_others(few):
    with pytest.raises(AttributeError):
        few.labels = few.labels[::-1]


@pytest.mark.parametrize(
    "chosen", [slice(3, 9), slice(None, None, 100), slice(0, 0), np.array([5, 2, 2]), np.arange(1000) % 7 == 0]
)
def test_a_choice_keeps_pictures_and_labels_together(chosen, few):
    some = few[chosen]
    assert isinstance(some, dl.Digits)
    assert np.array_equal(some.images, few.images[chosen])
    assert np.array_equal(some.labels, few.labels[chosen])


def test_one_digit_is_a_picture_and_its_label(few):
    image, label = few[5]
    assert np.array_equal(image, few.images[5])
    assert label == few.labels[5]
    assert [label for _, label in few[:4]] == few.labels[:4].tolist()


def test_a_slice_copies_no_pixels(few):
    assert np.shares_memory(few[10:20].images, few.images)


def test_the_name_tells_where_they_are_from_and_how_many(mnist):
    assert repr(mnist[1]) == "Digits(10000 from MNIST test)"
    assert repr(mnist[1][:5]) == "Digits(5 from MNIST test (5 of 10,000))"


def test_the_fingerprint_depends_on_every_pixel_and_label(few):
    three = few[:3]
    images, truth = three.images.copy(), three.labels.copy()
    fingerprints = {dl.Digits(images, truth, "same").sha256()}
    for place in ((0, 0, 0), (1, 14, 14), (2, 27, 27)):
        images[place] ^= 1
        fingerprints.add(dl.Digits(images, truth, "pixel").sha256())
    for index in range(3):
        truth[index] ^= 1
        fingerprints.add(dl.Digits(images, truth, "label").sha256())
    assert len(fingerprints) == 7
    assert three.sha256() in fingerprints


def test_the_fingerprint_is_of_the_values_alone(few):
    strided = few[::2]
    copied = dl.Digits(np.asfortranarray(strided.images), strided.labels.copy(), "another name")
    assert strided.sha256() == copied.sha256()


def test_the_fingerprint_of_no_digits_is_that_of_no_bytes():
    assert dl.Digits(pictures(0, 28, 28), labels(), "none").sha256().startswith("e3b0c44298fc1c14")  # FIPS 180


def test_digits_are_the_classes_where_nothing_else_is_said(few):
    assert few.classes == tuple("0123456789")
    assert few[:5].classes == few.classes


def test_other_classes_have_names_that_slices_keep():
    shapes = dl.Digits(pictures(3, 28, 28), labels(0, 1, 1), "drawn", ("circle", "cross"))
    assert shapes[1:].classes == ("circle", "cross")
    letters = tuple("abcdefghijklmnopqrstuvwxyz")
    assert dl.Digits(pictures(1, 28, 28), labels(25), "letters", letters).classes[25] == "z"


@pytest.mark.parametrize(
    ("classes", "label", "complaint"),
    [
        (("circle", "cross"), 2, "a label has no class(?s:.)*0 to 1(?s:.)*label 2 at index 0"),
        ((), 0, "names of classes"),
        (["a", "b"], 0, "names of classes"),
        ("ab", 0, "names of classes"),
        (("a", "a"), 0, "names of classes"),
        (("a", ""), 0, "names of classes"),
        (("a", 1), 0, "names of classes"),
        (tuple(map(str, range(257))), 0, "names of classes"),
    ],
)
def test_wrong_classes_are_named(classes, label, complaint):
    with pytest.raises(PictureError, match=complaint):
        dl.Digits(pictures(1, 28, 28), labels(label), "a test", classes)


@pytest.mark.parametrize("source", [None, 5, Path("folder"), "\udcff"])
def test_a_source_that_a_run_could_not_keep_is_refused(source):
    """It would be found out at the end of the training, when the run is committed."""
    with pytest.raises(InputError, match="source of the digits is not text"):
        dl.Digits(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8), source)
