"""Which pictures are meant by names as people type them: files, folders, patterns, standard input.

- A folder stands for the pictures in it and in the folders within, in the order of their names (2.png before 10.png).
  What is no picture, neither by its name nor by its first bytes, is passed over and counted; what is hidden, is not
  looked at.
- A pattern (`*`, `?`, `[...]`, `**` for folders at any depth) that the shell has left as it is stands for what it fits.
- `-` is standard input.
- Any other name stands for itself, also where nothing is there, as does a folder or pattern without a picture: who
  reads it is told why.

A picture that is named twice is meant once.
"""

import glob
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from digitlab.data.files import opened, readable
from digitlab.data.picture_file import FORMATS
from digitlab.errors import DataFileError, PictureError, refuse
from digitlab.reading.pictures import MAX_PICTURE_BYTES

STANDARD_INPUT = "-"
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif", ".avif")
BEGINNINGS = [begin for name, (begin, _) in FORMATS.items() if name != "BMP"]  # two letters, as any text could have
MOST_FIRST_BYTES = 12


class Meant(NamedTuple):
    """The pictures that are meant, each by a path that begins with what was typed; how many files were passed over."""

    pictures: list[str]
    passed_over: int


def pictures_meant(names: Iterable[str], leave_out: Path | None = None) -> Meant:
    """The pictures that are meant by these names, in their order. What is in the folder ``leave_out`` never is."""
    leave_out = leave_out and whole_path(leave_out)
    found: dict[Path | str, str] = {}
    passed_over = 0
    for name in names:
        inside = []
        for path in _fitting(name):
            if Path(path).is_dir():
                files = [str(file) for file in _files_below(path, leave_out)]
            elif path == name:
                inside.append(name)
                continue
            else:
                files = [path]
            pictures = [file for file in files if _is_picture(Path(file))]
            passed_over += len(files) - len(pictures)
            inside += pictures
        for path in inside or [name]:
            found.setdefault(path if path == STANDARD_INPUT else whole_path(path), path)
    return Meant(list(found.values()), passed_over)


def open_meant(name: str) -> Path | bytes:
    """What `digitlab.read` takes, for one of the pictures that are meant.

    Raises:
        PictureError: it is a folder, or standard input is a terminal or endless.
    """
    if name == STANDARD_INPUT:
        if sys.stdin is None or sys.stdin.isatty():
            raise PictureError("standard input is no picture", help="digitlab read - < PICTURE")
        content = sys.stdin.buffer.read(MAX_PICTURE_BYTES + 1)
        if len(content) > MAX_PICTURE_BYTES:
            raise PictureError("standard input is too large", must_be=f"at most {MAX_PICTURE_BYTES:,} bytes")
        return content
    path = Path(name)
    if path.is_dir():
        with readable(path, PictureError):
            next(path.iterdir(), None)
        refuse(PictureError, name, "there is no picture in this folder")
    return path


def whole_path(name: str | Path) -> Path:
    """From the root on, without any `..`; links stay what they are."""
    return Path(os.path.normpath(Path(name).absolute()))


def by_numbers(name: str) -> list[str | int]:
    """What names are sorted by: the texts between their numbers, and these, in turn.

    >>> sorted(["10.png", "9.png"], key=by_numbers)
    ['9.png', '10.png']
    """
    return [int(part) if place % 2 else part for place, part in enumerate(re.split("([0-9]{1,18})", name))]


def _fitting(name: str) -> list[str]:
    """A name itself; or all that a pattern fits."""
    if not glob.has_magic(name) or Path(name).exists():
        return [name]
    return sorted(glob.glob(name, recursive=True), key=by_numbers)  # noqa: PTH207, its pattern may be a whole path


def _files_below(folder: str, leave_out: Path | None) -> Iterator[Path]:
    """The files of a folder, then those of the folders within; and a folder within that cannot be opened."""
    closed: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        yield from (Path(place, name) for name in sorted(files, key=by_numbers) if not name.startswith("."))
        seen = (name for name in folders if not name.startswith(".") and whole_path(Path(place, name)) != leave_out)
        folders[:] = sorted(seen, key=by_numbers)
    yield from closed


def _is_picture(path: Path) -> bool:
    """By its name or its first bytes. A folder that cannot be opened counts as one: somebody should be told."""
    if path.suffix.lower() in ENDINGS or path.is_dir():
        return True
    try:
        with opened(path) as file:
            first = file.read(MOST_FIRST_BYTES)
            return any(re.match(begin, first, re.DOTALL) for begin in BEGINNINGS)
    except DataFileError:
        return False
