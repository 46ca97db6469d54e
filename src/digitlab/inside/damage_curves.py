"""How accurate a network stays as more and more of it is damaged, measured on a whole test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitlab.data.digits import Digits
from digitlab.inside.damage import Damage, damaged
from digitlab.inside.picture import see_all
from digitlab.network.network import Network

SHARES = (0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99)
STRENGTHS = (0, 0.25, 0.5, 0.75, 1, 1.5, 2)


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
