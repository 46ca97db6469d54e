"""Ablation: how accurate a network is without each of its hidden units, one at a time.

A network of 1,500 hidden units would have to read a test set 1,500 times. But few answers change when one unit is off:
the distance between two logits can change by no more than

    |a_h| reach_h        reach_h = the sum over all ways from unit h to the two logits of the product of |weights|,
                                   and of the steepest slope of the activation for each layer on the way

and only pictures whose answer is as near as that to another one are computed anew, exactly.

Letters for shapes: N samples, H units of a layer, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.inside.picture import require_answers, see_all
from digitlab.network.activations import ACTIVATIONS, Floats
from digitlab.network.backward import forward
from digitlab.network.network import BEYOND, Network

BLOCK = 10_000  # pictures at a time
ROUNDING = 1e-5  # of the largest logit: float32 may round as much away
GRID = np.linspace(-20, 20, 4001)  # of weighted sums, on which the steepest slope is looked for


@dataclass(frozen=True, eq=False)
class Ablation:
    """What each hidden unit is worth.

    Attributes:
        accuracy: of the network as it is, 0 to 1.
        without: for each hidden layer ``(H,)``, the accuracy while one of its units is off.
        count: of how many pictures.
    """

    accuracy: float
    without: tuple[NDArray[np.float64], ...]
    count: int

    def most_missed(self, count: int = 10) -> list[tuple[int, int, float]]:
        """The units that are missed most, as ``(layer, unit, accuracy without it)``; layers count from 1."""
        units = [
            (layer, unit, float(accuracy))
            for layer, accuracies in enumerate(self.without, start=1)
            for unit, accuracy in enumerate(accuracies)
        ]
        return sorted(units, key=lambda one: one[2])[:count]

    def to_dict(self) -> dict[str, object]:
        """All as plain values, ready for JSON."""
        without = [accuracies.tolist() for accuracies in self.without]
        return {"accuracy": self.accuracy, "without": without, "count": self.count}


@np.errstate(**BEYOND)
def ablation(network: Network, digits: Digits) -> Ablation:
    """The accuracy without each hidden unit: its output is not handed on, all else stays. Errors as `see_all`.

    All pictures are taken, for every unit; which of them need not be computed anew is said above.
    """
    x = see_all(network, digits)
    hits, reach = 0, _reaches(network)
    changes = [np.zeros(size, dtype=np.intp) for size in network.architecture.sizes[1:-1]]  # in hits
    for start in range(0, len(x), BLOCK):
        block = slice(start, start + BLOCK)
        passed = forward(network, x[block])
        require_answers(passed)
        labels = digits.labels[block]
        right = passed.logits.argmax(axis=1) == labels  # (N,)
        hits += int(np.count_nonzero(right))
        for layer, change in enumerate(changes, start=1):
            a, z, W = passed.inputs[layer], passed.sums[layer], network.layers[layer].W
            for unit, rows in enumerate(_doubtful(np.abs(a), reach[layer - 1], passed.logits)):
                if len(rows):
                    logits = _onwards(network, layer, z[rows] - np.outer(a[rows, unit], W[unit]))
                    change[unit] += np.count_nonzero(logits.argmax(axis=1) == labels[rows])
                    change[unit] -= np.count_nonzero(right[rows])
    return Ablation(hits / len(x), tuple((hits + change) / len(x) for change in changes), len(x))


def _reaches(network: Network) -> list[Floats]:
    """For each hidden layer ``(H, K, K)``: how much of two logits' distance may hang on each 1 of a unit's output."""
    f = ACTIVATIONS[network.architecture.activation]
    steepest = float(np.abs(f.derivative(GRID, f.function(GRID))).max())
    *hidden, last = (layer.W for layer in network.layers)
    found = [np.abs(last[:, :, np.newaxis] - last[:, np.newaxis, :]).reshape(len(last), -1)]
    for W in reversed(hidden[1:]):
        found.insert(0, steepest * (np.abs(W) @ found[0]))
    classes = last.shape[1]
    return [reach.reshape(-1, classes, classes) for reach in found]


def _doubtful(size: Floats, reach: Floats, logits: Floats) -> Iterator[NDArray[np.intp]]:
    """For each unit, the pictures ``(rows,)`` whose answer could change without it; ``size (N, H)`` is that of a."""
    answers = logits.argmax(axis=1)
    ahead = logits[np.arange(len(logits)), answers][:, np.newaxis] - logits  # (N, K), by how much the answer is ahead
    ahead[np.arange(len(logits)), answers] = np.inf
    ahead -= ROUNDING * np.abs(logits).max(axis=1, keepdims=True)
    nearest = ahead.min(axis=1)  # (N,)
    furthest = reach.max(axis=2)  # (H, K)
    for unit in range(len(reach)):
        rows = np.flatnonzero(size[:, unit] * furthest[unit, answers] >= nearest)
        near = size[rows, unit, np.newaxis] * reach[unit, answers[rows]] >= ahead[rows]
        yield rows[near.any(axis=1)]


def _onwards(network: Network, layer: int, z: Floats) -> Floats:
    """The logits, from the weighted sums ``z`` of the layer after hidden layer number ``layer``."""
    f = ACTIVATIONS[network.architecture.activation].function
    for W, b in network.layers[layer + 1 :]:
        z = f(z) @ W + b
    return z
