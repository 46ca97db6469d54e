"""`open_data`: a data set by its name or its place, whatever form it has; and `open_images`, for pictures alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.data.catalogue import CATALOGUE, STEMS, open_entry, read_idx_folder
from digitlab.data.csv_file import Table, read_csv
from digitlab.data.digits import Digits
from digitlab.data.image_folder import is_image_folder, read_image_folder
from digitlab.data.npz import read_npz
from digitlab.errors import InputError

__all__ = ["open_data", "open_images"]

CSV_ENDINGS = (".csv", ".csv.gz")
HELD_OUT = 7  # of a single CSV file, every seventh picture is for testing; as of MNIST, 10,000 of 70,000
HELD_OUT_SEED = 0


def open_data(name: str) -> tuple[Digits, Digits]:
    """A data set by name, or by the path of a folder or file.

    ====================  ===============================================================================
    ``mnist`` and others  a name of the catalogue; see ``digitlab data``
    a folder              with the four IDX files, gzipped or not
    a folder              with ``train`` and ``test``, and in them a folder of pictures for each class
    a folder              with ``train.csv`` and ``test.csv``, gzipped or not
    a ``.npz`` file       with ``x_train``, ``y_train``, ``x_test``, ``y_test``, as Keras has it
    a ``.csv`` file       with labels; a seventh of its lines, the same each time, is the test part
    ====================  ===============================================================================

    Returns:
        The training part and the test part.

    Raises:
        InputError: no such name, folder or file; one that was never fetched; or a CSV file without labels.
        DataFileError: a file of it cannot be trusted.
    """
    if name in CATALOGUE:
        return open_entry(CATALOGUE[name])
    path = _existing(name)
    shown = _visible(name)
    if path.is_dir():
        if is_image_folder(path):
            return read_image_folder(path, shown)
        tables = [_find_csv(path, part) for part in ("train", "test")]
        if tables[0] and tables[1]:
            return _read_labelled(tables[0], f"{shown} train"), _read_labelled(tables[1], f"{shown} test")
        return read_idx_folder(path, shown)
    if path.name.lower().endswith(CSV_ENDINGS):
        return _hold_out(_read_labelled(path, shown), shown)
    return read_npz(path, shown)


def open_images(name: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """The pictures ``(N, 28, 28) uint8`` of a CSV file, with labels or without: to predict what nobody has labelled.

    Raises:
        InputError: no such file.
        DataFileError: a line that is not a picture, and so on.
    """
    return read_csv(_existing(os.fspath(name))).images


def _existing(name: str) -> Path:
    """The folder or file that is meant, in a form that is known by its name."""
    path = Path(name)
    try:
        known = path.is_dir() or (path.exists() and path.name.lower().endswith((*CSV_ENDINGS, ".npz")))
        got = "" if known else "a file" if path.exists() else "neither a known name nor a folder or file"
    except (OSError, ValueError) as error:  # a name too long or with a NUL, a folder above it that may not be entered
        got = getattr(error, "strerror", None) or str(error)
    if got:
        raise InputError(
            f"{name}: there is no such data set",
            must_be=f"{', '.join(CATALOGUE)}; a folder with {STEMS[0]} and so on, or with train/0/*.png and so on; "
            "a .npz or .csv file",
            got=got,
            help="`digitlab data` lists those with a name; leave --data out to use the MNIST that comes with digitlab",
        )
    return path


def _visible(name: str) -> str:
    """A name that a terminal shows as it is: it may hold bytes that are not text, or orders to the terminal."""
    text = os.fsencode(name).decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _find_csv(folder: Path, part: str) -> Path | None:
    """``train.csv`` or ``test.csv``, gzipped or not."""
    try:
        return next((folder / f"{part}{end}" for end in CSV_ENDINGS if (folder / f"{part}{end}").exists()), None)
    except OSError:  # a folder that may not be entered; whoever reads it says so
        return None


def _read_labelled(path: Path, source: str) -> Digits:
    table: Table = read_csv(path)
    if table.labels is None:
        raise InputError(
            f"{path}: there are no labels",
            must_be="a column with the name label, or 785 numbers in each line, the label first",
            got="784 columns, all of them pixels",
            help="for predictions alone: network.predict(digitlab.data.open_images(path))",
        )
    return Digits(table.images, table.labels, source)


def _hold_out(digits: Digits, source: str) -> tuple[Digits, Digits]:
    """Two parts, drawn without regard to the order of the lines, which may go by label. The same every time."""
    drawn = np.random.default_rng(HELD_OUT_SEED).permutation(len(digits))
    test, train = (np.sort(part) for part in np.split(drawn, [len(digits) // HELD_OUT]))
    return (
        Digits(digits.images[train], digits.labels[train], f"{source} train"),
        Digits(digits.images[test], digits.labels[test], f"{source} test"),
    )
