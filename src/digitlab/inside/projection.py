"""Maps of a layer: where the pictures of a test set lie, seen from the side from which they lie furthest apart.

Each picture is a point in as many dimensions as the layer has units. Principal component analysis finds the two
directions along which the points differ most, and draws each point by its place along these.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), section 12.1.

Letters for shapes: N samples, H units of the layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import Digits
from digitlab.errors import InputError, describe
from digitlab.inside.picture import forward_one, names_for, require_answers, see_all
from digitlab.network.backward import Forward, forward
from digitlab.network.network import Network

DECIMALS = 4  # of a place on the map, in JSON


@dataclass(frozen=True, eq=False)
class Projection:
    """The map of one layer.

    Attributes:
        layer: which one: 0 is the picture, as the network sees it, then the hidden ones, and last the logits.
        what: the same in words.
        explained: ``(2,)``, the share of all differences between the pictures that lies along each axis.
        points: ``(N, 2) float64``, where each picture lies; the middle of all is at 0.
        labels: ``(N,)``, the true classes.
        names: what the classes are called.
        middle: ``(H,)``, the mean of the layer's numbers.
        axes: ``(2, H)``, the two directions, each of length 1; both signs would do, so the number of largest size is
            positive.
    """

    layer: int
    what: str
    explained: NDArray[np.float64]
    points: NDArray[np.float64]
    labels: NDArray[np.uint8]
    names: tuple[str, ...]
    middle: NDArray[np.float64]
    axes: NDArray[np.float64]

    def place(self, network: Network, image: ArrayLike) -> NDArray[np.float64]:
        """Where any picture lies on the map of the same network, ``(2,)``. Arguments and errors as `forward_one`."""
        place: NDArray[np.float64] = self.axes @ (_numbers(forward_one(network, image), self.layer)[0] - self.middle)
        return place

    def to_dict(self) -> dict[str, object]:
        """The map as plain values, ready for JSON."""
        return {
            "layer": self.layer,
            "what": self.what,
            "explained": self.explained.tolist(),
            "points": np.round(self.points, DECIMALS).tolist(),
            "labels": self.labels.tolist(),
            "names": list(self.names),
        }


def project(network: Network, digits: Digits, layer: int) -> Projection:
    """The map of one layer, for these digits.

    Args:
        network: any.
        digits: at least two.
        layer: 0 for the pictures, then 1 for the first hidden layer, and so on; last the logits.

    Raises:
        InputError: there is no such layer, or it has but one unit; fewer than two digits; or as `see_all`.
        PictureError: as `see_all`.
        DivergenceError: the network's sums are not finite.
    """
    names, sizes = names_for(network, digits), network.architecture.sizes
    if isinstance(layer, bool) or not isinstance(layer, int | np.integer) or layer not in range(len(sizes)):
        must_be = f"0 (the picture) to {len(sizes) - 1} (the logits)"
        raise InputError("the network has no such layer", must_be=must_be, got=describe(layer))
    if sizes[layer] < 2 or len(digits) < 2:
        got = f"{sizes[layer]} units, {len(digits)} digits"
        raise InputError("a map takes two units and two digits or more", got=got)
    passed = forward(network, see_all(network, digits))
    require_answers(passed)
    numbers = _numbers(passed, layer).astype(np.float64)  # (N, H)
    middle = numbers.mean(axis=0)
    numbers -= middle
    axes, variances = _axes(numbers)
    everything = np.square(numbers).sum() / len(numbers)
    explained = variances / everything if everything else np.zeros(2)
    points = numbers @ axes.T
    return Projection(layer, _in_words(layer, len(sizes)), explained, points, digits.labels, names, middle, axes)


def _axes(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two axes ``(2, H)`` of numbers ``(N, H)`` around 0, and the variances along them ``(2,)``.

    They are the right singular vectors of the numbers, and so the eigenvectors of their covariance, which takes a tenth
    of the time: there are more pictures than units.
    """
    from scipy.linalg import eigh

    covariance = numbers.T @ numbers / len(numbers)  # (H, H)
    units = len(covariance)
    variances, vectors = eigh(covariance, subset_by_index=(units - 2, units - 1))
    axes = vectors.T[::-1]
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    return axes * signs[:, np.newaxis], np.maximum(variances[::-1], 0)


def _numbers(passed: Forward, layer: int) -> NDArray[np.floating]:
    return [*passed.inputs, passed.logits][layer]


def _in_words(layer: int, layers: int) -> str:
    if layer in {0, layers - 1}:
        return "the pixels" if layer == 0 else "the logits"
    return f"hidden layer {layer}"
