"""Folders of IDX files as MNIST's kin come: under other names, in other folders, turned, with other labels.

train-images-idx3-ubyte            as published; test files begin with t10k or test; each may be gzipped
train-images.idx3-ubyte            with a dot
train-images-idx3-ubyte/...        in a folder that bears its name
raw/..., MNIST/raw/...             where PyTorch keeps them
emnist-letters-train-images-...    EMNIST: rows and columns are exchanged in the file; letters have names
qmnist-train-labels-idx2-int       QMNIST: labels are rows of whole numbers, the first of which is the digit
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.data.files import named, readable
from digitlab.data.idx import INT32, PARTS, UNSIGNED_BYTE, read_idx
from digitlab.data.kin import KIN, PLAIN, Kin
from digitlab.data.parting import with_test_part
from digitlab.data.resizing import Resize, resized
from digitlab.errors import DataFileError, InputError, refuse

NAME = re.compile(
    r"(?:(?P<set>[\w-]+)-)?(?P<prefix>train|t10k|test)-(?P<what>images|labels)"
    r"[-.]idx(?P<sides>[123])-(?P<type>ubyte|int)(?:\.gz)?",
    re.ASCII | re.IGNORECASE,
)

Files: TypeAlias = dict[tuple[str, str], Path]  # by part (train, test) and what they hold (images, labels)


def is_idx_folder(path: Path) -> bool:
    """Whether a folder has files of such names; or whether a file has one that begins with the name of its set."""
    return _set_of(path) is not None if path.is_file() else bool(_find_sets(path))


def read_idx_folder(path: Path, source: str, resize: Resize | None = None) -> tuple[Digits, Digits]:
    """The data set in a folder, or the one that a file belongs to; see `opening.Format`.

    Raises:
        InputError: the folder holds several sets.
        DataFileError: a file is missing, damaged, or does not belong to the others.
    """
    folder, name = (path, None) if path.is_dir() else (path.parent, _set_of(path))
    sets = _find_sets(folder)
    if name is None and len(sets) > 1:
        help = "name one of its files in the place of the folder: the others are found by its name"
        refuse(InputError, path, "there are several data sets in this folder", got=", ".join(sets), help=help)
    name = next(iter(sets)) if name is None else name
    kin, files = KIN.get(name, PLAIN), sets[name]
    there = {part for part, _ in files}
    digits = [_read_part(part, folder, files, f"{source} {part}", kin, resize) for part in PARTS if part in there]
    return with_test_part(digits[0], source) if len(digits) == 1 else (digits[0], digits[1])


def _read_part(part: str, folder: Path, files: Files, source: str, kin: Kin, resize: Resize | None) -> Digits:
    images = read_idx(_file(part, "images-idx3", files, folder), 3)
    labels = _read_labels(_file(part, "labels-idx1", files, folder))
    with named(f"{folder}: the {part} files"):
        images, notes = (images, ()) if resize is None else resized(images, resize)
        digits = kin.digits(images, labels, source)
        return replace(digits, notes=(*digits.notes, *notes))


def _file(part: str, kind: str, files: Files, folder: Path) -> Path:
    path = files.get((part, kind.partition("-")[0]))
    if path is None:
        stem = f"{PARTS[part]}-{kind}-ubyte"
        refuse(DataFileError, folder, "a file of the data set is missing", must_be=f"{stem} or {stem}.gz")
    return path


def _read_labels(path: Path) -> NDArray[Any]:
    """Labels ``(N,)``, of the type that the name tells; of rows ``(N, M)`` the first of each."""
    name = NAME.fullmatch(path.name)
    rows, whole = name is not None and name["sides"] == "2", name is not None and name["type"] == "int"
    labels = read_idx(path, 1 + rows, kind=INT32 if whole else UNSIGNED_BYTE)
    return labels[:, 0] if rows and labels.shape[1] else labels


def _set_of(path: Path) -> str | None:
    """The name of the set with which a file's name begins, if it does."""
    found = NAME.fullmatch(path.name)
    return found["set"].lower() if found and found["set"] else None


def _find_sets(folder: Path) -> dict[str, Files]:
    """The files below ``folder`` by the names of their sets; of two for one purpose, the first as listed above."""
    sets: dict[str, Files] = {}
    with readable(folder):
        places = [folder, folder / "raw", *sorted(folder.glob("*/raw"))]
        for path in [path for place in places if place.is_dir() for path in _sorted_files(place)]:
            if found := NAME.fullmatch(path.name):
                part = "train" if found["prefix"].lower() == "train" else "test"
                files = sets.setdefault((found["set"] or "").lower(), {})
                files.setdefault((part, found["what"].lower()), path / path.name if path.is_dir() else path)
    return sets


def _sorted_files(place: Path) -> list[Path]:
    """Gzipped ones first, folders last, and hyphens before dots."""
    return sorted(place.iterdir(), key=lambda path: (path.is_dir(), path.suffix != ".gz", "." in path.stem, path.name))
