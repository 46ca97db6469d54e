"""Data files as the fuzzer sees them: IDX, npz, pictures of a data set, pictures to be read.

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
from digitlab.data.idx import INT32, UNSIGNED_BYTE, read_idx
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
    ("data/npz.py", "data/npy.py", "data/zip_file.py"),
    8192,
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
    ("data/image_folder.py", "data/picture_file.py", "data/picture_bytes.py"),
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
        *((0, forge.tiff(order)) for order in "<>"),
        *((0, saved("TIFF", compression=compression)) for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")),
        (0, saved("TIFF", save_all=True, append_images=[Image.new("L", (28, 28))])),
    ),
    PICTURE_WORDS + words(r"II*\0 MM\0*"),
    ("data/picture_file.py", "data/picture_bytes.py", "data/tiff_file.py", "reading/pictures.py"),
    2048,
    (*vars(ink).values(), *vars(enlarged).values(), *prepare.__globals__.values()),
)
