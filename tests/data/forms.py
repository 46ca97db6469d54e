"""Every form that a data set may come in, made of the same digits: the table in `docs/reference/data.md`."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import digitlab as dl
from tests.hostile import forge

__all__ = ["FORMS", "Form", "write"]

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
        row: the word by which its row in the docs' table is known.
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


def pictures(place: str, digits: dl.Digits) -> dict[str, bytes]:
    """A picture file of each digit, below the folder of its class."""
    files = {}
    for number, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        content = io.BytesIO()
        Image.fromarray(image).save(content, "PNG")
        files[f"{place}{digits.classes[label]}/{number:05}.png"] = content.getvalue()
    return files


def folders(train_place: str, test_place: str = "", **more: bytes) -> Callable[[Path, dl.Digits, dl.Digits], str]:
    """Pictures in these places; without one for tests, there are none."""

    def make(folder: Path, train: dl.Digits, test: dl.Digits) -> str:
        write(folder, pictures(train_place, train) | (pictures(test_place, test) if test_place else {}) | more)
        return ""

    return make


JUNK = {"train/Thumbs.db": b"", "train/0/desktop.ini": b"", "test/.DS_Store": b"", "train/__MACOSX/0/x.png": b""}
JUNK |= {"test/1/.ipynb_checkpoints/a.png": b""}

PLAIN = "{part}-{what}-idx{sides}-ubyte"
FORMS = {
    "idx": Form(idx(PLAIN), "as published"),
    "idx.gz": Form(idx(PLAIN + ".gz", pack=gzip.compress), "as published"),
    "idx with a dot": Form(idx("{part}-{what}.idx{sides}-ubyte"), "with a dot"),
    "idx in folders of their names": Form(idx(f"{PLAIN}/{PLAIN}"), "bears its name"),
    "idx in raw": Form(idx(f"raw/{PLAIN}"), "raw/"),
    "idx in MNIST/raw": Form(idx(f"MNIST/raw/{PLAIN}"), "raw/"),
    "idx, train alone": Form(idx(PLAIN, only="train"), "one part", "no test part", parts=False),
    "idx, t10k alone": Form(idx(PLAIN, only="t10k"), "one part", "no test part", parts=False),
    "EMNIST": Form(
        idx(f"emnist-mnist-{PLAIN}.gz", pack=gzip.compress, turned=True), "EMNIST", "EMNIST mnist: turned upright"
    ),
    "EMNIST, one of its files": Form(
        idx(f"emnist-digits-{PLAIN}", "emnist-digits-train-images-idx3-ubyte", turned=True), "EMNIST", "EMNIST digits"
    ),
    "QMNIST": Form(qmnist, "QMNIST", "QMNIST: of each label's numbers"),
    "pictures": Form(folders("train/", "test/"), "`train/0/*.png`"),
    "pictures, training and testing": Form(folders("training/", "testing/"), "`training/"),
    "pictures, train, valid and test": Form(
        folders("train/", "test/", **{"valid/3/a.png": b"not looked at"}), "`valid/`", "^valid/ is passed over"
    ),
    "pictures, train and val": Form(folders("train/", "val/"), "`valid/`", "^val/ is the test part"),
    "pictures, classes alone": Form(folders(""), "classes alone", "no test part: 20 of the 140", parts=False),
    "pictures among files of systems": Form(
        folders("train/", "test/", **JUNK), "Thumbs.db", r"^passed over: 5 that .*\.DS_Store, .*Thumbs"
    ),
}
