"""What files of other tools come to: dense layers in a row, and what is known of them beside the numbers.

Each format in `digitlab.interop.exchange` writes a network as `Written` and reads a file as `Dense`.
"""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from digitlab.data import load_mnist
from digitlab.data.digits import DIGIT_NAMES, SIDE, Digits
from digitlab.errors import DataFileError, ModelFileError, printable, refuse
from digitlab.network.activations import Floats
from digitlab.network.architecture import MAX_PARAMETERS, Layer
from digitlab.network.model_file import encode_card
from digitlab.network.network import Network

ABOUT = "digitlab"  # under this name a file has, as one JSON text, what its own format has no place for


class Written(NamedTuple):
    """A network in the form of another tool."""

    content: bytes
    words: Sequence[str] = ()  # what the user should know of this file, each a line


@dataclass(frozen=True)
class Dense:
    """A file of another tool, understood as a network of dense layers, but not yet checked.

    Attributes:
        layers: weights ``(inputs, outputs)`` and biases ``(outputs,)`` from first to last, of any type of float.
        origin: what the file is, and what made it, in words.
        activation: of all hidden layers, by its name in `ACTIVATIONS`; None where the file does not tell.
        temperature: what the logits are divided by before softmax; None where the file does not tell.
        scale, shift: the file multiplies its inputs by the one and adds the other before the first layer; numbers, or
            one for each input.
        about: the JSON text of `about`, where digitlab wrote the file.
        notes: what else was in the file, and what was made of it, each a line.
    """

    layers: Sequence[Layer]
    origin: str
    activation: str | None = None
    temperature: float | None = None
    scale: Floats | float = 1.0
    shift: Floats | float = 0.0
    about: str | bytes | None = None
    notes: Sequence[str] = ()


def about(network: Network) -> str:
    """What a network is beside its numbers, as one JSON text: the activation, and what its card says."""
    texts = {"activation": msgspec.json.encode(network.architecture.activation).decode()} | encode_card(network.card)
    raw = {name: msgspec.Raw(text.encode()) for name, text in texts.items()}
    return msgspec.json.encode(raw, order="sorted").decode()


def digits_to_measure(network: Network) -> Digits | None:
    """MNIST's test digits, where a network can read them: they tell what a form costs, or that a guess was wrong."""
    reads = network.architecture.sizes[0] == SIDE * SIDE and network.card.labels == DIGIT_NAMES
    return load_mnist()[1] if reads else None


@contextmanager
def as_model_errors() -> Iterator[None]:
    """While inside, what is refused as the file of a data set is refused as a model's."""
    try:
        yield
    except DataFileError as error:
        raise ModelFileError(error.what, must_be=error.must_be, got=error.got, help=error.help) from None


class Place(NamedTuple):
    """Where one layer is in a file of named arrays."""

    W: str
    b: str | None  # no bias: zeros
    flipped: bool  # W is (outputs, inputs)


def in_a_row(shapes: Mapping[str, tuple[int, ...]], path: Path, *, flipped: Sequence[bool]) -> list[Place]:
    """The weights (two dimensions) and biases (one) of named arrays, from the first layer to the last.

    They are taken in the order of their names, where ``fc10`` comes after ``fc9``, and if the layers do not fit each
    other so, in the only order in which they do. There are as many biases as weights, or none.

    Args:
        shapes: of each array, by its name.
        path: for messages.
        flipped: whether weights are ``(outputs, inputs)``; of two possibilities the first that fits.

    Raises:
        ModelFileError: other arrays, or layers that fit in no order, or in more than one.
    """
    weights, biases = (sorted((n for n in shapes if len(shapes[n]) == d), key=_natural) for d in (2, 1))
    got = ", ".join(f"{printable(name)} {shape}" for name, shape in shapes.items())
    if not weights or len(weights) + len(biases) != len(shapes) or len(biases) not in (0, len(weights)):
        must_be = "weights of two dimensions, and one bias for each of them"
        refuse(ModelFileError, path, "the arrays are not those of dense layers", must_be=must_be, got=got)
    if (numbers := sum(map(math.prod, shapes.values()))) > MAX_PARAMETERS:
        refuse(ModelFileError, path, "there are too many numbers", must_be=f"at most {MAX_PARAMETERS:,}", got=numbers)
    for way in flipped:
        sizes = [shapes[W][::-1] if way else shapes[W] for W in weights]
        fit = all(shapes[b] == (outputs,) for b, (_, outputs) in zip(biases, sizes, strict=False))
        if fit and (order := _chained(sizes)) is not None:
            return [Place(weights[place], biases[place] if biases else None, way) for place in order]
    refuse(ModelFileError, path, "the arrays do not fit each other as dense layers", got=got)


def as_layers(arrays: Mapping[str, Floats], places: Sequence[Place]) -> list[Layer]:
    """The arrays as layers, in the places of `in_a_row`; nothing is copied."""
    layers = []
    for place in places:
        W = arrays[place.W].T if place.flipped else arrays[place.W]
        layers.append(Layer(W, arrays[place.b] if place.b else np.zeros(W.shape[1], W.dtype)))
    return layers


def _chained(sizes: Sequence[tuple[int, ...]]) -> list[int] | None:
    """The order in which the outputs of each layer are the inputs of the next: as it is, or else the only one."""
    if all(outputs == inputs for (_, outputs), (inputs, _) in itertools.pairwise(sizes)):
        return list(range(len(sizes)))
    outputs_of_any = {outputs for _, outputs in sizes}
    next_ones = [place for place, (inputs, _) in enumerate(sizes) if inputs not in outputs_of_any]
    order: list[int] = []
    while len(next_ones) == 1 and next_ones[0] not in order:
        order += next_ones
        next_ones = [place for place, (inputs, _) in enumerate(sizes) if inputs == sizes[order[-1]][1]]
    return order if len(order) == len(sizes) else None


def _natural(name: str) -> list[tuple[int, str]]:
    """A key to sort names by in which numbers count as such: ``fc9`` before ``fc10``."""
    return [(len(part) * (place % 2), part) for place, part in enumerate(re.split("([0-9]+)", name))]
