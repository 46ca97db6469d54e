"""CSV files of digits: one picture a line, 784 pixels from 0 to 255, row by row; with its label, or without.

    label,pixel0,...,pixel783      a header with the name ``label`` somewhere: labels are in that column
    pixel0,...,pixel783            a header without it: no labels
    5,0,0,...                      no header: 785 numbers begin with the label, 784 have none

A number is one to three ASCII digits; spaces beside it and quotes around it are let pass. Anything else is
refused with its line: nothing is guessed, and no line is left out. The file may end in ``.csv.gz``. It is
read in blocks of whole lines, so that memory grows with the pictures found, not with what a file claims.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import CLASSES, SIDE
from digitlab.data.files import MAX_ARRAY_BYTES, check_file, refuse, refuse_unreadable

__all__ = ["Table", "parse_csv", "read_csv"]

PIXELS = SIDE * SIDE
LABEL = "label"
GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # which some spreadsheets put before UTF-8
READ_BYTES = 2**17
LONGEST_LINE = 2**16  # bytes; 785 long column names fit
_GZIP_WINDOW = 31  # zlib: 32 KiB window, gzip wrapper with its CRC-32 and length
COMMA, NEWLINE, ZERO, NINE = b",\n09"


@dataclass(frozen=True, eq=False)
class Table:
    """What a CSV file holds.

    Attributes:
        images: ``(N, 28, 28) uint8``.
        labels: ``(N,) uint8``, or None where the file has no labels.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None


def read_csv(path: Path) -> Table:
    """Read a CSV file, gzipped or not.

    Raises:
        DataFileError: missing, not a file, damaged, or a line that is not a picture; the line is named.
    """
    check_file(path)
    return parse_csv(_read_pieces(path), str(path))


def parse_csv(pieces: Iterator[bytes], name: str) -> Table:
    """`read_csv` for text at hand, cut anywhere into ``pieces``; ``name`` is what error messages call it."""
    blocks = _whole_lines(pieces, name)
    first = next(blocks, b"").removeprefix(BYTE_ORDER_MARK)
    top, _, rest = first.partition(b"\n")
    columns, label, is_header = _look_at_top(top, name)
    rows = []
    line = 1
    for block in _chain(rest if is_header else first, blocks):
        begin = line + is_header
        rows.append(_parse_block(block, columns, label, begin, name))
        line += len(rows[-1])
    table = np.concatenate(rows) if rows else np.empty((0, columns), dtype=np.uint8)  # (N, 784 or 785)
    if label is None:
        return Table(table.reshape(-1, SIDE, SIDE), None)
    images = np.delete(table, label, axis=1).reshape(-1, SIDE, SIDE)
    return Table(images, table[:, label].copy())


def _look_at_top(top: bytes, name: str) -> tuple[int, int | None, bool]:
    """How many columns there are, in which one the labels are, and whether the first line is a header."""
    cells = [_clean(cell) for cell in top.split(b",")]
    is_header = LABEL in (low := [cell.lower() for cell in cells]) or not any(map(_is_number, cells))
    columns = len(cells)
    labels = [place for place, cell in enumerate(low) if cell == LABEL] if is_header else [0] * (columns == PIXELS + 1)
    torn = any(not cell or '"' in cell for cell in cells)  # a quote that is left has no other half, or a comma inside
    if columns != PIXELS + len(labels) or len(labels) > 1 or torn:
        refuse(
            name,
            "line 1: these are not the columns of a picture",
            must_be=f"{PIXELS} pixels, or a label and {PIXELS} pixels; a header names the label column `{LABEL}`",
            got=f"{columns} columns, {len(labels)} of them labels, beginning with {', '.join(cells[:3])!r}",
            help="see docs/reference/data.md; pandas writes an extra column unless it is told index=False",
        )
    return columns, (labels[0] if labels else None), is_header


def _parse_block(block: bytes, columns: int, label: int | None, begin: int, name: str) -> NDArray[np.uint8]:
    """Whole lines as rows ``(lines, columns)``. ``begin`` is the number of the first line."""
    table = _parse_plainly(block, columns)
    largest = 0 if table is None else table.max(initial=0)
    if table is None or largest > 255 or (label is not None and table[:, label].max(initial=0) >= CLASSES):
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
        must_be = f"{columns} columns, as in line 1"
        refuse(where, "a column is missing or too much", must_be=must_be, got=f"{len(cells)} columns in {line[:40]!r}")
    numbers = []
    for column, cell in enumerate(map(_clean, cells)):
        most = CLASSES - 1 if column == label else 255
        if not _is_number(cell) or int(cell) > most:
            what = "label" if column == label else "pixel"
            problem = f"column {column + 1}: this is not a {what}"
            help = "pixels are whole numbers of ink: 0 paper, 255 full; scale and round what is otherwise"
            refuse(where, problem, must_be=f"a whole number from 0 to {most}", got=repr(cell), help=help)
        numbers.append(int(cell))
    return numbers


def _clean(cell: bytes) -> str:
    """The text of a cell, without the spaces beside it and the quotes around it."""
    text = cell.decode("ascii", errors="backslashreplace").strip(" \t\r")
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _is_number(text: str) -> bool:
    return text.isdigit() and len(text) <= 3


def _chain(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from others


def _whole_lines(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The same text, cut after line ends; each line, the last one too, ends in one newline."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        cut = text.rfind(b"\n") + 1
        rest = text[cut:]
        if len(rest) > LONGEST_LINE:
            got = f"{len(rest)} bytes without a line end, beginning with {rest[:16]!r}"
            refuse(name, "this is not a table of numbers", must_be=f"lines of at most {LONGEST_LINE} bytes", got=got)
        if cut:
            yield text[:cut].replace(b"\r\n", b"\n")
    if rest:
        yield rest.removesuffix(b"\r") + b"\n"


def _read_pieces(path: Path) -> Iterator[bytes]:
    """The text of a file, unzipped where it begins like gzip, a little at a time."""
    try:
        with path.open("rb") as file:
            pieces = iter(lambda: file.read(READ_BYTES), b"")
            first = next(pieces, b"")
            text = _chain(first, pieces)
            yield from _unzip(text, str(path)) if first.startswith(GZIP_MAGIC) else text
    except OSError as error:
        refuse_unreadable(path, error)


def _unzip(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """One gzip member and nothing else. A bomb is met piece by piece, by whoever looks at its text."""
    unzip = zlib.decompressobj(_GZIP_WINDOW)
    total = 0
    for piece in pieces:
        packed = piece
        while packed and not unzip.eof:
            try:
                text = unzip.decompress(packed, READ_BYTES)
            except zlib.error as error:
                refuse(name, "the gzip stream is damaged", must_be="gzip data with a matching CRC-32", got=str(error))
            packed = unzip.unconsumed_tail
            total += len(text)
            if total > MAX_ARRAY_BYTES:
                refuse(name, "the text is too long", must_be=f"at most {MAX_ARRAY_BYTES} bytes unpacked", got="more")
            yield text
        if unzip.unused_data or (unzip.eof and packed):
            refuse(name, "something follows the gzip member", must_be="one gzip member", got="more bytes after it")
    if not unzip.eof:
        refuse(name, "the gzip stream has no end", must_be="one complete gzip member", got="a stream cut short")
