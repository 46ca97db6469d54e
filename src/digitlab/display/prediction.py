"""One prediction: the picture, the probabilities, the answer, and whether it is right. How it looks is elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import SIDE
from digitlab.data.pixels import as_label, as_row, normalize
from digitlab.errors import require_kind
from digitlab.network.card import are_numbers
from digitlab.network.network import Network

ALL_SHOWN, MOST_SHOWN = 12, 10  # of more classes than the first, only so many are shown: the most probable ones


@dataclass(frozen=True)
class Prediction:
    """What a network says of one picture.

    Attributes:
        pixels: ``(28, 28)``, 0 is paper, 1 is ink.
        probabilities: ``(K,)``.
        digit: the number of the most probable class; for digits, the digit itself.
        label: the number of the true one, where it is known.
        names: what the classes are called, ``K`` of them.
    """

    pixels: NDArray[np.floating]
    probabilities: NDArray[np.floating]
    digit: int
    label: int | None
    names: Sequence[str]

    @property
    def name(self) -> str:
        """What the predicted class is called."""
        return self.names[self.digit]

    @property
    def shown(self) -> list[int]:
        """The classes to show: all of a few, in their order; of many the most probable ones first, and the true one."""
        if len(self.probabilities) <= ALL_SHOWN:
            return list(range(len(self.probabilities)))
        most = [int(number) for number in np.argsort(-self.probabilities, kind="stable")[:MOST_SHOWN]]
        return most if self.label is None or self.label in most else [*most, self.label]

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
        return f"true label {self.names[self.label]}: {'right ✓' if self.right else 'wrong ✗'}"

    def to_dict(self) -> dict[str, object]:
        """The answer as plain values, ready for JSON; with names where the classes are called anything but numbers."""
        answer: dict[str, object] = {
            "digit": self.digit,
            "probability": self.probability,
            "probabilities": [float(probability) for probability in self.probabilities],
            "label": self.label,
        }
        if not are_numbers(self.names):
            answer |= {"name": self.name, "names": list(self.names)}
            answer["label_name"] = None if self.label is None else self.names[self.label]
        return answer


def examine(
    network: Network, image: ArrayLike, label: ArrayLike | None = None, names: Sequence[str] | None = None
) -> Prediction:
    """What ``network`` says of one picture. See `digitlab.display_prediction` for arguments and errors.

    ``names`` are what to call the classes; by default as the network's card does.
    """
    require_kind(network, Network, "the network", "such as dl.load()")
    row = as_row(image, SIDE * SIDE)
    probabilities = network.probabilities(row)  # (K,)
    true = None if label is None else as_label(label, len(probabilities))
    picture = normalize(row).reshape(SIDE, SIDE)
    return Prediction(picture, probabilities, int(probabilities.argmax()), true, names or network.card.labels)
