"""Tables as the fuzzer sees them: CSV, ARFF and MATLAB's files; see `fuzzed_data`."""

from __future__ import annotations

import gzip
import io
import math
import re
import zlib
from contextlib import suppress

import numpy as np

from digitlab.data import arff_file, csv_file
from digitlab.data.columns import LABEL_NAMES
from digitlab.data.mat_file import parse_mat
from digitlab.data.table import Table
from digitlab.data.usps_file import read_usps
from tests.hostile import forge
from tests.hostile.fuzzed import BETWEEN, MOST, Format, Make, words

# --- CSV ---


def pictures_of(side: int, make: Make) -> Make:
    """Small pictures make a fuzzer many times as fast, and let it reach the ends of lines: the code is the same."""

    def made(data: bytes) -> bytes:
        csv_file.SIDE, csv_file.PIXELS = side, side * side
        return make(data)

    return made


def wide(data: bytes) -> bytes:
    """A few lines; those that are too short get as many columns as a labelled picture has."""
    return b"".join(line + b",0" * (csv_file.PIXELS - line.count(b",")) + b"\n" for line in data.split(b"\n")[:4])


def cells_of(line: bytes) -> list[bytes]:
    return [re.sub(rb"(?<=\d)\.0+$", b"", cell.strip(b' \t\r"')) for cell in line.split(b",")]


def with_commas(text: bytes) -> bytes:
    """Semicolons or tabs as commas, and commas as points, where the first line is separated by them."""
    top = text.partition(b"\n")[0]
    marks = [mark for mark in (b";", b"\t") if mark in top and top.count(mark) >= top.count(b",") / 2]
    return text.replace(b",", b".").replace(marks[0], b",") if marks else text


def is_true_csv(content: bytes, read: Table) -> bool:
    """Numbers line by line, however they are written; a label is where the header says so, or first."""
    whole = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    lines = with_commas(whole.removeprefix(b"\xef\xbb\xbf")).removesuffix(b"\n").split(b"\n")
    names = [name.lower() for name in cells_of(lines[0])]
    while not any(cells_of(lines[-1])):
        lines.pop()
    if len(lines) > len(read.images):
        lines.pop(0)
    rows = np.array([list(map(int, cells_of(line))) for line in lines]).reshape(len(lines), len(names))
    if read.labels is not None:
        place = next((at for at, name in enumerate(names) if name.decode("latin1") in LABEL_NAMES), 0)
        labels, rows = rows[:, place], np.delete(rows, place, axis=1)
        if not np.array_equal(labels, read.labels):
            return False
    return np.array_equal(rows, read.images.reshape(rows.shape))


CSV = Format(
    "digits.csv",
    (
        pictures_of(2, bytes),
        pictures_of(2, forge.gzipped),
        pictures_of(3, wide),
        pictures_of(28, bytes),
        pictures_of(28, lambda data: forge.gzipped(wide(data))),
    ),
    csv_file.read_csv,
    is_true_csv,
    (
        (0, b"label,a,b,c,d\n1,2,3,4,5\n9,255,0,7,8\n"),
        (0, b'1,2,3,4\r\n255, "0" ,007,8'),
        (0, b"\xef\xbb\xbfa,b,label,c,d\n5,2,3,4,5\n"),
        (0, forge.gzipped(b"5,2,3,4,5\n" * 9)),
        (1, b"label,a,b,c,d\n1,2,3,4,5\n9,255,0,7,8\n"),
        (2, b'a,"label",b\n1,2,3\n 9,"8",007'),
        (2, b"5,2,3\n1"),
        (0, forge.gzipped(b"5,2,3,4,5\n" * 9)[:-9]),
        (0, forge.gzipped(b"5,2,3,4,5\n") * 2),
        (0, forge.gzipped(b"5,2,3,4,5\n" * 9)[:11] + b"\xff\xff"),
        (0, b"0,1,2,3,4\n0,6,7,8,9"),
        (0, b"5;1,0;2,0;3;4\n0;6;7;8;9\n;;;;\n"),
        (0, b'"5","1.0","2","3","4"\n,,,,\n,,,,\n'),
        (0, b"label\ta\tb\tc\td\n5\t1\t2\t3\t4"),
        (0, b"a,b,c,d,Class\n1,2,3,4,5\n"),
        (3, forge.table(1)),
        (4, b"label,a,b\n1,2,3\n9,255,0"),
    ),
    words(r"label class 256 255 \x0d\x0a ,, \" \xef\xbb\xbf \x1f\x8b\x08 \xb2"),
    ("data/csv_file.py", "data/columns.py", "data/files.py"),
    2048,
    (csv_file._parse_plainly,),
)


# --- ARFF ---


