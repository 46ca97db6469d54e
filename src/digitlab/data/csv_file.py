"""CSV files of digits: one picture a line, 784 pixels from 0 to 255, row by row; with its label, or without.

    label,pixel0,...,pixel783      a header with the name ``label``, or a like one, somewhere: labels are in that column
    pixel0,...,pixel783            a header without it: no labels
    5,0,0,...                      no header: 785 numbers begin with the label, 784 have none

A number is one to three ASCII digits; spaces beside it and quotes around it are let pass. Anything else is
refused with its line: nothing is guessed, and no line is left out. The file may end in ``.csv.gz``. It is
read in blocks of whole lines, so that memory grows with the pictures found, not with what a file claims.

A data set is a folder with ``train.csv`` and ``test.csv``, or one file, a seventh of which is kept for testing.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.data.columns import ASK, LABEL_NAMES, LabelColumn, check_first, find_labels
from digitlab.data.digits import CLASSES, SIDE, Digits
from digitlab.data.files import PIECE, first_there, opened, unzipped
from digitlab.data.parting import with_test_part
from digitlab.errors import DataFileError, InputError, refuse

CSV_ENDINGS = (".csv", ".csv.gz")
PARTS = ("train", "test")
PIXELS = SIDE * SIDE
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # which some spreadsheets put before UTF-8
LONGEST_LINE = 2**16  # bytes; 785 long column names fit
COMMA, NEWLINE, ZERO, NINE = b",\n09"


class Table(NamedTuple):
    """What a CSV file holds: pictures ``(N, 28, 28) uint8``, and labels ``(N,) uint8`` where it has them."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None


def is_csv_folder(folder: Path) -> bool:
    """Whether ``train.csv`` and ``test.csv`` are in ``folder``, gzipped or not."""
    return all(_part(folder, name) for name in PARTS)


def read_csv_folder(folder: Path, source: str, label_column: LabelColumn | None = None) -> tuple[Digits, Digits]:
    """The data set in a folder with ``train.csv`` and ``test.csv``, gzipped or not; see `opening.Format`.

    Raises:
        InputError: a file has no labels, or it is in doubt where they are.
        DataFileError: as `read_csv`.
    """
    train, test = (
        _read_labelled(_part(folder, name) or folder / name, f"{source} {name}", label_column) for name in PARTS
    )
    return train, test


def split_csv(path: Path, source: str, label_column: LabelColumn | None = None) -> tuple[Digits, Digits]:
    """The data set in one CSV file, some of it kept for testing; see `opening.Format`.

    Raises:
        InputError: the file has no labels, or it is in doubt where they are.
        DataFileError: as `read_csv`.
    """
    return with_test_part(_read_labelled(path, source, label_column), source)


def read_csv(path: Path, label_column: LabelColumn | None = None) -> Table:
    """Read a CSV file, gzipped or not; ``label_column`` is ``first``, ``last``, a name, or a number from 1.

    Raises:
        InputError: no such column, or it is in doubt which one holds the labels.
        DataFileError: missing, not a file, damaged, or a line that is not a picture; the line is named.
    """
    with opened(path) as file:
        return parse_csv(iter(lambda: file.read(PIECE), b""), str(path), label_column)


def parse_csv(pieces: Iterable[bytes], name: str, label_column: LabelColumn | None = None) -> Table:
    """`read_csv` for a file at hand, cut into ``pieces``; ``name`` is what error messages call it."""
    blocks = _whole_lines(unzipped(pieces, name), name)
    first = next(blocks, b"").removeprefix(BYTE_ORDER_MARK)
    top, _, rest = first.partition(b"\n")
    columns, label, is_header = _look_at_top(top, label_column, name)
    rows = []
    line = 1 + is_header
    for block in chain(filter(None, [rest if is_header else first]), blocks):
        rows.append(_parse_block(block, columns, label, line, name))
        line += len(rows[-1])
    table = np.concatenate(rows) if rows else np.empty((0, columns), dtype=np.uint8)  # (N, 784 or 785)
    if label is None:
        return Table(table.reshape(-1, SIDE, SIDE), None)
    if not is_header and label_column is None:
        check_first(table, name)
    images = np.delete(table, label, axis=1).reshape(-1, SIDE, SIDE)
    return Table(images, table[:, label].copy())


def _part(folder: Path, name: str) -> Path | None:
    """``train.csv`` or ``test.csv``, gzipped or not."""
    return first_there(folder, *(f"{name}{ending}" for ending in CSV_ENDINGS))


def _read_labelled(path: Path, source: str, label_column: LabelColumn | None) -> Digits:
    table = read_csv(path, label_column)
    if table.labels is None:
        must_be = f"a column named {', '.join(LABEL_NAMES)}; or 785 numbers in each line, the label first"
        help = "for predictions alone: network.predict(digitlab.data.open_images(path))"
        refuse(InputError, path, "there are no labels", must_be=must_be, help=help)
    return Digits(table.images, table.labels, source)


