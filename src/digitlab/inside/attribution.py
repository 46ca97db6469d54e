"""Which pixels speak for a digit, and which against it: three answers, each from true gradients of its logit.

    gradient                d z_k / d x_i                              what a little more ink at i would do
    gradient times input    x_i d z_k / d x_i                          ... for the ink that is there
    integrated gradients    x_i * mean over t of d z_k / d x_i at t x  ... gathered while it appears, t from 0 to 1

The third one adds up: over all pixels, to what the logit has risen by from black paper (x = 0, all pixels 0) to the
picture. The second one would, if the network were one straight line.

Along the way from black paper to the picture, a network of ReLUs is straight but for the places where a weighted sum
changes its sign. The model that ships has some 900 of them, and a thousand equal steps are still off by 0.01. So the
way is cut there, and the gradient taken in the middle of each piece, which is exact. Where a network bends everywhere,
the pieces are halved until the sum is right.

Source: M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks" (2017), equation 1 and
proposition 1 (completeness).

Letters for shapes: N places along the way, P pixels, H units of a layer, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.pixels import as_label
from digitlab.errors import require_name
from digitlab.inside.picture import as_square, forward_one
from digitlab.network.activations import Floats
from digitlab.network.backward import deltas, forward, input_gradient
from digitlab.network.network import Network

GRADIENT, TIMES_INPUT, INTEGRATED = METHODS = ("gradient", "gradient times input", "integrated gradients")

EXACT_ENOUGH = 1e-5  # of a logit: how far the sum of integrated gradients may be off
FEWEST_PIECES = 16  # of the way from black paper to the picture
MOST_PIECES = 20_000
BLOCK = 500  # places at a time, which keeps memory small


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each pixel has to do with the logit of one digit, by one method.

    The pixels are those that the network sees, after its preprocessing.

    Attributes:
        method: one of `METHODS`.
        digit: the number of the class that is asked about.
        seen: the picture, ``(28, 28) float64``, from 0 to 1.
        pixels: ``(28, 28) float64``; positive speaks for the digit, negative against it.
        sum: of all of them.
        expected: what the sum should be: by how much the logit rises from black paper to the picture. None for the
            plain gradient, whose sum means nothing.
        places: how many gradients it took.
    """

    method: str
    digit: int
    seen: NDArray[np.float64]
    pixels: NDArray[np.float64]
    sum: float
    expected: float | None
    places: int

    @property
    def off_by(self) -> float | None:
        """How far the sum is from what is expected."""
        return None if self.expected is None else abs(self.sum - self.expected)

    def to_dict(self) -> dict[str, object]:
        """All as plain values, ready for JSON."""
        return vars(self) | {"seen": self.seen.tolist(), "pixels": self.pixels.tolist(), "off_by": self.off_by}


def attribute(
    network: Network, image: ArrayLike, digit: ArrayLike | None = None, method: str = INTEGRATED
) -> Attribution:
    """Which pixels of a picture speak for ``digit``.

    Args:
        network: any.
        image: see `forward_one`.
        digit: the class that is asked about; by default the network's answer.
        method: one of `METHODS`.

    Raises:
        InputError: there is no such method; or as `forward_one`.
        PictureError: no such class; or as `forward_one`.
        DivergenceError: as `forward_one`.
    """
    require_name(method, METHODS, "method")
    passed = forward_one(network, image)
    x = passed.inputs[0]  # (1, P)
    asked = int(passed.logits.argmax()) if digit is None else as_label(digit, passed.logits.shape[1])
    weights = np.eye(passed.logits.shape[1])[asked]  # (K,)
    rise = float((passed.logits - forward(network, np.zeros_like(x)).logits)[0, asked])
    gradient, places = input_gradient(network, passed, weights), 1
    if method == INTEGRATED:
        gradient, places = _mean_gradient(network, x, weights, rise)
    pixels = (gradient if method == GRADIENT else gradient * x)[0]
    expected = None if method == GRADIENT else rise
    return Attribution(method, asked, as_square(x[0]), as_square(pixels), float(pixels.sum()), expected, places)


def _mean_gradient(
    network: Network, x: Floats, weights: NDArray[np.float64], rise: float
) -> tuple[NDArray[np.float64], int]:
    """The mean gradient ``(1, P)`` on the way from black paper to ``x (1, P)``; and of how many it was made."""
    W = network.layers[0].W.astype(np.float64)
    cuts, places = _bends(network, x), 0
    while True:
        lengths = np.diff(cuts)  # (N,)
        middles = (cuts[1:] + cuts[:-1]) / 2
        delta = np.zeros(W.shape[1])  # (H,), the mean of that of the first layer
        for block in _blocks(len(middles)):
            passed = forward(network, middles[block, np.newaxis] * x)
            delta += lengths[block] @ deltas(network, passed, weights)[0]
        gradient: NDArray[np.float64] = (W @ delta)[np.newaxis]
        places += len(middles)
        if abs(float((x @ gradient.T).item()) - rise) <= EXACT_ENOUGH or 2 * len(middles) > MOST_PIECES:
            return gradient, places
        cuts = np.sort(np.concatenate([cuts, middles]))


def _bends(network: Network, x: Floats) -> NDArray[np.float64]:
    """Where on the way, from 0 to 1, a weighted sum of a hidden layer changes its sign; and some places more.

    The sums of a layer of ReLUs are straight between the bends of the layers before it, so that these are exact.
    """
    cuts = np.linspace(0, 1, FEWEST_PIECES + 1)
    for layer in range(len(network.layers) - 1):
        sums = [forward(network, cuts[block, np.newaxis] * x).sums[layer] for block in _blocks(len(cuts))]
        z = np.concatenate(sums)  # (N, H)
        piece, unit = np.nonzero((z[:-1] < 0) != (z[1:] < 0))
        before, after = z[piece, unit], z[piece + 1, unit]
        cuts = np.unique(np.concatenate([cuts, cuts[piece] + np.diff(cuts)[piece] * before / (before - after)]))
        if len(cuts) > MOST_PIECES:
            break
    return cuts


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, count, BLOCK))
