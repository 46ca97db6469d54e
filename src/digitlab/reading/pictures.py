"""Picture files and Pillow's images as arrays: decoded within limits, turned upright, in grey."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import PictureError

__all__ = ["FORMATS", "decode", "grey_and_alpha"]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
MAX_PIXELS = 50_000_000
MAX_FILE_BYTES = 100 * 2**20
SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")
Bytes = NDArray[np.uint8]


def decode(picture: Any) -> Bytes:
    """A file (bytes or path) or a Pillow image as an array ``(H, W, 1 to 4)`` of bytes, upright.

    Raises:
        PictureError: no picture, a damaged or moving one, or one that is too large.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow warns of is looked at here
            if hasattr(picture, "getbands"):
                return _array(picture)
            content = _content(picture)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                return _array(image)
    except PictureError:
        raise
    except Exception as error:  # Pillow's decoders raise what comes to hand on damaged bytes: a dozen types
        _refuse("this is not a picture that can be read", f"one whole picture as {', '.join(FORMATS)}", str(error))


def _content(picture: Any) -> bytes:
    if not isinstance(picture, (str, Path)):
        return bytes(picture)
    path = Path(picture)
    if path.stat().st_size > MAX_FILE_BYTES or not path.is_file():
        _refuse(
            f"{path}: this is no picture file", f"a file of at most {MAX_FILE_BYTES:,} bytes", "a larger one, or none"
        )
    return path.read_bytes()


def _array(image: Any) -> Bytes:
    from PIL import ImageOps

    width, height = image.size
    if not 0 < width * height <= MAX_PIXELS:
        _refuse("the picture is too large", f"1 to {MAX_PIXELS:,} pixels", f"{width}x{height}")
    if getattr(image, "is_animated", False):
        _refuse("there is more than one picture in it", "one picture", "a moving picture")
    image = ImageOps.exif_transpose(image)
    if image.mode in SIXTEEN_BITS:
        return (np.clip(np.asarray(image).astype(np.int64), 0, 65535) // 257).astype(np.uint8)[:, :, None]
    clear = "transparency" in image.info or image.mode in {"LA", "PA", "RGBA", "La", "RGBa"}
    if image.mode == "F":
        _refuse("these colours cannot be made grey", "8 or 16 bits a channel", "Pillow's mode F")
    array = np.asarray(image.convert("RGBA" if clear else "RGB" if image.mode not in {"L", "1"} else "L"), np.uint8)
    return array if array.ndim == 3 else array[:, :, None]


def grey_and_alpha(array: Bytes) -> tuple[Bytes, Bytes | None]:
    """Grey levels ``(H, W)`` and alpha, if there is one, of an array ``(H, W)`` or ``(H, W, 1 to 4)``."""
    if array.ndim == 2:
        return array, None
    channels = array.shape[2]
    alpha = array[:, :, -1] if channels in {2, 4} else None
    if channels < 3:
        return array[:, :, 0], alpha
    red, green, blue = (array[:, :, i].astype(np.uint32) for i in range(3))
    grey = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16  # as Pillow: 0.299, 0.587, 0.114
    return grey.astype(np.uint8), alpha


def _refuse(what: str, must_be: str, got: str) -> NoReturn:
    raise PictureError(what, must_be=must_be, got=got, help="crop it to one digit, and save it as PNG")