def _look_at_top(top: bytes, asked: LabelColumn | None, name: str) -> tuple[int, int | None, bool]:
    """How many columns there are, in which one the labels are, and whether the first line is a header."""
    cells = [_clean(cell) for cell in top.split(b",")]
    is_header = not {cell.lower() for cell in cells}.isdisjoint(LABEL_NAMES) or not any(map(_is_number, cells))
    columns = len(cells)
    labels = find_labels(cells, is_header, PIXELS + 1, asked, f"{name}: line 1")
    torn = any(not cell or '"' in cell for cell in cells)  # a quote that is left has no other half, or a comma inside
    if columns != PIXELS + len(labels) or len(labels) > 1 or torn:
        what = "these are not the columns of a picture"
        help = f"pandas writes one more unless it is told index=False. A label of another name: {ASK}"
        must_be = f"{PIXELS} pixels, or a label and {PIXELS} pixels; a header names the label {', '.join(LABEL_NAMES)}"
        got = f"{columns} columns, {len(labels)} of them labels, beginning with {', '.join(cells[:3])!r}"
        refuse(DataFileError, f"{name}: line 1", what, must_be=must_be, got=got, help=help)
    return columns, (labels[0] if labels else None), is_header


def _parse_block(block: bytes, columns: int, label: int | None, begin: int, name: str) -> NDArray[np.uint8]:
    """Whole lines as rows ``(lines, columns)``. ``begin`` is the number of the first line."""
    table = _parse_plainly(block, columns)
    if table is None or table.max(initial=0) > 255 or (label is not None and table[:, label].max(initial=0) >= CLASSES):
        # Something is unusual. The slow way reads each line by itself, and either explains or gives the same.
        lines = block.removesuffix(b"\n").split(b"\n")
        table = np.array(
            [_parse_line(line, columns, label, f"{name}: line {begin + row}") for row, line in enumerate(lines)],
            dtype=np.int32,
        )
    return table.astype(np.uint8)


def _parse_plainly(block: bytes, columns: int) -> NDArray[np.int32] | None:
    """All numbers of a block at once, where it is nothing but digits, commas and line ends; else None."""
    letters = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero((letters < ZERO) | (letters > NINE))  # the place after each number
    lengths = np.diff(ends, prepend=-1) - 1
    if not len(ends) or len(ends) % columns or lengths.min() < 1 or lengths.max() > 3:
        return None
    separators = letters[ends].reshape(-1, columns)
    if np.any(separators[:, :-1] != COMMA) or np.any(separators[:, -1] != NEWLINE):
        return None
    digits = letters.astype(np.int32) - ZERO
    values = digits[ends - 1]
    values += 10 * np.where(lengths > 1, digits[ends - 2], 0)
    values += 100 * np.where(lengths > 2, digits[ends - 3], 0)
    return values.reshape(-1, columns)


def _parse_line(line: bytes, columns: int, label: int | None, where: str) -> list[int]:
    """One line, number by number: the definition of what is accepted."""
    cells = line.split(b",")
    if len(cells) != columns:
        what, must_be = "a column is missing, or there is one too many", f"{columns} columns, as in line 1"
        refuse(DataFileError, where, what, must_be=must_be, got=f"{len(cells)} columns")
    numbers = []
    for column, cell in enumerate(map(_clean, cells)):
        most = CLASSES - 1 if column == label else 255
        if not _is_number(cell) or int(cell) > most:
            kind, help = ("label", f"labels in another column? {ASK}") if column == label else ("pixel", "")
            problem, must_be = f"column {column + 1}: this is not a {kind}", f"a whole number from 0 to {most}"
            refuse(DataFileError, where, problem, must_be=must_be, got=repr(cell), help=help)
        numbers.append(int(cell))
    return numbers


def _clean(cell: bytes) -> str:
    """The text of a cell, without the spaces beside it and the quotes around it."""
    text = cell.decode("ascii", errors="backslashreplace").strip(" \t\r")
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _is_number(text: str) -> bool:
    return text.isdigit() and len(text) <= 3


def _whole_lines(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The same text, cut after line ends; each line, the last one too, ends in one newline."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        cut = text.rfind(b"\n") + 1
        rest = text[cut:]
        if len(rest) > LONGEST_LINE:
            got = f"a line of more than {LONGEST_LINE:,} bytes, beginning with {rest[:16]!r}"
            refuse(DataFileError, name, "this is not a table of numbers", got=got)
        if cut:
            yield text[:cut].replace(b"\r\n", b"\n")
    if rest:
        yield rest.removesuffix(b"\r") + b"\n"
