"""Which column holds the labels: what is asked for, named, or seen; and where it is in doubt, a question."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

import digitlab as dl
from digitlab.cli import main
from digitlab.data import open_images
from digitlab.errors import InputError


@pytest.fixture
def few(mnist):
    return mnist[0][:70]


def lines(*columns: np.ndarray, header: str = "") -> bytes:
    rows = np.column_stack(columns).tolist()
    return (header and header + "\n").encode() + "".join(",".join(map(str, row)) + "\n" for row in rows).encode()


def pixels(digits: dl.Digits) -> np.ndarray:
    return digits.images.reshape(len(digits), -1)


NAMES = ",".join(f"p{number}" for number in range(784))


def is_split_of(parts: tuple[dl.Digits, dl.Digits], whole: dl.Digits) -> bool:
    """Whether both parts together are these digits, in any order."""
    known = {image.tobytes(): label for image, label in zip(whole.images, whole.labels, strict=True)}
    pairs = [pair for part in parts for pair in zip(part.images, part.labels, strict=True)]
    return len(pairs) == len(whole) and all(known[image.tobytes()] == label for image, label in pairs)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda few: lines(pixels(few), few.labels), "first column cannot be the labels(?s:.)*0 to 9 in the last"),
        (
            lambda few: lines(np.ones(70, int), pixels(few)),
            "cannot be the labels(?s:.)*1 in the first column of all",
        ),
        (lambda few: lines(few.labels, pixels(few)[:, 1:], few.labels[::-1]), "in the first or in the last column"),
    ],
    ids=["last", "ones", "both"],
)
def test_a_table_whose_labels_are_in_doubt_is_asked_about(make, complaint, few, tmp_path, capsys):
    path = tmp_path / "digits.csv.gz"
    path.write_bytes(gzip.compress(make(few)))
    for read in (dl.open_data, open_images):
        with pytest.raises(InputError, match=f"{complaint}(?s:.)*--label-column"):
            read(str(path))
    assert main(["data", "verify", str(path)]) == 2
    assert "--label-column" in capsys.readouterr().err


def test_row_numbers_before_the_pixels_are_no_labels(few, tmp_path):
    path = tmp_path / "digits.csv"
    path.write_bytes(lines(np.arange(70), pixels(few)))
    with pytest.raises(dl.DigitlabError, match=r"line 11: column 1: this is not a label(?s:.)*--label-column"):
        dl.open_data(str(path))


@pytest.mark.parametrize(
    ("asked", "place"), [("first", 0), ("FIRST", 0), ("last", 784), ("1", 0), (1, 0), ("785", 784), (201, 200)]
)
def test_the_column_that_is_asked_for_is_taken(asked, place, few, tmp_path):
    path = tmp_path / "digits.csv"
    before, behind = pixels(few)[:, :place], pixels(few)[:, place:]
    path.write_bytes(lines(before, few.labels, behind))
    assert is_split_of(dl.open_data(str(path), label_column=asked), few)
    assert np.array_equal(open_images(path, label_column=asked), few.images)


def test_a_name_of_the_header_can_be_asked_for(few, tmp_path):
    header = NAMES.replace("p100,", "What is it,p100,")
    content = lines(pixels(few)[:, :100], few.labels, pixels(few)[:, 100:], header=header)
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv").write_bytes(content)
    for digits in dl.open_data(str(tmp_path), label_column="what IS it"):
        assert digits.sha256() == few.sha256()


def test_the_command_line_takes_the_same(few, tmp_path, capsys):
    path = str(tmp_path / "digits.csv")
    (tmp_path / "digits.csv").write_bytes(lines(pixels(few), few.labels))
    assert main(["data", "verify", path, "--label-column", "last"]) == 0
    for command in (
        ["data", "show", path],
        ["train", "quick", "--epochs", "1", "--out", str(tmp_path), "--data", path],
    ):
        assert main([*command, "--label-column", "400"]) == 1
        assert "this is not a label" in capsys.readouterr().err


@pytest.mark.parametrize("asked", ["0", "786", "-1", "p784", "", 0, 1.5])
def test_a_column_that_is_not_there_is_refused(asked, few, tmp_path):
    path = tmp_path / "digits.csv"
    path.write_bytes(lines(few.labels, pixels(few), header=f"label,{NAMES}"))
    with pytest.raises(InputError, match=r"no such column of labels(?s:.)*a number from 1 to 785"):
        dl.open_data(str(path), label_column=asked)


def test_an_option_that_would_change_nothing_is_refused(few, tmp_path, capsys):
    arrays = {"x_train": few.images, "y_train": few.labels, "x_test": few.images, "y_test": few.labels}
    np.savez(tmp_path / "mnist.npz", **arrays)
    for name in ("mnist", str(tmp_path / "mnist.npz")):
        with pytest.raises(InputError, match="label_column says nothing about such data"):
            dl.open_data(name, label_column="last")
        assert main(["data", "verify", name, "--label-column", "last"]) == 2


def test_two_lines_of_one_class_are_asked_about_and_one_line_is_not(few, tmp_path):
    path = tmp_path / "digits.csv"
    path.write_bytes(lines(few.labels[:1], pixels(few)[:1]))
    assert len(open_images(path)) == 1
    path.write_bytes(lines(few.labels[[0, 0]], pixels(few)[:2]))
    with pytest.raises(InputError, match="first column cannot be"):
        open_images(path)
    assert len(open_images(path, label_column="first")) == 2


def test_the_classes_that_are_there_are_counted(few, tmp_path, capsys):
    some = few[few.labels < 3]
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv").write_bytes(lines(some.labels, pixels(some), header=f"label,{NAMES}"))
    for command in ("verify", "show"):
        assert main(["data", command, str(tmp_path)]) == 0
        assert "in 3 of 10 classes" in capsys.readouterr().out
