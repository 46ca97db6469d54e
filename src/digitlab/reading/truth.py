"""Truth files: what is written on each of some pictures, as a table, so that reading can be scored.

    file,text,paper             a header; the order of the columns is free, and others are kept, to group the scores by
    notes/a.jpg,007/1234,grey   lines of one picture are separated by ``/``; zeros in front are digits like any other
    b.jpg,,white                no digit in it

UTF-8, with or without a byte order mark; commas, semicolons or tabs, whichever the header has; cells may be quoted.
Empty rows are passed over, and so are spaces in a text. Whatever else is not as it should be is refused with its line.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path, PurePath

from digitlab.data.files import read_file
from digitlab.errors import DataFileError, InputError, describe, refuse

MAX_TRUTH_BYTES = 16 * 2**20
MOST_DIGITS = 2_000  # of one picture
SEPARATORS = ",;\t"
NEEDED = ("file", "text")
AS_TEXT = "a spreadsheet keeps zeros in front and long numbers if the column is formatted as text"


@dataclass(frozen=True)
class Truth:
    """What is written on one picture.

    Attributes:
        lines: the digits of each line, from top to bottom; none where there is no digit.
        columns: the other columns of its row, by their names.
    """

    lines: tuple[str, ...]
    columns: Mapping[str, str]


def read_truth(path: str | os.PathLike[str]) -> dict[str, Truth]:
    """What is written on each picture, by the name that the truth file calls it.

    Raises:
        InputError: missing, no file, or too large.
        DataFileError: it is no such table; the line is named.
    """
    path = Path(path)
    content = read_file(path, MAX_TRUTH_BYTES, InputError)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        help = 'save it as "CSV UTF-8"'
        refuse(DataFileError, f"{path}: line {line}", "this is not text in UTF-8", got=str(error.reason), help=help)
    rows = _rows(text, path)
    line, header = next(rows, (1, []))
    names = [name.strip().lower() for name in header]
    if not all(names.count(name) == 1 for name in NEEDED) or len(set(names)) < len(names):
        must_be = "a header that names each column once, file and text among them"
        refuse(DataFileError, f"{path}: line {line}", "this is no header", must_be=must_be, got=",".join(header))
    needed = 1 + max(map(names.index, NEEDED))  # spreadsheets leave out empty cells at the end of a row
    found: dict[str, Truth] = {}
    lines: dict[str, int] = {}
    for line, cells in rows:
        where = f"{path}: line {line}"
        if not needed <= len(cells) <= len(names):
            must_be = f"{len(names)}, as in the header; a cell with a separator in it is quoted"
            refuse(DataFileError, where, "another number of cells", must_be=must_be, got=len(cells))
        row = dict(zip_longest(names, map(str.strip, cells), fillvalue=""))
        file, written = (row.pop(name) for name in NEEDED)
        file = file.replace("\\", "/").removeprefix("./")
        if not file:
            refuse(DataFileError, where, "the picture has no name")
        if file in found:
            refuse(DataFileError, where, f"{describe(file)} is there twice", got=f"also in line {lines[file]}")
        found[file], lines[file] = Truth(_lines(written, where), row), line
    if not found:
        refuse(DataFileError, path, "no picture is in this table", must_be="a header, and a row for each picture")
    return found


def name_of(picture: str | os.PathLike[str], truth: Mapping[str, Truth]) -> str | None:
    """What the truth calls a picture, or None: the end of its path that has the most folders.

    >>> name_of("photos/2026/a.jpg", {"a.jpg": Truth((), {}), "2026/a.jpg": Truth((), {})})
    '2026/a.jpg'
    """
    parts = Path(picture).absolute().parts
    ends = (PurePath(*parts[k:]).as_posix() for k in range(len(parts)))
    return next((end for end in ends if end in truth), None)


def _rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of the line that it ends in."""
    header = text.lstrip("\r\n").partition("\n")[0]
    separator = max(SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from ((reader.line_num, cells) for cells in reader if any(map(str.strip, cells)))
    except csv.Error as error:
        refuse(DataFileError, f"{path}: line {reader.line_num}", "this is no row of a table", got=str(error))


def _lines(written: str, where: str) -> tuple[str, ...]:
    """The lines of a text.

    Raises:
        DataFileError: it has other characters, or a line without any.
    """
    text = written.replace(" ", "")
    lines = tuple(text.split("/")) if text else ()
    if not all(line.isascii() and line.isdigit() for line in lines):
        must_be = "digits, with / between lines; nothing where there is no digit"
        refuse(DataFileError, where, "the text has other characters", must_be=must_be, got=written, help=AS_TEXT)
    if len(text) > MOST_DIGITS:
        refuse(DataFileError, where, "the text is too long", must_be=f"at most {MOST_DIGITS:,} digits", got=len(text))
    return lines
