"""Every form that a data set may come in, made of the same digits: the table in `docs/reference/data.md`."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
from PIL import Image

import digitlab as dl
from tests.hostile import forge

__all__ = ["ELSEWHERE", "FORMS", "Form", "write"]

Pack = Callable[[bytes], bytes]
Parts = dict[str, dl.Digits]  # by the names of their files: train and t10k, or train and test


@dataclass(frozen=True)
class Form:
    """One form.

    Attributes:
        make: writes it into an empty folder, and says what is to be opened there.
        note: what is said when it is opened, as a pattern; nothing where it is empty.
        options: of `open_data`.
        parts: whether both parts are in it, in this order; else some of the one is drawn for testing.
        row: the first cell of its row in the docs.
    """

    make: Callable[[Path, dl.Digits, dl.Digits], str]
    row: str
    note: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    parts: bool = True


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


# --- IDX ---


def idx_files(pattern: str, parts: Parts, pack: Pack = bytes, turned: bool = False) -> dict[str, bytes]:
    """Files whose names are ``pattern`` with {part}, {what} and {sides} filled in."""
    files = {}
    for part, digits in parts.items():
        images = digits.images.swapaxes(1, 2) if turned else digits.images
        for what, array in (("images", images), ("labels", digits.labels)):
            name = pattern.format(part=part, what=what, sides=array.ndim)
            files[name] = pack(forge.encode_idx(np.ascontiguousarray(array)))
    return files


def idx(pattern: str, place: str = "", *, only: str = "", **how: Any) -> Callable[[Path, dl.Digits, dl.Digits], str]:
    def make(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
        second = "test" if "emnist" in pattern else "t10k"
        parts = {only: train} if only else {"train": train, second: test}
        write(folder, idx_files(pattern, parts, **how))
        return place

    return make


def qmnist(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
    for part, digits in (("train", train), ("test", test)):
        rows = np.zeros((len(digits), 8), dtype=">i4")
        rows[:, 0], rows[:, 1:] = digits.labels, 70_000
        labels = forge.idx(*rows.shape, body=rows.tobytes(), begin=b"\0\0\x0c")
        write(folder, {f"qmnist-{part}-labels-idx2-int.gz": gzip.compress(labels)})
        images = gzip.compress(forge.encode_idx(digits.images))
        write(folder, {f"qmnist-{part}-images-idx3-ubyte.gz": images})
    return ""


# --- folders of pictures ---


def png(image: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG")
    return content.getvalue()


def pictures(place: str, digits: dl.Digits) -> dict[str, bytes]:
    """A picture file of each digit, below the folder of its class."""
    shown = enumerate(zip(digits.images, digits.labels, strict=True))
    return {f"{place}{digits.classes[label]}/{number:05}.png": png(image) for number, (image, label) in shown}


def folders(train_place: str, test_place: str = "", **more: bytes) -> Callable[[Path, dl.Digits, dl.Digits], str]:
    """Pictures in these places; without one for tests, there are none."""

    def make(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
        write(folder, pictures(train_place, train) | (pictures(test_place, test) if test_place else {}) | more)
        return ""

    return make


# --- tables ---

NAMES = [f"pixel{number}" for number in range(784)]


def table(digits: dl.Digits, header: str = "", *, separator: str = ",", end: str = "\n", behind: str = "") -> bytes:
    """A CSV file: the label first; ``header`` is its name."""
    rows = np.column_stack([digits.labels, digits.images.reshape(len(digits), -1)]).tolist()
    lines = [separator.join(map(str, row)) for row in rows]
    top = [separator.join([header, *NAMES])] if header else []
    return (end.join([*top, *lines]) + end + behind).encode()


def tables(train_name: str, test_name: str = "", pack: Pack = bytes, **how: Any) -> Callable[..., str]:
    """Two tables in a folder; or one, which is to be opened itself."""

    def make(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
        write(folder, {train_name: pack(table(train, **how))})
        if test_name:
            write(folder, {test_name: pack(table(test, **how))})
        return "" if test_name else train_name

    return make


def lines_of(rows: np.ndarray) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows.tolist())


def labels_last(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
    rows = np.column_stack([train.images.reshape(len(train), -1), train.labels])
    write(folder, {"digits.csv": lines_of(rows).encode()})
    return "digits.csv"


def spreadsheet(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
    """A byte order mark, semicolons, decimal commas, quoted names, CRLF, and three empty rows behind."""
    top, *lines = table(train, "Digit", separator=";").decode().splitlines()
    names = ";".join(f'"{name}"' for name in top.split(";"))
    numbers = [line.replace(";", ",0;") + ",0" for line in lines]
    content = "\r\n".join([names, *numbers, *[";" * 784] * 3, ""])
    write(folder, {"export.csv": b"\xef\xbb\xbf" + content.encode()})
    return "export.csv"


def competition(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
    """The second table has no labels."""
    unknown = ",".join(NAMES) + "\n" + lines_of(test.images.reshape(-1, 784))
    files = {"train.csv": table(train, "label"), "test.csv": unknown.encode()}
    write(folder, files | {"sample_submission.csv": b"ImageId,Label\n"})
    return ""


def arff(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
    """As OpenML has it: the label is last, and called class."""
    names = "".join(f"@ATTRIBUTE {name} real\n" for name in NAMES) + "@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}\n"
    rows = lines_of(np.column_stack([train.images.reshape(len(train), -1), train.labels]))
    content = f"% a comment\n@RELATION mnist_784\n\n{names}\n@DATA\n{rows}"
    write(folder, {"mnist_784.arff.gz": gzip.compress(content.encode())})
    return "mnist_784.arff.gz"


def npz(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path, dl.Digits, dl.Digits], str]:
    def make(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
        x, z = change(train.images), change(test.images)
        np.savez(folder / "mnist.npz", x_train=x, y_train=train.labels, x_test=z, y_test=test.labels)
        return "mnist.npz"

    return make


def mat(compressed: bool) -> Callable[[Path, dl.Digits, dl.Digits], str]:
    """As mnist-original.mat has it: a picture is a column."""

    def make(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
        arrays = {"data": train.images.reshape(len(train), -1).T, "label": train.labels.astype(float)[np.newaxis]}
        arrays["mldata_descr_ordering"] = np.array([["label", "data"]] * 20, dtype=object)
        scipy.io.savemat(folder / "mnist-original.mat", arrays, do_compression=compressed)
        return "mnist-original.mat"

    return make


def parquet(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
    """As Hugging Face has it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for part, digits in (("train", train), ("test", test)):
        content = [png(image) for image in digits.images]
        columns = {"image": [{"bytes": one, "path": None} for one in content], "label": digits.labels.tolist()}
        (folder / "mnist").mkdir(exist_ok=True)
        pq.write_table(pa.table(columns), folder / f"mnist/{part}-00000-of-00001.parquet")
    return ""


