"""Units: what they look for, what they answer, and whom they speak to."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.inside import contributions_of
from digitlab.lab.look import records
from digitlab.lab.look.seen import Seen, check_class, check_unit, short, signed_picture
from digitlab.lab.readers import Reader

STRONGEST = 12  # connections of a unit that are told


def look(seen: Seen, digit: int | None = None) -> records.Inside:
    """What goes on in the network, and which units speak for ``digit``, by default the predicted one.

    Raises:
        InputError: no such digit.
        DivergenceError: the network has no answer.
    """
    network = seen.network
    probabilities = network.probabilities(seen.image)  # (K,)
    predicted = int(probabilities.argmax())
    digit = predicted if digit is None else check_class(network, digit)
    found = contributions_of(network, seen.image)
    return records.Inside(
        **seen.told(),
        pixels=network.card.preprocess(seen.image.reshape(-1)).tobytes(),
        names=list(seen.names),
        probabilities=probabilities.tolist(),
        logits=found.logits.tolist(),
        predicted=predicted,
        activations=[short(layer) for layer in found.activations],
        digit=digit,
        pushes=short(found.pushes[:, digit]),
        bias=float(found.bias[digit]),
    )


def look_at_unit(reader: Reader, layer: int, unit: int) -> records.Unit:
    """A unit of a layer, counted from 1, and its strongest connections.

    Raises:
        InputError: there is no such layer or unit.
    """
    check_unit(reader.network, layer, unit)
    layers = reader.network.layers
    W, b = layers[layer - 1]
    return records.Unit(
        reader=reader.id,
        version=reader.version,
        layer=layer,
        unit=unit,
        bias=float(b[unit]),
        weights=signed_picture(W[:, unit]) if layer == 1 else None,
        before=[] if layer == 1 else _strongest(W[:, unit]),
        after=[] if layer == len(layers) else _strongest(layers[layer].W[unit]),
    )


def _strongest(weights: NDArray[Any]) -> list[records.Connection]:
    """The largest, whatever their sign, the largest first."""
    order = np.argsort(-np.abs(weights), kind="stable")[:STRONGEST]
    return [records.Connection(int(unit), float(f"{weights[unit]:.6g}")) for unit in order]
