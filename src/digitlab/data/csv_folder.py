"""Data sets of tables: ``train.csv`` and ``test.csv`` in a folder, such names with a word before them, or one file.

A competition keeps the labels of its second table for itself: all that can be learnt from, and measured, is the first.
"""

import re
from dataclasses import replace
from pathlib import Path

from digitlab.data.columns import LabelColumn
from digitlab.data.csv_file import read_csv
from digitlab.data.digits import Digits
from digitlab.data.files import readable
from digitlab.data.kin import KIN, PLAIN, Kin
from digitlab.data.parting import with_test_part
from digitlab.data.resizing import Resize
from digitlab.data.table import Table, as_digits
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
    pairs = _find_pairs(folder)
    if len(pairs) > 1:
        got, help = ", ".join(pairs), "move each into a folder of its own, or name one table"
        refuse(InputError, folder, "there are several data sets in this folder", got=got, help=help)
    ((name, paths),) = pairs.items()
    kin = KIN.get(name, PLAIN)
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
    found = NAME.fullmatch(path.name)
    kin = KIN.get((found["set"] or "").lower(), PLAIN) if found else PLAIN
    return with_test_part(as_digits(_read(path, kin, label_column), path, source, resize, kin), source)


def _find_pairs(folder: Path) -> dict[str, dict[str, Path]]:
    """Both tables by the word before their names; those without a word, where there are any."""
    found: dict[str, dict[str, Path]] = {}
    with readable(folder):
        for path in sorted(folder.iterdir()):
            if name := NAME.fullmatch(path.name):
                found.setdefault((name["set"] or "").lower(), {}).setdefault(name["part"].lower(), path)
    pairs = {name: paths for name, paths in found.items() if len(paths) == len(PARTS)}
    return {"": pairs[""]} if "" in pairs else pairs


def _read(path: Path, kin: Kin, label_column: LabelColumn | None) -> Table:
    return read_csv(path, label_column, kin.first_label + len(kin.classes) - 1)
