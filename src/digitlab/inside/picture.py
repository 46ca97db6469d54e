"""Pictures, as a network sees them: through its preprocessing. One by itself in float64, so that sums can be checked.

Letters for shapes: N samples, P pixels, K classes.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import Digits
from digitlab.data.pixels import as_row, as_rows, normalize
from digitlab.errors import DivergenceError, InputError, require_kind
from digitlab.network.activations import Floats
from digitlab.network.backward import Forward, forward
from digitlab.network.card import names_of_outputs
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
    require_answers(passed)
    return passed


def see_all(network: Network, digits: Digits) -> Floats:
    """All pictures of a test set, as the network sees them: ``(N, P) float32``.

    Raises:
        InputError: there are no digits, the network has fewer outputs than there are classes, or it knows other ones.
        PictureError: the network's inputs do not fit the pictures.
    """
    names_for(network, digits)
    rows, _ = as_rows(digits.images, network.architecture.sizes[0])
    return network.inputs(rows)


def names_for(network: Network, digits: Digits) -> tuple[str, ...]:
    """What the outputs of a network are called when it is measured on a test set. Errors as `see_all`."""
    require_kind(network, Network, "the network", "such as dl.load()")
    require_kind(digits, Digits, "the test set", "train, test = dl.load_mnist()")
    if not len(digits):
        raise InputError("there is nothing to measure: the test set is empty")
    return names_of_outputs(network.card, digits.classes)


def require_answers(passed: Forward) -> None:
    """Refuse logits that are not finite.

    Raises:
        DivergenceError: that is so.
    """
    wrong = np.count_nonzero(~np.isfinite(passed.logits).all(axis=1))
    if wrong:
        what = f"the network has no answer to {wrong} of the pictures: its sums are no longer finite"
        raise DivergenceError(what, help="train it again with a smaller learning rate")


def as_square(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers for each pixel ``(P,)`` as a picture, ``(28, 28)``; in one row where they make no square."""
    side = math.isqrt(pixels.size)
    return pixels.reshape((side, side) if side * side == pixels.size else (1, -1))
