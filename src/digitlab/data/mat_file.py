"""MATLAB's ``.mat`` files (level 5), such as ``mnist-original.mat``: an array of pictures and one of labels.

    offset 0     116 bytes of text, 8 of no interest, the version 0x0100, and "IM" (or "MI": big-endian)
    offset 128   elements: type uint32, length uint32, content, filled up to 8 bytes; where the content has 4 bytes at
                 most, type and length are uint16 and it follows at once
    type 15      a zlib stream, which holds one element
    type 14      an array, of elements: flags (its class), dimensions, name, numbers (perhaps of a smaller type)

Pictures are ``data``, ``images`` or ``X``: ``(784, N)``, ``(N, 784)`` or ``(28, 28, N)``. Labels are ``label``,
``labels``, ``y`` and so on. Other arrays, and those of no plain numbers, are passed over.

SciPy reads these files too, but takes as much memory as a compressed one says that it needs, and ends the process on
some damaged ones (version 1.17.1). So little of them is wanted here that they are read by hand.

Source: MathWorks, "MAT-File Format" (R2024b), chapter 1.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.data.columns import LABEL_NAMES, LabelColumn
from digitlab.data.digits import SIDE, Digits
from digitlab.data.files import MAX_ARRAY_BYTES, named, read_file
from digitlab.data.parting import with_test_part
from digitlab.errors import DataFileError, PictureError, refuse

ENDING = ".mat"
HEADER = 128
BYTE_ORDERS = {b"\0\1IM": "<", b"\1\0MI": ">"}
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
INT8, INT32, UINT32, MATRIX, COMPRESSED = 1, 5, 6, 14, 15
NUMERIC = range(6, 16)  # classes of arrays: double to uint64
COMPLEX = 0x800
PICTURES = ("data", "images", "x")
LABELS = (*LABEL_NAMES, "labels")
SMALL = 4  # bytes of an element that has no more than eight
LONGEST_BEGIN = 256  # bytes of an array before its numbers; names have 63 letters at most
MOST_ARRAYS = 1000
MOST_SIDES = 8


def split_mat(path: Path, source: str, label_column: LabelColumn | None = None) -> tuple[Digits, Digits]:
    """The data set in a ``.mat`` file, some of it kept for testing; see `opening.Format`.

    Raises:
        DataFileError: missing, damaged, another level of the format, or no such arrays.
    """
    arrays = parse_mat(read_file(path), str(path))
    wanted = LABELS if label_column is None else (str(label_column).lower(),)
    images, labels = ([arrays[name] for name in names if name in arrays] for names in (PICTURES, wanted))
    if len(images) != 1 or len(labels) != 1:
        must_be = f"one array of pictures ({', '.join(PICTURES)}) and one of labels ({', '.join(wanted)})"
        help = "--label-column (label_column in Python) can be the name of the labels"
        refuse(DataFileError, path, "these are not pictures and labels", must_be=must_be, got=list(arrays), help=help)
    with named(path):
        flat = labels[0].ravel() if 1 in labels[0].shape else labels[0]
        return with_test_part(Digits(_upright(images[0]), flat, source), source)


def parse_mat(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of numbers in the bytes of a file, by their names in small letters; messages call it ``name``.

    Raises:
        DataFileError: damaged, or another level of the format.
    """
    order = BYTE_ORDERS.get(content[HEADER - 4 : HEADER])
    if order is None:
        must_be, help = "a MAT-file of level 5", "save it in MATLAB with '-v7', or in SciPy by scipy.io.savemat"
        refuse(DataFileError, name, "this cannot be read", must_be=must_be, got=repr(content[:20]), help=help)
    arrays: dict[str, NDArray[Any]] = {}
    for number, (kind, element) in enumerate(_elements(memoryview(content)[HEADER:], order, name)):
        if number == MOST_ARRAYS:
            refuse(DataFileError, name, f"there are more than {MOST_ARRAYS} arrays in it")
        inner, matrix = (kind, element) if kind != COMPRESSED else _inflated(element, order, name)
        if inner != MATRIX:
            refuse(DataFileError, name, "something else than an array is in it", got=f"an element of type {inner}")
        if (found := _parse_array(matrix, order, name)) is not None:
            if found[0] in arrays:
                refuse(DataFileError, name, "two arrays have the same name", got=found[0])
            arrays[found[0]] = found[1]
    return arrays


