"""Looking into the networks of a lab while they see a picture: a test digit, or a drawing.

The numbers are those of `digitlab.inside`; this brings them into the shapes of `digitlab.lab.looks`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import InputError
from digitlab.inside import contributions_of
from digitlab.lab import looks
from digitlab.lab.lab import Lab
from digitlab.lab.readers import Reader
from digitlab.network.card import names_of_outputs
from digitlab.network.network import Network

STRONGEST = 12  # connections of a unit that are told


@dataclass(frozen=True)
class Seen:
    """A reader, and the picture that it looks at.

    Attributes:
        reader: who looks.
        image: ``(28, 28)`` bytes, as the test set or the drawing pad has them.
        names: what the classes are called.
        index, label: of a test digit; None for a drawing.
    """

    reader: Reader
    image: NDArray[np.uint8]
    names: tuple[str, ...]
    index: int | None = None
    label: int | None = None

    @property
    def network(self) -> Network:
        """The reader's."""
        return self.reader.network

    def told(self) -> dict[str, Any]:
        """The fields of `looks.Look`."""
        return {"reader": self.reader.id, "version": self.reader.version, "index": self.index, "label": self.label}


def see_test_digit(lab: Lab, reader: Reader, index: int | None = None) -> Seen:
    """A test digit, by default a random one.

    Raises:
        InputError: there is none of this index, or the reader knows other classes than the test set.
    """
    _, test = lab.data()
    names = names_of_outputs(reader.network.card, test.classes)
    index = lab.test_index(index)
    return Seen(reader, test.images[index], names, index, int(test.labels[index]))


def look(seen: Seen, digit: int | None = None) -> looks.Inside:
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
    return looks.Inside(
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


def look_at_unit(reader: Reader, layer: int, unit: int) -> looks.Unit:
    """A unit of a layer, counted from 1, and its strongest connections.

    Raises:
        InputError: there is no such layer or unit.
    """
    check_unit(reader.network, layer, unit)
    layers = reader.network.layers
    W, b = layers[layer - 1]
    return looks.Unit(
        reader=reader.id,
        version=reader.version,
        layer=layer,
        unit=unit,
        bias=float(b[unit]),
        weights=signed_picture(W[:, unit]) if layer == 1 else None,
        before=[] if layer == 1 else _strongest(W[:, unit]),
        after=[] if layer == len(layers) else _strongest(layers[layer].W[unit]),
    )


def next_mistake(lab: Lab, reader: Reader, after: int = -1) -> looks.NextMistake:
    """The next test digit behind ``after`` that the reader gets wrong; after the last one, the first.

    Raises:
        InputError: the reader knows other classes, or there are no test digits.
    """
    predictions = lab.predictions(reader)
    wrong = np.flatnonzero(~predictions.right)
    later = wrong[wrong > after]
    found = next(iter([*later[:1], *wrong[:1]]), None)
    return looks.NextMistake(None if found is None else int(found), len(wrong), len(predictions))


def check_class(network: Network, digit: int) -> int:
    """The number of a class, if there is one of it.

    Raises:
        InputError: there is not.
    """
    classes = network.architecture.sizes[-1]
    if not 0 <= digit < classes:
        raise InputError(f"the network has {classes} classes, counted from 0", got=digit)
    return digit


def check_unit(network: Network, layer: int, unit: int) -> None:
    """Say which units there are.

    Raises:
        InputError: there is no such layer, or no such unit in it.
    """
    sizes = network.architecture.sizes
    if not 1 <= layer < len(sizes):
        raise InputError(f"the network has {len(sizes) - 1} layers, counted from 1", got=layer)
    if not 0 <= unit < sizes[layer]:
        raise InputError(f"layer {layer} has {sizes[layer]} units, counted from 0", got=unit)


def signed_picture(numbers: NDArray[Any]) -> looks.Signed:
    """Numbers ``(P,)`` or ``(28, 28)`` as a picture, each byte as far from 128 as its number is from 0."""
    flat = np.asarray(numbers, np.float64).reshape(-1)
    largest = float(np.abs(flat).max())
    shares = flat / largest if largest > 0 else flat
    return looks.Signed(np.rint(128 + 127 * shares).astype(np.uint8).tobytes(), largest)


def short(numbers: NDArray[Any]) -> list[Any]:
    """A list of them, nested as they are, each to six digits: a page shows fewer."""
    return [short(one) if one.ndim else float(f"{one:.6g}") for one in numbers]


def _strongest(weights: NDArray[Any]) -> list[looks.Connection]:
    """The largest, whatever their sign, the largest first."""
    order = np.argsort(-np.abs(weights), kind="stable")[:STRONGEST]
    return [looks.Connection(int(unit), float(f"{weights[unit]:.6g}")) for unit in order]
