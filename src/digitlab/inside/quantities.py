"""Every quantity of one step of backpropagation: its name, its formula, what it is, and its numbers in float64.

For the picture x, whose true class is the label, and a network of two layers:

    forward     z1 = x W1 + b1        a1 = f(z1)      z2 = a1 W2 + b2      p = softmax(z2)      loss = -ln p[label]
    backward    delta2 = p - y        dW2 = a1^T delta2                    db2 = delta2
                delta1 = (delta2 W2^T) * f'(z1)       dW1 = x^T delta1     db1 = delta1
    step        new W = W - learning_rate dW          new b = b - learning_rate db

y has a one at the label and zeros beside it; * is number by number, everything else the product of matrices, where a
vector is one row. More layers have more lines of the same kind.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), section 5.3.

Letters for shapes: P pixels, H units of a layer, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digitlab.network.activations import Floats, softmax
from digitlab.network.backward import Forward, deltas, forward
from digitlab.network.network import Network


@dataclass(frozen=True, eq=False)
class Quantity:
    """One quantity.

    Attributes:
        name: as textbooks have it, such as ``"delta1"``; of what the step leads to, such as ``"new W1"``.
        layer: the one that its numbers belong to, 0 for the picture; those of a matrix lead there from the one before.
        stage: ``"forward"``, ``"backward"`` or ``"step"``.
        formula: what it is computed from; empty for what is there from the start.
        about: what it is, in words.
        values: ``()``, ``(H,)`` or ``(P, H)``, float64.
    """

    name: str
    layer: int
    stage: str
    formula: str
    about: str
    values: Floats


def quantities_of(network: Network, passed: Forward, label: int, learning_rate: float) -> Iterator[Quantity]:
    """All of them, in the order in which they are computed.

    Args:
        network: any.
        passed: the forward pass of one picture, in float64.
        label: the number of the true class.
        learning_rate: how far the step goes.
    """
    parameters = network.parameters.astype(np.float64)
    gradient = np.empty_like(parameters)
    y = np.eye(passed.logits.shape[1])[label]
    named = network.architecture.named
    yield from _forward(network, passed, named(parameters), y)
    yield from _backward(network, passed, named(gradient), softmax(passed.logits) - y)
    beyond = parameters - learning_rate * gradient
    for name, values in named(beyond).items():
        formula, about = f"{name} - learning_rate d{name}", f"{name} after the step"
        yield Quantity(f"new {name}", int(name[1:]), "step", formula, about, values)
    again = forward(network, passed.inputs[0], network.architecture.layers(beyond))
    last, probable = len(passed.sums), "the probabilities after the step"
    yield Quantity("new p", last, "step", "as p, by the new W and b", probable, _p(again))
    yield Quantity("new loss", last, "step", "-ln (new p)[label]", "the loss after the step", loss_of(again, label))


def loss_of(passed: Forward, label: int) -> Floats:
    """The cross-entropy of one picture, ``()``.

    It is right to its last digits also where it is next to 0, so that differences of it can be trusted: the small
    powers of the other classes are not added to 1 before the logarithm.
    """
    z = passed.logits[0]
    others = np.delete(z, label) - z[label]
    largest = max(others.max(initial=-np.inf), 0.0)
    if largest == 0:
        return np.asarray(np.log1p(np.exp(others).sum()), dtype=np.float64)
    return np.asarray(largest + np.log(np.exp(others - largest).sum() + np.exp(-largest)), dtype=np.float64)


def _p(passed: Forward) -> Floats:
    return np.asarray(softmax(passed.logits)[0], dtype=np.float64)


def _forward(network: Network, passed: Forward, parameters: dict[str, Floats], y: Floats) -> Iterator[Quantity]:
    """From the picture to the loss."""
    last = len(passed.sums)
    seen = "the picture: 0 is paper, 1 is ink"
    yield Quantity("x", 0, "forward", "pixels / 255", seen, passed.inputs[0][0])
    for number in range(1, last + 1):
        of = "the last layer" if number == last else f"layer {number}"
        W, b, taken = f"W{number}", f"b{number}", _input_of(number)
        yield Quantity(W, number, "forward", "", f"the weights of {of}, as they are", parameters[W])
        yield Quantity(b, number, "forward", "", f"the biases of {of}, as they are", parameters[b])
        sums = "the logits, weighted sums of the last layer" if number == last else f"the weighted sums of {of}"
        yield Quantity(f"z{number}", number, "forward", f"{taken} {W} + {b}", sums, passed.sums[number - 1][0])
        if number < last:
            formula = f"{network.architecture.activation}(z{number})"
            yield Quantity(f"a{number}", number, "forward", formula, f"what {of} hands on", passed.inputs[number][0])
    yield Quantity("p", last, "forward", f"softmax(z{last})", "how probable each class is, to the network", _p(passed))
    label = int(y.argmax())
    yield Quantity("y", last, "forward", "one-hot label", "what would have been right", y)
    cost = "what the answer costs: the cross-entropy"
    yield Quantity("loss", last, "forward", "-ln p[label]", cost, loss_of(passed, label))


def _backward(network: Network, passed: Forward, gradient: dict[str, Floats], delta: Floats) -> Iterator[Quantity]:
    """From the loss to the first weights; writes the gradient."""
    last, f = len(passed.sums), network.architecture.activation
    all_deltas = deltas(network, passed, delta)
    for number in range(last, 0, -1):
        name, W, b, taken = f"delta{number}", f"dW{number}", f"db{number}", _input_of(number)
        values = all_deltas[number - 1][0]
        formula = "p - y" if number == last else f"(delta{number + 1} W{number + 1}^T) * {f}'(z{number})"
        yield Quantity(name, number, "backward", formula, f"how the loss changes with z{number}", values)
        gradient[W[1:]][...] = np.outer(passed.inputs[number - 1][0], values)
        gradient[b[1:]][...] = values
        changes = "how the loss changes with "
        yield Quantity(W, number, "backward", f"{taken}^T {name}", f"{changes}{W[1:]}", gradient[W[1:]])
        yield Quantity(b, number, "backward", name, f"{changes}{b[1:]}", gradient[b[1:]])


def _input_of(number: int) -> str:
    """What layer ``number`` takes, by name."""
    return "x" if number == 1 else f"a{number - 1}"
