"""What a hidden unit does with its input, each function beside its derivative; and softmax for the output.

A hidden unit computes ``a = f(z)``. Backpropagation needs ``f'(z)``, which for these functions is cheapest
written with the output ``a`` that is already there. Functions write into ``out`` when it is given, so that
training allocates nothing.

Letters for shapes: N samples, H hidden units, K classes. Arrays are ``(N, H)`` or ``(N, K)`` floats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIVATIONS", "Activation", "softmax"]

Floats: TypeAlias = NDArray[np.floating]


def sigmoid(z: Floats, out: Floats | None = None) -> Floats:
    """``1 / (1 + e^-z)``: from 0 to 1, steepest at 0.

    >>> sigmoid(np.array([-1e4, 0.0, 1e4])).tolist()
    [0.0, 0.5, 1.0]
    """
    out = np.negative(z, out=out)
    with np.errstate(over="ignore"):  # e^-z of a very negative z is inf, and 1 / inf is the right answer
        np.exp(out, out=out)
    out += 1
    return np.reciprocal(out, out=out)


def sigmoid_derivative(a: Floats, out: Floats | None = None) -> Floats:
    """``a (1 - a)``, at most 1/4."""
    out = np.subtract(1, a, out=out)
    out *= a
    return out


def tanh(z: Floats, out: Floats | None = None) -> Floats:
    """The hyperbolic tangent: from -1 to 1, a sigmoid stretched to be odd."""
    return np.tanh(z, out=out)


def tanh_derivative(a: Floats, out: Floats | None = None) -> Floats:
    """``1 - a^2``."""
    out = np.multiply(a, a, out=out)
    return np.subtract(1, out, out=out)


def relu(z: Floats, out: Floats | None = None) -> Floats:
    """``max(z, 0)``: the rectified linear unit."""
    return np.maximum(z, 0, out=out)


def relu_derivative(a: Floats, out: Floats | None = None) -> Floats:
    """1 where the unit is active, else 0 (also at the corner, where either would do)."""
    if out is None:
        return (a > 0).astype(a.dtype)
    return np.greater(a, 0, out=out, casting="unsafe")


@dataclass(frozen=True)
class Activation:
    """A function for hidden units and its derivative, written with the function's output."""

    function: Callable[[Floats, Floats | None], Floats]
    derivative: Callable[[Floats, Floats | None], Floats]
    in_words: str


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, sigmoid_derivative, "between 0 and 1; the classic choice, slow in deep networks"),
    "tanh": Activation(tanh, tanh_derivative, "between -1 and 1; centred, so it learns faster than sigmoid"),
    "relu": Activation(
        relu, relu_derivative, "0 or the input itself; today's usual choice; likes smaller learning rates"
    ),
}


def softmax(z: Floats) -> Floats:
    """Logits ``(N, K)`` to probabilities ``(N, K)``: ``e^z_k / sum_j e^z_j``, each row adding up to 1.

    Subtracting the row's largest logit changes nothing in exact arithmetic and keeps ``e^z`` from overflowing.

    >>> softmax(np.array([[1e4, 0.0], [0.0, 0.0]])).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    powers: Floats = np.exp(z - z.max(axis=1, keepdims=True))  # (N, K)
    powers /= powers.sum(axis=1, keepdims=True)
    return powers
