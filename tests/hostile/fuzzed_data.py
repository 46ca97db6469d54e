"""Data files as the fuzzer sees them: IDX, npz, CSV, pictures of a data set, pictures to be read.

The first byte of an input chooses a way to make a file of the rest: as it is, or put together so that checksums and
lengths are right, which no fuzzer would guess. What is accepted is read once more by something else: Python's or
NumPy's own readers. Both must have read the same.
"""

from __future__ import annotations

import gzip
import io
import math
import re
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import digitlab as dl
from digitlab.data import arff_file, csv_file
from digitlab.data.columns import LABEL_NAMES
from digitlab.data.idx import INT32, UNSIGNED_BYTE, read_idx
from digitlab.data.table import Table
from digitlab.errors import DigitlabError
from digitlab.reading import Prepared, enlarged, ink, pictures, prepare
from tests.hostile import forge
from tests.hostile.fuzzed import BETWEEN, MOST, Format, Make, words

# --- IDX ---


def read_both(path: Path) -> list[np.ndarray]:
    """As images, as labels, and as rows of labels: at most one of them can be right."""
    read = []
    for dimensions, kind in ((1, UNSIGNED_BYTE), (2, INT32), (3, UNSIGNED_BYTE)):
        with suppress(DigitlabError):
            read.append(read_idx(path, dimensions, kind=kind))
    if not read:
        read_idx(path, 3)
    return read


def is_true_idx(content: bytes, read: list[np.ndarray]) -> bool:
    whole = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    begins = {1: b"\0\0\x08", 4: b"\0\0\x0c"}
    again = [forge.idx(*array.shape, body=array.tobytes(), begin=begins[array.itemsize]) for array in read]
    return again == [whole]


def fitting_idx(data: bytes) -> bytes:
    """One to three sides, and as many bytes as they ask for."""
    sides = tuple(data[:3])
    size = math.prod(sides)
    return forge.gzipped(forge.idx(*sides, body=data[3:].ljust(size, b"\7")[:size])) if size < MOST else data


IDX = Format(
    "digits",
    (bytes, forge.gzipped, fitting_idx),
    read_both,
    is_true_idx,
    (
        (0, forge.idx(1, 28, 28)),
        (0, forge.idx(3)),
        (0, forge.rows()),
        (0, forge.gzipped(forge.idx(2, 3, 4))),
        (1, forge.idx(3)),
        (1, forge.idx(1, 28, 28)),
        (0, forge.gzipped(forge.idx(3))[:-8]),
        (0, forge.gzipped(forge.idx(3)) * 2),
        (1, forge.idx(2**32 - 1, 2**32 - 1, 0, body=b"")),
        (2, bytes([2, 28, 28])),
    ),
    words(r"\x00\x00\x08\x01 \x00\x00\x08\x03 \x00\x00\x0c\x02 \x1f\x8b\x08 \xff\xff\xff\xff \x80\x00\x00\x00"),
    ("data/idx.py", "data/files.py"),
    2048,
)


# --- npz ---

NAMES = ("x_train", "y_train", "x_test", "y_test")


def with_members(deflate: bool, wrap: Make) -> Make:
    """Pieces become members; those that are missing are as they should be."""

    def make(data: bytes) -> bytes:
        pieces = map(wrap, data.split(BETWEEN))
        return forge.archive(forge.npz_members(**dict(zip(NAMES, pieces, strict=False))), deflate=deflate)

    return make


def fitting_npy(piece: bytes) -> bytes:
    """A header, and after its line as many bytes as its shape asks for."""
    header, _, body = piece.partition(b"\n")
    sides = [int(number[:9]) for number in re.findall(rb"\d+", header.rpartition(b"shape")[2])]
    size = math.prod(sides) * (int(width[1]) if (width := re.search(rb"[iuf](\d)", header)) else 1)
    return forge.npy_with(header, body.ljust(size, b"\3")[:size] if size < MOST else body)


def lying_archive(data: bytes) -> bytes:
    """Five bytes are one lie: which field (of the first header, of the directory, of the end), and what it says."""
    lies: tuple[dict[str, int], ...] = ({}, {}, {})
    fields = [(at, name) for at, names in enumerate((forge.LOCAL, forge.CENTRAL, forge.END)) for name in names]
    for at in range(0, len(data) - 4, 5):
        where, name = fields[data[at] % len(fields)]
        long = name in {"crc", "packed", "size", "external", "directory_size", "start"}  # four bytes; the others two
        lies[where][name] = int.from_bytes(data[at + 1 : at + 5], "little") & (0xFFFFFFFF if long else 0xFFFF)
    deflate = data[:1] > b"\x7f"
    return forge.archive(forge.npz_members(), deflate=deflate, local=lies[0], central=lies[1], end=lies[2])


