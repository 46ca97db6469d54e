"""Data sets of tables: ``train.csv`` and ``test.csv`` in a folder, such names with a word before them, or one file.

A competition keeps the labels of its second table for itself: all that can be learnt from, and measured, is the first.
"""

import re
from dataclasses import replace
from pathlib import Path

from digitlab.data.columns import LABEL_NAMES, LabelColumn
from digitlab.data.csv_file import Table, read_csv
from digitlab.data.digits import Digits
from digitlab.data.files import named, readable
from digitlab.data.kin import KIN, PLAIN
from digitlab.data.parting import with_test_part
from digitlab.data.resizing import Resize, resized
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
    train, test = (_read(paths[part], name, f"{source} {part}", label_column, resize) for part in PARTS)
    if isinstance(train, Digits) and isinstance(test, Table):
        note = f"{paths['test'].name} has no labels, so all is from {paths['train'].name}"
        return with_test_part(replace(train, notes=(*train.notes, note)), source)
    return _labelled(train, paths["train"]), _labelled(test, paths["test"])


def split_csv(
    path: Path, source: str, label_column: LabelColumn | None = None, resize: Resize | None = None
) -> tuple[Digits, Digits]:
    """The data set in one CSV file, some of it kept for testing; see `opening.Format`.

    Raises:
        InputError: the file has no labels, or it is in doubt where they are.
        DataFileError: as `read_csv`.
    """
    found = NAME.fullmatch(path.name)
    name = (found["set"] or "") if found else ""
    return with_test_part(_labelled(_read(path, name.lower(), source, label_column, resize), path), source)


def _find_pairs(folder: Path) -> dict[str, dict[str, Path]]:
    """Both tables by the word before their names; those without a word, where there are any."""
    found: dict[str, dict[str, Path]] = {}
    with readable(folder):
        for path in sorted(folder.iterdir()):
            if name := NAME.fullmatch(path.name):
                found.setdefault((name["set"] or "").lower(), {}).setdefault(name["part"].lower(), path)
    pairs = {name: paths for name, paths in found.items() if len(paths) == len(PARTS)}
    return {"": pairs[""]} if "" in pairs else pairs


def _read(
    path: Path, name: str, source: str, label_column: LabelColumn | None, resize: Resize | None
) -> Digits | Table:
    """One table of the set ``name``: digits, or pictures alone where it has no labels."""
    kin = KIN.get(name, PLAIN)
    table = read_csv(path, label_column, kin.first_label + len(kin.classes) - 1)
    if table.labels is None:
        return table
    with named(path):
        images, notes = resized(table.images, resize)
        digits = kin.digits(images, table.labels, source)
        return replace(digits, notes=(*digits.notes, *notes))


def _labelled(digits: Digits | Table, path: Path) -> Digits:
    if isinstance(digits, Table):
        must_be = f"a column named {', '.join(LABEL_NAMES)}; or 785 numbers in each line, the label first"
        help = "for predictions alone: network.predict(digitlab.data.open_images(path))"
        refuse(InputError, path, "there are no labels", must_be=must_be, help=help)
    return digits
