"""Data sets of tables: ``train.csv`` and ``test.csv`` in a folder, such names with a word before them, or one file.

A competition keeps the labels of its second table for itself: all that can be learnt from, and measured, is the first.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.data.columns import LabelColumn
from digitlab.data.csv_file import read_csv
from digitlab.data.digits import Digits
from digitlab.data.files import named, readable
from digitlab.data.kin import KIN, PLAIN, Kin
from digitlab.data.parting import with_test_part
from digitlab.data.resizing import Resize, resized
from digitlab.data.table import IGNORED, Table, as_digits
from digitlab.errors import InputError, refuse

CSV_ENDINGS = (".csv", ".csv.gz")
PARTS = ("train", "test")
NAME = re.compile(r"(?:(?P<set>.+)[-_])?(?P<part>train|test)\.csv(?:\.gz)?", re.IGNORECASE)


def is_csv_folder(folder: Path) -> bool:
    """Whether ``train.csv`` and ``test.csv`` are in ``folder``, gzipped or not, both with the same word before them."""
    return folder.is_dir() and bool(_find_pairs(folder))


def read_csv_folder(
    folder: Path, source: str, label_column: LabelColumn | None = None, resize: Resize | None = None
) -> tuple[Digits, Digits]:
    """The data set in a folder with ``train.csv`` and ``test.csv``; see `opening.Format`.

    Raises:
        InputError: the first has no labels, it is in doubt where they are, or there are several such sets.
        DataFileError: as `read_csv`.
    """
    paths = _find_pair(folder)
    kin = _kin(paths["train"])
    tables = {part: _read(paths[part], kin, label_column) for part in PARTS}
    train = as_digits(tables["train"], paths["train"], f"{source} train", resize, kin)
    if tables["test"].labels is None:
        note = f"{paths['test'].name} has no labels, so all is from {paths['train'].name}"
        return with_test_part(replace(train, notes=(*train.notes, note)), source)
    return train, as_digits(tables["test"], paths["test"], f"{source} test", resize, kin)


def split_csv(
    path: Path, source: str, label_column: LabelColumn | None = None, resize: Resize | None = None
) -> tuple[Digits, Digits]:
    """The data set in one CSV file, some of it kept for testing; see `opening.Format`.

    Raises:
        InputError: the file has no labels, or it is in doubt where they are.
        DataFileError: as `read_csv`.
    """
    kin = _kin(path)
    return with_test_part(as_digits(_read(path, kin, label_column), path, source, resize, kin), source)


def read_csv_pictures(
    path: Path, label_column: LabelColumn | None = None, resize: Resize | None = None
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """The pictures ``(N, 28, 28)`` of a CSV file, or of ``test.csv`` in a folder, with notes; labels may be anything.

    Raises:
        InputError: it is in doubt which column holds the labels, or there are several such sets in the folder.
        DataFileError: as `read_csv`, or pictures of another size and no way to ``resize`` them.
    """
    path = _find_pair(path)["test"] if path.is_dir() else path
    kin = _kin(path)
    table = _read(path, kin, label_column, any_label=True)
    with named(path):
        images, notes = resized(table.images, resize)
    return kin.upright(images), (*kin.notes, *notes, *([IGNORED] if table.labels is not None else []))


def _kin(path: Path) -> Kin:
    """Which relative of MNIST a table is of, by its name."""
    found = NAME.fullmatch(path.name)
    return KIN.get((found["set"] or "").lower(), PLAIN) if found else PLAIN


def _find_pair(folder: Path) -> dict[str, Path]:
    """Both tables of the one data set that is in a folder.

    Raises:
        InputError: there are several.
    """
    pairs = _find_pairs(folder)
    if len(pairs) > 1:
        got, help = ", ".join(pairs), "move each into a folder of its own, or name one table"
        refuse(InputError, folder, "there are several data sets in this folder", got=got, help=help)
    return next(iter(pairs.values()))


def _find_pairs(folder: Path) -> dict[str, dict[str, Path]]:
    """Both tables by the word before their names; those without a word, where there are any."""
    found: dict[str, dict[str, Path]] = {}
    with readable(folder):
        for path in sorted(folder.iterdir()):
            if name := NAME.fullmatch(path.name):
                found.setdefault((name["set"] or "").lower(), {}).setdefault(name["part"].lower(), path)
    pairs = {name: paths for name, paths in found.items() if len(paths) == len(PARTS)}
    return {"": pairs[""]} if "" in pairs else pairs


def _read(path: Path, kin: Kin, label_column: LabelColumn | None, *, any_label: bool = False) -> Table:
    return read_csv(path, label_column, kin.first_label + len(kin.classes) - 1, any_label=any_label)
