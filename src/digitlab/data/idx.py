"""The IDX format, in which MNIST is published: a short header, then the bytes of one array.

    offset 0   0x00 0x00              always
    offset 2   0x08 or 0x0c           the type: unsigned byte; or whole numbers of four bytes, for labels of QMNIST
    offset 3   D                      how many dimensions: 1 for labels, 3 for images (2 for labels of QMNIST)
    offset 4   D x uint32 big-endian  the shape
    then       the array in C order, big-endian, and nothing after it

As published, a data set is a folder with four of them: images and labels, for training (``train-``) and test
(``t10k-``). Each may be gzipped, as ONE member. Whatever is wrong is refused before memory is spent on it: a header
never decides how much is allocated, because nothing is believed until the bytes are there. A gzipped file is covered by
its CRC-32, which is always read to the end.

Source: the description at the end of LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

import hashlib
import io
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.data.files import PIECE, first_there, largest, named, read_file, unzipped
from digitlab.errors import DataFileError, refuse

UNSIGNED_BYTE, INT32 = 0x08, 0x0C
TYPES: dict[int, np.dtype[Any]] = {UNSIGNED_BYTE: np.dtype(np.uint8), INT32: np.dtype(">i4")}
PARTS = {"train": "train", "test": "t10k"}  # our name of each part: the prefix of its files
STEMS = tuple(f"{prefix}-{kind}-ubyte" for prefix in PARTS.values() for kind in ("images-idx3", "labels-idx1"))


def read_published(
    folder: Path, source: str, published: Mapping[str, str], classes: tuple[str, ...]
) -> tuple[Digits, Digits]:
    """The data set in a folder with the four files as published, gzipped or not.

    Args:
        folder: where they lie.
        source: what the digits are said to come from.
        published: the SHA-256 that the files must have, by their names; see `read_idx`.
        classes: what the labels mean.

    Raises:
        DataFileError: a file is missing, damaged, not the published one, or does not belong to the others.
    """

    def part(name: str) -> Digits:
        images, labels = (
            read_idx(_gzipped_or_plain(folder, f"{PARTS[name]}-{kind}-idx{dimensions}-ubyte"), dimensions, published)
            for kind, dimensions in (("images", 3), ("labels", 1))
        )
        with named(f"{folder}: the {name} files"):
            return Digits(images, labels, f"{source} {name}", classes)

    return part("train"), part("test")


def read_idx(
    path: Path, dimensions: int, published: Mapping[str, str] | None = None, kind: int = UNSIGNED_BYTE
) -> NDArray[Any]:
    """The array (read-only) of one IDX file, gzipped or not.

    Args:
        path: a regular file.
        dimensions: how many dimensions the array must have: 1 for labels, 3 for images.
        published: the SHA-256 that files must have, by their names, which end in ``.gz``; one that is not gzipped is
            not what was published.
        kind: one of the `TYPES`, which the array must have.

    Raises:
        DataFileError: missing, not a file, damaged, not the published one, or not what was asked for.
    """
    content = read_file(path)
    _check_published(content, (published or {}).get(f"{path.name.removesuffix('.gz')}.gz"), path)
    return parse_idx(content, dimensions, str(path), kind)[0]


def parse_idx(content: bytes, dimensions: int, name: str, kind: int = UNSIGNED_BYTE) -> tuple[NDArray[Any], bytes]:
    """The array in the bytes of an IDX file, and these bytes unzipped; ``name`` is what error messages call them."""
    header_bytes = 4 + 4 * dimensions
    pieces = unzipped((content[at : at + PIECE] for at in range(0, len(content), PIECE)), name)
    begin = _take(pieces, header_bytes, b"")
    shape = _parse_header(begin[:header_bytes], bytes([0, 0, kind, dimensions]), name)
    size = math.prod(shape) * TYPES[kind].itemsize
    if size > (most := largest(content)):
        problem = "the header promises more than the file can hold"
        refuse(DataFileError, name, problem, must_be=f"at most {most:,} bytes", got=f"shape {shape}")
    # One byte more than promised: enough to see a surplus, and to have the end of a gzip file checked.
    content = _take(pieces, header_bytes + size + 1, begin)
    actual = len(content) - header_bytes
    if actual != size:
        problem = "the file is cut short" if actual < size else "there are bytes after the end of the array"
        got = f"{actual:,}" if actual < size else f"at least {actual:,}"
        refuse(DataFileError, name, problem, must_be=f"{size:,} bytes after the header, for shape {shape}", got=got)
    try:
        return np.frombuffer(content, dtype=TYPES[kind], offset=header_bytes).reshape(shape), content
    except ValueError:  # no elements, but sides such as (2**32 - 1, 2**32 - 1, 0), which NumPy cannot count
        refuse(DataFileError, name, "no array can have this shape", got=f"{shape}")


def _take(pieces: Iterator[bytes], least: int, taken: bytes) -> bytes:
    """More pieces after those that were ``taken``, until there are so many bytes, or no more."""
    gathered = io.BytesIO()  # grows in place and gives its bytes without a copy: they are in memory once
    gathered.write(taken)
    while gathered.tell() < least and (piece := next(pieces, None)) is not None:
        gathered.write(piece)
    return gathered.getvalue()


def _parse_header(header: bytes, magic: bytes, name: str) -> tuple[int, ...]:
    """The shape in a header, which must begin with ``magic``: the type, and how many dimensions."""
    kind, dimensions = magic[2:]
    if not header:
        refuse(DataFileError, name, "the file is empty")
    if header[:4] != magic:
        elements = "unsigned bytes" if kind == UNSIGNED_BYTE else "whole numbers of four bytes"
        must_be = f"the first bytes {magic.hex(' ')} ({elements}, {dimensions} dimension{'s' * (dimensions > 1)})"
        got = f"{header[:4].hex(' ')} ({header[:16]!r}...)"
        refuse(DataFileError, name, "this is not the IDX file that it should be", must_be=must_be, got=got)
    if len(header) < 4 + 4 * dimensions:
        refuse(DataFileError, name, "the header is cut short", got=f"{len(header)} of {4 + 4 * dimensions} bytes")
    return tuple(int(length) for length in np.frombuffer(header, dtype=">u4", offset=4))


def _check_published(content: bytes, sha256: str | None, path: Path) -> None:
    """Compare a file's bytes with what its authors published."""
    if sha256 and (actual := hashlib.sha256(content).hexdigest()) != sha256:
        must_be, help = f"SHA-256 {sha256}", "fetch the data set again; or install digitlab again, for mnist"
        refuse(DataFileError, path, "this is not the published file", must_be=must_be, got=actual, help=help)


def _gzipped_or_plain(folder: Path, stem: str) -> Path:
    found = first_there(folder, f"{stem}.gz", stem)
    if found is None:
        refuse(DataFileError, folder, "a file of the data set is missing", must_be=f"{stem} or {stem}.gz")
    return found
