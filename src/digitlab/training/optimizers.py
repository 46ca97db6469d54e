"""How a gradient becomes a step. Each optimizer works on flat vectors, and changes the parameters in place.

Letters for shapes: D parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digitlab.network.activations import Floats

__all__ = ["OPTIMIZERS", "SGD", "Momentum", "OptimizerKind"]


class SGD:
    """Gradient descent: ``parameters -= learning_rate * gradient``.

    Called stochastic (hence the name) when the gradient is that of a mini-batch.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    def step(self, parameters: Floats, gradient: Floats) -> None:
        """Change ``parameters (D,)`` in place, given the mean gradient ``(D,)``."""
        parameters -= self.learning_rate * gradient


class Momentum:
    """Gradient descent with a heavy ball: ``v = momentum * v + gradient; parameters -= learning_rate * v``.

    Source: B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964), in the form
    that PyTorch uses.
    """

    velocity: Floats | None = None  # (D,), made by the first step

    def __init__(self, learning_rate: float, momentum: float) -> None:
        self.learning_rate = learning_rate
        self.momentum = momentum

    def step(self, parameters: Floats, gradient: Floats) -> None:
        """Change ``parameters (D,)`` in place, given the mean gradient ``(D,)``."""
        if self.velocity is None:
            self.velocity = np.zeros_like(parameters)
        self.velocity *= self.momentum
        self.velocity += gradient
        parameters -= self.learning_rate * self.velocity


@dataclass(frozen=True)
class OptimizerKind:
    """How to make an optimizer from a recipe's learning rate and momentum, and what it is."""

    make: Callable[[float, float], SGD | Momentum]
    in_words: str


OPTIMIZERS = {
    "sgd": OptimizerKind(lambda rate, _: SGD(rate), "straight down the gradient"),
    "momentum": OptimizerKind(Momentum, "a heavy ball: keeps part of the last step"),
}
