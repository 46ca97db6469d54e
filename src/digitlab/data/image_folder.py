"""A folder of pictures for each class: ``train/0/*.png`` to ``test/9/*.png``.

The names of the folders below ``train`` are the classes. Where all of them are digits, the classes stay
the ten digits, even if some are missing; else they are the names in their order (numbers as numbers).
Pictures are PNG, JPEG, BMP, WebP or GIF, 28x28, ink bright on dark paper, and are taken in the order of
their names. Colours become grey by Pillow's mode ``L``: 0.299 red + 0.587 green + 0.114 blue. What a camera
noted about how it was held (EXIF orientation) is heeded.

Only Pillow decodes, and only these five formats; a picture's size is looked at before it is decoded. What
could unpack to much, and is no part of the picture, never reaches it: the texts and profiles of a PNG file.

Source: W3C, "Portable Network Graphics (PNG) Specification", third edition, sections 5.3 and 5.6; Google,
"WebP Container Specification".
"""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import DIGIT_NAMES, MOST_CLASSES, SIDE, Digits
from digitlab.data.files import read_file, refuse, refuse_unreadable
from digitlab.errors import DataFileError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["decode_picture", "is_image_folder", "read_image_folder"]

PARTS = ("train", "test")
FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif")
MODES = ("1", "L", "P", "RGB", "LA", "PA", "RGBA")  # 8 bits a channel, and what they mean is known
MAX_PICTURE_BYTES = 2**20  # on disk; 28x28 pixels need a few thousand
MAX_SIDE = 4096  # pixels; more than any camera's picture of one digit needs, and cheap to refuse
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
OF_THE_PICTURE = (b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT")  # chunks that matter, though a PNG could do without
ANCILLARY = 0x20  # this bit in the first letter of a chunk's name: a picture could do without it


def is_image_folder(folder: Path) -> bool:
    """Whether ``folder`` is laid out like a folder of pictures for each class."""
    try:
        return any((folder / part).is_dir() for part in PARTS)
    except OSError:  # a folder that may not be entered; whoever reads it says so
        return False


def read_image_folder(folder: Path, source: str) -> tuple[Digits, Digits]:
    """Read all pictures below ``folder/train`` and ``folder/test``.

    Args:
        folder: holds ``train`` and ``test``, and they a folder for each class.
        source: what the digits are said to come from.

    Returns:
        The training part and the test part, with the classes of ``train``.

    Raises:
        DataFileError: a missing folder, a file that is not a picture 28x28, or a class that ``train`` does not have.
    """
    names = _folder_names(folder / "train")
    classes = DIGIT_NAMES if set(names) <= set(DIGIT_NAMES) else names
    if not 1 <= len(names) <= MOST_CLASSES:
        must_be = f"1 to {MOST_CLASSES} folders, one for each class"
        refuse(str(folder / "train"), "these cannot be classes", must_be=must_be, got=f"{len(names)} folders")
    for name in _folder_names(folder / "test"):
        if name not in classes:
            help = "train and test must have the same classes"
            must_be = f"one of {', '.join(classes)}"
            refuse(str(folder / "test" / name), "this class is not in train", must_be=must_be, got=name, help=help)
    train, test = (_read_part(folder / part, classes, f"{source} {part}") for part in PARTS)
    return train, test


def decode_picture(content: bytes, name: str) -> NDArray[np.uint8]:
    """The pixels ``(28, 28) uint8`` of one encoded picture; ``name`` is what error messages call it.

    Raises:
        DataFileError: another format or size, more than one picture, transparency, or damage.
    """
    from PIL import Image

    must_be = f"one whole picture as {', '.join(FORMATS)}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what is refused here anyway
            return _decode(content, name)
    except DataFileError:
        raise
    except Image.DecompressionBombError as error:
        refuse(name, "the picture is too large", must_be=f"{SIDE}x{SIDE}", got=str(error))
    except Exception as error:  # Pillow's decoders raise what comes to hand on damaged bytes: a dozen types
        refuse(name, "this is not a picture that can be read", must_be=must_be, got=str(error))


def _decode(content: bytes, name: str) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    _look_at_webp(content, name)
    with Image.open(io.BytesIO(_without_texts(content)), formats=FORMATS) as image:
        _look_at(image, name)
        image.load()
        _look_at(image, name)  # a frame can be larger than the header said
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode in {"P", "PA"}:
            colours, largest = len(image.getpalette() or []) // 3, np.array(image.getchannel(0)).max()
            if largest >= colours:
                got = f"{colours} colours, and a pixel of colour {largest}"
                refuse(name, "a colour is missing", must_be="a palette with all colours of the picture", got=got)
        see_through = "transparency" in image.info or image.mode in {"LA", "PA", "RGBA"}
        if see_through and np.array(image.convert("RGBA"))[:, :, 3].min() < 255:
            help = "fill the background first: black for paper, as ink is bright"
            got = "transparent pixels"
            refuse(name, "the picture is transparent in places", must_be="paper everywhere", got=got, help=help)
        grey = image.convert("RGB").convert("L") if image.mode in {"P", "PA"} else image.convert("L")
        return np.array(grey, dtype=np.uint8)


def _without_texts(content: bytes) -> bytes:
    """A PNG file without what is no part of the picture; 4 KB of it can unpack to 4 MB. Other files as they are."""
    if not content.startswith(PNG_MAGIC):
        return content
    kept, position = [PNG_MAGIC], len(PNG_MAGIC)
    while position < len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4], "big")  # length, name, checksum
        name = content[position + 4 : position + 8]
        if name in OF_THE_PICTURE or not name or not name[0] & ANCILLARY:
            kept.append(content[position:end])
        position = end
    return b"".join(kept)


