"""How a gradient becomes a step. Each optimizer works on flat vectors, and changes the parameters in place.

All of them follow the formulas that PyTorch documents, in float32. ``g`` is the mean gradient of the batch, ``rate``
the learning rate of this step, ``t`` the number of the step from 1.
"""

from dataclasses import replace
from math import sqrt

import numpy as np

from digitlab.engines.optimizer import Optimizer, StepCoefficients
from digitlab.network.activations import Floats


class SGD(Optimizer):
    """``parameters -= rate * g``. Called stochastic when the gradient is that of a mini-batch."""

    rule = "sgd"
    in_words = "straight down the gradient"

    def change(self, parameters: Floats, g: Floats, n: StepCoefficients) -> None:
        """See `Optimizer.change`."""
        parameters -= n.rate * g


class Momentum(Optimizer):
    """``v = momentum * v + g; parameters -= rate * v``: a heavy ball.

    Source: B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964).
    """

    rule = "momentum"
    in_words = "a heavy ball: keeps part of the last step"
    kept = ("velocity",)

    def change(self, parameters: Floats, g: Floats, n: StepCoefficients) -> None:
        """See `Optimizer.change`."""
        parameters -= n.rate * self._roll(g, n)

    def _roll(self, g: Floats, n: StepCoefficients) -> Floats:
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

    def change(self, parameters: Floats, g: Floats, n: StepCoefficients) -> None:
        """See `Optimizer.change`."""
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

    def coefficients(self, step: int) -> StepCoefficients:
        """See `Optimizer.coefficients`."""
        t, beta1, beta2 = step + 1 - self.since, self.hyperparameters.beta1, self.hyperparameters.beta2
        plain = super().coefficients(step)
        rate, root = plain.rate / (1 - beta1**t), sqrt(1 - beta2**t)
        betas = {"beta1": beta1, "rest1": 1 - beta1, "beta2": beta2, "rest2": 1 - beta2}
        return replace(plain, rate=rate, root=root, epsilon=EPSILON, **betas)

    def change(self, parameters: Floats, g: Floats, n: StepCoefficients) -> None:
        """See `Optimizer.change`."""
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

    def coefficients(self, step: int) -> StepCoefficients:
        """See `Optimizer.coefficients`."""
        rate = self.hyperparameters.learning_rate * self.factor(step)
        return replace(super().coefficients(step), decay=0.0, shrink=1 - rate * self.hyperparameters.weight_decay)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
    "adamw": AdamW,
}
