"""One prediction: the picture, the probabilities, the answer, and whether it is right. How it looks is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import SIDE
from digitlab.data.pixels import as_label, as_rows, normalize
from digitlab.errors import PictureError, require_kind
from digitlab.network.network import Network

__all__ = ["Prediction", "examine"]


@dataclass(frozen=True)
class Prediction:
    """What a network says of one picture.

    Attributes:
        pixels: ``(28, 28)``, 0 is paper, 1 is ink.
        probabilities: ``(K,)``.
        digit: the most probable one.
        label: the true one, where it is known.
    """

    pixels: NDArray[np.floating]
    probabilities: NDArray[np.floating]
    digit: int
    label: int | None

    @property
    def probability(self) -> float:
        """Of the predicted digit."""
        return float(self.probabilities[self.digit])

    @property
    def right(self) -> bool | None:
        """Whether digit and label agree; None without a label."""
        return None if self.label is None else self.digit == self.label

    @property
    def verdict(self) -> str:
        """Right or wrong, in words."""
        if self.label is None:
            return "true label unknown"
        return f"true label {self.label}: {'right ✓' if self.right else 'wrong ✗'}"

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain numbers, ready for JSON."""
        return {
            "digit": self.digit,
            "probability": self.probability,
            "probabilities": [float(probability) for probability in self.probabilities],
            "label": self.label,
        }


def examine(network: Network, image: ArrayLike, label: ArrayLike | None = None) -> Prediction:
    """What ``network`` says of one picture. See `digitlab.display_prediction` for arguments and errors."""
    require_kind(network, Network, "the network", "such as dl.load()")
    rows, _ = as_rows(image, SIDE * SIDE)
    if len(rows) != 1:
        raise PictureError(
            "this is not one picture",
            must_be=f"one picture, ({SIDE}, {SIDE}) or ({SIDE * SIDE},)",
            got=f"{len(rows)} pictures",
            help="choose one: digits.images[index]",
        )
    probabilities = network.probabilities(rows)[0]  # (K,)
    true = None if label is None else as_label(label, len(probabilities))
    return Prediction(normalize(rows[0]).reshape(SIDE, SIDE), probabilities, int(probabilities.argmax()), true)
