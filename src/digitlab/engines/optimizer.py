"""What an optimizer is: whatever turns the gradient of a batch into a step. Engines take steps with it.

The optimizers that there are, with their formulas, are in `digitlab.training.optimizers`.

Letters for shapes: D parameters.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from digitlab.network.activations import Floats


@dataclass
class Hyperparameters:
    """The numbers of an optimizer that a person chooses; they may change while training goes on."""

    learning_rate: float
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    weight_decay: float = 0.0


@dataclass(slots=True)  # not frozen: there is one for each step, and a frozen one takes four times as long
class StepCoefficients:
    """The numbers in the formula of one step. Worked out in float64; each meets float32 vectors as a float32.

    A compiled engine asks for them by these names.
    """

    rate: float  # the learning rate; Adam's is divided by 1 - beta1^t
    decay: float = 0.0  # weight decay, which has a part in the gradient before the formula begins
    shrink: float = 1.0  # AdamW's weight decay: what the parameters are multiplied by
    momentum: float = 0.0
    beta1: float = 0.0
    rest1: float = 0.0  # 1 - beta1
    beta2: float = 0.0
    rest2: float = 0.0  # 1 - beta2
    root: float = 1.0  # sqrt(1 - beta2^t)
    epsilon: float = 0.0


class Optimizer(ABC):
    """Takes steps, and remembers what it needs between them. A new one says what it keeps, and its formula in `change`.

    Args:
        hyperparameters: its numbers; they may change between steps.
        factor: what multiplies the learning rate after so many steps were taken (the schedule).

    Attributes:
        in_words: what it is, for people.
        kept: the names of the vectors that it keeps between steps; any number of them.
        rule: the name by which a compiled engine knows the formula. It is not inherited: a class without one of its own
            has a formula of its own, and its steps are taken in Python.
        memory: the vectors ``(D,)`` that are kept, by name; made by the first step.
        taken: how many steps were taken.
        since: at which step its memory was empty.
    """

    in_words: ClassVar[str] = ""
    kept: ClassVar[tuple[str, ...]] = ()
    rule: ClassVar[str] = ""

    def __init__(self, hyperparameters: Hyperparameters, factor: Callable[[int], float] = lambda _: 1.0) -> None:
        self.hyperparameters = hyperparameters
        self.factor = factor
        self.memory: dict[str, Floats] = {}
        self.taken = 0
        self.since = 0

    def step(self, parameters: Floats, gradient: Floats) -> None:
        """Change ``parameters (D,)`` in place, given the mean gradient ``(D,)`` of a batch."""
        self.remember(parameters)
        coefficients = self.coefficients(self.taken)
        self.taken += 1
        if coefficients.decay:  # the gradient of the loss plus decay/2 * |parameters|^2
            gradient = gradient + coefficients.decay * parameters
        self.change(parameters, gradient, coefficients)

    def remember(self, parameters: Floats) -> None:
        """Begin to remember, with zeros, what is not remembered yet."""
        for name in self.kept:
            if name not in self.memory:
                self.memory[name] = np.zeros_like(parameters)

    def coefficients(self, step: int) -> StepCoefficients:
        """The numbers of a step, counted from 0."""
        values = self.hyperparameters
        return StepCoefficients(values.learning_rate * self.factor(step), values.weight_decay, momentum=values.momentum)

    @abstractmethod
    def change(self, parameters: Floats, g: Floats, n: StepCoefficients) -> None:
        """The formula: change ``parameters`` in place, by ``g`` (with its weight decay) and this step's numbers."""
