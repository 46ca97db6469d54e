"""The mistakes of a network on a test set, one by one: those first of which it was surest."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from digitlab.data.label_errors import LabelError
from digitlab.evaluation.predictions import Predictions


@dataclass(frozen=True)
class Mistake:
    """One picture whose answer is not its label.

    Attributes:
        index: in the test set.
        label: what it is said to be.
        predicted: what it was taken for.
        confidence: the probability of that answer.
        probability_of_label: what was left for the label.
        label_error: what is known of the label where it is one of the known errors of the test set; the network may
            well be right then.
    """

    index: int
    label: int
    predicted: int
    confidence: float
    probability_of_label: float
    label_error: LabelError | None = None

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return dataclasses.asdict(self)


def mistakes(predictions: Predictions) -> list[Mistake]:
    """All mistakes, surest first; of equally sure ones, the first in the file first."""
    wrong = np.flatnonzero(~predictions.right)
    order = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")]
    return [
        Mistake(
            index=index,
            label=int(predictions.labels[index]),
            predicted=int(predictions.predicted[index]),
            confidence=float(predictions.confidence[index]),
            probability_of_label=float(predictions.probabilities[index, predictions.labels[index]]),
            label_error=predictions.label_errors.get(index),
        )
        for index in order.tolist()
    ]
