"""USPS as it was published: ``zip.train`` and ``zip.test``, gzipped or not, with digits of 16x16 pixels.

    6.0000 -1.0000 -1.0000 -0.6310 ...     a line for each: its label, then 256 pixels from -1 (paper) to 1 (ink)

They are brought to 28x28 where that is asked for; see `resizing`.

Source: T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical Learning", data "ZIP code".
"""

import re
from pathlib import Path

import numpy as np

from digitlab.data.csv_file import whole_lines
from digitlab.data.digits import Digits
from digitlab.data.files import PIECE, first_there, opened, unzipped
from digitlab.data.resizing import Resize
from digitlab.data.table import Table, as_digits
from digitlab.errors import DataFileError, refuse

SIDE = 16
PARTS = ("train", "test")
LINE = re.compile(rb"[ \t]*\d(?:\.0+)?(?:[ \t]+-?[01](?:\.\d{1,6})?){%d}[ \t\r]*" % SIDE**2)


def is_usps_folder(folder: Path) -> bool:
    """Whether ``zip.train`` and ``zip.test`` are in ``folder``, gzipped or not."""
    return folder.is_dir() and all(first_there(folder, f"zip.{part}", f"zip.{part}.gz") for part in PARTS)


def read_usps_folder(folder: Path, source: str, resize: Resize | None = None) -> tuple[Digits, Digits]:
    """The data set in a folder; see `opening.Format`.

    Raises:
        DataFileError: damaged, a line that is not a picture, or no way to ``resize`` it.
    """

    def part(name: str) -> Digits:
        path = first_there(folder, f"zip.{name}", f"zip.{name}.gz") or folder / f"zip.{name}"
        return as_digits(read_usps(path), path, f"{source} {name}", resize)

    return part("train"), part("test")


def read_usps(path: Path) -> Table:
    """Read one of the files.

    Raises:
        DataFileError: missing, not a file, damaged, or a line that is not a picture; the line is named.
    """
    rows: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    with opened(path) as file:
        for block in whole_lines(unzipped(iter(lambda: file.read(PIECE), b""), str(path)), str(path)):
            for line in block.removesuffix(b"\n").split(b"\n"):
                row = np.array(line.split(), dtype=np.float64) if LINE.fullmatch(line) else None
                if row is None or abs(row[1:]).max() > 1:
                    must_be, got = f"a digit, and {SIDE**2} numbers from -1 to 1", repr(line[:40])
                    where = f"{path}: line {len(rows) + 1}"
                    refuse(DataFileError, where, "this is not a picture of USPS", must_be=must_be, got=got)
                rows.append(row)
    if not rows:
        refuse(DataFileError, path, "the file is empty")
    table = np.array(rows)  # (N, 257)
    images = np.rint(127.5 * (table[:, 1:] + 1)).astype(np.uint8).reshape(-1, SIDE, SIDE)
    return Table(images, table[:, 0].astype(np.uint8))
