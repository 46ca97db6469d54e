"""Two tables in a folder: which belong together, and what is done where the second has no labels."""

from __future__ import annotations

import pytest

import digitlab as dl
from digitlab.errors import DataFileError, InputError
from tests.data.forms import competition, table, tables, write


@pytest.fixture
def few(mnist):
    return mnist[0][:20]


def test_of_several_pairs_the_one_without_a_word_is_meant(few, tmp_path):
    for name in ("one", "two"):
        tables(f"{name}_train.csv", f"{name}-test.csv")(tmp_path, few, few[:3])
    with pytest.raises(InputError, match=r"several data sets(?s:.)*got: one, two(?s:.)*name one table"):
        dl.open_data(str(tmp_path))
    tables("train.csv", "test.csv")(tmp_path, few[:9], few[:4])
    assert [len(digits) for digits in dl.open_data(str(tmp_path))] == [9, 4]
    assert len(dl.open_data(str(tmp_path / "one_train.csv"))[0]) == 18


def test_tables_of_different_words_are_no_pair(few, tmp_path):
    tables("one_train.csv", "two_test.csv")(tmp_path, few, few)
    with pytest.raises(InputError, match="no such data set"):
        dl.open_data(str(tmp_path))


def test_labels_of_letters_are_as_many_as_there_are_letters(few, tmp_path):
    path = tmp_path / "emnist-letters-train.csv"
    path.write_bytes(table(dl.Digits(few.images, few.labels + 17, "letters", tuple(map(str, range(27))))))
    parts = dl.open_data(str(path))
    shown = {part.classes[label] for part in parts for label in part.labels}
    assert shown == {"QRSTUVWXYZ"[label] for label in few.labels}
    path.rename(tmp_path / "digits.csv")
    with pytest.raises(DataFileError, match="this is not a label"):
        dl.open_data(str(tmp_path / "digits.csv"))


def test_a_competition_says_what_it_learns_from(few, tmp_path):
    competition(tmp_path, few, few)
    for digits in dl.open_data(str(tmp_path)):
        assert digits.notes[0] == "test.csv has no labels, so all is from train.csv"
        assert digits.notes[1].startswith("there is no test part: 2 of the 20")
    for digits in dl.open_data(str(tmp_path), label_column="label"):
        assert len(digits.notes) == 2


def test_a_first_table_without_labels_teaches_nothing(few, tmp_path):
    competition(tmp_path, few, few)
    write(tmp_path, {"train.csv": (tmp_path / "test.csv").read_bytes()})
    with pytest.raises(InputError, match=r"train\.csv: there are no labels"):
        dl.open_data(str(tmp_path))
