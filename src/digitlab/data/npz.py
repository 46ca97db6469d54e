r"""``mnist.npz``, the form in which Keras publishes MNIST: four NumPy arrays in one ZIP archive.

    x_train (N, 28, 28) uint8   y_train (N,) whole numbers   x_test, y_test likewise

Each member is a ``.npy`` file: the magic ``\x93NUMPY``, a version, the length of a header, the header (a
Python dictionary as text, with the type, the memory order and the shape), and the bytes of the array.

``numpy.load`` is not used, because it is no validator: it takes trailing bytes, objects and records, and
does not compare the CRC-32 of a member that it does not read to its end, so that one flipped bit in a
shape can give other pictures. The header is read here by one pattern; nothing in it is evaluated.

Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays".
"""

import math
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import CLASSES, SIDE, Digits
from digitlab.data.files import MAX_ARRAY_BYTES, read_file
from digitlab.data.zip_file import open_archive, unpack
from digitlab.errors import DataFileError, refuse

PARTS = ("train", "test")
MEMBERS = tuple(f"{letter}_{part}.npy" for part in PARTS for letter in "xy")
MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000  # bytes; NumPy's own limit
LENGTH = rb"(?:0|[1-9]\d{0,18})"  # of one side
SHAPE = rb"\((|%(n)s,|%(n)s(?:, ?%(n)s){1,31},?)\)" % {b"n": LENGTH}  # a tuple as Python writes it
HEADER = re.compile(
    rb"\{ *'descr': *'([<>|=]?[a-zA-Z]\d{0,3})', *'fortran_order': *(True|False), *'shape': *%s,? *\}[ \n]*" % SHAPE
)
SIDES = re.compile(rb"\d+")
PIXEL_TYPES = ("|u1",)
PIXELS_HELP = "np.rint(255 * x).astype(np.uint8) makes bytes of pixels 0 to 1, x.astype(np.uint8) of whole ones"
LABEL_TYPES = ("|u1", "|i1", *(f"{order}{kind}{size}" for order in "<>" for kind in "iu" for size in (2, 4, 8)))
OF_PIXELS = (PIXEL_TYPES, "bytes", PIXELS_HELP)
OF_LABELS = (
    LABEL_TYPES,
    "whole numbers",
    "y.astype(np.uint8) makes bytes of whole labels, y.argmax(axis=1) of one-hot ones",
)


def read_npz(path: Path, source: str) -> tuple[Digits, Digits]:
    """The data set in a ``.npz`` file; see `opening.Format`.

    Raises:
        DataFileError: missing, not a file, damaged, or other arrays than these four.
    """
    return parse_npz(read_file(path), str(path), source)


def parse_npz(content: bytes, name: str, source: str) -> tuple[Digits, Digits]:
    """`read_npz` for bytes at hand; ``name`` is what error messages call them."""
    archive = open_archive(content, MEMBERS, name)
    shapes = {member: _peek(archive, member, name) for member in MEMBERS}
    for part in PARTS:  # shapes are compared before anything is unpacked
        images, labels = shapes[f"x_{part}.npy"], shapes[f"y_{part}.npy"]
        if len(images) != 3 or images[1:] != (SIDE, SIDE) or labels != images[:1]:
            must_be, got = f"images (N, {SIDE}, {SIDE}) and labels (N,)", f"x_{part} {images}, y_{part} {labels}"
            refuse(DataFileError, name, f"the {part} arrays do not hold digits", must_be=must_be, got=got)
    train, test = (
        Digits(
            _read_array(archive, f"x_{part}.npy", name),
            _as_labels(_read_array(archive, f"y_{part}.npy", name), f"{name}: y_{part}.npy"),
            f"{source} {part}",
        )
        for part in PARTS
    )
    return train, test


def _peek(archive: ZipFile, member: str, name: str) -> tuple[int, ...]:
    """The shape that a member's header tells; little is unpacked for it, and it must fit the member's size."""
    dtype, _, shape, offset = _parse_header(unpack(archive, member, name, most=LONGEST_HEADER), member, name)
    size, said = offset + math.prod(shape) * dtype.itemsize, archive.getinfo(member).file_size
    if size != said or size > MAX_ARRAY_BYTES:
        must_be = f"{said:,} bytes, the size of the member, and at most {MAX_ARRAY_BYTES:,}"
        refuse(DataFileError, f"{name}: {member}", "the shape cannot be true", must_be=must_be, got=f"{shape} {dtype}")
    return shape


def _read_array(archive: ZipFile, member: str, name: str) -> NDArray[Any]:
    """The array of one member, all of which was read and checked."""
    content = unpack(archive, member, name)
    # The same header again: `_peek` saw the bytes before their CRC-32 was known to be right.
    dtype, order, shape, offset = _parse_header(content, member, name)
    return np.frombuffer(content, dtype=dtype, offset=offset).reshape(shape, order=order)


def _parse_header(content: bytes, member: str, name: str) -> tuple[np.dtype[Any], Any, tuple[int, ...], int]:
    """Type, memory order and shape of a ``.npy`` file, and where its bytes begin."""
    where = f"{name}: {member}"
    version = content[6:8]
    width = 2 if version == b"\x01\x00" else 4  # bytes that tell the length; wider since version 2
    if content[:6] != MAGIC or version not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        refuse(DataFileError, where, "this is not a NumPy array", got=repr(content[:8]))
    offset = 8 + width + int.from_bytes(content[8 : 8 + width], "little")
    header = HEADER.fullmatch(content[8 + width : offset]) if offset <= LONGEST_HEADER else None
    if header is None or offset > len(content):
        got = repr(content[8 + width : 160])
        refuse(DataFileError, where, "the header of the array is damaged, or tells of no plain array", got=got)
    kind, order, shape = header[1].decode(), "F" if header[2] == b"True" else "C", map(int, SIDES.findall(header[3]))
    kinds, must_be, help = OF_PIXELS if member.startswith("x") else OF_LABELS
    if kind not in kinds:
        refuse(DataFileError, where, "the array has the wrong type", must_be=must_be, got=kind, help=help)
    return np.dtype(kind), order, tuple(shape), offset


def _as_labels(labels: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Whole numbers of any width as bytes, once it is known that they are digits."""
    if len(labels) and (labels.min() < 0 or labels.max() >= CLASSES):
        got = f"{labels.min()} to {labels.max()}"
        refuse(DataFileError, name, "a label is not a digit", must_be=f"0 to {CLASSES - 1}", got=got)
    return labels.astype(np.uint8)
