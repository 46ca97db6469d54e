"""How a gradient becomes a step. Each optimizer works on flat vectors, and changes the parameters in place.

All of them follow the formulas that PyTorch documents, in float32. ``g`` is the mean gradient of the batch, ``rate``
the learning rate of this step, ``t`` the number of the step from 1.

Letters for shapes: D parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt
from typing import ClassVar

import numpy as np

from digitlab.network.activations import Floats

__all__ = ["OPTIMIZERS", "Numbers", "Optimizer", "Tuning"]


@dataclass
class Tuning:
    """The numbers of an optimizer that may change while training goes on."""

    learning_rate: float
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Numbers:
    """What the formula of one step needs. Worked out in float64; each meets float32 vectors as a float32."""

    rate: float  # the learning rate; Adam's is divided by 1 - beta1^t
    decay: float = 0.0  # weight decay, added to the gradient
    shrink: float = 1.0  # AdamW's weight decay: what the parameters are multiplied by
    momentum: float = 0.0
    beta1: float = 0.0
    rest1: float = 0.0  # 1 - beta1
    beta2: float = 0.0
    rest2: float = 0.0  # 1 - beta2
    root: float = 1.0  # sqrt(1 - beta2^t)
    epsilon: float = 0.0


class Optimizer(ABC):
    """Takes steps, and remembers what it needs between them.

    Args:
        tuning: its numbers; they may change between steps.
        factor: what multiplies the learning rate at step t, counted from 0 (the schedule).

    Attributes:
        rule: its name.
        in_words: what it is, for people.
        memory: the vectors ``(D,)`` that it keeps between steps, by name; made by the first step.
        taken: how many steps were taken, which is where the schedule is.
        since: at which step its memory was empty.
    """

    rule: ClassVar[str]
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
        self.remember(parameters)
        numbers = self.numbers(self.taken)
        self.taken += 1
        self._change(parameters, gradient, numbers)

    def remember(self, parameters: Floats) -> None:
        """Begin to remember, with zeros, what is not remembered yet."""
        for name in self.kept:
            if name not in self.memory:
                self.memory[name] = np.zeros_like(parameters)

    def numbers(self, step: int) -> Numbers:
        """The numbers of a step, counted from 0."""
        return Numbers(self.tuning.learning_rate * self.factor(step), decay=self.tuning.weight_decay)

    @abstractmethod
    def _change(self, parameters: Floats, g: Floats, n: Numbers) -> None:
        """The formula."""


def _with_decay(parameters: Floats, g: Floats, decay: float) -> Floats:
    """``g + decay * parameters``: the gradient of the loss plus ``decay/2 * |parameters|^2``."""
    return g + decay * parameters if decay else g


class SGD(Optimizer):
    """``parameters -= rate * g``. Called stochastic when the gradient is that of a mini-batch."""

    rule = "sgd"
    in_words = "straight down the gradient"

    def _change(self, parameters: Floats, g: Floats, n: Numbers) -> None:
        parameters -= n.rate * _with_decay(parameters, g, n.decay)


class Momentum(Optimizer):
    """``v = momentum * v + g; parameters -= rate * v``: a heavy ball.

    Source: B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964).
    """

    rule = "momentum"
    in_words = "a heavy ball: keeps part of the last step"
    kept = ("velocity",)

    def numbers(self, step: int) -> Numbers:
        """See `Optimizer.numbers`."""
        return replace(super().numbers(step), momentum=self.tuning.momentum)

    def _change(self, parameters: Floats, g: Floats, n: Numbers) -> None:
        parameters -= n.rate * self._roll(_with_decay(parameters, g, n.decay), n)

    def _roll(self, g: Floats, n: Numbers) -> Floats:
        velocity = self.memory["velocity"]
        velocity *= n.momentum
        velocity += g
        return velocity


class Nesterov(Momentum):
    """``v = momentum * v + g; parameters -= rate * (g + momentum * v)``: a ball that looks ahead.

    Source: I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum in deep
    learning" (2013).
    """

    rule = "nesterov"
    in_words = "a heavy ball that looks where it is going"

    def _change(self, parameters: Floats, g: Floats, n: Numbers) -> None:
        g = _with_decay(parameters, g, n.decay)
        parameters -= n.rate * (g + n.momentum * self._roll(g, n))


EPSILON = 1e-8  # keeps Adam's quotient finite where no gradient ever came


class Adam(Optimizer):
    """Each parameter has a rate of its own, by how large its gradients have been.

    ``m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2``
    ``parameters -= rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + 1e-8)``

    Source: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.
    """

    rule = "adam"
    in_words = "a rate of its own for each parameter"
    kept = ("m", "v")

    def numbers(self, step: int) -> Numbers:
        """See `Optimizer.numbers`."""
        t, beta1, beta2 = step + 1 - self.since, self.tuning.beta1, self.tuning.beta2
        plain = super().numbers(step)
        return replace(
            plain,
            rate=plain.rate / (1 - beta1**t),
            beta1=beta1,
            rest1=1 - beta1,
            beta2=beta2,
            rest2=1 - beta2,
            root=sqrt(1 - beta2**t),
            epsilon=EPSILON,
        )

    def _change(self, parameters: Floats, g: Floats, n: Numbers) -> None:
        g = _with_decay(parameters, g, n.decay)
        if n.shrink != 1:
            parameters *= n.shrink
        m, v = self.memory["m"], self.memory["v"]
        m *= n.beta1
        m += n.rest1 * g
        v *= n.beta2
        v += n.rest2 * (g * g)
        parameters -= n.rate * m / (np.sqrt(v) / n.root + n.epsilon)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters directly: ``parameters *= 1 - rate * weight_decay``, then Adam.

    Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization" (2019), algorithm 2.
    """

    rule = "adamw"
    in_words = "Adam with a weight decay that works as meant"

    def numbers(self, step: int) -> Numbers:
        """See `Optimizer.numbers`."""
        rate = self.tuning.learning_rate * self.factor(step)
        return replace(super().numbers(step), decay=0.0, shrink=1 - rate * self.tuning.weight_decay)


OPTIMIZERS: dict[str, type[Optimizer]] = {kind.rule: kind for kind in (SGD, Momentum, Nesterov, Adam, AdamW)}
