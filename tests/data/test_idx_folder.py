"""Folders of IDX files under other names: which set is meant, what its labels are, and what is refused."""

from __future__ import annotations

import string

import numpy as np
import pytest

import digitlab as dl
from digitlab.data.idx_folder import KIN
from digitlab.errors import DataFileError, InputError
from tests.data.forms import PLAIN, idx, idx_files, qmnist, write
from tests.hostile import forge


@pytest.fixture
def few(mnist):
    return mnist[0][:20]


def letters(first: int) -> dict[str, bytes]:
    """A turned F for each of the 26 letters, in both parts."""
    picture = np.zeros((28, 28), dtype=np.uint8)
    picture[4:24, 8:11] = picture[4:7, 8:20] = picture[12:15, 8:16] = 255
    turned = np.tile(picture.T, (26, 1, 1))
    labels = np.arange(first, first + 26, dtype=np.uint8)
    return {
        f"emnist-letters-{part}-{name}-ubyte": forge.encode_idx(np.ascontiguousarray(array))
        for part in ("train", "test")
        for name, array in (("images-idx3", turned), ("labels-idx1", labels))
    }


def test_letters_stand_upright_and_have_their_names(tmp_path):
    write(tmp_path, letters(1))
    train, test = dl.open_data(str(tmp_path))
    assert train.notes == ("this is EMNIST letters: turned upright, labels A to Z",)
    assert "".join(test.classes[label] for label in test.labels) == string.ascii_uppercase
    assert train.images[0, 5, 8:20].min() == 255  # the upper bar of an F lies
    assert train.images[0, 8:20, 15].min() == 0


def test_letters_that_begin_at_0_are_no_such_letters(tmp_path):
    write(tmp_path, letters(0))
    with pytest.raises(DataFileError, match=r"a label has no class(?s:.)*label -1 at index 0"):
        dl.open_data(str(tmp_path))


@pytest.mark.parametrize(("name", "classes"), [("balanced", 47), ("bymerge", 47), ("byclass", 62), ("digits", 10)])
def test_each_relative_has_its_classes(name, classes, few, tmp_path):
    idx(f"emnist-{name}-{PLAIN}", turned=True)(tmp_path, few, few)
    train, _ = dl.open_data(str(tmp_path))
    assert len(train.classes) == len(set(train.classes)) == classes
    assert train.sha256() == few.sha256()
    assert f"EMNIST {name}" in train.notes[0]
    assert f"emnist-{name}" in KIN


def test_of_several_sets_one_must_be_named(few, tmp_path):
    for name in ("digits", "mnist"):
        idx(f"emnist-{name}-{PLAIN}", turned=True)(tmp_path, few, few)
    with pytest.raises(InputError, match=r"several data sets(?s:.)*emnist-digits, emnist-mnist(?s:.)*name one of"):
        dl.open_data(str(tmp_path))
    train, _ = dl.open_data(str(tmp_path / "emnist-mnist-test-labels-idx1-ubyte"))
    assert train.notes == ("this is EMNIST mnist: turned upright",)


@pytest.mark.parametrize("lie", [{"begin": b"\0\0\x08"}, {"begin": b"\0\0\x0d"}, {"dimensions": 1}, {"body": bytes(8)}])
def test_labels_that_are_not_what_their_name_says_are_refused(lie, few, tmp_path):
    qmnist(tmp_path, few, few)
    said = {"begin": b"\0\0\x0c", "body": bytes(4 * 20 * 8)} | lie
    (tmp_path / "qmnist-train-labels-idx2-int.gz").write_bytes(forge.idx(20, 8, **said))
    with pytest.raises(DataFileError, match=r"qmnist-train-labels"):
        dl.open_data(str(tmp_path))


def test_rows_of_no_numbers_are_no_labels(few, tmp_path):
    qmnist(tmp_path, few, few)
    (tmp_path / "qmnist-train-labels-idx2-int.gz").write_bytes(forge.idx(20, 0, begin=b"\0\0\x0c"))
    with pytest.raises(DataFileError, match=r"the train files: the labels are not one number"):
        dl.open_data(str(tmp_path))


def test_of_two_files_for_one_purpose_the_published_name_is_read(few, tmp_path):
    idx(PLAIN)(tmp_path, few, few)
    write(tmp_path, idx_files("{part}-{what}.idx{sides}-ubyte", {"train": few[:3], "t10k": few[:3]}))
    write(tmp_path, idx_files(f"raw/{PLAIN}", {"train": few[:3], "t10k": few[:3]}))
    assert [len(digits) for digits in dl.open_data(str(tmp_path))] == [20, 20]
