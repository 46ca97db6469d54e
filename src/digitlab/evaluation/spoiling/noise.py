"""Pixels changed each by itself, or by what was spilt on the paper.

Letters for shapes: N pictures.
"""

import math

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.evaluation.spoiling.blur import blurred
from digitlab.evaluation.spoiling.chance import Bytes, Keys, Numbers, evenly, normal

_PIXELS = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)


def shot_noise(images: Bytes, keys: Keys) -> Numbers:
    """MNIST-C: a pixel x of 0..1 becomes a Poisson number of mean 3 x, divided by 3; at most 1.

    As all that is above 3 is full ink, three thresholds for each of the 256 bytes decide: drawn is the smallest k whose
    share of the distribution up to k is not below an even random number.
    """
    mean = 3 * np.arange(256) / 255
    up_to = np.cumsum([np.exp(-mean) * mean**k / math.factorial(k) for k in range(3)], axis=0)  # (3, 256)
    drawn = evenly(keys, 0, _PIXELS)
    counts: Numbers = np.sum([drawn > thresholds[images] for thresholds in up_to], axis=0, dtype=np.float64)
    return 85 * counts


def impulse_noise(images: Bytes, keys: Keys) -> Bytes:
    """MNIST-C: 17 % of the pixels become full ink or paper, half of them each."""
    drawn = evenly(keys, 0, _PIXELS)
    changed: NDArray[np.uint8] = np.where(drawn < 0.17 / 2, 0, np.where(drawn > 1 - 0.17 / 2, 255, images))
    return changed


def gaussian_noise(images: Bytes, keys: Keys, deviation: float) -> Numbers:
    """A normal random number added to each pixel, its standard deviation a share of full ink.

    A picture has the same numbers, multiplied, whatever the deviation.
    """
    return images + 255 * deviation * normal(keys, 0, _PIXELS)


def brightness(images: Bytes, _: Keys) -> Numbers:
    """MNIST-C: half of full ink added to every pixel. Nothing is drawn by chance."""
    return images.astype(np.float64) + 127.5


def spatter(images: Bytes, keys: Keys) -> Numbers:
    """MNIST-C, severity 4: splashes of mud, a quarter of full ink, over paper and digit.

    A liquid of normal numbers (mean 0.65, standard deviation 0.3), smoothed by 1 pixel, is mud where it is above 0.65.
    Mud smoothed by 1.5 pixels, where that is at least 0.8, covers so much of a pixel.
    """
    liquid = 0.65 + 0.3 * normal(keys, 0, _PIXELS)
    cover = blurred((blurred(liquid, 1) > 0.65).astype(np.float64), 1.5)
    cover[cover < 0.8] = 0
    return images * (1 - cover) + 63 * cover
