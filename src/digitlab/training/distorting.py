"""What becomes of the pixels of distorted pictures, in plain NumPy: what ``cpp/distort.h`` does, too.

All numbers are whole and below 2^24, so float32 sums of them are exact: nothing depends on their order. `augment.py`
draws what each picture needs.

    N pictures of 28x28 bytes; first axis rows, from top to bottom, second axis columns
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.engines.randomness import word

Pictures = NDArray[np.uint8]  # (N, 28, 28)
Whole = NDArray[np.int32]

DRAWN = np.dtype(  # of one picture: as `Drawn` of cpp/kernels.h
    [
        ("field_key", np.uint64),  # of the elastic fields
        ("noise_key", np.uint64),
        ("thickness", np.int32),  # in 1/256 pixel
        ("map", np.int32, (2, 3)),  # (row, column) a pixel comes from = map @ (its row, its column, 1), in 2^-16 pixel
        ("square", np.int32, 3),  # top, left and side of what is erased
    ]
)
SMOOTHING, BETWEEN = 2**13, 2**10  # 1 in a smoothing matrix; what sums are divided by between two of them


class Common(NamedTuple):
    """What all pictures have in common: `Distortion` of ``cpp/kernels.h``."""

    smoothing: NDArray[np.float32]  # a Gaussian filter (28, 28), symmetric, in multiples of 1 / SMOOTHING
    strength: np.float32  # what makes 1/256 pixel of smoothed fields; 0: not elastic
    noise: int  # in 2^-16 of a random byte's distance from the middle


def distorted(images: Pictures, drawn: NDArray[np.void], common: Common) -> Whole:
    """Pictures ``(N, 28, 28)`` as what was drawn for them, ``(N,)`` of `DRAWN`, makes them: 0 to 255."""
    pictures = thickened(images.astype(np.int32), drawn["thickness"])
    moves = displacement(drawn["field_key"], common) if common.strength else np.int32(0)
    pictures = _interpolated(pictures, drawn["map"], moves)
    if common.noise:
        between = 2 * random_bytes(drawn["noise_key"], pictures.shape[1:]).astype(np.int32) - 255  # -255 to 255
        pictures = np.clip(pictures + ((between * common.noise + 2**15) >> 16), 0, 255)
    top, left, side = (column[:, None] for column in drawn["square"].T)  # (N, 1)
    place = np.arange(SIDE)
    rows, columns = (place >= top) & (place < top + side), (place >= left) & (place < left + side)  # (N, 28)
    return np.where(rows[:, :, None] & columns[:, None, :], np.int32(0), pictures)


def thickened(pictures: Whole, amounts: Whole) -> Whole:
    """Each pixel on its way to the brightest of itself and its four neighbours, or to the darkest; a pixel a step."""
    left = np.abs(amounts)
    while left.any():
        part = np.minimum(left, 256)[:, None, None]
        around = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
        middle = slice(1, -1)
        five = [around[:, middle, middle]]
        five += [around[:, middle, :-2], around[:, middle, 2:], around[:, :-2, middle], around[:, 2:, middle]]
        extreme = np.where(amounts[:, None, None] > 0, np.maximum.reduce(five), np.minimum.reduce(five))
        pictures = pictures + ((part * (extreme - pictures) + 128) >> 8)
        left = np.maximum(left - 256, 0)
    return pictures


def displacement(keys: NDArray[np.uint64], common: Common) -> Whole:
    """How much further a pixel comes from, ``(N, 2, 28, 28)`` in 1/256 pixel: alpha times fields, smoothed both ways.

    All sums are whole numbers below 2^24, which float32 adds without rounding, in any order. The one rounding between
    the two ways, to 1/8 of a random number's 255th part, costs 0.1 % of the displacement where sigma is 4.
    """
    field = 2 * random_bytes(keys, (2, SIDE, SIDE)).astype(np.float32) - 255  # evenly from -255 to 255, odd
    once = np.rint(common.smoothing @ field * np.float32(1 / BETWEEN))
    moves: Whole = np.rint(once @ common.smoothing * common.strength).astype(np.int32)
    return moves


def _interpolated(pictures: Whole, maps: Whole, moves: Whole | np.int32) -> Whole:
    """Each pixel from its place in the source, between the four pixels there; what lies beyond is paper."""
    places = np.arange(SIDE, dtype=np.int32)
    by_row, by_column, constant = (maps[:, :, i, None, None] for i in range(3))  # (N, 2, 1, 1)
    source = ((by_row * places[:, None] + by_column * places + constant + 128) >> 8) + moves  # in 1/256 pixel
    source = np.clip(source, -256, SIDE * 256)
    (row, column), (down, right) = ((x[:, 0], x[:, 1]) for x in ((source >> 8) + 1, source & 255))
    paper = np.pad(pictures, ((0, 0), (1, 2), (1, 2)))
    picture = np.arange(len(pictures))[:, None, None]
    above = (256 - right) * paper[picture, row, column] + right * paper[picture, row, column + 1]
    below = (256 - right) * paper[picture, row + 1, column] + right * paper[picture, row + 1, column + 1]
    between: Whole = ((256 - down) * above + down * below + 2**15) >> 16
    return between


def random_bytes(keys: NDArray[np.uint64], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Of such a shape for each key, 8 of each word, the low ones first."""
    words: NDArray[np.uint64] = word(keys[:, None], np.arange(math.prod(shape) // 8)).astype("<u8")
    return words.view(np.uint8).reshape(len(keys), *shape)
