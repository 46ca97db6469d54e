"""`open_data`: a data set by its name or its place, in any of the `FORMATS`."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from digitlab.data import arff_file, pickled
from digitlab.data.catalogue import CATALOGUE, open_entry
from digitlab.data.columns import LabelColumn
from digitlab.data.csv_folder import CSV_ENDINGS, is_csv_folder, read_csv_folder, split_csv
from digitlab.data.digits import Digits
from digitlab.data.idx import STEMS
from digitlab.data.idx_folder import is_idx_folder, read_idx_folder
from digitlab.data.image_folder import (
    is_class_folder,
    is_flat_folder,
    is_image_folder,
    read_class_folder,
    read_image_folder,
    refuse_flat_folder,
)
from digitlab.data.mat_file import split_mat
from digitlab.data.npz import read_npz
from digitlab.data.parquet_file import is_parquet_folder, read_parquet_folder, split_parquet
from digitlab.data.polarity import Invert, with_bright_ink
from digitlab.data.resizing import Resize
from digitlab.data.usps_file import is_usps_folder, read_usps_folder
from digitlab.errors import InputError, printable, refuse, system_errors


@dataclass(frozen=True)
class Format:
    """A form in which a data set may lie on the disk.

    Attributes:
        about: which folder or file has this form, in words that errors list; empty where it is always refused.
        fits: whether a path that exists is one, by its name or by what is in the folder; no file is opened for that.
        read: its training part and its test part; is given the path, what the digits are said to come from, and those
            of the options that it takes and somebody gave.
        takes: the names of these options of `open_data`.
    """

    about: str
    fits: Callable[[Path], bool]
    read: Callable[..., tuple[Digits, Digits]]
    takes: tuple[str, ...] = ()


def _ends_in(*endings: str) -> Callable[[Path], bool]:
    """Whether a path is no folder, and its name ends so."""
    return lambda path: path.name.lower().endswith(endings) and not path.is_dir()


TABLE_OPTIONS = ("label_column", "resize")
FORMATS = {  # the first that fits is read
    "pictures": Format("a folder with train/0/*.png to test/9/*.png", is_image_folder, read_image_folder, ("resize",)),
    "tables": Format("a folder with train.csv and test.csv", is_csv_folder, read_csv_folder, TABLE_OPTIONS),
    "idx": Format(f"a folder with {STEMS[0]} and the other three", is_idx_folder, read_idx_folder, ("resize",)),
    "usps": Format("a folder with zip.train and zip.test", is_usps_folder, read_usps_folder, ("resize",)),
    "classes": Format("a folder with 0/*.png to 9/*.png", is_class_folder, read_class_folder, ("resize",)),
    "table": Format("a .csv file with labels", _ends_in(*CSV_ENDINGS), split_csv, TABLE_OPTIONS),
    "arff": Format("a .arff file with labels", _ends_in(*arff_file.ENDINGS), arff_file.split_arff, TABLE_OPTIONS),
    "parquets": Format(
        "a folder with train.parquet and test.parquet", is_parquet_folder, read_parquet_folder, TABLE_OPTIONS
    ),
    "parquet": Format("a .parquet file with pictures and labels", _ends_in(".parquet"), split_parquet, TABLE_OPTIONS),
    "mat": Format("a .mat file with data and label", _ends_in(".mat"), split_mat, ("label_column",)),
    "pickle": Format("", _ends_in(*pickled.ENDINGS), pickled.refuse),
    "npz": Format("a .npz file with x_train, y_train, x_test and y_test", _ends_in(".npz"), read_npz),
    "unlabelled": Format("for predictions, a folder of pictures", is_flat_folder, refuse_flat_folder, ("resize",)),
}


def open_data(
    name: str | os.PathLike[str],
    *,
    label_column: LabelColumn | None = None,
    invert: Invert = "auto",
    resize: Resize | None = None,
) -> tuple[Digits, Digits]:
    """A data set by its name in the catalogue, or by the path of a folder or file in one of the `FORMATS`.

    Args:
        name: the name or the path.
        label_column: which column of a table holds the labels: ``"first"``, ``"last"``, a name of its header, or a
            number from 1. None: the one with a name such as ``label``; without names, the first.
        invert: ``"auto"``: where the ink is dark on bright paper; ``"yes"`` or ``"no"``. Data sets that have a name are
            known to be bright on dark, so ``"auto"`` leaves them.
        resize: how a picture ``(H, W)`` of another size becomes one ``(28, 28)``; `digitlab.reading.prepare` can do it.
            None: other sizes are refused.

    Returns:
        The training part and the test part. Their notes say what was done.

    Raises:
        InputError: no such name, folder or file; one that was never fetched; a table without labels, or one that does
            not say where they are; or an option that is not for such data.
        DataFileError: a file of it cannot be trusted.
    """
    name, given = os.fspath(name), given_options(label_column=label_column, resize=resize)
    if name in CATALOGUE:
        check_options(given, (), name)
        parts = open_entry(CATALOGUE[name])
        return parts if invert == "auto" else with_bright_ink(parts, invert)
    source = as_source(name)
    form = find_format(name)
    check_options(given, form.takes, name)
    return with_bright_ink(form.read(Path(name), source, **given), invert)


def as_source(name: str) -> str:
    """What digits are said to come from: a name need not be text."""
    return printable(os.fsencode(name).decode(errors="backslashreplace"))


def given_options(**options: object) -> dict[str, object]:
    """Those options that somebody gave."""
    return {option: value for option, value in options.items() if value is not None}


def check_options(given: Mapping[str, object], takes: tuple[str, ...], name: str) -> None:
    """Refuse an option that would change nothing: whoever gave it believes that it does."""
    for option in given.keys() - set(takes):
        refuse(InputError, name, f"{option} says nothing about such data", help="leave it out")


def find_format(name: str) -> Format:
    """The first format that fits what lies at ``name``.

    Raises:
        InputError: none does.
    """
    path, got = Path(name), "neither a known name nor a folder or file"
    with system_errors(InputError, f"{printable(name)}: there is no such data set"):  # a name too long, no permission
        found = next((form for form in FORMATS.values() if path.exists() and form.fits(path)), None)
        if path.exists():
            got = "a folder with other things in it" if path.is_dir() else "a file with another ending"
    if found is None:
        must_be = "; ".join([", ".join(CATALOGUE), *(form.about for form in FORMATS.values() if form.about)])
        refuse(InputError, name, "there is no such data set", must_be=must_be, got=got)
    return found
