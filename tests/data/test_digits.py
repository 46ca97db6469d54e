"""`Digits`: what it accepts, its slices, its name and its fingerprint."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.errors import InputError, PictureError


def pictures(*shape: int, dtype: type[np.generic] = np.uint8) -> np.ndarray:
    return np.zeros(shape, dtype=dtype)


def labels(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint8)


@pytest.mark.parametrize(
    ("images", "truth", "complaint"),
    [
        (pictures(28, 28), labels(0), "the images have the wrong size(?s:.)*got: shape .28, 28.(?s:.)*np.newaxis"),
        (pictures(2, 27, 28), labels(0, 1), "wrong size"),
        (pictures(2, 28, 1), labels(0, 1), "wrong size"),
        (pictures(2, 783), labels(0, 1), "wrong size"),
        (pictures(2, 28, 28, 3), labels(0, 1), "wrong size"),
        (None, labels(0, 1), "the images have the wrong size"),
        ([[[1], [1, 2]]], labels(0, 1), "the images are no array"),
        (pictures(1, 28, 28).astype(object), labels(0), "the images are no numbers"),
        (pictures(1, 28, 28).astype(complex), labels(0), "the images are no numbers"),
        (pictures(2, 28, 28), labels(0, 1).astype(str)[:, np.newaxis, np.newaxis], "the labels are not one number"),
        (pictures(2, 28, 28), ["0", "x"], "the labels are no numbers, and no names"),
        (pictures(2, 28, 28), None, "the labels are no numbers"),
        (pictures(2, 28, 28), [[1], [1, 2]], "the labels are no array"),
        (pictures(2, 28, 28), np.eye(9)[:2], "the labels are not one number for each picture(?s:.)*one-hot"),
        (pictures(2, 28, 28), 0.5 * np.eye(10)[:2], "the labels are not one number"),
        (pictures(2, 28, 28), np.ones((2, 10)), "the labels are not one number"),
        (pictures(2, 28, 28), [True, False], "the labels are not one number"),
        (pictures(2, 28, 28), [0, 1.5], "a label is not a digit(?s:.)*label 1.5 at index 1"),
        (pictures(2, 28, 28), [0, np.nan], "label nan at index 1"),
        (pictures(2, 28, 28), [-1, 0], "label -1 at index 0"),
        (pictures(2, 28, 28), np.array([0, 256]), "label 256 at index 1"),
        (pictures(2, 28, 28), labels(0, 1, 2), "got: 2 images, 3 labels"),
        (pictures(2, 28, 28), labels(), "got: 2 images, 0 labels"),
        (pictures(2, 28, 28), labels(9, 10), "got: label 10 at index 1"),
        (pictures(3, 28, 28), labels(9, 255, 10), "got: label 255 at index 1"),
    ],
)
def test_each_wrong_thing_is_named(images, truth, complaint):
    with pytest.raises(PictureError, match=complaint):
        dl.Digits(images, truth, "a test")


def test_numbers_that_mean_something_else_are_refused_with_words_that_work(few):
    """Each piece of advice, followed, gives the pictures that were meant."""
    x, bytes_of = few.images, {"np": np}
    floats = (x / 255, (x / 255).astype(np.float32), x / 255 / 255, x / 127.5 - 1)
    for wrong in (*floats, x > 127, (x > 127).astype(np.uint8)):
        with pytest.raises(PictureError, match="the pixels of the images are") as caught:
            dl.Digits(wrong, few.labels, "a test")
        advice = re.search(r"np\.rint\(.*?\)\.astype\(np\.uint8\)", caught.value.help)
        right = dl.Digits(eval(advice[0], bytes_of | {"x": wrong}), few.labels, "a test").images
        assert np.array_equal(right, x if wrong.dtype.kind == "f" else 255 * (x > 127))


def test_what_was_cast_before_it_was_multiplied_is_seen(few):
    with pytest.raises(PictureError, match=r"from 0 to 1(?s:.)*got: uint8(?s:.)*begin with the original"):
        dl.Digits((few.images / 255).astype(np.uint8), few.labels, "a test")


@pytest.mark.parametrize(("change", "complaint"), [(-1.0, "no bytes"), (0.5, "no bytes"), (np.nan, "no bytes")])
def test_numbers_that_are_no_bytes_are_refused(change, complaint, few):
    with pytest.raises(PictureError, match=complaint):
        dl.Digits(few.images + change, few.labels, "a test")
    with pytest.raises(PictureError, match="not whole"):
        dl.Digits(few.images * 0.99, few.labels, "a test")


class Frame:
    """What pandas has, as far as NumPy asks."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self.array


IMAGES = {
    "rows": lambda x: x.reshape(-1, 784),
    "a channel last": lambda x: x[..., np.newaxis],
    "a channel first": lambda x: x[:, np.newaxis],
    "lists": lambda x: x.tolist(),
    "a list of arrays": list,
    "int64": lambda x: x.astype(np.int64),
    "whole floats": lambda x: x.astype(np.float64),
    "Pillow images": lambda x: [Image.fromarray(image) for image in x],
    "a frame": lambda x: Frame(x.reshape(-1, 784).astype(np.int64)),
}
LABELS = {
    "int32": lambda y: y.astype(np.int32),
    "int64": lambda y: y.astype(np.int64),
    "whole floats": lambda y: y.astype(np.float32),
    "a column": lambda y: y[:, np.newaxis],
    "one-hot": lambda y: np.eye(10)[y],
    "one-hot, yes or no": lambda y: np.eye(10, dtype=bool)[y],
    "a list": lambda y: y.tolist(),
    "names": lambda y: y.astype(str).tolist(),
    "a frame of names": lambda y: Frame(y.astype(str).astype(object)),
}


@pytest.mark.parametrize("make", IMAGES.values(), ids=IMAGES.keys())
def test_images_whose_meaning_is_beyond_doubt_are_taken(make, few):
    digits = dl.Digits(make(few.images), few.labels, "a test")
    assert (digits.images.dtype, digits.sha256()) == (np.uint8, few.sha256())


@pytest.mark.parametrize("make", LABELS.values(), ids=LABELS.keys())
def test_labels_whose_meaning_is_beyond_doubt_are_taken(make, few):
    digits = dl.Digits(few.images, make(few.labels), "a test")
    assert (digits.labels.dtype, digits.sha256()) == (np.uint8, few.sha256())


def test_bytes_are_taken_as_they_are(few):
    digits = dl.Digits(few.images, few.labels, "a test")
    assert digits.images is few.images
    assert digits.labels is few.labels


def test_names_of_classes_are_labels():
    assert dl.Digits(pictures(2, 28, 28), ["b", "a"], "a test", ("a", "b")).labels.tolist() == [1, 0]


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
