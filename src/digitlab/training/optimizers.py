"""How a gradient becomes a step. Each optimizer works on flat vectors, and changes the parameters in place.

All of them follow the formulas that PyTorch documents, in float32. ``g`` is the mean gradient of the batch, ``rate``
the learning rate of this step, ``t`` the number of the step from 1.

Letters for shapes: D parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np

from digitlab.network.activations import Floats

__all__ = ["OPTIMIZERS", "Optimizer", "Tuning"]


@dataclass
class Tuning:
    """The numbers of an optimizer that may change while training goes on."""

    learning_rate: float
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    weight_decay: float = 0.0


class Optimizer(ABC):
    """Takes steps, and remembers what it needs between them.

    Args:
        tuning: its numbers; they may change between steps.
        factor: what multiplies the learning rate at step t, counted from 0 (the schedule).

    Attributes:
        in_words: what it is, for people.
        memory: the vectors ``(D,)`` that it keeps between steps, by name; made by the first step.
        taken: how many steps were taken, which is where the schedule is.
        since: at which step its memory was empty.
    """

    in_words: ClassVar[str]
    kept: ClassVar[tuple[str, ...]] = ()  # the names in memory

    def __init__(self, tuning: Tuning, factor: Callable[[int], float] = lambda _: 1.0) -> None:
        self.tuning = tuning
        self.factor = factor
        self.memory: dict[str, Floats] = {}
        self.taken = 0
        self.since = 0

    def step(self, parameters: Floats, gradient: Floats) -> None:
        """Change ``parameters (D,)`` in place, given the mean gradient ``(D,)``."""
        for name in self.kept:
            if name not in self.memory:
                self.memory[name] = np.zeros_like(parameters)
        rate = self.tuning.learning_rate * self.factor(self.taken)
        self.taken += 1
        self._change(parameters, gradient, rate)

    @abstractmethod
    def _change(self, parameters: Floats, g: Floats, rate: float) -> None:
        """The formula."""

    def _with_decay(self, parameters: Floats, g: Floats) -> Floats:
        """``g + weight_decay * parameters``: the gradient of the loss plus ``weight_decay/2 * |parameters|^2``."""
        return g + self.tuning.weight_decay * parameters if self.tuning.weight_decay else g


class SGD(Optimizer):
    """``parameters -= rate * g``. Called stochastic when the gradient is that of a mini-batch."""

    in_words = "straight down the gradient"

    def _change(self, parameters: Floats, g: Floats, rate: float) -> None:
        parameters -= rate * self._with_decay(parameters, g)


class Momentum(Optimizer):
    """``v = momentum * v + g; parameters -= rate * v``: a heavy ball.

    Source: B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964).
    """

    in_words = "a heavy ball: keeps part of the last step"
    kept = ("velocity",)

    def _change(self, parameters: Floats, g: Floats, rate: float) -> None:
        parameters -= rate * self._roll(self._with_decay(parameters, g))

    def _roll(self, g: Floats) -> Floats:
        velocity = self.memory["velocity"]
        velocity *= self.tuning.momentum
        velocity += g
        return velocity


class Nesterov(Momentum):
    """``v = momentum * v + g; parameters -= rate * (g + momentum * v)``: a ball that looks ahead.

    Source: I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum in deep
    learning" (2013).
    """

    in_words = "a heavy ball that looks where it is going"

    def _change(self, parameters: Floats, g: Floats, rate: float) -> None:
        g = self._with_decay(parameters, g)
        parameters -= rate * (g + self.tuning.momentum * self._roll(g))


EPSILON = 1e-8  # keeps Adam's quotient finite where no gradient ever came


class Adam(Optimizer):
    """Each parameter has a rate of its own, by how large its gradients have been.

    ``m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2``
    ``parameters -= rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + 1e-8)``

    Source: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.
    """

    in_words = "a rate of its own for each parameter"
    kept = ("m", "v")

    def _change(self, parameters: Floats, g: Floats, rate: float) -> None:
        self._adapt(parameters, self._with_decay(parameters, g), rate)

    def _adapt(self, parameters: Floats, g: Floats, rate: float) -> None:
        m, v, t = self.memory["m"], self.memory["v"], self.taken - self.since
        beta1, beta2 = self.tuning.beta1, self.tuning.beta2
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * (g * g)
        parameters -= rate / (1 - beta1**t) * m / (np.sqrt(v) / sqrt(1 - beta2**t) + EPSILON)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters directly: ``parameters *= 1 - rate * weight_decay``, then Adam.

    Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization" (2019), algorithm 2.
    """

    in_words = "Adam with a weight decay that works as meant"

    def _change(self, parameters: Floats, g: Floats, rate: float) -> None:
        if self.tuning.weight_decay:
            parameters *= 1 - rate * self.tuning.weight_decay
        self._adapt(parameters, g, rate)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
    "adamw": AdamW,
}
