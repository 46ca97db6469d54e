"""CSV files of digits: what is read is what was written, and a wrong line is named, never guessed or left out."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitlab.data.csv_file import parse_csv, read_csv
from digitlab.data.table import Table
from digitlab.errors import DataFileError
from tests.costs import cheaply

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (5, 784))
LABELS = np.array([5, 0, 4, 9, 1])
NAMES = [f"pixel{number}" for number in range(784)]


def text(rows: np.ndarray, header: list[str] | None = None, end: str = "\n") -> bytes:
    """A CSV file as Python's own writer makes it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator=end)
    writer.writerows([header] if header else [])
    writer.writerows(rows.tolist())
    return buffer.getvalue().encode()


LABELLED = np.column_stack([LABELS, PIXELS])
PLAIN = text(LABELLED)


def parse(content: bytes, size: int = 1000) -> Table:
    return parse_csv((content[at : at + size] for at in range(0, len(content), size)), "some.csv")


def is_true(table: Table, labels: bool = True) -> bool:
    right = table.labels is not None and np.array_equal(table.labels, LABELS) if labels else table.labels is None
    return right and np.array_equal(table.images, PIXELS.reshape(-1, 28, 28)) and table.images.dtype == np.uint8


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN[:-1],  # no newline at the end
        text(LABELLED, ["label", *NAMES]),
        text(LABELLED, ["Label", *NAMES]),
        text(LABELLED, ["label", *NAMES]).replace(b"label", b'"label"'),
        *(text(LABELLED, [name, *NAMES]) for name in ("class", "TARGET", "Digit", "y")),
        text(np.column_stack([PIXELS, LABELS]), [*NAMES, "Class"]),
        text(LABELLED, ["label", *map(str, range(784))]),
        text(np.column_stack([PIXELS, LABELS]), [*NAMES, "label"]),
        text(np.column_stack([PIXELS[:, :300], LABELS, PIXELS[:, 300:]]), [*NAMES[:300], "label", *NAMES[300:]]),
        text(LABELLED, end="\r\n"),
        text(LABELLED, ["label", *NAMES], end="\r\n"),
        b"\xef\xbb\xbf" + text(LABELLED, ["label", *NAMES]),
        PLAIN.replace(b",", b", "),
        PLAIN.replace(b",", b".0,").replace(b"\n", b".00\n"),
        PLAIN.replace(b",", b";"),
        PLAIN.replace(b",", b",0;").replace(b"\n", b",0\n"),  # a decimal comma
        text(LABELLED, ["label", *NAMES], end="\r\n").replace(b",", b"\t"),
        PLAIN + b"," * 784 + b"\n",
        PLAIN + (b"," * 784 + b"\r\n") * 50,
        text(LABELLED, ["label", *NAMES]).replace(b",", b";") + b";" * 784,
        PLAIN.replace(b",", b'","').replace(b"\n", b'"\n"').removesuffix(b'"').join([b'"', b""]),
        PLAIN.replace(b",7,", b',"7",').replace(b",8,", b",008,"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000, 10**9])
def test_labelled_files_are_read(content, size):
    assert is_true(parse(content, size))


@pytest.mark.parametrize("content", [text(PIXELS), text(PIXELS, NAMES), text(PIXELS, NAMES, end="\r\n")])
def test_files_without_labels_are_pictures(content):
    assert is_true(parse(content), labels=False)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_files_are_read_from_the_disk(pack, tmp_path, mnist):
    few = mnist[0][:1000]
    path = tmp_path / "digits.csv"
    path.write_bytes(pack(text(np.column_stack([few.labels, few.images.reshape(-1, 784)]))))
    table = read_csv(path)
    assert np.array_equal(table.images, few.images)
    assert np.array_equal(table.labels, few.labels)


def test_a_header_alone_is_no_pictures():
    table = parse(text(PIXELS[:0], ["label", *NAMES]))
    assert (table.images.shape, table.labels.shape) == ((0, 28, 28), (0,))


def with_cell(line: int, column: int, cell: str) -> bytes:
    rows = LABELLED.astype(object)
    rows[line - 1, column - 1] = cell
    return text(rows)


