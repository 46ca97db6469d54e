"""CSV files of digits: one picture a line, 784 pixels from 0 to 255, row by row; with its label, or without.

    label,pixel0,...,pixel783      a header with the name ``label``, or a like one, somewhere: labels are in that column
    pixel0,...,pixel783            a header without it: no labels
    5,0,0,...                      no header: 785 numbers begin with the label, 784 have none

A number is one to three ASCII digits; spaces beside it, quotes around it and ``.0`` behind it are let pass, and
so are semicolons or tabs in the place of commas, and empty rows at the end: spreadsheets write these. Anything
else is refused with its line: no value is guessed, and no other line left out. The file may end in ``.csv.gz``. It is
read in blocks of whole lines, so that memory grows with the pictures found, not with what a file claims.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.data.columns import ASK, LABEL_NAMES, LabelColumn, check_first, find_labels
from digitlab.data.digits import CLASSES, SIDE
from digitlab.data.files import PIECE, opened, unzipped
from digitlab.data.table import Table
from digitlab.errors import DataFileError, refuse

PIXELS = SIDE * SIDE
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # which some spreadsheets put before UTF-8
SMALL_SIDES = (16, 8)  # of pictures that must be resized: USPS, and the digits of UCI
OTHER_SEPARATORS = {  # beside which a comma is what a point is elsewhere
    b";": bytes.maketrans(b";,", b",."),
    b"\t": bytes.maketrans(b"\t,", b",."),
}
QUOTED = re.compile(rb'(?<![^,\n])"(\d{1,3}(?:\.0)?)"(?=[,\n])')
MOST_EMPTY = 10_000  # rows
LONGEST_LINE = 2**16  # bytes; 785 long column names fit
COMMA, NEWLINE, ZERO, NINE = b",\n09"


class Columns(NamedTuple):
    """How many there are; in which of them the labels are, whether that is a guess, and how large these can be."""

    wide: int
    label: int | None
    guessed: bool
    most_label: int


def read_csv(
    path: Path, label_column: LabelColumn | None = None, most_label: int = CLASSES - 1, *, any_label: bool = False
) -> Table:
    """Read a CSV file, gzipped or not.

    Args:
        path: a regular file.
        label_column: ``first``, ``last``, a name, or a number from 1; see `columns`.
        most_label: the largest label there can be.
        any_label: whether that matters only where the column of labels is a guess: nobody is interested in them.

    Raises:
        InputError: no such column, or it is in doubt which one holds the labels.
        DataFileError: missing, not a file, damaged, or a line that is not a picture; the line is named.
    """
    with opened(path) as file:
        pieces = iter(lambda: file.read(PIECE), b"")
        return parse_csv(pieces, str(path), label_column, most_label, any_label=any_label)


def parse_csv(
    pieces: Iterable[bytes],
    name: str,
    label_column: LabelColumn | None = None,
    most_label: int = CLASSES - 1,
    *,
    any_label: bool = False,
) -> Table:
    """`read_csv` for a file at hand, cut into ``pieces``; ``name`` is what error messages call it."""
    blocks = whole_lines(unzipped(pieces, name), name)
    first = next(blocks, b"").removeprefix(BYTE_ORDER_MARK)
    if not first:
        refuse(DataFileError, name, "the file is empty")
    separators = next((separators for mark, separators in OTHER_SEPARATORS.items() if _separated_by(mark, first)), None)
    if separators is not None:
        first, blocks = first.translate(separators), (block.translate(separators) for block in blocks)
    top, _, rest = first.partition(b"\n")
    cells = [_clean(cell) for cell in top.split(b",")]
    columns = find_columns(cells, label_column, most_label, f"{name}: line 1")
    if any_label and not columns.guessed:
        columns = columns._replace(most_label=255)
    is_header = _is_header(cells)
    return parse_body(chain(filter(None, [rest if is_header else first]), blocks), columns, 1 + is_header, name)


def parse_body(blocks: Iterable[bytes], columns: Columns, begin: int, name: str) -> Table:
    """Blocks of whole lines, without a header, as a table; ``begin`` is the number of the first line.

    Raises:
        InputError: the labels may be in another column.
        DataFileError: a line that is not a picture.
    """
    rows = _parse_rows(blocks, columns, begin, name)
    side = math.isqrt(columns.wide)
    if columns.label is None:
        return Table(rows.reshape(-1, side, side), None)
    if columns.guessed:
        check_first(rows, name)
    images = np.delete(rows, columns.label, axis=1).reshape(-1, side, side)
    return Table(images, rows[:, columns.label].copy())


def find_columns(cells: Sequence[str], asked: LabelColumn | None, most_label: int, where: str) -> Columns:
    """What the columns of a table are, by the cells of its first line; for ``asked`` and ``most_label`` see `read_csv`.

    Raises:
        InputError: there is no column such as the one asked for.
        DataFileError: these are not the columns of a picture.
    """
    is_header, wide = _is_header(cells), len(cells)
    sizes = [PIXELS, *(side * side for side in SMALL_SIDES)]
    asked = None if wide in sizes else asked  # none of them can be spared
    labels = find_labels(cells, is_header, [size + 1 for size in sizes], asked, where)
    torn = any(not cell or '"' in cell for cell in cells)  # a quote that is left has no other half, or a comma inside
    if wide - len(labels) not in sizes or len(labels) > 1 or torn:
        what = "these are not the columns of a picture"
        help = f"pandas writes one more unless it is told index=False. A label of another name: {ASK}"
        must_be = f"{PIXELS} pixels, or a label and {PIXELS} pixels; a header names the label {', '.join(LABEL_NAMES)}"
        got = f"{wide} columns, {len(labels)} of them labels, beginning with {', '.join(cells[:3])!r}"
        refuse(DataFileError, where, what, must_be=must_be, got=got, help=help)
    return Columns(wide, labels[0] if labels else None, not is_header and asked is None, most_label)


def _is_header(cells: Sequence[str]) -> bool:
    """Whether the first line has names: one that labels have, or no numbers at all."""
    return not {cell.lower() for cell in cells}.isdisjoint(LABEL_NAMES) or not any(map(_is_number, cells))


def _parse_rows(blocks: Iterable[bytes], columns: Columns, begin: int, name: str) -> NDArray[np.uint8]:
    """Blocks of whole lines as rows ``(N, columns)``; ``begin`` is the number of the first line.

    Lines of commas alone are what a spreadsheet makes of empty rows, and may be the last ones.
    """
    rows, line, empty = [], begin, 0
    for block in blocks:
        full, more = _without_empty_rows(block, columns.wide)
        if empty and full:
            refuse(DataFileError, f"{name}: line {line - 1}", "an empty row", must_be="behind all others, if anywhere")
        if full:
            rows.append(_parse_block(full, columns, line, name))
            line += len(rows[-1])
        empty, line = empty + more, line + more
        if empty > MOST_EMPTY:
            refuse(DataFileError, f"{name}: line {line}", f"there are more than {MOST_EMPTY:,} empty rows")
    return np.concatenate(rows) if rows else np.empty((0, columns.wide), dtype=np.uint8)


def _separated_by(mark: bytes, first: bytes) -> bool:
    """Whether it is this mark that separates the cells of the first line; each may have a decimal comma."""
    top = first[: first.find(b"\n")]
    return mark in top and 2 * top.count(mark) >= top.count(b",")


def _without_empty_rows(block: bytes, wide: int) -> tuple[bytes, int]:
    """A block without the empty rows at its end, and how many these were."""
    empty, end = 0, len(block)
    while (begin := block.rfind(b"\n", 0, max(end - 1, 0)) + 1) < end:
        row = block[begin:end]
        if row.count(b",") != wide - 1 or row.strip(b', \t\r\n"'):
            break
        empty, end = empty + 1, begin
    return block[:end], empty


def _parse_block(block: bytes, columns: Columns, begin: int, name: str) -> NDArray[np.uint8]:
    """Whole lines as rows ``(lines, columns)``. ``begin`` is the number of the first line."""
    table = _parse_plainly(_unquoted(block).replace(b".0,", b",").replace(b".0\n", b"\n"), columns.wide)
    if table is None or table.max(initial=0) > 255 or _largest_label(table, columns) > columns.most_label:
        # Something is unusual. The slow way reads each line by itself, and either explains or gives the same.
        lines = block.removesuffix(b"\n").split(b"\n")
        table = np.array(
            [_parse_line(line, columns, f"{name}: line {begin + row}") for row, line in enumerate(lines)],
            dtype=np.int32,
        )
    return table.astype(np.uint8)


def _unquoted(block: bytes) -> bytes:
    """A block without the quotes around whole cells; where all have some, as many as make it sure, at once."""
    quotes = block.count(b'"')
    if quotes and quotes == 2 * (block.count(b",") + block.count(b"\n")):
        return block.replace(b'","', b",").replace(b'"\n"', b"\n").removeprefix(b'"').removesuffix(b'"\n') + b"\n"
    return QUOTED.sub(rb"\1", block) if quotes else block


def _largest_label(table: NDArray[np.int32], columns: Columns) -> int:
    return 0 if columns.label is None else int(table[:, columns.label].max(initial=0))


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


def _parse_line(line: bytes, columns: Columns, where: str) -> list[int]:
    """One line, number by number: the definition of what is accepted."""
    cells = line.split(b",")
    if len(cells) != columns.wide:
        what, must_be = "a column is missing, or there is one too many", f"{columns.wide} columns, as in line 1"
        refuse(DataFileError, where, what, must_be=must_be, got=f"{len(cells)} columns")
    numbers = []
    for column, cell in enumerate(map(_clean, cells)):
        most = columns.most_label if column == columns.label else 255
        number = int(cell.partition(".")[0]) if _is_number(cell) else None
        if number is None or number > most:
            kind, help = ("label", f"labels in another column? {ASK}") if column == columns.label else ("pixel", "")
            problem, must_be = f"column {column + 1}: this is not a {kind}", f"a whole number from 0 to {most}"
            refuse(DataFileError, where, problem, must_be=must_be, got=repr(cell), help=help)
        numbers.append(number)
    return numbers


def _clean(cell: bytes) -> str:
    """The text of a cell, without the spaces beside it and the quotes around it."""
    text = cell.decode("ascii", errors="backslashreplace").strip(" \t\r")
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _is_number(text: str) -> bool:
    """One to three digits; with zeros behind a point, as spreadsheets and pandas write whole numbers."""
    whole, point, zeros = text.partition(".")
    return whole.isdigit() and len(whole) <= 3 and (not point or set(zeros) == {"0"})


def whole_lines(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
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
