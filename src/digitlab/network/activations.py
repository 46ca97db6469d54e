"""What a hidden unit does with its input, each function beside its derivative; and softmax for the output.

A hidden unit computes ``a = f(z)``; backpropagation needs ``f'(z)``. A derivative is given both ``z`` and ``a``,
because some are cheapest with the one and some with the other. Functions write into ``out`` when it is given (it may be
``z`` itself), so that training makes no large new arrays.

On the way to a right answer a power may overflow or vanish, as e^-z does for the sigmoid of a very negative z, where
1 / inf is right. Whoever calls these has NumPy pass over it (``np.errstate``), once for all layers: for one picture
each such change of NumPy's settings takes as long as three of its functions.

Letters for shapes: N samples, H hidden units, K classes. Arrays are ``(N, H)`` or ``(N, K)`` floats.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating]


def sigmoid(z: Floats, out: Floats | None = None) -> Floats:
    """``1 / (1 + e^-z)``: from 0 to 1, steepest at 0.

    >>> with np.errstate(over="ignore"):
    ...     sigmoid(np.array([-1e4, 0.0, 1e4])).tolist()
    [0.0, 0.5, 1.0]
    """
    out = np.negative(z, out)
    np.exp(out, out)
    out += 1
    return np.reciprocal(out, out)


def sigmoid_derivative(_z: Floats, a: Floats, out: Floats | None = None) -> Floats:
    """``a (1 - a)``, at most 1/4."""
    out = np.subtract(1, a, out=out)
    out *= a
    return out


def tanh(z: Floats, out: Floats | None = None) -> Floats:
    """The hyperbolic tangent: from -1 to 1, a sigmoid stretched to be odd."""
    return np.tanh(z, out=out)


def tanh_derivative(_z: Floats, a: Floats, out: Floats | None = None) -> Floats:
    """``1 - a^2``."""
    out = np.multiply(a, a, out=out)
    return np.subtract(1, out, out=out)


def relu(z: Floats, out: Floats | None = None) -> Floats:
    """``max(z, 0)``: the rectified linear unit."""
    return np.maximum(z, 0, out=out)


def relu_derivative(_z: Floats, a: Floats, out: Floats | None = None) -> Floats:
    """1 where the unit is active, else 0 (also at the corner, where either would do)."""
    out = np.empty_like(a) if out is None else out
    np.greater(a, 0, out=out, casting="unsafe")
    return out


LEAK = 0.01  # A. L. Maas, A. Y. Hannun and A. Y. Ng, "Rectifier nonlinearities improve acoustic models" (2013)


def leaky_relu(z: Floats, out: Floats | None = None) -> Floats:
    """``max(z, 0.01 z)``: a ReLU that never falls quite silent."""
    leak: Floats = LEAK * z
    return np.maximum(z, leak, out=out)


def leaky_relu_derivative(_z: Floats, a: Floats, out: Floats | None = None) -> Floats:
    """1 where the unit is active, else 0.01."""
    out = relu_derivative(_z, a, out)
    return np.maximum(out, LEAK, out=out)


ROOT_2_OVER_PI = sqrt(2 / pi)
CUBIC = 0.044715
FLAT = 10.0  # beyond it GELU is 0 or z to the last bit of a float64


def gelu(z: Floats, out: Floats | None = None) -> Floats:
    """``z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))``: z times the chance that a normal number is below z.

    Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units" (2016), the tanh form.
    """
    return np.multiply(z, (1 + _gelu_tanh(np.clip(z, -FLAT, FLAT))) / 2, out=out)


def gelu_derivative(z: Floats, _a: Floats, out: Floats | None = None) -> Floats:
    """``(1 + t)/2 + z/2 (1 - t^2) sqrt(2/pi) (1 + 3 * 0.044715 z^2)`` where t is the tanh above."""
    z = np.clip(z, -FLAT, FLAT)
    t = _gelu_tanh(z)
    inner = ROOT_2_OVER_PI * (1 + 3 * CUBIC * z * z)
    return np.add((1 + t) / 2, z / 2 * (1 - t * t) * inner, out=out)


def _gelu_tanh(z: Floats) -> Floats:
    return np.tanh(ROOT_2_OVER_PI * (z + CUBIC * z * z * z))


@dataclass(frozen=True)
class Activation:
    """A function for hidden units, ``f(z, out)``, and its derivative, ``f'(z, a, out)``."""

    function: Callable[..., Floats]
    derivative: Callable[..., Floats]
    in_words: str
    flat_ends: tuple[float, float] | None = None  # its limits, where it has two; else it is flat at 0 alone, or nowhere


ACTIVATIONS = {
    "sigmoid": Activation(
        sigmoid, sigmoid_derivative, "between 0 and 1; the classic choice, slow in deep networks", (0, 1)
    ),
    "tanh": Activation(tanh, tanh_derivative, "between -1 and 1; centred, so it learns faster than sigmoid", (-1, 1)),
    "relu": Activation(
        relu, relu_derivative, "0 or the input itself; today's usual choice; likes smaller learning rates"
    ),
    "leaky_relu": Activation(
        leaky_relu, leaky_relu_derivative, "the input itself, below 0 a hundredth of it; no unit falls silent for good"
    ),
    "gelu": Activation(gelu, gelu_derivative, "a ReLU without its corner; usual in transformers"),
}


def softmax(z: Floats, temperature: float = 1.0) -> Floats:
    """Logits ``(N, K)`` or ``(K,)`` to probabilities: ``e^(z_k/T) / sum_j e^(z_j/T)``, each row adding up to 1.

    A temperature T above 1 brings the probabilities nearer to each other, one below 1 takes them apart; which is the
    largest stays the same. Subtracting the row's largest logit changes nothing in exact arithmetic and keeps the powers
    from overflowing.

    Source of T: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On calibration of modern neural networks" (2017).

    >>> softmax(np.array([[1e4, 0.0], [0.0, 0.0]])).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    >>> softmax(np.array([[np.log(9), 0.0]]), temperature=2).round(12).tolist()
    [[0.75, 0.25]]
    """
    largest = z.max(axis=-1, keepdims=True) if z.ndim > 1 else z[z.argmax()]  # of one sample: half the time
    below: Floats = z - largest  # (N, K)
    if temperature != 1:
        below /= temperature
    powers: Floats = np.exp(below, below)
    powers /= np.add.reduce(powers, axis=-1, keepdims=True)
    return powers
