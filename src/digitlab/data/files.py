"""What every reader of data files needs: a careful look before a file is opened, and gzip unpacked with care."""

import io
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path

from digitlab.errors import DataFileError, DigitlabError, InputError, printable, refuse, system_errors

MAX_FILE_BYTES = 2**31  # on disk; EMNIST ByClass, a large relative of MNIST, has 0.64e9 pixels
MAX_ARRAY_BYTES = 2**31  # unpacked
MAX_DEFLATE_RATIO = 1032  # no deflate stream can expand further than this (zlib's technical details)
COPY_AGAIN = "download or copy it again"
PIECE = 2**17  # bytes that are read or unpacked at once
GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib: 32 KiB window, gzip wrapper with its CRC-32 and length


@contextmanager
def opened(
    path: Path, most: int = MAX_FILE_BYTES, kind: type[DigitlabError] = DataFileError
) -> Iterator[io.BufferedReader]:
    """A regular file to be read, once it is known to be one: opening a FIFO would wait for a writer for ever.

    Raises:
        DataFileError: (or another ``kind``) missing, no regular file, more than ``most`` bytes, or it cannot be read.
    """
    if "\0" in str(path):
        refuse(kind, path, "no file can have this name")
    with readable(path, kind):
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            got = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
            refuse(kind, path, "this is not a file", got=got)
        if status.st_size > most:
            got = f"{status.st_size:,} bytes"
            refuse(kind, path, "the file is too large", must_be=f"at most {most:,} bytes", got=got)
        with path.open("rb") as file:
            yield file


def read_file(path: Path, most: int = MAX_FILE_BYTES, kind: type[DigitlabError] = DataFileError) -> bytes:
    """All bytes of a regular file; for the arguments and errors see `opened`."""
    with opened(path, most, kind) as file:
        return file.read()


def readable(path: Path, kind: type[DigitlabError] = DataFileError) -> AbstractContextManager[None]:
    """While inside, the operating system's complaints are errors of this ``kind`` about ``path``."""
    return system_errors(kind, f"{printable(str(path))}: this cannot be read")


def check_place(path: Path, what: str) -> None:
    """Refuse a place that no file can be written to, before any work is done for it.

    Raises:
        InputError: it is a folder, or in a folder that does not exist.
    """
    if path.is_dir() or not path.parent.is_dir():
        got = "a folder" if path.is_dir() else f"no folder {path.parent}"
        refuse(InputError, path, f"{what} cannot be saved there", got=got)


def first_there(folder: Path, *names: str) -> Path | None:
    """The first of these names that is in ``folder``."""
    with readable(folder):
        return next((path for name in names if (path := folder / name).exists()), None)


@contextmanager
def named(place: object, kind: type[DigitlabError] = DataFileError) -> Iterator[None]:
    """While inside, a picture, label or layer that is refused is an error of this ``kind`` that names ``place``."""
    try:
        yield
    except InputError as error:
        refuse(kind, place, error.what, must_be=error.must_be, got=error.got, help=error.help)


@contextmanager
def in_our_words(where: object) -> Iterator[None]:
    """While inside, whatever a library raises about a damaged file (half a dozen types) is ours."""
    try:
        yield
    except Exception as error:
        refuse(DataFileError, where, "this is damaged, or cannot be read", got=str(error) or type(error).__name__)


def largest(content: bytes) -> int:
    """The most bytes that a file with this ``content`` can hold once it is `unzipped`."""
    return min(MAX_ARRAY_BYTES, len(content) * (MAX_DEFLATE_RATIO if content.startswith(GZIP_MAGIC) else 1))


def unzipped(pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    """The bytes of a file; unpacked, a little at a time, where they begin like gzip.

    A bomb is so met piece by piece, by whoever looks at what it unpacks to. When the last piece was asked for, the
    CRC-32 is known to be right.

    Args:
        pieces: the file, in pieces of `PIECE` bytes.
        name: what error messages call it.

    Raises:
        DataFileError: damage, no end, something after the one gzip member, or more than `MAX_ARRAY_BYTES` unpacked.
    """
    pieces = iter(pieces)
    first = next(pieces, b"")
    if not first.startswith(GZIP_MAGIC):
        yield from chain([first], pieces)
        return
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    total = 0
    for piece in chain([first], pieces):
        packed = piece
        while packed and not inflater.eof:
            try:
                content = inflater.decompress(packed, PIECE)
            except zlib.error as error:
                refuse(DataFileError, name, "the gzip file is damaged", got=str(error), help=COPY_AGAIN)
            packed = inflater.unconsumed_tail
            total += len(content)
            if total > MAX_ARRAY_BYTES:
                refuse(DataFileError, name, f"this unpacks to more than {MAX_ARRAY_BYTES:,} bytes")
            yield content
        if packed or inflater.unused_data:
            refuse(DataFileError, name, "something follows the gzip member", must_be="one member, and nothing else")
    if not inflater.eof:
        refuse(DataFileError, name, "the gzip file is cut short", help=COPY_AGAIN)
