"""Pictures to be predicted, with labels that are passed over, or without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.data import open_images
from digitlab.data.table import IGNORED
from digitlab.data.unlabelled import open_pictures
from digitlab.errors import DataFileError, InputError
from digitlab.reading import prepare
from tests.data.forms import FORMS, Form


def table(images: np.ndarray, labels: np.ndarray | None = None) -> str:
    rows = images.reshape(-1, 28 * 28)
    names = [f"pixel{place}" for place in range(rows.shape[1])]
    if labels is not None:
        rows, names = np.column_stack([labels, rows]), ["label", *names]
    return "\n".join([",".join(names), *(",".join(map(str, row)) for row in rows.tolist())]) + "\n"


def drawn(folder: Path, images: np.ndarray, names: list[str]) -> str:
    folder.mkdir()
    for image, name in zip(images, names, strict=True):
        Image.fromarray(image).save(folder / name)
    return str(folder)


def test_a_table_gives_all_its_lines_whatever_its_labels_are(few, tmp_path):
    path = tmp_path / "test.csv"
    for labels, notes in ((None, ()), (few.labels, (IGNORED,)), (few.labels + 200, (IGNORED,))):
        path.write_text(table(few.images, labels))
        pictures = open_pictures(path)
        assert np.array_equal(pictures.images, few.images)
        assert (pictures.classes, pictures.notes) == (None, notes)


def test_a_column_that_is_taken_for_labels_must_look_like_some(few, tmp_path):
    """Row numbers, say; with a word on them they do no harm."""
    path = tmp_path / "test.csv"
    path.write_text(table(few.images[:20], np.arange(20)).partition("\n")[2])
    with pytest.raises(DataFileError, match=r"line 11: column 1: this is not a label(?s:.)*--label-column"):
        open_images(path)
    assert np.array_equal(open_images(path, label_column="first"), few.images[:20])


def test_of_a_competition_it_is_the_second_table(mnist, tmp_path):
    train, test = mnist[0][:9], mnist[1][:5]
    (tmp_path / "train.csv").write_text(table(train.images, train.labels))
    (tmp_path / "test.csv").write_text(table(test.images))
    assert np.array_equal(open_images(tmp_path), test.images)
    (tmp_path / "test.csv").write_text(table(test.images, test.labels))
    assert open_pictures(tmp_path).notes == (IGNORED,)


def test_tables_of_emnist_are_turned_upright(mnist, tmp_path):
    images = mnist[1][:5].images
    path = tmp_path / "emnist-letters-test.csv"
    path.write_text(table(images.swapaxes(1, 2), np.arange(22, 27)))
    pictures = open_pictures(path)
    assert np.array_equal(pictures.images, images)
    assert "turned upright" in pictures.notes[0]


def test_numbers_in_the_names_of_pictures_count(few, tmp_path):
    folder = drawn(tmp_path / "digits", few.images[:12], [f"no {number}.png" for number in range(1, 13)])
    (tmp_path / "digits" / ".hidden").touch()
    pictures = open_pictures(folder)
    assert np.array_equal(pictures.images, few.images[:12])
    assert pictures.notes == ("passed over: 1 that are no pictures of digits (.hidden)",)


def test_pictures_alone_cannot_be_trained_on(few, tmp_path):
    folder = drawn(tmp_path / "digits", few.images[:2], ["a.png", "b.png"])
    with pytest.raises(InputError, match=r"there are no labels(?s:.)*digitlab predict"):
        dl.open_data(folder)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_of_any_other_form_it_is_the_test_part_or_all(form: Form, mnist, tmp_path):
    parts = mnist[0][:140], mnist[1][:30]
    place = str(tmp_path / form.make(tmp_path, *parts))
    images = open_images(place, **form.options)
    if form.parts:
        assert np.array_equal(images, dl.open_data(place, **form.options)[1].images)
    else:
        expected = parts["competition" in form.row].images
        assert sorted(image.tobytes() for image in images) == sorted(image.tobytes() for image in expected)


def test_what_would_be_parted_stays_in_its_order(few, tmp_path):
    for number in range(2):
        drawn(tmp_path / str(number), few.images[30 * number :][:30], [f"{place:02}.png" for place in range(30)])
    pictures = open_pictures(tmp_path)
    assert np.array_equal(pictures.images, few.images[:60])
    assert pictures.notes == (IGNORED,)
    assert pictures.classes == dl.Digits(few.images, few.labels, "digits").classes


def test_a_data_set_with_a_name_is_its_test_part(mnist):
    pictures = open_pictures("mnist")
    assert np.array_equal(pictures.images, mnist[1].images)
    assert pictures.notes == (IGNORED,)


def test_pictures_are_inverted_and_resized_as_in_a_data_set(few, tmp_path):
    path = tmp_path / "test.csv"
    path.write_text(table(255 - few.images[:20]))
    assert np.array_equal(open_images(path), few.images[:20])
    assert "inverted" in open_pictures(path).notes[0]
    assert np.array_equal(open_images(path, invert="no"), 255 - few.images[:20])
    large = np.kron(few.images[:1], np.ones((1, 2, 2), np.uint8))
    folder = drawn(tmp_path / "large", large, ["1.png"])
    with pytest.raises(DataFileError, match="56x56"):
        open_images(folder)
    resized = open_images(folder, resize=lambda picture: prepare(picture).pixels)
    assert np.array_equal(resized[0], prepare(large[0]).pixels)


def test_an_option_that_changes_nothing_is_refused(few, tmp_path):
    folder = drawn(tmp_path / "digits", few.images[:2], ["a.png", "b.png"])
    with pytest.raises(InputError, match="label_column says nothing about such data"):
        open_images(folder, label_column="first")


def test_an_empty_table_is_refused_in_plain_words(tmp_path):
    (tmp_path / "test.csv").touch()
    with pytest.raises(DataFileError, match="the file is empty"):
        open_images(tmp_path / "test.csv")