@pytest.mark.parametrize(
    "cell",
    [
        "x",
        "",
        "256",
        "999",
        "1000",
        "-1",
        "+1",
        "1.5",
        "1.",
        ".0",
        "1.00.0",
        "1e2",
        "0x1",
        "NaN",
        "²",
        "1 2",
        '"',
    ],
)
@pytest.mark.parametrize("line", [2, 5])
def test_a_wrong_pixel_is_named_with_its_line(cell, line):
    with pytest.raises(DataFileError, match=f"some.csv: line {line}: column 9: this is not a pixel"):
        parse(with_cell(line, 9, cell).replace(b'""""', b'"'))


@pytest.mark.parametrize("cell", ["10", "x", "", "-1"])
def test_a_wrong_label_is_named_with_its_line(cell):
    with pytest.raises(DataFileError, match="line 3: column 1: this is not a label"):
        parse(with_cell(3, 1, cell))


def test_lines_are_counted_from_the_top_of_the_file():
    content = text(LABELLED, ["label", *NAMES]) + PLAIN * 400 + b"oops\n"
    with pytest.raises(DataFileError, match="line 2007: a column is missing"):
        parse(content, 10_000)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"\n", "line 1: these are not the columns"),
        (b"\n" + PLAIN, "line 1: these are not the columns"),
        (b"<!DOCTYPE html>\n<title>404</title>\n", "line 1: these are not the columns"),
        (text(PIXELS[:, :783]), "line 1: these are not the columns"),
        (text(np.column_stack([LABELLED, LABELS])), "line 1: these are not the columns"),
        (text(LABELLED, ["kind", *NAMES]), "line 1: these are not the columns(?s:.)*--label-column"),
        (text(LABELLED, ["label", "label", *NAMES[1:]]), "line 1: these are not the columns"),
        (text(PIXELS, ["label", *NAMES[1:]]), "line 1: these are not the columns"),
        (b"," * 783 + b"\n" + text(PIXELS), "line 1: these are not the columns"),
        (text(LABELLED, ["label", *NAMES]).replace(b"pixel7,", b'"label,'), "line 1: these are not the columns"),
        (text(LABELLED, ["label", *NAMES]).replace(b"pixel7,", b'pix"el7,'), "line 1: these are not the columns"),
        (with_cell(1, 9, "x"), "line 1: column 9: this is not a pixel"),  # not a header that swallows a picture
        (PLAIN + b"\n" + PLAIN, "line 6: a column is missing"),
        (PLAIN[:-4], "line 5: a column is missing"),
        (PLAIN + b"," * 784 + b"\n" + PLAIN, "line 6: (an empty row|column 1: this is not a label)"),
        (PLAIN + b"," * 783 + b"\n", "line 6: a column is missing"),
        (PLAIN + (b"," * 784 + b"\n") * 10_001, "more than 10,000 empty rows"),
        (PLAIN.replace(b",", b";", 1), "line 1: column 1: this is not a pixel"),
        (PLAIN + PLAIN.replace(b",", b";"), "line 6: a column is missing"),
        (PLAIN.replace(b",", b";") + PLAIN, "line 6: a column is missing"),
        (b'"' + PLAIN.replace(b"\n", b'"\n"', 4), "line 1"),  # a line in quotes is one cell
        (PLAIN.replace(b",", b'","').replace(b"\n", b'"\n"')[:-1], "line 1: these are not the columns"),
        (PLAIN + b"1,2\n", "line 6: a column is missing"),
        (text(LABELLED, ["label", *NAMES]) + text(LABELLED, ["label", *NAMES]), "line 7: column 1"),
        (PLAIN.replace(b"\n", b"\r"), "line 1"),
        (b"1" * 10**6, "not a table of numbers"),
        (b"\0" * 10**6, "not a table of numbers"),
    ],
)
def test_damage_is_named(content, complaint):
    with pytest.raises(DataFileError, match=complaint):
        parse(content)


