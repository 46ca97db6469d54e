"""What is looked at: a reader, and a picture, which is a test digit or a drawing; and what all answers share."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import InputError
from digitlab.lab.lab import Lab
from digitlab.lab.look.records import NextMistake, Signed
from digitlab.lab.readers import Reader
from digitlab.network.card import names_of_outputs
from digitlab.network.network import Network


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
        """The fields of `records.Look`."""
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


def next_mistake(lab: Lab, reader: Reader, after: int = -1) -> NextMistake:
    """The next test digit behind ``after`` that the reader gets wrong; after the last one, the first.

    Raises:
        InputError: the reader knows other classes, or there are no test digits.
    """
    predictions = lab.predictions(reader)
    wrong = np.flatnonzero(~predictions.right)
    later = wrong[wrong > after]
    found = next(iter([*later[:1], *wrong[:1]]), None)
    return NextMistake(None if found is None else int(found), len(wrong), len(predictions))


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


def signed_picture(numbers: NDArray[Any]) -> Signed:
    """Numbers ``(P,)`` or ``(28, 28)`` as a picture, each byte as far from 128 as its number is from 0."""
    flat = np.asarray(numbers, np.float64).reshape(-1)
    largest = float(np.abs(flat).max())
    shares = flat / largest if largest > 0 else flat
    return Signed(np.rint(128 + 127 * shares).astype(np.uint8).tobytes(), largest)


def short(numbers: NDArray[Any]) -> list[Any]:
    """A list of them, nested as they are, each to six digits: a page shows fewer."""
    return [short(one) if one.ndim else float(f"{one:.6g}") for one in numbers]
