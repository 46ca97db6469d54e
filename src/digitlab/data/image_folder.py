"""A folder of pictures for each class: ``train/0/*.png`` to ``test/9/*.png``.

The names of the folders below ``train`` are the classes. Where all of them are digits, the classes stay
the ten digits, even if some are missing; else they are the names in their order (numbers as numbers).
Pictures are PNG, JPEG, BMP, WebP or GIF, 28x28, ink bright on dark paper, and are taken in the order of
their names. Colours become grey by Pillow's mode ``L``: 0.299 red + 0.587 green + 0.114 blue. What a camera
noted about how it was held (EXIF orientation) is heeded.

How a file is decoded, and what it cannot cost: `picture_file.py`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import DIGIT_NAMES, MOST_CLASSES, SIDE, Digits
from digitlab.data.files import named, read_file, readable
from digitlab.data.picture_file import open_picture
from digitlab.errors import DataFileError, PictureError, refuse

if TYPE_CHECKING:
    from PIL import Image

PARTS = ("train", "test")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif")
MODES = ("1", "L", "P", "RGB", "LA", "PA", "RGBA")  # 8 bits a channel, and what they mean is known
MAX_PICTURE_BYTES = 2**20  # on disk; 28x28 pixels need a few thousand


def is_image_folder(folder: Path) -> bool:
    """Whether ``train`` or ``test`` is a folder in ``folder``."""
    return any((folder / part).is_dir() for part in PARTS)


def read_image_folder(folder: Path, source: str) -> tuple[Digits, Digits]:
    """All pictures below ``folder/train`` and ``folder/test``, with the classes of ``train``; see `opening.Format`.

    Raises:
        DataFileError: a missing folder, a file that is not a picture 28x28, or a class that ``train`` does not have.
    """
    names = _folder_names(folder / "train")
    classes = DIGIT_NAMES if set(names) <= set(DIGIT_NAMES) else names
    if not 1 <= len(names) <= MOST_CLASSES:
        must_be = f"1 to {MOST_CLASSES} folders, one for each class"
        refuse(DataFileError, folder / "train", "these cannot be classes", must_be=must_be, got=f"{len(names)} folders")
    for name in _folder_names(folder / "test"):
        if name not in classes:
            refuse(DataFileError, folder / "test" / name, "this class is not in train")
    train, test = (_read_part(folder / part, classes, f"{source} {part}") for part in PARTS)
    return train, test


def decode_picture(content: bytes, name: str) -> NDArray[np.uint8]:
    """The pixels ``(28, 28) uint8`` of one encoded picture; ``name`` is what error messages call it.

    Raises:
        DataFileError: another format or size, more than one picture, transparency, or damage.
    """
    with named(name), open_picture(content, _check_size) as image:
        return _grey(image)


def _check_size(width: int, height: int) -> None:
    if (width, height) != (SIDE, SIDE):
        must_be = f"{SIDE}x{SIDE} pixels, as in all data sets"
        raise PictureError("the picture has the wrong size", must_be=must_be, got=f"{width}x{height}")


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


def _read_part(folder: Path, classes: tuple[str, ...], source: str) -> Digits:
    """All pictures of one part, class by class and in the order of their names."""
    present = set(_folder_names(folder))
    images, labels = [], []
    for label, name in enumerate(classes):
        for path in _picture_paths(folder / name) if name in present else ():
            images.append(decode_picture(read_file(path, MAX_PICTURE_BYTES), str(path)))
            labels.append(label)
    if not images:
        refuse(DataFileError, folder, "there are no pictures", must_be="pictures in a folder for each class")
    return Digits(np.stack(images), np.array(labels, dtype=np.uint8), source, classes)


def _picture_paths(folder: Path) -> list[Path]:
    """The files of a class by name. What is not a picture is refused, not passed over: it may be a misnamed one."""
    paths = _visible(folder)
    for path in paths:
        if path.suffix.lower() not in ENDINGS:
            must_be = f"a name that ends in {', '.join(ENDINGS)}, or begins with a dot: then it is passed over"
            refuse(DataFileError, path, "this is not a picture", must_be=must_be)
    return paths


def _folder_names(folder: Path) -> tuple[str, ...]:
    """The names of the classes below ``folder``, in order: numbers by value, and before words."""
    paths = _visible(folder)
    for path in paths:
        if not path.name.isprintable():  # control characters, and bytes that are not text
            refuse(DataFileError, path, "this cannot be the name of a class", must_be="text")
        if not path.is_dir():
            refuse(DataFileError, path, "a file lies among the classes", help="move it into the folder of its class")
    return tuple(sorted((path.name for path in paths), key=_by_value))


def _by_value(name: str) -> tuple[bool, int, str]:
    number = re.fullmatch(r"[0-9]{1,9}", name)
    return number is None, int(name) if number else 0, name


def _visible(folder: Path) -> list[Path]:
    """What is in ``folder``, sorted by name, without hidden files."""
    with readable(folder):
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
