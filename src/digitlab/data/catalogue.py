"""Which data sets there are, where their files lie, and the checksums that they must have.

MNIST comes with the package, so the main job needs no network. Its files are gzipped IDX; the SHA-256 of
the unzipped bytes is checked at every load.

Source: Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits" (1998),
licence CC BY-SA 3.0 (see ``mnist/LICENCE.md``).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE, Digits
from digitlab.data.idx import read_idx
from digitlab.errors import DataFileError, InputError

__all__ = ["MNIST_TEST_SHA256", "load_data", "load_mnist", "open_data"]

MNIST_FOLDER = Path(__file__).with_name("mnist")
MNIST_TRAIN = "MNIST train"
MNIST_TEST = "MNIST test"

MNIST_TEST_SHA256 = "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b"  # of `Digits.sha256`

PARTS = {"train": "train", "test": "t10k"}  # our name of each part: the prefix of its files
MNIST_SHA256 = {  # of the unzipped files
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def load_mnist() -> tuple[Digits, Digits]:
    """The 60,000 training and 10,000 test digits of MNIST, from the files in the package.

    Raises:
        DataFileError: a file is missing, or its SHA-256 is not the published one.
    """
    train = _read_part(MNIST_FOLDER, "train", MNIST_TRAIN, MNIST_SHA256)
    test = _read_part(MNIST_FOLDER, "test", MNIST_TEST, MNIST_SHA256)
    return train, test


KerasTuple = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def load_data() -> tuple[KerasTuple, KerasTuple]:
    """MNIST in the shape that Keras users know: ``(x_train, y_train), (x_test, y_test)``.

    Images are ``(N, 28, 28) uint8``, labels ``(N,) uint8``.
    """
    train, test = load_mnist()
    return (train.images, train.labels), (test.images, test.labels)


def open_data(name: str) -> tuple[Digits, Digits]:
    """A data set by name (``"mnist"``), or a folder with the four IDX files, gzipped or not.

    Returns:
        The training part and the test part.

    Raises:
        InputError: no such name or folder.
        DataFileError: a file in it cannot be trusted.
    """
    if name == "mnist":
        return load_mnist()
    folder = Path(name)
    try:
        got = "" if folder.is_dir() else "a file" if folder.exists() else "neither a known name nor a folder"
    except OSError as error:  # a name too long, a folder above it that may not be entered
        got = error.strerror or str(error)
    if got:
        raise InputError(
            f"{name}: there is no such data set",
            must_be=f"mnist, or a folder with {', '.join(MNIST_SHA256)} (each may end in .gz)",
            got=got,
            help="leave --data out to use the MNIST that comes with digitlab",
        )
    shown = os.fsencode(name).decode(errors="backslashreplace")  # a name may hold bytes that are not text
    return _read_part(folder, "train", f"{shown} train"), _read_part(folder, "test", f"{shown} test")


def _read_part(folder: Path, part: str, source: str, checksums: dict[str, str] | None = None) -> Digits:
    """Images and labels of one part; with ``checksums``, each file's content must have its SHA-256."""
    arrays = []
    for kind, dimensions in (("images", 3), ("labels", 1)):
        stem = f"{PARTS[part]}-{kind}-idx{dimensions}-ubyte"
        path = _gzipped_or_plain(folder, stem)
        array, content = read_idx(path, dimensions)
        if checksums is not None and (actual := hashlib.sha256(content).hexdigest()) != checksums[stem]:
            raise DataFileError(
                f"{path}: this is not the published file",
                must_be=f"SHA-256 {checksums[stem]}",
                got=actual,
                help="install digitlab again: the file in the package was changed or damaged",
            )
        arrays.append(array)
    images, labels = arrays
    if images.shape[1:] != (SIDE, SIDE) or len(images) != len(labels) or labels.max(initial=0) > 9:
        raise DataFileError(
            f"{folder}: the {part} files do not hold digits",
            must_be=f"images (N, {SIDE}, {SIDE}) and N labels, each 0 to 9",
            got=f"images {images.shape}, labels {labels.shape}, largest label {labels.max(initial=0)}",
            help="images and labels must come from the same set and be complete",
        )
    return Digits(images, labels, source)


def _gzipped_or_plain(folder: Path, stem: str) -> Path:
    got = "neither"
    try:
        for name in (f"{stem}.gz", stem):
            if (folder / name).exists():
                return folder / name
    except OSError as error:  # a folder that may not be entered
        got = error.strerror or str(error)
    raise DataFileError(
        f"{folder}: a file of the data set is missing",
        must_be=f"{stem} or {stem}.gz",
        got=got,
        help="a data set is four files: images and labels, for training (train-) and test (t10k-)",
    )