def _elements(content: memoryview, order: str, name: str) -> Iterator[tuple[int, memoryview]]:
    """The elements in ``content``, one after the other: type and content."""
    at = 0
    while at < len(content):
        if at + 8 > len(content):
            refuse(DataFileError, name, "an element is cut short", got=f"{len(content) - at} bytes of its beginning")
        kind, length = struct.unpack_from(f"{order}2I", content, at)
        begin, small = at + 8, kind >> 16
        if small:
            kind, length, begin = kind & 0xFFFF, small, at + 4
        end = begin + length
        if end > len(content) or small > SMALL:
            got = f"{length:,} bytes, of which {len(content) - begin:,} are there"
            refuse(DataFileError, name, "an element is longer than what holds it", got=got)
        yield kind, content[begin:end]
        at = end if kind == COMPRESSED else at + 8 if small else end + -length % 8


def _inflated(packed: memoryview, order: str, name: str) -> tuple[int, memoryview]:
    """The one element in a zlib stream, where it is an array of numbers: no more than its sides need, and all of it."""
    inflater = zlib.decompressobj()
    try:
        begin = inflater.decompress(packed, LONGEST_BEGIN)
        kind, length = struct.unpack_from(f"{order}2I", begin.ljust(8, b"\0"))
        sides = _sides(memoryview(begin)[8:], order, name) if kind == MATRIX else None
        if sides is None:
            return kind, memoryview(begin)[8:]  # nobody needs the rest
        if length > min(needed := prod(sides) * 8 + LONGEST_BEGIN, MAX_ARRAY_BYTES):
            got = f"{length:,} bytes, of which {needed:,} can be needed"
            refuse(DataFileError, name, "a compressed array is too long", got=got)
        content = begin + inflater.decompress(inflater.unconsumed_tail, max(length + 9 - len(begin), 1))
    except zlib.error as error:
        refuse(DataFileError, name, "a compressed array is damaged", got=str(error))
    if len(content) != length + 8 or not inflater.eof or inflater.unused_data:
        got = f"{len(content):,} bytes, not {length + 8:,}"
        refuse(DataFileError, name, "a compressed array is cut short, or too long", got=got)
    return kind, memoryview(content)[8:]


def _sides(matrix: memoryview, order: str, name: str) -> tuple[int, ...] | None:
    """The sides of an array of plain numbers, from its beginning; None where it is something else."""
    ((flags_kind, flags),) = _some(matrix, 1, order, name)
    if flags_kind != UINT32 or len(flags) != 8:
        refuse(DataFileError, name, "an array has another beginning", got=bytes(matrix[:16]).hex(" "))
    said, _ = struct.unpack(f"{order}2I", flags)
    if said & 0xFF not in NUMERIC or said & COMPLEX:
        return None
    _, (kind, sides) = _some(matrix, 2, order, name)
    lengths = struct.unpack(f"{order}{len(sides) // 4}i", sides) if kind == INT32 and len(sides) % 4 == 0 else ()
    if not 2 <= len(lengths) <= MOST_SIDES or min(lengths) < 0:
        refuse(DataFileError, name, "an array cannot have such sides", got=lengths)
    return lengths


def _parse_array(matrix: memoryview, order: str, name: str) -> tuple[str, NDArray[Any]] | None:
    """The name of an array of plain numbers, in small letters, and its numbers; None where it is something else."""
    sides = _sides(matrix, order, name)
    if sides is None:
        return None
    _, _, (name_kind, letters), (kind, numbers) = _some(matrix, 4, order, name)
    dtype = np.dtype(order + TYPES[kind]) if kind in TYPES else None
    if name_kind != INT8 or dtype is None or prod(sides) * dtype.itemsize != len(numbers):
        got = f"sides {sides}, {len(numbers):,} bytes of type {kind}"
        refuse(DataFileError, name, "the numbers of an array do not fit its sides", got=got)
    array = np.frombuffer(numbers, dtype=dtype).reshape(sides, order="F")
    return bytes(letters).decode("latin1").lower(), array


def _some(matrix: memoryview, count: int, order: str, name: str) -> list[tuple[int, memoryview]]:
    """The first elements of an array."""
    found = list(islice(_elements(matrix, order, name), count))
    if len(found) < count:
        refuse(DataFileError, name, "an array is cut short", got=f"{len(found)} of {count} parts")
    return found


def _upright(images: NDArray[Any]) -> NDArray[Any]:
    """Pictures one after the other, where MATLAB has them beside each other."""
    if images.ndim == 2 and images.shape[0] == SIDE * SIDE != images.shape[1]:
        return images.T
    if images.ndim == 3 and images.shape[:2] == (SIDE, SIDE):
        return np.moveaxis(images, 2, 0)
    if images.shape == (SIDE * SIDE, SIDE * SIDE):
        raise PictureError("the pictures may be the rows or the columns", got=f"shape {images.shape}")
    return images
