"""A picture of any kind as bytes: grey levels, and what is see-through. And how large a picture may be.

Colours become grey by `(19595 R + 38470 G + 7471 B + 32768) // 65536`, floats 0..1 bytes by `floor(255 x + 0.5)`. How a
file is decoded, and what it cannot cost: `data/picture_file.py`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.data.files import named, read_file
from digitlab.data.picture_file import open_picture
from digitlab.data.pixels import as_bytes
from digitlab.errors import PictureError, describe

if TYPE_CHECKING:
    from PIL import Image

Bytes: TypeAlias = NDArray[np.uint8]
Picture: TypeAlias = "NDArray[Any] | Image.Image | bytes | str | os.PathLike[str]"

MAX_PIXELS = 50_000_000
MAX_PICTURE_SIDE = 65_535
MAX_PICTURE_BYTES = 100 * 2**20  # of a file
SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")
SEE_THROUGH = ("LA", "PA", "RGBA", "La", "RGBa")
KINDS = "an array (H, W) or (H, W, 1 to 4) of bytes or floats 0..1, a Pillow image, or an image file as bytes or path"


def check_size(width: int, height: int, name: str = "the picture") -> None:
    """Refuse a size before anything is decoded.

    Raises:
        PictureError: too large.
    """
    if width * height > MAX_PIXELS or max(width, height) > MAX_PICTURE_SIDE:
        must_be = f"at most {MAX_PIXELS:,} pixels, and no side beyond {MAX_PICTURE_SIDE:,}"
        raise PictureError(f"{name} is too large", must_be=must_be, got=f"{width}x{height}")


def grey_and_alpha(picture: Picture) -> tuple[Bytes, Bytes | None]:
    """Grey levels ``(H, W)``, and alpha ``(H, W)`` where there is any.

    Raises:
        PictureError: no picture, a damaged or moving one, or one that is too large.
    """
    if isinstance(picture, np.ndarray):
        return _channels(_checked(picture))
    if isinstance(picture, (str, os.PathLike)):
        path = Path(os.fsdecode(picture))
        content = read_file(path, MAX_PICTURE_BYTES, PictureError)
        with named(path, PictureError):
            return grey_and_alpha(content)
    from PIL import Image

    if not isinstance(picture, (bytes, bytearray, memoryview, Image.Image)):
        raise PictureError("this is not a picture", must_be=KINDS, got=describe(picture))
    with open_picture(picture, _check_size) as image:
        return _channels_of(image)


def _check_size(width: int, height: int) -> None:
    check_size(width, height)
    if not width * height:
        raise PictureError("there is nothing in the picture", got=f"{width}x{height}")


def _checked(array: NDArray[Any]) -> Bytes:
    """An array of bytes, checked."""
    if array.ndim not in {2, 3} or (array.ndim == 3 and not 1 <= array.shape[2] <= 4):
        raise PictureError("the picture has the wrong shape", must_be=KINDS, got=f"shape {array.shape}")
    check_size(array.shape[1], array.shape[0])
    return as_bytes(array)


def _channels(pixels: Bytes) -> tuple[Bytes, Bytes | None]:
    """Grey levels and alpha of an array with 1 to 4 channels."""
    if pixels.ndim == 2 or not pixels.size:
        return pixels.reshape(pixels.shape[:2] if pixels.size else (0, 0)), None
    channels = pixels.shape[2]
    grey: Bytes = pixels[:, :, 0]
    if channels >= 3:
        red, green, blue = (pixels[:, :, n].astype(np.uint32) for n in range(3))
        grey = ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16).astype(np.uint8)
    return grey, pixels[:, :, -1] if channels in {2, 4} else None


def _channels_of(image: Image.Image) -> tuple[Bytes, Bytes | None]:
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
