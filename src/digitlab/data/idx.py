"""The IDX format, in which MNIST is published: a short header, then the bytes of one array.

    offset 0   0x00 0x00              always
    offset 2   0x08                   the type: unsigned byte (the only one that digits use)
    offset 3   D                      how many dimensions: 1 for labels, 3 for images
    offset 4   D x uint32 big-endian  the shape
    then       the array in C order, one byte an element, and nothing after it

A file may be gzipped, as ONE member. Whatever is wrong is refused before memory is spent on it: a header
never decides how much is allocated, because nothing is believed until the bytes are there. A gzipped file
is covered by its CRC-32, which is always read to the end.

Source: the description at the end of LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.data.files import MAX_ARRAY_BYTES, MAX_DEFLATE_RATIO, read_file, refuse

__all__ = ["encode_idx", "parse_idx", "read_idx"]

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib: 32 KiB window, gzip wrapper with its CRC-32 and length


def read_idx(path: Path, dimensions: int) -> tuple[NDArray[np.uint8], bytes]:
    """Read one IDX file, gzipped or not.

    Args:
        path: a regular file.
        dimensions: how many dimensions the array must have: 1 for labels, 3 for images.

    Returns:
        The array (read-only), and the raw unzipped bytes of the whole file, which checksums are made of.

    Raises:
        DataFileError: missing, not a file, damaged, or not what was asked for.
    """
    return parse_idx(read_file(path), dimensions, str(path))


def parse_idx(content: bytes, dimensions: int, name: str) -> tuple[NDArray[np.uint8], bytes]:
    """`read_idx` for bytes at hand; ``name`` is what error messages call them."""
    gzipped = content[:2] == GZIP_MAGIC
    header_bytes = 4 + 4 * dimensions
    unzip = zlib.decompressobj(_GZIP_WINDOW)
    header = _inflate(unzip, content, header_bytes, name) if gzipped else content[:header_bytes]
    shape = _parse_header(header, dimensions, name)
    size = math.prod(shape)
    most = MAX_DEFLATE_RATIO * len(content) if gzipped else len(content)
    if size > min(most, MAX_ARRAY_BYTES):
        refuse(
            name,
            "the header promises more than the file can hold",
            must_be=f"at most {min(most, MAX_ARRAY_BYTES)} elements for a file of {len(content)} bytes",
            got=f"shape {shape}",
        )
    if gzipped:
        # One byte more than promised: enough to see a surplus, and to make zlib read and check the trailer.
        content = header + _inflate(unzip, unzip.unconsumed_tail, size + 1, name)
    actual = len(content) - header_bytes
    if actual != size:
        problem = "the file is cut short" if actual < size else "there are bytes after the end of the array"
        got = f"{actual}" if actual < size else f"at least {actual}"
        refuse(name, problem, must_be=f"{size} bytes after the header, for shape {shape}", got=got)
    if gzipped and not unzip.eof:
        refuse(name, "the gzip stream has no end", must_be="one complete gzip member", got="a stream cut short")
    if gzipped and unzip.unused_data:
        got = f"{len(unzip.unused_data)} bytes after it"
        refuse(name, "something follows the gzip member", must_be="one gzip member and nothing else", got=got)
    try:
        return np.frombuffer(content, dtype=np.uint8, offset=header_bytes).reshape(shape), content
    except ValueError:  # no elements, but sides such as (2**32 - 1, 2**32 - 1, 0), which NumPy cannot count
        refuse(name, "the shape is impossible", must_be="sides of an array", got=f"shape {shape}")


def encode_idx(array: NDArray[np.uint8]) -> bytes:
    """The IDX bytes of ``array``, without gzip: what `parse_idx` reads back."""
    header = bytes([0, 0, UNSIGNED_BYTE, array.ndim])
    return header + np.array(array.shape, dtype=">u4").tobytes() + array.tobytes()


def _inflate(unzip: zlib._Decompress, content: bytes, most: int, name: str) -> bytes:
    """At most ``most`` bytes: output is limited, so a bomb costs no more than an honest file."""
    try:
        return unzip.decompress(content, most)
    except zlib.error as error:
        refuse(name, "the gzip stream is damaged", must_be="gzip data with a matching CRC-32", got=str(error))


def _parse_header(header: bytes, dimensions: int, name: str) -> tuple[int, ...]:
    magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    must_be = f"the bytes {magic.hex(' ')} (unsigned bytes, {dimensions} dimension{'s' * (dimensions > 1)})"
    if not header:
        refuse(name, "the file is empty", must_be=must_be, got="0 bytes")
    if header[:4] != magic:
        got = f"{header[:4].hex(' ')} ({header[:16]!r}...)"
        refuse(name, "this is not the IDX file that it should be", must_be=must_be, got=got)
    if len(header) < 4 + 4 * dimensions:
        got = f"{len(header)} bytes"
        refuse(name, "the header is cut short", must_be=f"{4 + 4 * dimensions} bytes of header", got=got)
    return tuple(int(length) for length in np.frombuffer(header, dtype=">u4", offset=4))
