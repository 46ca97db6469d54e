"""The report: everything that one pass over a test set tells about a network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.data.catalogue import MNIST_TEST_SHA256
from digitlab.data.digits import Digits
from digitlab.errors import InputError, require_kind
from digitlab.evaluation.metrics import DigitScore, confusion_matrix, digit_scores, wilson_interval
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.network.network import Network

__all__ = ["Half", "Report", "evaluate"]

FIRST_EMPLOYEE = 5000  # the index at which the writers change in MNIST's test set
WRITERS = ("high-school pupils", "census employees")


@dataclass(frozen=True)
class Half:
    """Accuracy on one half of MNIST's test set, whose writers differ."""

    writers: str
    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]


@dataclass(frozen=True)
class Report:
    """What `evaluate` measured. ``print(report)`` shows it as tables.

    Attributes:
        source: which digits.
        count: how many, N.
        accuracy: share of right predictions, 0 to 1.
        accuracy_interval: its 95 % Wilson interval.
        cross_entropy: mean over the samples, natural logarithm; guessing among ten costs 2.303.
        confusion: ``(K, K)``, rows are true digits, columns predicted ones.
        per_digit: precision, recall and F1 of each digit.
        halves: for MNIST's test set alone: its first 5,000 digits were written by high-school pupils and its last
            5,000 by census employees (from the metadata of QMNIST), and the first are harder.
    """

    source: str
    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    cross_entropy: float
    confusion: NDArray[np.int64]
    per_digit: list[DigitScore]
    halves: list[Half]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain lists and numbers, ready for JSON."""
        return dataclasses.asdict(self) | {"confusion": self.confusion.tolist()}

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [
            f"{self.source}: {self.count:,} digits",
            f"  accuracy       {_percent(self.accuracy, self.accuracy_interval)}",
            f"  cross-entropy  {self.cross_entropy:.4f}",
        ]
        if self.halves:
            lines.append("by writer")
        lines += [f"  {half.writers:<20} {_percent(half.accuracy, half.accuracy_interval)}" for half in self.halves]
        lines += ["", "digit  count  precision  recall     F1"]
        lines += [
            f"{score.digit:5d} {score.count:6d} {score.precision:10.4f} {score.recall:7.4f} {score.f1:6.4f}"
            for score in self.per_digit
        ]
        lines += ["", "how often each true digit (row) was taken for each digit (column)"]
        lines.append("     " + "".join(f"{digit:6d}" for digit in range(len(self.confusion))))
        for digit, row in enumerate(self.confusion):
            lines.append(f"{digit:5d}" + "".join(f"{number or '.':>6}" for number in row))
        return "\n".join(lines)


def evaluate(network: Network, digits: Digits) -> Report:
    """Measure a network on digits that it was not trained on.

    Raises:
        InputError: there are no digits, or the network has fewer outputs than there are digits.
        PictureError: the network's inputs do not fit the pictures.
    """
    require_kind(network, Network, "the network", "such as dl.load()")
    require_kind(digits, Digits, "the test set", "train, test = dl.load_mnist()")
    classes = network.architecture.sizes[-1]
    if not len(digits) or classes < len(digits.classes):
        raise InputError(
            "this cannot be measured",
            must_be=f"at least one digit, and a network with at least {len(digits.classes)} outputs",
            got=f"{len(digits)} digits, layers {network.architecture}",
            help="use network = dl.Network([784, 64, 10]) and digits from dl.load_mnist()",
        )
    logits = network.logits(digits.images)  # (N, K)
    right = logits.argmax(axis=1) == digits.labels
    confusion = confusion_matrix(digits.labels, logits.argmax(axis=1), classes)
    return Report(
        source=digits.source,
        count=len(digits),
        accuracy=float(right.mean()),
        accuracy_interval=wilson_interval(int(right.sum()), len(digits)),
        cross_entropy=softmax_cross_entropy(logits.astype(np.float64), digits.labels).total / len(digits),
        confusion=confusion,
        per_digit=digit_scores(confusion),
        halves=_halves(right) if digits.sha256() == MNIST_TEST_SHA256 else [],
    )


def _halves(right: NDArray[np.bool_]) -> list[Half]:
    """``right (10000,)``: which predictions were right."""
    return [
        Half(writers, len(part), float(part.mean()), wilson_interval(int(part.sum()), len(part)))
        for writers, part in zip(WRITERS, (right[:FIRST_EMPLOYEE], right[FIRST_EMPLOYEE:]), strict=True)
    ]


def _percent(share: float, interval: tuple[float, float]) -> str:
    return f"{100 * share:.2f} %   (95 % interval {100 * interval[0]:.2f} to {100 * interval[1]:.2f})"
