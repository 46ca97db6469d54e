"""A folder of pictures for each class: ``train/0/*.png`` to ``test/9/*.png``; or ``0/*.png`` to ``9/*.png`` alone.

``training`` and ``testing`` are as good names. The names of the folders below ``train`` are the classes. Where
all of them are digits, the classes stay the ten digits, even if some are missing; else they are the names in
their order (numbers as numbers).
Pictures are PNG, JPEG, BMP, WebP or GIF, 28x28, ink bright on dark paper, and are taken in the order of
their names. Colours become grey by Pillow's mode ``L``: 0.299 red + 0.587 green + 0.114 blue. What a camera
noted about how it was held (EXIF orientation) is heeded.

How a file is decoded, and what it cannot cost: `picture_file.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import DIGIT_NAMES, MOST_CLASSES, SIDE, Digits
from digitlab.data.files import named, read_file, readable
from digitlab.data.parting import with_test_part
from digitlab.data.picture_file import open_picture
from digitlab.data.resizing import HELP, Resize
from digitlab.data.table import FOR_PREDICTIONS
from digitlab.errors import DataFileError, InputError, PictureError, refuse

if TYPE_CHECKING:
    from PIL import Image

PART_NAMES = {"train": ("train", "training"), "test": ("test", "testing")}
VALIDATION = ("valid", "val", "validation")
JUNK = ("thumbs.db", "desktop.ini", "__macosx")  # what systems leave behind; beside names that begin with a dot
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif")
MODES = ("1", "L", "P", "RGB", "LA", "PA", "RGBA")  # 8 bits a channel, and what they mean is known
MAX_PIXELS = 2**20  # of a picture that is resized
MAX_PICTURE_BYTES = 2**20  # on disk; 28x28 pixels need a few thousand


def is_image_folder(folder: Path) -> bool:
    """Whether there is a folder for training or test in ``folder``."""
    return any((folder / name).is_dir() for names in PART_NAMES.values() for name in names)


def is_class_folder(folder: Path) -> bool:
    """Whether there is nothing but folders in ``folder``, at least two, each of which has a picture in it."""
    paths = _visible(folder, []) if folder.is_dir() else []
    return len(paths) > 1 and all(path.is_dir() and any(map(_is_picture, path.iterdir())) for path in paths)


def read_image_folder(folder: Path, source: str, resize: Resize | None = None) -> tuple[Digits, Digits]:
    """All pictures of both parts below ``folder``, with the classes of the training part; see `opening.Format`.

    A folder for validation is the test part where there is no other; else it is passed over.

    Raises:
        DataFileError: a missing folder, a file that is not a picture 28x28, or a class that ``train`` does not have.
    """
    train, test = (_there(folder, names) or folder / name for name, names in PART_NAMES.items())
    notes, passed = [], list[Path]()
    if validation := _there(folder, VALIDATION):
        if test.is_dir():
            notes.append(f"{validation.name}/ is passed over: a training holds out its own")
        else:
            notes.append(f"{validation.name}/ is the test part, as there is no other")
            test = validation
    classes = _classes(train, passed)
    for name in _folder_names(test, passed):
        if name not in classes:
            refuse(DataFileError, test / name, "this class is not in train")
    parts = [
        _read_part(path, classes, f"{source} {part}", passed, resize)
        for part, path in (("train", train), ("test", test))
    ]
    trained, tested = (replace(part, notes=(*notes, *_counted(passed))) for part in parts)
    return trained, tested


def read_class_folder(folder: Path, source: str, resize: Resize | None = None) -> tuple[Digits, Digits]:
    """All pictures below ``folder``, some of them kept for testing; see `opening.Format`.

    Raises:
        DataFileError: as `read_image_folder`.
    """
    passed: list[Path] = []
    digits = _read_part(folder, _classes(folder, passed), source, passed, resize)
    return with_test_part(replace(digits, notes=_counted(passed)), source)


def is_flat_folder(folder: Path) -> bool:
    """Whether there are pictures in ``folder``, and no folders."""
    paths = _visible(folder, []) if folder.is_dir() else []
    return any(map(_is_picture, paths)) and not any(path.is_dir() for path in paths)


def refuse_flat_folder(_folder: Path, source: str, **_options: object) -> tuple[Digits, Digits]:
    """Pictures that nobody has labelled are no data set; see `opening.Format`.

    Raises:
        InputError: always.
    """
    must_be = "a folder for each class, and its pictures in there"
    refuse(InputError, source, "there are no labels", must_be=must_be, help=FOR_PREDICTIONS)


def read_flat_folder(folder: Path, resize: Resize | None = None) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """All pictures ``(N, 28, 28)`` in ``folder`` itself, with notes. Numbers in their names count: 2.png before 10.png.

    Raises:
        DataFileError: a file that is not a picture 28x28.
    """
    passed: list[Path] = []
    paths = sorted(_picture_paths(folder, passed), key=_by_numbers)
    return np.stack(_read_pictures(paths, resize)), _counted(passed)


def decode_picture(content: bytes, name: str, resize: Resize | None = None) -> NDArray[np.uint8]:
    """The pixels ``(28, 28) uint8`` of one encoded picture; ``name`` is what error messages call it.

    Raises:
        DataFileError: another format or size, more than one picture, transparency, or damage.
    """
    with named(name), open_picture(content, _check_size if resize is None else _check_pixels) as opened:
        pixels = _grey(opened.image)
    return pixels if resize is None or pixels.shape == (SIDE, SIDE) else resize(pixels)


def _check_size(width: int, height: int) -> None:
    if (width, height) != (SIDE, SIDE):
        must_be, got = f"{SIDE}x{SIDE} pixels, as in all data sets", f"{width}x{height}"
        raise PictureError("the picture has the wrong size", must_be=must_be, got=got, help=HELP)


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        must_be, got = f"at most {MAX_PIXELS:,} pixels", f"{width}x{height}"
        raise PictureError("the picture has the wrong size", must_be=must_be, got=got)


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    """The grey levels of colours whose meaning is known, where nothing is see-through."""
    if image.mode not in MODES:
        must_be, got = "greyscale or RGB, 8 bits a channel", f"Pillow's mode {image.mode}"
        raise PictureError("these colours cannot be made grey", must_be=must_be, got=got)
    see_through = "transparency" in image.info or image.mode in {"LA", "PA", "RGBA"}
    if see_through and np.array(image.convert("RGBA"))[:, :, 3].min() < 255:
        help = "fill the background first: black for paper, as ink is bright"
        raise PictureError("the picture is transparent in places", help=help)
    grey = image.convert("RGB").convert("L") if image.mode in {"P", "PA"} else image.convert("L")
    return np.array(grey, dtype=np.uint8)


def _there(folder: Path, names: Iterable[str]) -> Path | None:
    """The first of these folders that is in ``folder``."""
    return next((folder / name for name in names if (folder / name).is_dir()), None)


def _classes(folder: Path, passed: list[Path]) -> tuple[str, ...]:
    """The names of the classes of which there are folders in ``folder``; all ten digits, where they are digits."""
    names = _folder_names(folder, passed)
    if not 1 <= len(names) <= MOST_CLASSES:
        must_be = f"1 to {MOST_CLASSES} folders, one for each class"
        refuse(DataFileError, folder, "these cannot be classes", must_be=must_be, got=f"{len(names)} folders")
    return DIGIT_NAMES if set(names) <= set(DIGIT_NAMES) else names


def _read_part(
    folder: Path, classes: tuple[str, ...], source: str, passed: list[Path], resize: Resize | None
) -> Digits:
    """All pictures of one part, class by class and in the order of their names."""
    present = set(_folder_names(folder, []))
    images, labels = list[NDArray[np.uint8]](), list[int]()
    for label, name in enumerate(classes):
        if name in present:
            images += _read_pictures(_picture_paths(folder / name, passed), resize)
            labels += [label] * (len(images) - len(labels))
    if not images:
        refuse(DataFileError, folder, "there are no pictures", must_be="pictures in a folder for each class")
    return Digits(np.stack(images), np.array(labels, dtype=np.uint8), source, classes)


def _read_pictures(paths: Iterable[Path], resize: Resize | None) -> list[NDArray[np.uint8]]:
    return [decode_picture(read_file(path, MAX_PICTURE_BYTES), str(path), resize) for path in paths]


def _by_numbers(path: Path) -> list[str | int]:
    """What comes between the numbers of a name, and these: texts and numbers in turn."""
    return [int(part) if place % 2 else part for place, part in enumerate(re.split("([0-9]{1,18})", path.name))]


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS


def _picture_paths(folder: Path, passed: list[Path]) -> list[Path]:
    """The files of a class by name. What is not a picture is refused, not passed over: it may be a misnamed one."""
    paths = _visible(folder, passed)
    for path in paths:
        if not _is_picture(path):
            must_be = f"a name that ends in {', '.join(ENDINGS)}, or begins with a dot: then it is passed over"
            refuse(DataFileError, path, "this is not a picture", must_be=must_be)
    return paths


def _folder_names(folder: Path, passed: list[Path]) -> tuple[str, ...]:
    """The names of the classes below ``folder``, in order: numbers by value, and before words."""
    paths = _visible(folder, passed)
    for path in paths:
        if not path.name.isprintable():  # control characters, and bytes that are not text
            refuse(DataFileError, path, "this cannot be the name of a class", must_be="text")
        if not path.is_dir():
            refuse(DataFileError, path, "a file lies among the classes", help="move it into the folder of its class")
    return tuple(sorted((path.name for path in paths), key=_by_value))


def _by_value(name: str) -> tuple[bool, int, str]:
    number = re.fullmatch(r"[0-9]{1,9}", name)
    return number is None, int(name) if number else 0, name


def _visible(folder: Path, passed: list[Path]) -> list[Path]:
    """What is in ``folder``, sorted by name; what is hidden, or left behind by a system, is ``passed`` over."""
    with readable(folder):
        paths = sorted(folder.iterdir())
    hidden = {path for path in paths if path.name.startswith(".") or path.name.lower() in JUNK}
    passed += hidden
    return [path for path in paths if path not in hidden]


def _counted(passed: list[Path]) -> tuple[str, ...]:
    """How many files were passed over, in a line, where there were any."""
    names = sorted({path.name for path in passed})
    return (f"passed over: {len(passed):,} that are no pictures of digits ({', '.join(names[:4])})",) if passed else ()
