"""The report: everything that one pass over a test set tells about a network, as numbers.

`digitlab.display.report` puts them into words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from digitlab.data.catalogue import groups_of
from digitlab.data.digits import Digits
from digitlab.data.label_errors import LabelError
from digitlab.evaluation.calibration import Bin, calibration_error, calibration_interval, reliability
from digitlab.evaluation.coverage import Sure, when_sure
from digitlab.evaluation.metrics import DigitScore, brier_score, confusion_matrix, digit_scores, wilson_interval
from digitlab.evaluation.predictions import Predictions, predict_all
from digitlab.network.card import are_numbers
from digitlab.network.network import Network


@dataclass(frozen=True)
class GroupScore:
    """Accuracy on one group of a test set; ``by`` says what tells the groups apart, such as the ``writer``."""

    by: str
    name: str
    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]


@dataclass(frozen=True)
class Disputed:
    """What the network says of a picture whose label is known to be wrong or in doubt.

    Attributes:
        error: the picture, its label, and what people see.
        predicted: what the network sees.
        confidence: how sure it is of that.
    """

    error: LabelError
    predicted: int
    confidence: float

    def to_dict(self) -> dict[str, object]:
        """All of it side by side."""
        return vars(self.error) | {"predicted": self.predicted, "confidence": self.confidence}


@dataclass(frozen=True, repr=False)
class Report:
    """What `evaluate` measured. ``print(report)`` shows it as tables.

    Attributes:
        source: which digits.
        count: how many, N.
        accuracy: share of right predictions, 0 to 1.
        accuracy_interval: its 95 % Wilson interval.
        accuracy_without_label_errors: of the pictures whose label nobody disputes; None where none are known to be
            disputed.
        cross_entropy: mean over the samples, natural logarithm; guessing among ten costs 2.303.
        brier: the Brier score, the squared distance between probabilities and truth, 0 to 2.
        calibration_error: the mean distance between how sure it is and how often it is right, 0 to 1.
        calibration_error_interval: its 95 % bootstrap interval.
        reliability: the same bin by bin, as a reliability diagram shows it.
        sure: how much it is sure of, and how much of that is right.
        confusion: ``(K, K)``, rows are true digits, columns predicted ones.
        per_digit: precision, recall and F1 of each digit, or other class.
        names: what the classes are called, K of them; for digits, their numbers.
        groups: those that the catalogue tells apart, in MNIST's test set the two kinds of writers.
        label_errors: what it says of the pictures whose label is known to be wrong or in doubt.
    """

    source: str
    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    accuracy_without_label_errors: float | None
    cross_entropy: float
    brier: float
    calibration_error: float
    calibration_error_interval: tuple[float, float]
    reliability: list[Bin]
    sure: Sure
    confusion: NDArray[np.int64]
    per_digit: list[DigitScore]
    names: tuple[str, ...]
    groups: list[GroupScore]
    label_errors: list[Disputed]

    to_text: ClassVar[Callable[[Report], str]] = lambda report: f"{report.source}: accuracy {report.accuracy:.4f}"

    @property
    def named(self) -> bool:
        """Whether the classes are called anything but their numbers."""
        return not are_numbers(self.names)

    @property
    def confused(self) -> list[tuple[int, int, int]]:
        """Pairs of classes that were confused, most often first: the true one, what it was taken for, how often."""
        wrong = self.confusion - np.diag(self.confusion.diagonal())
        order = np.argsort(-wrong, axis=None, kind="stable")[: np.count_nonzero(wrong)].tolist()
        return [(*divmod(cell, len(wrong)), int(wrong.flat[cell])) for cell in order]

    def to_dict(self) -> dict[str, object]:
        """The report as plain lists and numbers, ready for JSON; each class with its name where it has one."""
        answer = dataclasses.asdict(self) | {"confusion": self.confusion.tolist()}
        names, groups = answer.pop("names"), answer.pop("groups")
        if self.named:
            for score in answer["per_digit"]:
                score["name"] = names[score["digit"]]
        answer["halves"] = [{group.pop("by") + "s": group.pop("name"), **group} for group in groups]
        answer["label_errors"] = [disputed.to_dict() for disputed in self.label_errors]
        return answer

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return self.to_text()  # one line, until display brings the tables


def evaluate(network: Network, digits: Digits) -> Report:
    """Measure a network on digits that it was not trained on.

    Its temperature, if it has one, is in the cross-entropy and in the calibration error.

    Raises:
        InputError: there are no digits, the network has fewer outputs than there are classes, or it knows other ones.
        PictureError: the network's inputs do not fit the pictures.
    """
    return report_of(predict_all(network, digits))


def report_of(predictions: Predictions) -> Report:
    """The report on a network, from its predictions."""
    digits, names, right = predictions.digits, predictions.names, predictions.right
    probabilities = predictions.probabilities
    confusion = confusion_matrix(digits.labels, predictions.predicted, len(names))
    disputed = _disputed(predictions)
    undisputed = np.delete(right, [one.error.index for one in disputed])
    return Report(
        source=digits.source,
        count=len(digits),
        accuracy=predictions.accuracy,
        accuracy_interval=wilson_interval(int(right.sum()), len(digits)),
        accuracy_without_label_errors=float(undisputed.mean()) if disputed else None,
        cross_entropy=predictions.cross_entropy,
        brier=brier_score(probabilities, digits.labels),
        calibration_error=calibration_error(probabilities, digits.labels),
        calibration_error_interval=calibration_interval(probabilities, digits.labels),
        reliability=reliability(probabilities, digits.labels),
        sure=when_sure(predictions),
        confusion=confusion,
        per_digit=digit_scores(confusion),
        names=names,
        groups=_group_scores(right, digits),
        label_errors=disputed,
    )


def _disputed(predictions: Predictions) -> list[Disputed]:
    return [
        Disputed(error, int(predictions.predicted[error.index]), float(predictions.confidence[error.index]))
        for error in predictions.label_errors.values()
    ]


def _group_scores(right: NDArray[np.bool_], digits: Digits) -> list[GroupScore]:
    """``right (N,)``: which predictions were right."""
    return [
        GroupScore(group.by, group.name, len(part), float(part.mean()), wilson_interval(int(part.sum()), len(part)))
        for group in groups_of(digits)
        for part in [right[group.place]]
    ]
