"""Picture files and Pillow's images as bytes: grey levels, and what is see-through. And how large a picture may be.

How a file is decoded, and what it cannot cost: `data/picture_file.py`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.data.files import read_file
from digitlab.data.picture_file import Terms, open_picture, upright
from digitlab.errors import DataFileError, PictureError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["MAX_PICTURE_SIDE", "MAX_PIXELS", "Bytes", "check_size", "decode"]

MAX_PIXELS = 50_000_000
MAX_PICTURE_SIDE = 65_535
MAX_PICTURE_BYTES = 100 * 2**20  # of a file
SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")
SEE_THROUGH = ("LA", "PA", "RGBA", "La", "RGBa")
Bytes: TypeAlias = NDArray[np.uint8]


def check_size(width: int, height: int, name: str = "the picture") -> None:
    """Refuse a size before anything is decoded.

    Raises:
        PictureError: too large.
    """
    if width * height > MAX_PIXELS or max(width, height) > MAX_PICTURE_SIDE:
        raise PictureError(f"{name} is too large", must_be=_sizes(), got=f"{width}x{height}", help="scale it down")


def decode(picture: Image.Image | bytes | bytearray | memoryview | Path) -> tuple[Bytes, Bytes | None]:
    """Grey levels ``(H, W)``, and alpha ``(H, W)`` where there is any, of an image, or a file in memory or on disk.

    Raises:
        PictureError: no picture, a damaged or moving one, or one that is too large.
    """
    if isinstance(picture, Path):
        with open_picture(_content(picture), _terms(f"{picture}: ")) as image:
            return _grey_and_alpha(image)
    if isinstance(picture, (bytes, bytearray, memoryview)):
        with open_picture(picture, _terms("")) as image:
            return _grey_and_alpha(image)
    with upright(picture, _terms("")) as image:
        return _grey_and_alpha(image)


def _content(path: Path) -> bytes:
    try:
        return read_file(path, MAX_PICTURE_BYTES)
    except DataFileError as error:
        help = "name a PNG, JPEG, BMP, WebP or GIF file that you may read"
        raise PictureError(error.what, must_be=error.must_be, got=error.got, help=help) from error


def _terms(name: str) -> Terms:
    return Terms(_sizes(), partial(_check_size, name), partial(_refuse, name))


def _sizes() -> str:
    return f"at most {MAX_PIXELS:,} pixels, and no side beyond {MAX_PICTURE_SIDE:,}"


def _check_size(name: str, width: int, height: int) -> None:
    check_size(width, height, f"{name}the picture")
    if not width * height:
        _refuse(name, "there is nothing in the picture", must_be="at least 1 pixel", got=f"{width}x{height}")


def _refuse(
    name: str, problem: str, *, must_be: str, got: str, help: str = "crop it to one digit, and save it as PNG"
) -> NoReturn:
    raise PictureError(f"{name}{problem}", must_be=must_be, got=got, help=help)


def _grey_and_alpha(image: Image.Image) -> tuple[Bytes, Bytes | None]:
    """One channel at a time, and nothing that is wider than it must be: a picture may have 50 million pixels."""
    if image.mode in SIXTEEN_BITS:
        return (np.clip(np.asarray(image), 0, 65535) // 257).astype(np.uint8), None
    if image.mode == "F":
        must_be = "8 or 16 bits a channel"
        _refuse("", "these colours cannot be made grey", must_be=must_be, got="Pillow's mode F")
    if "transparency" in image.info or image.mode in SEE_THROUGH:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        return np.asarray(image.convert("L")), np.asarray(image.getchannel("A"))
    if image.mode not in {"L", "1", "RGB"}:
        image = image.convert("RGB")
    return np.asarray(image.convert("L")), None
