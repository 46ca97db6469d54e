"""One picture, as a network sees it: through its preprocessing, and as float64, so that sums can be checked to the end.

Letters for shapes: P pixels, K classes.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.pixels import as_row, normalize
from digitlab.errors import DivergenceError, require_kind
from digitlab.network.backward import Forward, forward
from digitlab.network.network import Network


def forward_one(network: Network, image: ArrayLike) -> Forward:
    """The forward pass of one picture, in float64; every array has one row.

    Args:
        network: any.
        image: ``(28, 28)`` or ``(784,)``; bytes 0..255 or floats 0..1. The card's preprocessing is applied.

    Raises:
        InputError: the network is none.
        PictureError: a picture of the wrong shape, type or range, or several.
        DivergenceError: the network's sums are not finite.
    """
    require_kind(network, Network, "the network", "such as dl.load()")
    row = as_row(image, network.architecture.sizes[0])
    passed = forward(network, normalize(network.card.preprocess(row), np.float64)[np.newaxis])
    if not np.isfinite(passed.logits).all():
        what = "the network has no answer to this picture: its sums are no longer finite"
        raise DivergenceError(what, help="train it again with a smaller learning rate")
    return passed


def as_square(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers for each pixel ``(P,)`` as a picture, ``(28, 28)``; in one row where they make no square."""
    side = math.isqrt(pixels.size)
    return pixels.reshape((side, side) if side * side == pixels.size else (1, -1))
