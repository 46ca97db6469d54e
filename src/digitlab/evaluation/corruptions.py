"""Corruptions: digits as a bad copy, a moving hand or dirty paper would have them, to see what a network stands.

They are the fifteen of MNIST-C, at its parameters, written anew for many pictures at once. Chance is drawn in another
way than there: the pictures are alike, and not the same bytes.

Source: N. Mu and J. Gilmer, "MNIST-C: a robustness benchmark for computer vision" (2019), and the parameters in the
authors' code (github.com/google-research/mnist-c).

Letters for shapes: N pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import SIDE
from digitlab.engines.randomness import CORRUPTION, keys_of_samples
from digitlab.errors import InputError, PictureError, describe, require_name
from digitlab.evaluation.spoiling import blur, edges, fog, noise, places, strokes
from digitlab.evaluation.spoiling.chance import Bytes, Keys

_BLOCK = 500  # pictures at a time: their numbers stay in the processor's cache


@dataclass(frozen=True)
class Corruption:
    """One way to spoil pictures.

    Attributes:
        name: as MNIST-C has it.
        about: what happens to a picture, in a few words.
        function: pictures ``(N, 28, 28) uint8`` and keys ``(N,)``, to ``(N, 28, 28)`` numbers in the range of bytes.
        approximated: how it differs from what MNIST-C computes, but for chance; empty where it does not.
    """

    name: str
    about: str
    function: Callable[[Bytes, Keys], NDArray[Any]]
    approximated: str = ""


CORRUPTIONS: dict[str, Corruption] = {
    one.name: one
    for one in (
        Corruption("shot_noise", "grain, as of a photograph in little light", noise.shot_noise),
        Corruption("impulse_noise", "17 % of the pixels become paper or full ink", noise.impulse_noise),
        Corruption("glass_blur", "behind frosted glass", blur.glass_blur),
        Corruption(
            "motion_blur",
            "moved while it was taken",
            blur.motion_blur,
            approximated="ImageMagick's filter by its formula",
        ),
        Corruption("shear", "leaning by 0.4 rad", places.shear),
        Corruption("scale", "shrunk to 70 %", places.scale),
        Corruption("rotate", "turned by 0.4 rad (22.9°)", places.rotate),
        Corruption("brightness", "half of full ink on every pixel", noise.brightness),
        Corruption("translate", "shifted by 3 pixels along both axes", places.translate),
        Corruption("stripe", "inverted at the left and at the right", strokes.stripe),
        Corruption(
            "fog",
            "dense fog, and little contrast",
            fog.fog,
            approximated="its thickest and thinnest place from every eighth point",
        ),
        Corruption("spatter", "splashes of mud", noise.spatter),
        Corruption("dotted_line", "a dashed line across", strokes.dotted_line),
        Corruption("zigzag", "a zigzag across", strokes.zigzag),
        Corruption("canny_edges", "the outline alone", edges.canny_edges),
    )
}


def corrupt(images: Bytes, name: str, *, seed: int = 0, numbers: ArrayLike | None = None) -> Bytes:
    """Pictures as a corruption leaves them.

    What becomes of a picture follows from its bytes, its number and the seed, whatever else is in the batch.

    Args:
        images: ``(N, 28, 28) uint8``, 0 paper and 255 ink.
        name: one of `CORRUPTIONS`.
        seed: of all that is drawn by chance.
        numbers: of the pictures in their data set, ``(N,)``; by default 0, 1, 2, ...

    Raises:
        InputError: no such corruption; a seed or numbers that are not whole, from 0.
        PictureError: other shapes or types.
    """
    require_name(name, CORRUPTIONS, "corruption")
    return spoiled(images, CORRUPTIONS[name].function, name, seed=seed, numbers=numbers)


def spoiled(
    images: Bytes,
    function: Callable[[Bytes, Keys], NDArray[Any]],
    name: str,
    *,
    seed: int = 0,
    numbers: ArrayLike | None = None,
) -> Bytes:
    """What a function of `Corruption` makes of pictures, as bytes; ``name`` and seed are what its chance belongs to."""
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
        what = f"pictures to be corrupted are bytes, (N, {SIDE}, {SIDE})"
        raise PictureError(what, got=f"{images.dtype} {describe(images.shape)}")
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise InputError("the seed must be a whole number from 0", got=describe(seed))
    given = np.arange(len(images)) if numbers is None else np.asarray(numbers)
    if given.shape != images.shape[:1] or given.dtype.kind not in "iu" or (given < 0).any():
        raise InputError("each picture has a number, whole and from 0", got=describe(numbers))
    keys = keys_of_samples(seed, CORRUPTION, crc32(name.encode()), given)
    result = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _BLOCK):
        part = slice(start, start + _BLOCK)
        result[part] = np.clip(np.rint(function(images[part], keys[part])), 0, 255)
    return result
