"""The report: everything that one pass over a test set tells about a network."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.data.catalogue import MNIST_TEST_SHA256
from digitlab.data.digits import Digits
from digitlab.errors import InputError, require_kind
from digitlab.evaluation.metrics import DigitScore, confusion_matrix, digit_scores, wilson_interval
from digitlab.network.card import are_numbers, names_of_outputs
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.network.network import Network

__all__ = ["Half", "Report", "evaluate"]

FIRST_EMPLOYEE = 5000  # the index at which the writers change in MNIST's test set
WRITERS = ("high-school pupils", "census employees")
MOST_COLUMNS = 12  # of a confusion matrix that a terminal shows; of more classes it names the pairs confused most often
MOST_PAIRS = 15
LONGEST_NAME = 30  # cells of a class's name in the tables


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
        per_digit: precision, recall and F1 of each digit, or other class.
        names: what the classes are called, K of them; for digits, their numbers.
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
    names: tuple[str, ...]
    halves: list[Half]

    @property
    def named(self) -> bool:
        """Whether the classes are called anything but their numbers."""
        return not are_numbers(self.names)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain lists and numbers, ready for JSON; each class with its name where it has one."""
        answer = dataclasses.asdict(self) | {"confusion": self.confusion.tolist()}
        names = answer.pop("names")
        if self.named:
            for score in answer["per_digit"]:
                score["name"] = names[score["digit"]]
        return answer

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [
            f"{self.source}: {self.count:,} {'pictures' if self.named else 'digits'}",
            f"  accuracy       {_percent(self.accuracy, self.accuracy_interval)}",
            f"  cross-entropy  {self.cross_entropy:.4f}",
        ]
        if self.halves:
            lines.append("by writer")
        lines += [f"  {half.writers:<20} {_percent(half.accuracy, half.accuracy_interval)}" for half in self.halves]
        confused = self._confusion_lines() if len(self.names) <= MOST_COLUMNS else self._pair_lines()
        return "\n".join([*lines, "", *self._score_lines(), "", *confused])

    def _score_lines(self) -> list[str]:
        """Precision, recall and F1 of each class, which is called by its number, and by its name where it has one."""
        heads = ["digit", *(f"{score.digit:5d}" for score in self.per_digit)]
        if self.named:
            names = _in_cells(["", *self.names])
            heads = [f"{head} {name}" for head, name in zip(["class", *heads[1:]], names, strict=True)]
        return [f"{heads[0]}  count  precision  recall     F1"] + [
            f"{head} {score.count:6d} {score.precision:10.4f} {score.recall:7.4f} {score.f1:6.4f}"
            for head, score in zip(heads[1:], self.per_digit, strict=True)
        ]

    def _confusion_lines(self) -> list[str]:
        """The matrix, by number: names would not fit above its columns."""
        kind = "class" if self.named else "digit"
        lines = [f"how often each true {kind} (row) was taken for each {kind} (column)"]
        lines.append("     " + "".join(f"{number:6d}" for number in range(len(self.confusion))))
        for number, row in enumerate(self.confusion):
            lines.append(f"{number:5d}" + "".join(f"{count or '.':>6}" for count in row))
        return lines

    def _pair_lines(self) -> list[str]:
        """The pairs of classes that were confused most often, one a line."""
        wrong = self.confusion - np.diag(self.confusion.diagonal())
        names = [name.rstrip() for name in _in_cells(self.names)]
        lines = ["what was confused most often"]
        for cell in np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]:
            true, taken = divmod(int(cell), len(wrong))
            if wrong[true, taken]:
                lines.append(f"{wrong[true, taken]:6d}  {names[true]}, taken for {names[taken]}")
        return lines if len(lines) > 1 else [*lines, "  nothing"]


def evaluate(network: Network, digits: Digits) -> Report:
    """Measure a network on digits that it was not trained on. Its temperature, if it has one, is in the cross-entropy.

    Raises:
        InputError: there are no digits, the network has fewer outputs than there are digits, or it knows other classes.
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
    names = names_of_outputs(network.card, digits.classes)
    logits = network.logits(digits.images)  # (N, K)
    right = logits.argmax(axis=1) == digits.labels
    confusion = confusion_matrix(digits.labels, logits.argmax(axis=1), classes)
    scaled = logits.astype(np.float64) / (network.card.temperature or 1.0)
    return Report(
        source=digits.source,
        count=len(digits),
        accuracy=float(right.mean()),
        accuracy_interval=wilson_interval(int(right.sum()), len(digits)),
        cross_entropy=softmax_cross_entropy(scaled, digits.labels).total / len(digits),
        confusion=confusion,
        per_digit=digit_scores(confusion),
        names=names,
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


def _in_cells(names: Sequence[str]) -> list[str]:
    """The names, all brought to the same width in a terminal, where some letters take two cells."""
    from rich.cells import cell_len, set_cell_size  # rich is brought only by what is printed

    width = min(max(map(cell_len, names)), LONGEST_NAME)
    cut = [name if cell_len(name) <= width else set_cell_size(name, width - 1) + "…" for name in names]
    return [set_cell_size(name, width) for name in cut]
