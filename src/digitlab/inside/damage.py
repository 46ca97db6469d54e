"""Damage: a network with units off, small weights gone, noise on its weights, or another temperature; what it costs.

Whoever takes something away from a network sees what it was good for. The network itself stays as it is.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.errors import InputError, describe, require_kind
from digitlab.inside.picture import see_all
from digitlab.network.activations import Floats
from digitlab.network.network import Network

SHARES = (0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99)
STRENGTHS = (0, 0.25, 0.5, 0.75, 1, 1.5, 2)


@dataclass(frozen=True)
class Damage:
    """What is done to a network, in this order: noise, pruning, units off; biases stay as they are.

    Attributes:
        off: units ``(layer, unit)`` whose output is not handed on: their outgoing weights are 0. Layers are hidden ones
            and count from 1, units from 0.
        prune: this share, 0 to 1, of the weights of each layer is set to 0, those that are smallest in size.
        noise: normal noise is added to every weight, of so many standard deviations of the layer's weights.
        temperature: what the logits are divided by before softmax; None leaves the network its own.
        seed: of the noise.

    Raises:
        InputError: a share, a strength or a seed out of bounds.
    """

    off: tuple[tuple[int, int], ...] = ()
    prune: float = 0.0
    noise: float = 0.0
    temperature: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.prune <= 1:  # NaN is not
            raise InputError("no such share of the weights can be pruned", must_be="0 to 1", got=describe(self.prune))
        if not 0 <= self.noise < math.inf:
            must_be = "0 or more standard deviations"
            raise InputError("weights cannot have such noise", must_be=must_be, got=describe(self.noise))
        if not isinstance(self.seed, int | np.integer) or self.seed < 0:
            raise InputError("the seed must be a whole number from 0", got=describe(self.seed))

    def to_dict(self) -> dict[str, Any]:
        """All as plain values, ready for JSON."""
        return dataclasses.asdict(self) | {"off": [list(place) for place in self.off]}


def damaged(network: Network, damage: Damage) -> Network:
    """A network like this one, with the damage done.

    Raises:
        InputError: it has no such unit, or no network can have such a temperature.
    """
    require_kind(network, Network, "the network", "such as dl.load()")
    require_kind(damage, Damage, "the damage", "such as Damage(prune=0.5)")
    hurt = network.copy()
    noises = np.random.default_rng(damage.seed)
    for layer in hurt.layers:
        if damage.noise:
            deviation = damage.noise * float(layer.W.std(dtype=np.float64))
            layer.W[...] += deviation * noises.standard_normal(layer.W.shape, dtype=np.float32)
        _prune(layer.W, damage.prune)
    sizes = network.architecture.sizes
    for number, unit in damage.off:
        if not (1 <= number < len(sizes) - 1 and 0 <= unit < sizes[number]):
            hidden = [f"units 0 to {size - 1} of layer {place}" for place, size in enumerate(sizes[1:-1], start=1)]
            must_be = ", ".join(hidden) or "nothing: it has no hidden layer"
            got = f"unit {unit} of layer {number}"
            raise InputError("the network has no such hidden unit", must_be=must_be, got=got)
        hurt.layers[number].W[unit] = 0
    if damage.temperature is not None:
        hurt.card = dataclasses.replace(network.card, temperature=damage.temperature)
    return hurt


def _prune(W: Floats, share: float) -> None:
    """Set this share of the weights to 0, the smallest ones."""
    count = round(share * W.size)
    if count:
        flat: NDArray[Any] = W.reshape(-1)  # a view
        flat[np.argpartition(np.abs(flat), count - 1)[:count]] = 0


@dataclass(frozen=True)
class DamageCurve:
    """Accuracy by how strong a damage is.

    Attributes:
        damage: ``"prune"`` or ``"noise"``, as in `Damage`, which says in what it is counted.
        amounts: how strong it is, from none on.
        accuracy: 0 to 1, for each amount.
    """

    damage: str
    amounts: tuple[float, ...]
    accuracy: tuple[float, ...]

    def to_dict(self) -> dict[str, object]:
        """All as plain values, ready for JSON."""
        return {"damage": self.damage, "amounts": list(self.amounts), "accuracy": list(self.accuracy)}


def pruning_curve(network: Network, digits: Digits, shares: Sequence[float] = SHARES) -> DamageCurve:
    """Without this share of the weights of each layer, the smallest ones. Errors as `see_all` and `Damage`.

    Source: S. Han, J. Pool, J. Tran and W. J. Dally, "Learning both weights and connections for efficient neural
    networks" (2015), figure 5, the curve without retraining.
    """
    return _curve(network, digits, "prune", [Damage(prune=share) for share in shares])


def noise_curve(
    network: Network, digits: Digits, strengths: Sequence[float] = STRENGTHS, *, seed: int = 0
) -> DamageCurve:
    """With noise on the weights, of so many standard deviations; the same noise each time, made stronger."""
    return _curve(network, digits, "noise", [Damage(noise=strength, seed=seed) for strength in strengths])


def _curve(network: Network, digits: Digits, name: str, damages: Sequence[Damage]) -> DamageCurve:
    x = see_all(network, digits)
    accuracies = []
    for damage in damages:
        predicted = damaged(network, damage).logits(x, preprocessed=True).argmax(axis=1)
        accuracies.append(float(np.mean(predicted == digits.labels)))
    return DamageCurve(name, tuple(float(getattr(damage, name)) for damage in damages), tuple(accuracies))
