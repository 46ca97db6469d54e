"""A network whose weights are bytes: the arithmetic of a C header, in NumPy.

Each unit's weights are whole numbers of -127 to 127 times one scale, so that its largest weight is 127. What comes into
a layer is whole numbers too: pixels as they are, and of hidden units -L to L, where L is the largest of the units that
see the same picture. So the sums of products are whole numbers, exact in 32 bits:

    z_j = (sum_i q_ij a_i) (step s_j) + b_j      step: what 1 of an a is worth, 1/255 for pixels; s_j: the scale

Letters for shapes: N samples, P inputs of a layer, H its units.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.pixels import as_bytes, as_rows
from digitlab.errors import InputError
from digitlab.interop.packing import as_int8
from digitlab.network.activations import ACTIVATIONS, Floats
from digitlab.network.architecture import Layer
from digitlab.network.card import Card
from digitlab.network.network import BEYOND, BLOCK, Network

LARGEST = 127  # of a weight
LARGEST_SUM = 2**31 - 1
FAINT = np.float32(1e-30)  # units that all give less give nothing
BEYOND_FLOATS = 1e30  # sums that could become so large leave float32


class QuantizedLayer(NamedTuple):
    """One layer's numbers."""

    W: NDArray[np.int8]  # (H, P)
    scale: NDArray[np.float32]  # (H,)
    b: NDArray[np.float32]  # (H,)
    level: int  # of what comes in: whole numbers of -level to level


@dataclass(frozen=True)
class Quantized:
    """A network of such layers."""

    layers: tuple[QuantizedLayer, ...]
    activation: str
    card: Card

    def logits(self, images: ArrayLike) -> Floats:
        """The last layer's sums ``(N, K)`` of pictures ``(N, 28, 28)``, or of any shape that `Network.logits` takes.

        Raises:
            PictureError: as `Network.logits`.
        """
        rows, _ = as_rows(images, self.layers[0].W.shape[1])
        return np.concatenate([self._logits(rows[at : at + BLOCK]) for at in range(0, max(len(rows), 1), BLOCK)])

    @np.errstate(**BEYOND)
    def _logits(self, pixels: NDArray[Any]) -> Floats:
        a = as_bytes(self.card.preprocess(pixels)).astype(np.int16)
        step: Floats | np.float32 = np.float32(1 / 255)
        for layer, following in pairwise(self.layers):
            values = ACTIVATIONS[self.activation].function(_sums(layer, a, step))  # (N, H)
            most = np.abs(values).max(axis=1, keepdims=True)
            most[most < FAINT] = 1
            scaled = values * (np.float32(following.level) / most)
            a = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int16)
            step = most / np.float32(following.level)  # (N, 1)
        return _sums(self.layers[-1], a, step)


def _sums(layer: QuantizedLayer, a: NDArray[np.int16], step: Floats | np.float32) -> Floats:
    """The weighted sums ``(N, H)`` of inputs ``(N, P)``: products and sums are exact in float64."""
    sums = (a.astype(np.float64) @ layer.W.T.astype(np.float64)).astype(np.float32)
    z: Floats = sums * (step * layer.scale) + layer.b
    return z


def quantize(network: Network) -> Quantized:
    """A network with weights of one byte each.

    Raises:
        InputError: its numbers are so large that sums of them could leave float32.
    """
    layers, most = [], np.ones(network.architecture.sizes[0])
    for number, layer in enumerate(network.layers):
        most = np.maximum(np.abs(layer.W).T.astype(np.float64) @ most + np.abs(layer.b), 1)  # what z, and f(z), can be
        if most.max() >= BEYOND_FLOATS:
            what = "the numbers of this network are so large that sums of them could leave float32"
            raise InputError(what, must_be=f"sums below {BEYOND_FLOATS:g}", got=f"up to {most.max():g}")
        layers.append(_quantized(layer, level=255 if number == 0 else None))
    return Quantized(tuple(layers), network.architecture.activation, network.card)


def _quantized(layer: Layer, level: int | None) -> QuantizedLayer:
    """One layer; no ``level``: the largest of which a sum fits into 32 bits, and one into 16."""
    W, scale = as_int8(layer.W.astype(np.float32))
    if level is None:
        level = min(2**15 - 1, LARGEST_SUM // (LARGEST * len(W)))
    return QuantizedLayer(np.ascontiguousarray(W.T), scale, layer.b.astype(np.float32), level)
