"""`open_data` on every form of a data set, and `open_images` on pictures that nobody has labelled."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.cli import main
from digitlab.data import open_images
from digitlab.data.opening import FORMATS, Format
from digitlab.errors import DataFileError, InputError


def as_text(digits: dl.Digits, labels: bool = True) -> bytes:
    rows = digits.images.reshape(len(digits), -1)
    rows = np.column_stack([digits.labels, rows]) if labels else rows
    return "".join(",".join(map(str, row)) + "\n" for row in rows.tolist()).encode()


def sums(parts: tuple[dl.Digits, dl.Digits]) -> list[str]:
    return [digits.sha256() for digits in parts]


@pytest.fixture
def parts(mnist):
    return mnist[0][:70], mnist[1][:10]


def test_one_set_in_every_form_is_the_same(parts, tmp_path):
    train, test = parts
    arrays = {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}
    np.savez_compressed(tmp_path / "mnist.npz", **arrays)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/train.csv").write_bytes(as_text(train))
    (tmp_path / "tables/test.csv.gz").write_bytes(gzip.compress(as_text(test)))
    for name in ("mnist.npz", "tables"):
        opened = dl.open_data(str(tmp_path / name))
        assert sums(opened) == sums(parts)
        assert [digits.source for digits in opened] == [f"{tmp_path / name} train", f"{tmp_path / name} test"]


def test_pictures_in_folders_are_the_same_set_in_another_order(parts, tmp_path):
    for part, digits in zip(("train", "test"), parts, strict=True):
        for number, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
            folder = tmp_path / part / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{number:03}.png")
    for opened, digits in zip(dl.open_data(str(tmp_path)), parts, strict=True):
        assert opened.sha256() == digits[np.argsort(digits.labels, kind="stable")].sha256()


@pytest.mark.parametrize("name", ["digits.csv", "DIGITS.CSV", "digits.csv.gz"])
def test_a_single_table_is_parted_the_same_way_each_time(name, parts, tmp_path):
    whole = parts[0]
    content = as_text(whole)
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    train, test = dl.open_data(str(path))
    assert (len(train), len(test)) == (60, 10)
    together = {digits.images[at].tobytes() for digits in (train, test) for at in range(len(digits))}
    assert together == {image.tobytes() for image in whole.images}
    assert sums(dl.open_data(str(path))) == sums((train, test))
    assert (train.source, test.source) == (f"{path} train", f"{path} test")


def test_a_table_sorted_by_label_has_all_labels_in_both_parts(mnist, tmp_path):
    few = mnist[0][:1000]
    path = tmp_path / "sorted.csv"
    path.write_bytes(as_text(few[np.argsort(few.labels)]))
    train, test = dl.open_data(str(path))
    assert set(train.labels) == set(test.labels) == set(range(10))


def test_a_table_without_labels_is_for_predictions_alone(parts, tmp_path):
    path = tmp_path / "unknown.csv"
    path.write_bytes(as_text(parts[0], labels=False))
    with pytest.raises(InputError, match=r"no labels(?s:.)*open_images"):
        dl.open_data(str(path))
    assert np.array_equal(open_images(path), parts[0].images)
    assert dl.Network([784, 4, 10]).predict(open_images(str(path))).shape == (70,)


def test_pictures_of_a_labelled_table_can_be_had_as_well(parts, tmp_path):
    path = tmp_path / "known.csv"
    path.write_bytes(as_text(parts[0]))
    assert np.array_equal(open_images(path), parts[0].images)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b]0;owned\x07\x1b[31m", r"\x1b]0;owned\x07\x1b[31m"),
        ("a\nb\tc\x7f\x9b", r"a\nb\tc\x7f\x9b"),
        ("\u202etxt.exe\u200b", r"\u202etxt.exe\u200b"),
        ("Ziffern für い", "Ziffern für い"),
    ],
    ids=["escape", "control", "direction", "words"],
)
def test_a_name_gives_no_orders_to_a_terminal(name, shown, parts, tmp_path):
    (tmp_path / name).mkdir()
    for part, digits in zip(("train", "test"), parts, strict=True):
        (tmp_path / name / f"{part}.csv").write_bytes(as_text(digits))
    train, test = parts
    arrays = {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}
    np.savez(tmp_path / f"{name}.npz", **arrays)
    for place in (name, f"{name}.npz"):
        for digits in dl.open_data(str(tmp_path / place)):
            assert digits.source.isprintable()
            assert digits.source.startswith(f"{tmp_path}/{shown}")


@pytest.mark.parametrize("name", ["nothing.csv", "nothing.npz", "digits.txt", "digits.parquet"])
def test_what_is_not_there_or_not_known_is_an_error_of_the_call(name, tmp_path):
    (tmp_path / "digits.txt").write_bytes(b"1,2")
    with pytest.raises(InputError, match="no such data set"):
        dl.open_data(str(tmp_path / name))


@pytest.mark.parametrize("name", ["digits.npz", "digits.csv"])
def test_a_file_under_a_known_ending_must_be_one(name, tmp_path):
    (tmp_path / name).write_bytes(b"\x80\x04\x95 a pickle, perhaps")
    with pytest.raises(DataFileError, match=name):
        dl.open_data(str(tmp_path / name))


def test_one_table_of_two_is_no_data_set(parts, tmp_path):
    (tmp_path / "train.csv").write_bytes(as_text(parts[0]))
    with pytest.raises(
        InputError, match=r"no such data set(?s:.)*train\.csv and test\.csv(?s:.)*got: a folder with other things in it"
    ):
        dl.open_data(str(tmp_path))


def test_a_path_is_as_good_as_its_text(parts, tmp_path):
    (tmp_path / "digits.csv").write_bytes(as_text(parts[0]))
    assert sums(dl.open_data(tmp_path / "digits.csv")) == sums(dl.open_data(str(tmp_path / "digits.csv")))
    with pytest.raises(InputError, match="no such data set"):
        dl.open_data(tmp_path / "nothing.csv")


def read_toy(path, source):
    """One shade a line, with its label."""
    rows = np.array([list(map(int, line.split())) for line in path.read_text().splitlines()], dtype=np.uint8)
    digits = dl.Digits(np.tile(rows[:, :1, np.newaxis], (1, 28, 28)), rows[:, 1], source)
    return digits[: len(digits) // 2], digits[len(digits) // 2 :]


def test_a_format_from_outside_is_opened_like_the_others(monkeypatch, tmp_path, capsys):
    path = tmp_path / "shades.toy"
    path.write_text("".join(f"{25 * digit} {digit}\n" for digit in range(10)) * 4)
    with pytest.raises(InputError, match="no such data set"):
        dl.open_data(str(path))
    toy = Format("a .toy file with a shade and a label in each line", lambda path: path.suffix == ".toy", read_toy)
    monkeypatch.setitem(FORMATS, "toy", toy)
    train, test = dl.open_data(str(path))
    assert train.images[3].tolist() == np.full((28, 28), 75).tolist()
    assert (len(train), len(test), train.source) == (20, 20, f"{path} (20 of 40)")
    with pytest.raises(InputError, match=r"a \.npz file .*; a \.toy file with a shade"):
        dl.open_data(str(tmp_path / "missing"))
    monkeypatch.chdir(tmp_path)
    assert main(["train", "minibatch", "--data", str(path), "--epochs", "1", "--layers", "784,2,10"]) == 0
    assert f"20 digits from {path}" in capsys.readouterr().out
