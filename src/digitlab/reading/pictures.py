"""Picture files and Pillow's images as bytes: grey levels, and what is see-through. And how large a picture may be.

How a file is decoded, and what it cannot cost: `data/picture_file.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.data.files import named, read_file
from digitlab.data.picture_file import open_picture
from digitlab.errors import PictureError

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
        must_be = f"at most {MAX_PIXELS:,} pixels, and no side beyond {MAX_PICTURE_SIDE:,}"
        raise PictureError(f"{name} is too large", must_be=must_be, got=f"{width}x{height}")


def decode(picture: Image.Image | bytes | bytearray | memoryview | Path) -> tuple[Bytes, Bytes | None]:
    """Grey levels ``(H, W)``, and alpha ``(H, W)`` where there is any, of an image, or a file in memory or on disk.

    Raises:
        PictureError: no picture, a damaged or moving one, or one that is too large.
    """
    if isinstance(picture, Path):
        content = read_file(picture, MAX_PICTURE_BYTES, PictureError)
        with named(picture, PictureError):
            return decode(content)
    with open_picture(picture, _check_size) as image:
        return _grey_and_alpha(image)


def _check_size(width: int, height: int) -> None:
    check_size(width, height)
    if not width * height:
        raise PictureError("there is nothing in the picture", got=f"{width}x{height}")


def _grey_and_alpha(image: Image.Image) -> tuple[Bytes, Bytes | None]:
    """One channel at a time, and nothing that is wider than it must be: a picture may have 50 million pixels."""
    if image.mode in SIXTEEN_BITS:
        return (np.clip(np.asarray(image), 0, 65535) // 257).astype(np.uint8), None
    if image.mode == "F":
        must_be, got = "8 or 16 bits a channel", "Pillow's mode F"
        raise PictureError("these colours cannot be made grey", must_be=must_be, got=got)
    if "transparency" in image.info or image.mode in SEE_THROUGH:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        return np.asarray(image.convert("L")), np.asarray(image.getchannel("A"))
    if image.mode not in {"L", "1", "RGB"}:
        image = image.convert("RGB")
    return np.asarray(image.convert("L")), None
