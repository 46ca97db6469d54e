"""Parquet files: pictures as files or as lists, labels as numbers or names; damage is refused in our words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitlab as dl
from digitlab.cli import main
from digitlab.errors import DataFileError, DigitlabError, InputError
from tests.data.forms import png


def encoded(images: np.ndarray) -> list[bytes]:
    return [png(image) for image in images]


@pytest.fixture
def few(mnist):
    return mnist[0][:21]


@pytest.fixture
def write(tmp_path):
    """Columns as a Parquet file."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    def made(columns: dict[str, Any], name: str = "mnist.parquet", **how: Any) -> str:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pq.write_table(pa.table(columns), tmp_path / name, **how)
        return str(tmp_path / name)

    return made


def hugging(digits: dl.Digits) -> dict[str, Any]:
    """The columns as Hugging Face has them."""
    pictures = [{"bytes": content, "path": None} for content in encoded(digits.images)]
    return {"image": pictures, "label": digits.labels.astype(np.int64).tolist()}


IMAGES = {
    "files with paths": lambda few: hugging(few)["image"],
    "files": lambda few: encoded(few.images),
    "lists of 784": lambda few: few.images.reshape(-1, 784).tolist(),
    "lists of lists": lambda few: few.images.tolist(),
    "lists of whole floats": lambda few: few.images.reshape(-1, 784).astype(float).tolist(),
}


@pytest.mark.parametrize("make", IMAGES.values(), ids=IMAGES.keys())
@pytest.mark.parametrize("kind", [int, float, str])
def test_pictures_and_labels_of_all_kinds_are_read(make, kind, few, write):
    path = write({"Target": list(map(kind, few.labels.tolist())), "x": make(few)}, row_group_size=5)
    parts = dl.open_data(path)
    known = {image.tobytes(): label for image, label in zip(few.images, few.labels, strict=True)}
    assert [len(part) for part in parts] == [18, 3]
    for part in parts:
        assert [known[image.tobytes()] for image in part.images] == part.labels.tolist()


def test_a_folder_has_a_file_or_several_for_each_part(few, write, tmp_path):
    for number in range(2):
        write(hugging(few[10 * number : 10 * number + 10]), f"mnist/train-0000{number}-of-00002.parquet")
    write(hugging(few[20:]), "mnist/test-00000-of-00001.parquet")
    for place in ("", "mnist"):
        train, test = dl.open_data(str(tmp_path / place))
        assert train.sha256() == few[:20].sha256()
        assert test.sha256() == few[20:].sha256()
    (tmp_path / "mnist/test-00000-of-00001.parquet").unlink()
    assert "no test part" in dl.open_data(str(tmp_path))[0].notes[0]


def test_pictures_of_another_size_are_resized_when_asked_for(few, write, capsys):
    large = [np.kron(image, np.ones((2, 2), np.uint8)) for image in few.images]
    path = write({"image": encoded(np.stack(large)), "label": few.labels.tolist()})
    assert main(["data", "verify", path]) == 1
    assert "row 1: the picture has the wrong size" in capsys.readouterr().err
    assert main(["data", "verify", path, "--resize"]) == 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"label": None}, "these are not the columns"),
        ({"more": [1] * 21}, "these are not the columns(?s:.)*got: image, label, more"),
        ({"class": [1] * 21}, "these are not the columns"),
        ({"label": [10] * 21}, "a label is not a digit"),
        ({"label": [None, *[1] * 20]}, "the labels are no"),
        ({"label": [1.5] * 21}, "a label is not a digit"),
        ({"label": ["x"] * 21}, "the labels are no numbers, and no names"),
        ({"image": [b"no picture"] * 21}, "row 1: this is not a picture"),
        ({"image": [None] * 21}, "rows 1 to 21: the images"),
        ({"image": ["text"] * 21}, "rows 1 to 21: the images"),
        ({"image": [[1, 2]] * 21}, "rows 1 to 21: the images have the wrong size"),
        ({"image": [[0] * 783, *[[0] * 784] * 20]}, "rows 1 to 21: the images are no array"),
        ({"image": [[0.5] * 784] * 21}, "rows 1 to 21: the pixels of the images are from 0 to 1"),
        ({"image": [[256] * 784] * 21}, "no bytes"),
    ],
)
def test_what_is_no_data_set_is_refused(change, complaint, few, write):
    columns = {name: column for name, column in (hugging(few) | change).items() if column is not None}
    with pytest.raises(DataFileError, match=complaint):
        dl.open_data(write(columns))


def test_a_column_can_be_asked_for(few, write):
    columns = hugging(few)
    path = write({"what": columns["label"], "image": columns["image"]})
    assert len(dl.open_data(path, label_column="what")[0]) == 18
    with pytest.raises(InputError, match="no such column"):
        dl.open_data(path, label_column="which")


def test_damage_is_refused_in_our_words(few, write):
    path = Path(write(hugging(few)))
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    cuts = [whole[:at] for at in (0, 4, 11, 100, len(whole) - 1)]
    flipped = [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in rng.integers(0, len(whole), 150)]
    lengths = [
        whole[:-8] + length.to_bytes(4, "little") + whole[-4:] for length in (0, 1, len(whole), 2**24, 2**32 - 1)
    ]
    refused = 0
    for content in [*cuts, *flipped, *lengths, whole + b"x", b"PAR1PAR1", b"PAR1" + bytes(8) + b"PAR1"]:
        path.write_bytes(content)
        try:
            train, _ = dl.open_data(str(path))
        except DigitlabError:
            refused += 1
        else:
            assert len(train) == 18  # a path, a statistic, a byte that says nothing
    assert refused > 100


def test_without_pyarrow_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "mnist.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"pyarrow, which is not installed(?s:.)*digitlab\[parquet\]"):
        dl.open_data(str(path))
