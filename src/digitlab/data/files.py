"""What every reader of data files needs: a careful look at a file before it is opened, and one way to refuse it."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NoReturn

from digitlab.errors import DataFileError

__all__ = [
    "MAX_ARRAY_BYTES",
    "MAX_DEFLATE_RATIO",
    "MAX_FILE_BYTES",
    "check_file",
    "read_file",
    "refuse",
    "refuse_unreadable",
]

MAX_FILE_BYTES = 2**31  # on disk; EMNIST ByClass, a large relative of MNIST, has 0.64e9 pixels
MAX_ARRAY_BYTES = 2**31  # unpacked
MAX_DEFLATE_RATIO = 1032  # no deflate stream can expand further than this (zlib's technical details)
COPY_AGAIN = "copy or download the file again, and compare its SHA-256 with the publisher's"


def check_file(path: Path, most: int = MAX_FILE_BYTES) -> None:
    """Look at what ``path`` is before it is opened.

    Raises:
        DataFileError: missing, not a regular file (opening a FIFO would wait for a writer for ever), or more than
            ``most`` bytes.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        refuse_unreadable(path, error)
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
        refuse(str(path), "this is not a file", must_be="a regular file", got=kind)
    if status.st_size > most:
        got = f"{status.st_size} bytes"
        refuse(str(path), "the file is too large", must_be=f"at most {most} bytes", got=got)


def read_file(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """All bytes of a regular file.

    Raises:
        DataFileError: as `check_file`, or it cannot be read.
    """
    check_file(path, most)
    try:
        return path.read_bytes()
    except OSError as error:
        refuse_unreadable(path, error)


def refuse_unreadable(path: Path, error: OSError | ValueError) -> NoReturn:
    """Say in our words that the operating system does not give us a file.

    Raises:
        DataFileError: always.
    """
    got = getattr(error, "strerror", None) or str(error)
    refuse(str(path), "the file cannot be read", must_be="a readable file", got=got)


def refuse(name: str, problem: str, *, must_be: str, got: str, help: str = COPY_AGAIN) -> NoReturn:
    """Refuse the file that messages call ``name``.

    Raises:
        DataFileError: always.
    """
    raise DataFileError(f"{name}: {problem}", must_be=must_be, got=got, help=help)
