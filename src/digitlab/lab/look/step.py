"""One step of backpropagation, number by number, of the strongest units of each layer; and a check of it."""

from collections.abc import Sequence

import msgspec
import numpy as np

from digitlab.errors import InputError
from digitlab.inside import Backprop, backprop_step
from digitlab.lab.look import records
from digitlab.lab.look.seen import Seen, check_class, short
from digitlab.network.activations import ACTIVATIONS

STRONGEST = 10  # units of a layer that are told, so that all of them can be seen at once


def look_at_step(seen: Seen, label: int | None, learning_rate: float) -> records.StepTaken:
    """One step of gradient descent on the picture, towards its label.

    Raises:
        InputError: a drawing without a label, no such label, or no such learning rate.
        DivergenceError: the network has no answer, or the step leads out of the finite numbers.
    """
    step = _step(seen, label, learning_rate)
    shown = step.strongest(STRONGEST)
    classes = shown[-1]
    return records.StepTaken(
        **seen.told(),
        pixels=seen.network.card.preprocess(seen.image.reshape(-1)).tobytes(),
        names=list(seen.names),
        true=step.label,
        learning_rate=step.learning_rate,
        activation=seen.network.architecture.activation,
        quantities=msgspec.convert(list(step.quantities.values()), list[records.Quantity], from_attributes=True),
        layers=[_layer(step, number, shown) for number in range(1, len(shown))],
        p=short(step["p"][classes]),
        new_p=short(step["new p"][classes]),
        loss=step.loss,
        new_loss=step.loss_after,
    )


def check_step(seen: Seen, label: int | None, parameters: Sequence[tuple[str, Sequence[int]]]) -> records.Checks:
    """The derivatives of the loss by some parameters, such as ``("W1", (300, 12))``, by backpropagation and by trying.

    Raises:
        InputError: there is no such parameter; or as `look_at_step`.
    """
    step = _step(seen, label, 0.1)
    checks = [step.check(name, tuple(index)) for name, index in parameters]
    return records.Checks(**seen.told(), checks=msgspec.convert(checks, list[records.Checked], from_attributes=True))


def _step(seen: Seen, label: int | None, learning_rate: float) -> Backprop:
    true = seen.label if label is None else check_class(seen.network, label)
    if true is None:
        raise InputError("a drawing has no label: say which digit it is")
    return backprop_step(seen.network, seen.image, true, learning_rate)


def _layer(step: Backprop, number: int, shown: list[list[int]]) -> records.StepLayer:
    """The numbers of one layer, counted from 1."""
    units = shown[number]
    z, last = step[f"z{number}"], number == len(shown) - 1
    a = slope = back = None
    if not last:
        a = step[f"a{number}"]
        slope = ACTIVATIONS[step.network.architecture.activation].derivative(z, a)
        back = step[f"W{number + 1}"] @ step[f"delta{number + 1}"]
    return records.StepLayer(
        units=len(z),
        shown=units,
        W=short(step[f"W{number}"][np.ix_(shown[number - 1], units)]),
        b=short(step[f"b{number}"][units]),
        new_b=short(step[f"new b{number}"][units]),
        z=short(z[units]),
        a=None if a is None else short(a[units]),
        slope=None if slope is None else short(slope[units]),
        back=None if back is None else short(back[units]),
        delta=short(step[f"delta{number}"][units]),
    )