def is_true_npz(content: bytes, read: tuple[dl.Digits, dl.Digits]) -> bool:
    arrays = [array for part in read for array in (part.images, part.labels)]
    with np.load(io.BytesIO(content), allow_pickle=False) as npz:
        return all(np.array_equal(npz[name], array) for name, array in zip(NAMES, arrays, strict=True))


HEADER = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 28, 28), }\n"
LABELS = b"{'descr': '<i8', 'fortran_order': True, 'shape': (1,), }\n"
PAIR = HEADER + BETWEEN + LABELS
PACKED = forge.archive(forge.npz_members(1, 1), deflate=True)
NPZ = Format(
    "digits.npz",
    (
        bytes,
        with_members(False, bytes),
        with_members(True, bytes),
        with_members(False, fitting_npy),
        with_members(True, fitting_npy),
        lying_archive,
    ),
    lambda path: dl.open_data(str(path), invert="no"),
    is_true_npz,
    (
        (0, forge.archive(forge.npz_members(1, 1))),
        (0, PACKED),
        (0, PACKED[:41] + b"\xff" + PACKED[42:]),  # the first bits of a deflate stream
        (1, forge.npy((2, 28, 28), forge.ink(2 * 784))),
        (2, BETWEEN.join(content for _, content in forge.npz_members(1, 1))),
        (3, PAIR),
        (3, HEADER.replace(b"False", b"True") + BETWEEN + LABELS.replace(b"<i8", b">u2")),
        (4, PAIR),
        (5, bytes([3, 0, 0, 0, 0])),
        (5, bytes([200, 0, 0, 0, 0])),
    ),
    words(r"PK\x01\x02 PK\x03\x04 PK\x05\x06 \x93NUMPY \x0a|\x0a 'descr' 'shape':( True 28, '<i4' '|O' 9999999999999"),
    ("data/npz.py", "data/zip_file.py"),
    8192,
)


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


# --- pictures ---


def with_chunks(data: bytes) -> bytes:
    """Pieces become chunks of a PNG file before its pixels, with their CRC-32."""
    return forge.png(before=b"".join(forge.chunk(piece[:4].ljust(4, b"x"), piece[4:]) for piece in data.split(BETWEEN)))


def saved(form: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28)).save(buffer, form, **how)
    return buffer.getvalue()


PICTURE_SEEDS = (
    (0, forge.png()),
    *((0, saved(form)) for form in ("JPEG", "BMP", "GIF")),
    *((0, saved("WEBP", lossless=lossless)) for lossless in (True, False)),
    (0, saved("GIF", transparency=3, disposal=2, comment=b"hello")),
    (0, saved("JPEG", progressive=True)),
    (1, b"tEXtTitle\0x" + BETWEEN + b"tRNS\0\1"),
    (1, b"eXIfMM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),
)
PICTURE_WORDS = words(
    r"IHDR PLTE tRNS iTXt zTXt iCCP eXIf acTL fcTL fdAT IDAT IEND GIF89a BM RIFF WEBPVP8X VP8L VP8\x20 "
    r"\xff\xd8\xff \xff\xe1 \xff\xda Exif\x00\x00 !\xf9\x04 !\xfe \x0a|\x0a"
)
PICTURE = Format(
    "folder/train/0/a.png",
    (bytes, with_chunks),
    lambda path: dl.open_data(str(path.parents[2])),
    lambda _, read: read[0].images.shape == (1, 28, 28) and read[0].labels.tolist() == [0],
    PICTURE_SEEDS,
    PICTURE_WORDS,
    ("data/image_folder.py", "data/picture_file.py"),
    2048,
)


# --- any picture of one digit ---


def read_small(path: Path) -> Prepared:
    """As users do, but for the size: large pictures take long, and their code is the same."""
    pictures.MAX_PIXELS = 2**14
    return prepare(path.read_bytes())


def is_true_photo(content: bytes, read: Prepared) -> bool:
    """Pillow by itself, without any guard, sees the same picture; or what it refuses is what was taken out."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content)) as image:
            same = prepare(ImageOps.exif_transpose(image))
    except Exception:
        return content.startswith((b"\x89PNG", b"GIF8"))
    return np.array_equal(same.pixels, read.pixels)


PHOTO = Format(
    "any.png",
    (bytes, with_chunks),
    read_small,
    is_true_photo,
    (
        *PICTURE_SEEDS,
        (0, forge.png(28, 20)),
        (0, forge.png(14, 28, form=b"\x10\0\0\0\0")),
        (0, forge.png(7, 28, form=b"\x08\6\0\0\0")),
    ),
    PICTURE_WORDS,
    ("data/picture_file.py", "reading/pictures.py"),
    2048,
    (*vars(ink).values(), *vars(enlarged).values(), *prepare.__globals__.values()),
)