def _look_at_webp(content: bytes, name: str) -> None:
    """Refuse a WebP picture by the size of its canvas: the decoder takes memory for it before Pillow looks."""

    def whole(at: int, length: int) -> int:
        return int.from_bytes(content[at : at + length], "little")

    match content[:4] + content[8:16]:
        case b"RIFFWEBPVP8X":
            _look_at_size(1 + whole(24, 3), 1 + whole(27, 3), name)
        case b"RIFFWEBPVP8L":
            _look_at_size(1 + (whole(21, 4) & 0x3FFF), 1 + (whole(21, 4) >> 14 & 0x3FFF), name)
        case b"RIFFWEBPVP8 ":
            _look_at_size(whole(26, 2) & 0x3FFF, whole(28, 2) & 0x3FFF, name)


def _look_at_size(width: int, height: int, name: str) -> None:
    """Refuse a size, whether much is wrong with it or little."""
    if max(width, height) > MAX_SIDE:
        must_be = f"{SIDE}x{SIDE}; above {MAX_SIDE}x{MAX_SIDE} nothing is even decoded"
        refuse(name, "the picture is too large", must_be=must_be, got=f"{width}x{height}")
    if (width, height) != (SIDE, SIDE):
        help = f"all pictures of a data set have one size; scale this one to {SIDE}x{SIDE} pixels"
        refuse(name, "the picture has the wrong size", must_be=f"{SIDE}x{SIDE}", got=f"{width}x{height}", help=help)


def _look_at(image: Image.Image, name: str) -> None:
    """Refuse a picture by what its header says."""
    _look_at_size(*image.size, name)
    if getattr(image, "is_animated", False):
        help = "save one of them by itself"
        refuse(name, "there is more than one picture in it", must_be="one picture", got="a moving picture", help=help)
    if image.mode not in MODES:
        help = "save it as an 8-bit greyscale PNG"
        must_be = "greyscale or RGB, 8 bits a channel"
        refuse(name, "these colours cannot be made grey", must_be=must_be, got=f"Pillow's mode {image.mode}", help=help)


def _read_part(folder: Path, classes: tuple[str, ...], source: str) -> Digits:
    """All pictures of one part, class by class and in the order of their names."""
    present = set(_folder_names(folder))
    images, labels = [], []
    for label, name in enumerate(classes):
        for path in _picture_paths(folder / name) if name in present else ():
            images.append(decode_picture(read_file(path, MAX_PICTURE_BYTES), str(path)))
            labels.append(label)
    if not images:
        must_be = f"pictures that end in {', '.join(ENDINGS)}, in a folder for each class"
        refuse(str(folder), "there are no pictures", must_be=must_be, got="none")
    return Digits(np.stack(images), np.array(labels, dtype=np.uint8), source, classes)


def _picture_paths(folder: Path) -> list[Path]:
    """The files of a class by name. What is not a picture is refused, not passed over: it may be a misnamed one."""
    paths = _visible(folder)
    for path in paths:
        if path.suffix.lower() not in ENDINGS:
            help = "take it out of the folder; names that begin with a dot are passed over"
            must_be = f"a name that ends in {', '.join(ENDINGS)}"
            refuse(str(path), "this is not a picture", must_be=must_be, got=path.name, help=help)
    return paths


def _folder_names(folder: Path) -> tuple[str, ...]:
    """The names of the classes below ``folder``, in order: numbers by value, and before words."""
    paths = _visible(folder)
    for path in paths:
        if not path.name.isprintable():  # control characters, and bytes that are not text
            refuse(repr(str(path)), "this cannot be the name of a class", must_be="text", got=repr(path.name))
        if not path.is_dir():
            must_be = "a folder for each class, and the pictures in them"
            help = "move it into the folder of its class"
            refuse(str(path), "a file lies among the classes", must_be=must_be, got=path.name, help=help)
    return tuple(sorted((path.name for path in paths), key=_by_value))


def _by_value(name: str) -> tuple[bool, int, str]:
    number = re.fullmatch(r"[0-9]{1,9}", name)
    return number is None, int(name) if number else 0, name


def _visible(folder: Path) -> list[Path]:
    """What is in ``folder``, sorted by name, without hidden files."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        refuse_unreadable(folder, error)
