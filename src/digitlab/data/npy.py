r"""``.npy`` members of a ``.npz`` archive: an array, and a header that is not believed before it was checked.

    \x93NUMPY, a version, the length of the header, the header (a Python dictionary as text, with the type, the memory
    order and the shape), and the bytes of the array

``numpy.load`` is not used, because it is no validator: it takes trailing bytes, objects and records, and
does not compare the CRC-32 of a member that it does not read to its end, so that one flipped bit in a
shape can give other numbers. The header is read here by one pattern; nothing in it is evaluated.

Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays".
"""

import math
import re
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from digitlab.data.files import MAX_ARRAY_BYTES
from digitlab.data.zip_file import unpack
from digitlab.errors import DataFileError, refuse

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000  # bytes; NumPy's own limit
LENGTH = rb"(?:0|[1-9]\d{0,18})"  # of one side
SHAPE = rb"\((|%(n)s,|%(n)s(?:, ?%(n)s){1,31},?)\)" % {b"n": LENGTH}  # a tuple as Python writes it
HEADER = re.compile(
    rb"\{ *'descr': *'([<>|=]?[a-zA-Z]\d{0,3})', *'fortran_order': *(True|False), *'shape': *%s,? *\}[ \n]*" % SHAPE
)
SIDES = re.compile(rb"\d+")


class Kinds(NamedTuple):
    """The types that an array may have: as NumPy spells them, in words, and what helps who has another."""

    types: tuple[str, ...]
    in_words: str
    help: str


def peek(archive: ZipFile, member: str, name: str, kinds: Kinds) -> tuple[int, ...]:
    """The shape that a member's header tells; little is unpacked for it, and it must fit the member's size.

    Args:
        archive: from `digitlab.data.zip_file.open_archive`.
        member: which array.
        name: what messages call the archive.
        kinds: the types that the array may have.

    Raises:
        DataFileError: no NumPy array, of another type, or a shape that cannot be true.
    """
    begin = unpack(archive, member, name, most=LONGEST_HEADER)
    dtype, _, shape, offset = _parse_header(begin, f"{name}: {member}", kinds)
    size, said = offset + math.prod(shape) * dtype.itemsize, archive.getinfo(member).file_size
    if size != said or size > MAX_ARRAY_BYTES:
        must_be = f"{said:,} bytes, the size of the member, and at most {MAX_ARRAY_BYTES:,}"
        refuse(DataFileError, f"{name}: {member}", "the shape cannot be true", must_be=must_be, got=f"{shape} {dtype}")
    return shape


def read_array(archive: ZipFile, member: str, name: str, kinds: Kinds) -> NDArray[Any]:
    """The array of one member, all of which was read and checked; for the arguments and errors see `peek`."""
    content = unpack(archive, member, name)
    # The same header again: `peek` saw the bytes before their CRC-32 was known to be right.
    dtype, order, shape, offset = _parse_header(content, f"{name}: {member}", kinds)
    return np.frombuffer(content, dtype=dtype, offset=offset).reshape(shape, order=order)


def _parse_header(content: bytes, where: str, kinds: Kinds) -> tuple[np.dtype[Any], Any, tuple[int, ...], int]:
    """Type, memory order and shape of a ``.npy`` file, and where its bytes begin."""
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
    if kind not in kinds.types:
        refuse(DataFileError, where, "the array has the wrong type", must_be=kinds.in_words, got=kind, help=kinds.help)
    return np.dtype(kind), order, tuple(shape), offset
