"""From any picture to its ink: which level is the paper, and which side of it is written on.

A picture becomes grey bytes first: colours by `(19595 R + 38470 G + 7471 B + 32768) // 65536`, floats 0..1 by
`floor(255 x + 0.5)`. Alpha: where all visible pixels have one grey, the alpha is the picture; else the picture lies on
the paper, white (255) if what is visible is dark in the mean (below 128), else black:
`(grey * alpha + paper * (255 - alpha) + 127) // 255`.

1. Paper: the (lower) median of the outermost pixels of all four sides.
2. Side: the sum of squared distances from the paper, of the darker pixels and of the lighter; the larger one is ink
   (dark where they are equal). A pixel's ink is its distance from the paper on this side, else 0.
3. The strongest ink `top`: below 16 the picture is blank.
4. Noise: `floor` is the least level that 90 % of the outermost pixels do not exceed, but at most `top // 2`; with
   `floor = 0` nothing changes. Ink becomes `(max(0, ink - floor) * 255) // (top - floor)`.
5. Ink counts for the box from 64 on, a quarter.

So every step after the grey bytes is a table of 256 entries.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import PictureError, describe
from digitlab.reading.pictures import Bytes, check_size, decode

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Picture", "find_ink"]

Picture: TypeAlias = "NDArray[Any] | Image.Image | bytes | str | os.PathLike[str]"

LEAST_CONTRAST = 16
FAINTEST = 64
KINDS = "an array (H, W) or (H, W, 1 to 4) of bytes or floats 0..1, a Pillow image, or an image file as bytes or path"


def find_ink(picture: Picture) -> tuple[NDArray[np.uint8], int]:
    """The ink ``(H, W) uint8``, bright on 0, and the level from which on it counts: 0 where there is none.

    Raises:
        PictureError: this is not a picture.
    """
    grey = _on_paper(*_grey_and_alpha(picture))
    if not grey.size:
        return np.zeros((1, 1), dtype=np.uint8), 0
    border = np.concatenate((grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]))
    levels = np.arange(256)
    paper = int(np.sort(border)[(len(border) - 1) // 2])
    counts = np.bincount(grey.ravel(), minlength=256) if grey.size < 2**20 else _histogram(grey)
    squares = counts * (levels - paper) ** 2
    sign = 1 if squares[paper:].sum() > squares[:paper].sum() else -1
    ink = np.maximum(sign * (levels - paper), 0)
    top = int(ink[counts > 0].max())
    if top < LEAST_CONTRAST:
        return np.zeros((1, 1), dtype=np.uint8), 0
    floor = min(int(np.sort(ink[border])[(9 * len(border) - 1) // 10]), top // 2)
    table = np.clip(np.maximum(ink - floor, 0) * 255 // (top - floor), 0, 255).astype(np.uint8)
    return table[grey], FAINTEST


def _histogram(grey: NDArray[np.uint8]) -> NDArray[np.int64]:
    from PIL import Image

    return np.array(Image.fromarray(grey).histogram(), dtype=np.int64)


def _grey_and_alpha(picture: Picture) -> tuple[Bytes, Bytes | None]:
    """Grey levels ``(H, W)``, and alpha ``(H, W)`` where there is any."""
    if isinstance(picture, np.ndarray):
        return _channels(_array(picture))
    from PIL import Image

    if isinstance(picture, (str, os.PathLike)):
        return decode(Path(os.fsdecode(picture)))
    if not isinstance(picture, (bytes, bytearray, memoryview, Image.Image)):
        raise PictureError("this is not a picture", must_be=KINDS, got=describe(picture))
    return decode(picture)


def _array(array: NDArray[Any]) -> NDArray[np.uint8]:
    """An array of bytes, checked."""
    if array.ndim not in {2, 3} or (array.ndim == 3 and not 1 <= array.shape[2] <= 4):
        raise PictureError("the picture has the wrong shape", must_be=KINDS, got=f"shape {array.shape}")
    check_size(array.shape[1], array.shape[0], "the picture")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f":
        help = "for whole numbers 0..255 use picture.astype(np.uint8)"
        raise PictureError("the pixels have the wrong type", must_be=KINDS, got=str(array.dtype), help=help)
    if array.size and not (array.min() >= 0 and array.max() <= 1):  # NaN fails both comparisons
        help = "for floats that mean 0..255 use picture.astype(np.uint8)"
        got = f"{array.min()} to {array.max()}"
        raise PictureError("a pixel is out of range", must_be="floats 0..1, or bytes", got=got, help=help)
    return np.floor(array.astype(np.float64) * 255 + 0.5).astype(np.uint8)


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


def _on_paper(grey: Bytes, alpha: Bytes | None) -> Bytes:
    """What is seen where the picture lies on paper."""
    if alpha is None or alpha.min() == 255:
        return grey
    visible = grey[alpha > 0]
    if not len(visible) or visible.min() == visible.max():
        return alpha
    weight = alpha.astype(np.uint16)  # holds all that follows: at most 255 * 255 + 127
    weighted = grey * weight
    paper = 255 if int(weighted.sum()) < 128 * int(weight.sum()) else 0
    return ((weighted + paper * (255 - weight) + 127) // 255).astype(np.uint8)
