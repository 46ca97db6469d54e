"""What a network says of every picture of a test set. It is computed once; all that is measured follows from it.

Letters for shapes: N samples, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.data.label_errors import LabelError, label_errors_of
from digitlab.inside.picture import names_for
from digitlab.network.activations import softmax
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.network.network import Network


@dataclass(frozen=True, eq=False)
class Predictions:
    """The answers of one network to the pictures of one test set.

    Attributes:
        digits: the test set.
        names: what the classes are called, K of them.
        logits: ``(N, K) float64``, divided by the network's temperature, if it has one.
    """

    digits: Digits
    names: tuple[str, ...]
    logits: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.logits)

    @property
    def labels(self) -> NDArray[np.uint8]:
        """``(N,)``, the true classes."""
        return self.digits.labels

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """``(N, K)``."""
        return softmax(self.logits)  # type: ignore[return-value]  # of float64, float64

    @cached_property
    def predicted(self) -> NDArray[np.intp]:
        """``(N,)``, the most probable class of each."""
        answers: NDArray[np.intp] = self.logits.argmax(axis=1)
        return answers

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """``(N,)``, which of them are right."""
        right: NDArray[np.bool_] = self.predicted == self.labels
        return right

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """``(N,)``, the probability of each answer."""
        largest: NDArray[np.float64] = self.probabilities.max(axis=1)
        return largest

    @property
    def accuracy(self) -> float:
        """The share of right answers, 0 to 1."""
        return float(self.right.mean())

    @property
    def cross_entropy(self) -> float:
        """The mean of ``-ln p`` of the true class."""
        return softmax_cross_entropy(self.logits.copy(), self.labels).total / len(self)

    @cached_property
    def label_errors(self) -> dict[int, LabelError]:
        """The known label errors of the test set, by the index of the picture."""
        return {error.index: error for error in label_errors_of(self.digits)}


def predict_all(network: Network, digits: Digits) -> Predictions:
    """What ``network`` says of all ``digits``.

    Raises:
        InputError: there are no digits, the network has fewer outputs than there are classes, or it knows other ones.
        PictureError: the network's inputs do not fit the pictures.
    """
    names = names_for(network, digits)
    logits = network.logits(digits.images).astype(np.float64)  # (N, K)
    return Predictions(digits, names, logits / (network.card.temperature or 1.0))
