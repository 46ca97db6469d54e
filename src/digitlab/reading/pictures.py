"""A picture of any kind as bytes: grey levels, and what is see-through. And how large a picture may be.

Colours become grey by `(19595 R + 38470 G + 7471 B + 32768) // 65536`, floats 0..1 bytes by `floor(255 x + 0.5)`. How a
file is decoded, and what it cannot cost: `data/picture_file.py`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.data.files import named, read_file
from digitlab.data.picture_file import factor_to, open_picture
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


@dataclass(frozen=True, eq=False)
class Grey:
    """A picture as grey levels, upright.

    Attributes:
        levels: ``(H, W) uint8``.
        alpha: ``(H, W) uint8``, 0 where nothing is; None where all is opaque.
        size: width and height of the picture itself.
        factor: it was made small by this whole number, and rounded up: ``W`` is ``ceil(width / factor)``.
    """

    levels: Bytes
    alpha: Bytes | None
    size: tuple[int, int]
    factor: int = 1


def grey_and_alpha(picture: Picture, longest: int | None = None) -> Grey:
    """Any picture as grey levels.

    Args:
        picture: see `KINDS`.
        longest: a larger one is made small, by the least whole factor that makes no side longer than this: each pixel
            becomes the mean of its square (of a JPEG file what the decoder has for it). None: it is left as it is.

    Raises:
        PictureError: no picture, a damaged or moving one, or one that is too large.
    """
    if isinstance(picture, np.ndarray):
        levels, alpha = _channels(_checked(picture))
        return _smaller(levels, alpha, levels.shape[::-1], factor_to(levels.shape, longest))
    if isinstance(picture, (str, os.PathLike)):
        path = Path(os.fsdecode(picture))
        content = read_file(path, MAX_PICTURE_BYTES, PictureError)
        with named(path, PictureError):
            return grey_and_alpha(content, longest)
    from PIL import Image

    if not isinstance(picture, (bytes, bytearray, memoryview, Image.Image)):
        raise PictureError("this is not a picture", must_be=KINDS, got=describe(picture))
    with open_picture(picture, _check_size, any_form=True, longest=longest) as opened:
        levels, alpha = _channels_of(opened.image)
    return _smaller(levels, alpha, opened.size, factor_to(opened.size, longest), opened.shrunk)


def _smaller(levels: Bytes, alpha: Bytes | None, size: tuple[int, int], factor: int, shrunk: int = 1) -> Grey:
    """Made small by ``factor``, as far as it is not yet ``shrunk``. What is see-through counts by its alpha."""
    from PIL import Image

    if (left := factor // shrunk) > 1:
        image = Image.fromarray(levels)
        if alpha is None:
            levels = np.asarray(image.reduce(left))
        else:
            both = np.asarray(Image.merge("LA", (image, Image.fromarray(alpha))).reduce(left))
            levels, alpha = both[:, :, 0], both[:, :, 1]
    return Grey(levels, alpha, size, factor)


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
        levels = np.clip(np.asarray(image), 0, 65535)
        clear = image.info.get("transparency")
        alpha = None if clear is None else np.where(levels == clear, 0, 255).astype(np.uint8)
        return (levels // 257).astype(np.uint8), alpha
    if image.mode == "F":
        must_be, got = "8 or 16 bits a channel", "Pillow's mode F"
        raise PictureError("these colours cannot be made grey", must_be=must_be, got=got)
    if "transparency" in image.info or image.mode in SEE_THROUGH:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        return np.asarray(image.convert("L")), np.asarray(image.getchannel("A"))
    if image.mode not in {"L", "1", "RGB"}:
        image = image.convert("RGB")
    return np.asarray(image.convert("L")), None
