"""What an HTML report is about: one model, the digits, and everything that is measured of them, each computed once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.evaluation.predictions import Predictions, predict_all
from digitlab.evaluation.report import Report, report_of
from digitlab.evaluation.robustness import Robustness, measure_robustness
from digitlab.inside.backprop import Backprop, backprop_step
from digitlab.inside.contributions import Contributions, contributions_of
from digitlab.network.network import Network
from digitlab.runs.run import Run

SMALLEST, LARGEST = 1e-9, 1.0  # learning rates


@dataclass(frozen=True, eq=False)
class Subject:
    """A model and the data that it is judged by.

    Attributes:
        model: what answers say that they come from.
        network: its network.
        train: the training part of the data; empty where there is none.
        test: the test part.
        run: where the model is one.
        epoch: at the end of which the run is meant; None for its end.
        tell: called after each piece of the work.
    """

    model: str
    network: Network
    train: Digits
    test: Digits
    run: Run | None = None
    epoch: int | None = None
    tell: Callable[[], object] = lambda: None

    @cached_property
    def predictions(self) -> Predictions:
        """What the network says of the test set."""
        return predict_all(self.network, self.test)

    @cached_property
    def report(self) -> Report:
        """The numbers."""
        return report_of(self.predictions)

    @cached_property
    def robustness(self) -> Robustness:
        """What is left of the accuracy where pictures are spoiled."""
        return measure_robustness(self.network, self.test, progress=self.tell)

    @cached_property
    def example(self) -> int:
        """The picture of the test set that is looked at closely: of the mistakes that nobody disputes, the surest.

        Where there is none, the picture that the network is least sure of.
        """
        predictions = self.predictions
        wrong = ~predictions.right
        wrong[[one.error.index for one in self.report.label_errors]] = False
        if wrong.any():
            return int(np.where(wrong, predictions.confidence, -1).argmax())
        return int(predictions.confidence.argmin())

    @property
    def image(self) -> NDArray[np.uint8]:
        """The example, ``(28, 28)``."""
        image: NDArray[np.uint8] = self.test.images[self.example]
        return image

    @property
    def label(self) -> int:
        """What the example is said to be."""
        return int(self.test.labels[self.example])

    @property
    def answer(self) -> int:
        """What the example is read as."""
        return int(self.predictions.predicted[self.example])

    @property
    def example_in_words(self) -> str:
        """Which picture it is, what it is said to be, and what it is read as."""
        label, answer = (self._called(number) for number in (self.label, self.answer))
        share = f"{100 * self.predictions.confidence[self.example]:.1f} %"
        return f"test picture {self.example}, {label}, which it reads as {answer} with {share}"

    def _called(self, number: int) -> str:
        """A class in a sentence: "a 7", "an 8", or its name."""
        name = self.report.names[number]
        return name if self.report.named else f"{'an' if name.startswith('8') else 'a'} {name}"

    @property
    def recipe(self) -> dict[str, object]:
        """The settings of its training by name; none where nobody has told."""
        told = self.network.card.recipe or (vars(self.run.recipe) if self.run else {})
        return dict(told)

    @cached_property
    def contributions(self) -> Contributions:
        """What the units do when they read the example."""
        return replace(contributions_of(self.network, self.image), names=self.report.names)

    @cached_property
    def step(self) -> Backprop:
        """One step of backpropagation on the example, at a learning rate that this one picture can bear.

        Along the gradient g the loss falls by about ``learning_rate |g|^2``: that is to be less than half of it.
        """
        tried = backprop_step(self.network, self.image, self.label, learning_rate=SMALLEST)
        steepness = sum(float(np.square(tried[name]).sum()) for name in tried.quantities if name[:2] in {"dW", "db"})
        rate = 10.0 ** math.floor(math.log10(max(tried.loss / 2 / max(steepness, SMALLEST), SMALLEST)))
        return backprop_step(self.network, self.image, self.label, learning_rate=min(rate, LARGEST))
