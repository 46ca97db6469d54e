"""A look inside a network while it learns: how large its gradient is, and which units do nothing.

A fixed probe, some of the training digits, is shown to it. That is quick, and comparable from one look to the next.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.data.pixels import normalize
from digitlab.engines import find_engine
from digitlab.lab.records import Layer
from digitlab.network.activations import ACTIVATIONS
from digitlab.network.network import Network
from digitlab.training.events import LayersMeasured
from digitlab.training.layer_sizes import size_of

PROBES = 500
NEAR = 0.02  # this near to an end, as a part of the range, is saturated
SAME = 1e-6  # a unit whose answers differ by less is dead


class Probe:
    """The digits that are shown, and an engine for the gradient.

    Args:
        network: one of those to be looked at.
        digits: the training set; the first 500 are taken.
    """

    def __init__(self, network: Network, digits: Digits) -> None:
        some = digits[: min(PROBES, len(digits))]
        self._digits = replace(some, images=network.card.preprocess(some.images))
        self._x = normalize(self._digits.images).reshape(len(self._digits), -1)
        engine = find_engine(architecture=network.architecture)  # here, even where a cluster trains
        self._session = engine.open(network.architecture, self._digits, threads=1)

    def look(self, network: Network, measured: LayersMeasured | None = None) -> list[Layer]:
        """For each layer: units, 2-norms of gradient and weights, dead units, the share of saturated answers.

        Args:
            network: it.
            measured: what training told of its layers lately.
        """
        ratios = [_finite(layer.ratio) for layer in measured.layers] if measured else [None] * len(network.layers)
        shape = network.architecture
        gradient = self._session.sums(network.parameters, slice(None)).gradient / len(self._digits)
        with np.errstate(over="ignore", invalid="ignore"):
            answers = list(network.activations(self._x))
        layers = []
        parts = zip(network.layers, shape.layers(gradient), answers, ratios, strict=True)
        for number, (layer, slope, a, ratio) in enumerate(parts, 1):
            hidden = number < len(shape.sizes) - 1
            dead, saturated = _idle(a, shape.activation) if hidden else (0, 0.0)
            sizes = _finite(size_of(slope)), _finite(size_of(layer))
            layers.append(Layer(a.shape[1], *sizes, ratio, dead, saturated))
        return layers

    def close(self) -> None:
        """Give back what the session holds."""
        self._session.close()


def _finite(size: float) -> float | None:
    return size if np.isfinite(size) else None


def _idle(a: NDArray[np.float32], activation: str) -> tuple[int, float]:
    """How many units answer the same to every digit, and which share of the answers is near a flat end."""
    dead = int(np.count_nonzero(np.ptp(a, axis=0) < SAME))
    ends = ACTIVATIONS[activation].flat_ends
    if ends is None:
        return dead, float(np.mean(np.abs(a) < SAME))
    low, high = ends
    edge = NEAR * (high - low)
    return dead, float(np.mean((a < low + edge) | (a > high - edge)))