def is_true_arff(content: bytes, read: Table) -> bool:
    """The lines behind the header as a CSV file under the names of the header."""
    whole = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    header, _, rows = re.split(rb"(?mi)^(\s*@data\s*)$\n?", whole.replace(b"\r\n", b"\n"), maxsplit=1)
    named = rb"""(?mi)^\s*@attribute\s+(?:'([^'"]*)'|"([^'"]*)"|([^\s{]+))"""
    names = [b"".join(found).replace(b",", b"-") for found in re.findall(named, header)]
    return is_true_csv(b",".join(names) + b"\n" + rows, read)


ARFF = Format(
    "digits.arff",
    (pictures_of(2, bytes), pictures_of(2, forge.gzipped), pictures_of(28, bytes)),
    arff_file.read_arff,
    is_true_arff,
    (
        (0, b"@relation x\n@attribute class real\n" + b"@attribute p real\n" * 4 + b"@data\n1,2,3,4,5\n9,255,0,7,8\n"),
        (0, b"% hello\n\n" + b"@ATTRIBUTE p {0,1}\r\n" * 4 + b"@Attribute 'Class' {0,1}\n@DATA\n1,2,3,4,5\n,,,,\n"),
        (1, b"@attribute a real\n" * 4 + b"@data\n1,2,3,4"),
        (2, forge.arff()),
    ),
    words(r"@attribute @relation @data class real { ' % .0 ,,,, 256 \x0d\x0a"),
    ("data/arff_file.py", "data/csv_file.py", "data/columns.py"),
    2048,
    (csv_file._parse_plainly,),
)


# --- USPS ---


def filled(data: bytes) -> bytes:
    """Lines that are too short get as many numbers as a picture has."""
    return b"".join(line + b" -1" * (257 - len(line.split())) + b"\n" for line in data.split(b"\n")[:3])


def is_true_usps(content: bytes, read: Table) -> bool:
    whole = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    rows = np.loadtxt(io.BytesIO(whole), ndmin=2).reshape(-1, 257)
    same = np.array_equal(np.rint(127.5 * (rows[:, 1:] + 1)), read.images.reshape(len(rows), -1))
    return same and read.labels is not None and np.array_equal(rows[:, 0], read.labels)


USPS = Format(
    "usps/zip.train",
    (bytes, filled, forge.gzipped),
    read_usps,
    is_true_usps,
    ((0, forge.usps(1)), (1, b"5.0000 0.1 -0.999\n3 1 -1 0"), (2, forge.usps(1)), (1, b" 6.0 \t-1.0\r\n7")),
    words(r"-1.0 0.5 -0.631 \x20 \x09 \x0d\x0a nan 1e0"),
    ("data/usps_file.py",),
    4096,
)


# --- MATLAB ---


def with_arrays(packed: bool) -> Make:
    """Pieces become the content of arrays; the first byte of each is its name, the next two its sides."""

    def make(data: bytes) -> bytes:
        found = []
        for piece in data.split(BETWEEN):
            name, sides = chr(97 + piece[0] % 26) if piece else "", tuple(piece[1:3])
            size = math.prod(sides)
            body = piece[3:].ljust(size, b"\3")[:size] if size < MOST else piece
            found.append(forge.matrix(name, body, *sides, packed=packed))
        return forge.mat(*found)

    return make


def is_true_mat(content: bytes, read: dict[str, np.ndarray]) -> bool:
    """The numbers are in the file, or in a stream of it. SciPy cannot be asked: version 1.17 crashes on such files."""
    plain = [content]
    for stream in re.finditer(rb"(?s)[\x0f\0]\0\0[\x0f\0]....(?=x)", content):
        with suppress(zlib.error):
            plain.append(zlib.decompressobj().decompress(content[stream.end() :], 2**20))
    return all(any(array.tobytes("F") in part for part in plain) for array in read.values())


MAT = Format(
    "digits.mat",
    (
        bytes,
        forge.mat,
        lambda data: forge.mat(forge.pressed(data)),
        with_arrays(False),
        with_arrays(True),
    ),
    lambda path: parse_mat(path.read_bytes(), str(path)),
    is_true_mat,
    (
        (0, forge.mat()),
        (1, forge.matrix("x", b"abcdef", 2, 3)),
        (1, forge.matrix("x", bytes(48), 2, 3, flags=6, kind=9)),
        (2, forge.matrix("x", b"abcdef", 2, 3)),
        (3, b"x\2\3abcdef" + BETWEEN + b"y\1\2\1\2"),
        (4, b"x\2\3abcdef" + BETWEEN + b"y\1\2\1\2"),
    ),
    words(r"\x0e\x00\x00\x00 \x0f\x00\x00\x00 \x06\x00\x00\x00\x08 \x05\x00\x00\x00\x08 \x01\x00\x01\x00 \x0a|\x0a"),
    ("data/mat_file.py",),
    2048,
)