def emnist_table(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
    for part, digits in (("train", train), ("test", test)):
        turned = dl.Digits(np.ascontiguousarray(digits.images.swapaxes(1, 2)), digits.labels, "turned")
        write(folder, {f"emnist-mnist-{part}.csv": table(turned)})
    return ""


JUNK = {"train/Thumbs.db": b"", "train/0/desktop.ini": b"", "test/.DS_Store": b"", "train/__MACOSX/0/x.png": b""}
JUNK |= {"test/1/.ipynb_checkpoints/a.png": b""}

PARTED, PREFIXED = "no test part", "tables, `mnist_train.csv` and `mnist_test.csv`"
PLAIN = "{part}-{what}-idx{sides}-ubyte"
FORMS = {
    "idx": Form(idx(PLAIN), "IDX, as published"),
    "idx.gz": Form(idx(PLAIN + ".gz", pack=gzip.compress), "IDX, as published"),
    "idx with a dot": Form(idx("{part}-{what}.idx{sides}-ubyte"), "IDX, with a dot"),
    "idx in folders of their names": Form(idx(f"{PLAIN}/{PLAIN}"), "IDX, each in a folder that bears its name"),
    "idx in raw": Form(idx(f"raw/{PLAIN}"), "IDX in `raw/`"),
    "idx in MNIST/raw": Form(idx(f"MNIST/raw/{PLAIN}"), "IDX in `raw/`"),
    "idx, train alone": Form(idx(PLAIN, only="train"), "IDX, one part alone", PARTED, parts=False),
    "idx, t10k alone": Form(idx(PLAIN, only="t10k"), "IDX, one part alone", PARTED, parts=False),
    "EMNIST": Form(
        idx(f"emnist-mnist-{PLAIN}.gz", pack=gzip.compress, turned=True), "EMNIST", "EMNIST mnist: turned upright"
    ),
    "EMNIST, one of its files": Form(
        idx(f"emnist-digits-{PLAIN}", "emnist-digits-train-images-idx3-ubyte", turned=True), "EMNIST", "EMNIST digits"
    ),
    "QMNIST": Form(qmnist, "QMNIST", "QMNIST: of each label's numbers"),
    "pictures": Form(folders("train/", "test/"), "pictures, `train/0/*.png`"),
    "pictures, training and testing": Form(folders("training/", "testing/"), "pictures in `training/` and `testing/`"),
    "pictures, train, valid and test": Form(
        folders("train/", "test/", **{"valid/3/a.png": b"not looked at"}),
        "pictures beside `valid/`",
        "^valid/ is passed",
    ),
    "pictures, train and val": Form(folders("train/", "val/"), "pictures beside `valid/`", "^val/ is the test part"),
    "pictures, classes alone": Form(folders(""), "pictures, classes alone", PARTED, parts=False),
    "pictures among files of systems": Form(
        folders("train/", "test/", **JUNK),
        "pictures among Thumbs.db and the like",
        r"over: 5 that .*\.DS_Store, .*Thumbs",
    ),
    "tables": Form(tables("train.csv", "test.csv.gz", header="label"), "tables, `train.csv` and `test.csv`"),
    "tables with a word before": Form(tables("mnist_train.csv", "mnist_test.csv"), PREFIXED),
    "tables of a competition": Form(competition, "a competition's tables", "test.csv has no labels", parts=False),
    "tables of EMNIST": Form(emnist_table, PREFIXED, "EMNIST mnist: turned"),
    "table": Form(tables("digits.csv"), "a single table", PARTED, parts=False),
    "table.gz": Form(tables("digits.csv.gz", pack=gzip.compress, header="y"), "a single table", PARTED, parts=False),
    "table, labels last": Form(
        labels_last, "a table with the labels behind its pixels", PARTED, options={"label_column": "last"}, parts=False
    ),
    "table of a spreadsheet": Form(spreadsheet, "a spreadsheet's export", PARTED, parts=False),
    "arff": Form(arff, "ARFF", PARTED, parts=False),
    "mat": Form(mat(False), "MATLAB", PARTED, parts=False),
    "mat, compressed": Form(mat(True), "MATLAB", PARTED, parts=False),
    "npz": Form(npz(lambda images: images), "Keras"),
    "dark": Form(npz(lambda images: 255 - images), "dark ink on bright paper", "dark ink on bright paper: inverted"),
}
if find_spec("pyarrow"):
    FORMS["parquet"] = Form(parquet, "Parquet")
# Rows with tests of their own:
ELSEWHERE = {"tables of 8x8 or 16x16 pixels": "test_resizing.py", "pickles": "test_pickled.py"}
ELSEWHERE |= {"USPS": "test_resizing.py", "Parquet": "test_parquet_file.py"}