PACKED = gzip.compress(PLAIN, mtime=0)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (PACKED[:-1], "gzip file is cut short"),
        (PACKED[: len(PACKED) // 2], "gzip file is cut short|column is missing"),
        (PACKED + PACKED, "follows the gzip member"),
        (PACKED + b"junk", "follows the gzip member"),
        (PACKED[:-8] + bytes(8), "damaged"),
        (PACKED[:100] + b"\xff" * 9 + PACKED[109:], "damaged|pixel|column"),
    ],
)
def test_damaged_gzip_is_named(content, complaint, tmp_path):
    path = tmp_path / "some.csv.gz"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=complaint):
        read_csv(path)


def test_no_flipped_bit_of_a_gzipped_file_is_read_as_other_pictures(tmp_path):
    path = tmp_path / "some.csv.gz"
    wrong = 0
    for at in range(0, len(PACKED), 5):
        path.write_bytes(PACKED[:at] + bytes([PACKED[at] ^ 1 << at % 8]) + PACKED[at + 1 :])
        try:
            wrong += not is_true(read_csv(path))
        except DataFileError:
            continue
    assert wrong == 0


BOMBS = {
    "one line": bytes(2**27),
    "empty lines": b"\n" * 2**27,
    "commas": b"," * 2**27,
    "empty rows after a picture": PLAIN + (b"," * 784 + b"\n") * 2**17,
    "lines of nothing after a picture": PLAIN + b"\n" * 2**27,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_at_once_and_in_little_memory(bomb, tmp_path):
    path = tmp_path / "bomb.csv.gz"
    packed, said = gzip.compress(bomb, compresslevel=1), []
    for content in (packed, packed[: len(packed) // 2]):  # the rest of it may be missing: nobody looks
        path.write_bytes(content)
        with cheaply(), pytest.raises(DataFileError) as caught:
            read_csv(path)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataFileError, match="a pipe"):
        read_csv(tmp_path / "pipe.csv")


def slowly(content: bytes) -> list[list[int]] | None:
    """The definition once more, by Python's own reader of CSV files; None where it is refused."""
    rows: list[list[int]] = []
    while content.rstrip(b"\n").endswith(b"\n" + b"," * 784):
        content = content.rstrip(b"\n").removesuffix(b"," * 784)
    for row in csv.reader(io.StringIO(content.decode("latin1"), newline="\n")):
        numbers = [re.sub(r"(?<=\d)\.0+$", "", cell.strip(" \t")) for cell in row]
        if len(row) != 785 or not all(n.isascii() and n.isdigit() and len(n) < 4 and int(n) < 256 for n in numbers):
            return None
        rows.append([int(number) for number in numbers])
    return rows if rows and all(row[0] < 10 for row in rows) else None


@given(
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 3), st.text('0123456789,\n"-. x', max_size=3)), min_size=1, max_size=2
    ),
    size=st.sampled_from([700, 10**6]),
)
@settings(deadline=None, max_examples=300)
def test_mutated_files_are_refused_or_read_as_they_are(edits, size):
    content = PLAIN
    for place, removed, inserted in edits:
        start = int(place * len(content))
        content = content[:start] + inserted.encode() + content[start + removed :]
    try:
        table = parse(content, size)
    except DataFileError:
        return
    if table.labels is None:  # only a first line that was joined or cut can look like pixels alone
        assert content.split(b"\n")[0].count(b",") == 783
        return
    read = np.column_stack([table.labels, table.images.reshape(-1, 784)]).tolist()
    assert read == slowly(content)


@given(content=st.binary(max_size=300) | st.text("0123456789,\n\r label", max_size=300).map(str.encode))
@settings(deadline=None, max_examples=300)
def test_arbitrary_bytes_are_refused(content):
    with pytest.raises(DataFileError):
        parse(content)


def test_nothing_is_read_before_it_is_asked_for():
    """A generator that fails shows that the text after a wrong line is not touched."""

    def pieces() -> Iterator[bytes]:
        yield b"no,numbers,here\n"
        raise AssertionError("read on")

    with pytest.raises(DataFileError, match="line 1"):
        parse_csv(pieces(), "some.csv")
