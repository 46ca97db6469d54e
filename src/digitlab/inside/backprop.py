"""One step of backpropagation, number by number: forward, backward, the step, and a check that anybody can run.

`digitlab.inside.quantities` has the formulas. The step is that of plain gradient descent on one picture: a training's
batches, optimizer and regularization are not in it, nor is the temperature of the network's card.

Letters for shapes: P pixels, H units of a layer, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from digitlab.data.pixels import as_label
from digitlab.errors import DivergenceError, InputError, describe, require_name
from digitlab.inside.picture import forward_one
from digitlab.inside.quantities import Quantity, loss_of, quantities_of
from digitlab.network.activations import Floats
from digitlab.network.backward import forward
from digitlab.network.network import Network
from digitlab.training import SETTINGS

STRONGEST = 64  # units of a layer that `Backprop.to_dict` gives the numbers of
DIGITS_KEPT = 8  # significant ones of each number there
SMALLEST_EXPONENT = -290  # of ten; what is smaller counts as 0
NUDGE = 1e-5  # how far a parameter is moved to check its derivative


@dataclass(frozen=True)
class Check:
    """A derivative twice: by backpropagation, and by trying the loss with the parameter a little larger and smaller.

    Attributes:
        name, index: which parameter, such as ``"W1"`` and ``(300, 12)``.
        derivative: by backpropagation.
        nudge: how far the parameter was moved.
        ahead, behind: the loss with the parameter larger by that, and smaller.
    """

    name: str
    index: tuple[int, ...]
    derivative: float
    nudge: float
    ahead: float
    behind: float

    @property
    def numerical(self) -> float:
        """The central difference, ``(ahead - behind) / (2 nudge)``."""
        return (self.ahead - self.behind) / (2 * self.nudge)

    @property
    def agrees(self) -> bool:
        """Whether the two are the same but for what a nudge and float64 leave open: a millionth, or 1e-10."""
        return abs(self.numerical - self.derivative) <= 1e-6 * abs(self.derivative) + 1e-10

    def to_dict(self) -> dict[str, object]:
        """All as plain values, ready for JSON."""
        return vars(self) | {"index": list(self.index), "numerical": self.numerical, "agrees": self.agrees}


@dataclass(frozen=True, eq=False)
class Backprop:
    """What one step on one picture computes. ``step["delta1"]`` are the numbers of a quantity.

    Attributes:
        network: as it was before the step.
        label: the number of the true class.
        learning_rate: how far the step goes.
        quantities: all of them by name, in the order in which they are computed.
    """

    network: Network
    label: int
    learning_rate: float
    quantities: dict[str, Quantity]

    def __repr__(self) -> str:
        return (
            f"Backprop({self.network.architecture}, label {self.label}: loss {self.loss:.4g} to {self.loss_after:.4g})"
        )

    def __getitem__(self, name: str) -> Floats:
        require_name(name, self.quantities, "quantity")
        return self.quantities[name].values

    @property
    def loss(self) -> float:
        """Before the step."""
        return float(self["loss"])

    @property
    def loss_after(self) -> float:
        """On the same picture, with the weights that the step leads to."""
        return float(self["new loss"])

    def strongest(self, most: int = STRONGEST) -> list[list[int]]:
        """All pixels; of each hidden layer the units whose ``a`` is largest; the label and the most probable classes.

        Args:
            most: how many of a layer.
        """
        hidden = (f"a{layer}" for layer in range(1, len(self.network.layers)))
        probabilities = self["p"].copy()
        probabilities[self.label] = np.inf
        strengths = [np.abs(self[a]) for a in hidden] + [probabilities]
        chosen = (np.argsort(-strength, kind="stable")[:most] for strength in strengths)
        return [list(range(len(self["x"]))), *(sorted(units.tolist()) for units in chosen)]

    def check(self, name: str, index: int | tuple[int, ...]) -> Check:
        """The derivative of the loss by one parameter, tried out: a central difference in float64.

        Where a nudge takes a ReLU over its corner the two differ; that is rare.

        Args:
            name: of the parameters: ``"W1"``, ``"b1"``, ``"W2"``, ...
            index: which of its numbers, from 0: ``(300, 12)`` is the weight from input 300 to unit 12.

        Raises:
            InputError: there is no such parameter.
        """
        architecture = self.network.architecture
        losses = []
        for nudge in (NUDGE, -NUDGE):
            nudged = self.network.parameters.astype(np.float64)
            place = _place(architecture.named(nudged), name, index)
            architecture.named(nudged)[name][place] += nudge
            passed = forward(self.network, self["x"][np.newaxis], architecture.layers(nudged))
            losses.append(float(loss_of(passed, self.label)))
        return Check(name, place, float(self[f"d{name}"][place]), NUDGE, *losses)

    def to_dict(self) -> dict[str, object]:
        """All that a page lights up, as plain values, ready for JSON.

        Of each quantity its name, layer, stage, formula, what it is about, shape, smallest and largest number, and its
        ``values`` with 8 significant digits: those of the units in ``shown``, which has a list of unit numbers for the
        inputs, for each hidden layer and for the classes (at most 64, the `strongest` ones). Row i of ``W1``
        belongs to input ``shown[0][i]``, its column j to unit ``shown[1][j]``.
        """
        shown = self.strongest()
        return {
            "label": self.label,
            "digit": int(self["p"].argmax()),
            "names": list(self.network.card.labels),
            "sizes": list(self.network.architecture.sizes),
            "activation": self.network.architecture.activation,
            "learning_rate": self.learning_rate,
            "loss": self.loss,
            "loss_after": self.loss_after,
            "shown": shown,
            "quantities": [_as_plain(quantity, shown) for quantity in self.quantities.values()],
        }


def backprop_step(network: Network, image: ArrayLike, label: ArrayLike, learning_rate: float = 0.1) -> Backprop:
    """One step of gradient descent on one picture, with every number on the way; the network stays as it is.

    Args:
        network: any.
        image: ``(28, 28)`` or ``(784,)``; bytes 0..255 or floats 0..1. The card's preprocessing is applied.
        label: the true class, as a number or a one-hot row.
        learning_rate: how far the step goes along the gradient.

    Raises:
        InputError: the network is none, or no such learning rate.
        PictureError: a picture or label of the wrong shape, type or range.
        DivergenceError: the network's sums are not finite, or the step leads to such.
    """
    rate = SETTINGS["learning_rate"].check(learning_rate)
    passed = forward_one(network, image)
    true = as_label(label, passed.logits.shape[1])
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # what is not finite is refused below
        found = {one.name: one for one in quantities_of(network, passed, true, rate)}
    for one in found.values():
        if not np.isfinite(one.values).all():
            what = f"the step leads out of the finite numbers: {one.name} is no longer finite"
            raise DivergenceError(what, help="take a smaller learning rate")
    return Backprop(network.copy(), true, rate, found)


def _place(parameters: dict[str, Floats], name: str, index: int | tuple[int, ...]) -> tuple[int, ...]:
    """The index of one number of a parameter, as a tuple, or an error."""
    require_name(name, parameters, "parameter")
    shape = parameters[name].shape
    place = index if isinstance(index, tuple) else (index,)
    whole = all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in place)
    if (
        not whole
        or len(place) != len(shape)
        or not all(0 <= one < size for one, size in zip(place, shape, strict=True))
    ):
        must_be = f"{name}[{', '.join(f'0 to {size - 1}' for size in shape)}]"
        raise InputError(f"{name} has no such number", must_be=must_be, got=describe(index))
    return tuple(int(one) for one in place)


def _as_plain(quantity: Quantity, shown: list[list[int]]) -> dict[str, Any]:
    """One quantity as plain values; of its numbers only those of the units that are shown."""
    values = quantity.values
    chosen = values[np.ix_(*shown[quantity.layer - values.ndim + 1 : quantity.layer + 1])]
    about = {name: getattr(quantity, name) for name in ("name", "layer", "stage", "formula", "about")}
    limits = {"shape": list(values.shape), "smallest": float(values.min()), "largest": float(values.max())}
    return about | limits | {"values": _shortened(chosen).tolist()}


def _shortened(values: Floats) -> Floats:
    """The same numbers with a few significant digits, which take half the room in JSON."""
    with np.errstate(divide="ignore"):
        exponents = np.floor(np.log10(np.abs(values)))
    scale = 10.0 ** (DIGITS_KEPT - 1 - np.maximum(exponents, SMALLEST_EXPONENT))
    shortened: Floats = np.round(values * scale) / scale
    return shortened
