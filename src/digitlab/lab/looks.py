"""What the lab tells of the inside of a network: each shape once, as in `digitlab.lab.records`.

Layers are counted from 1, the last is the output; units, digits and pictures from 0. What is not finite is null.
Pictures of signed numbers are 784 bytes in base64, row by row: 128 for 0, ``largest`` as far as they go up or down.
"""

from __future__ import annotations

from msgspec import Struct


class Look(Struct, kw_only=True):
    """Whose inside it is (the version changes when the network does), and of which picture.

    Attributes:
        reader, version: who looks.
        index, label: of a test digit its place in the test set and its true class; null for a drawing.
    """

    reader: str
    version: int
    index: int | None
    label: int | None


class Inside(Look, kw_only=True):
    """What goes on in a network that sees a picture.

    Attributes:
        pixels: the 784 bytes that the network sees, row by row, in base64.
        names: what the classes are called.
        probabilities, logits: of each class.
        predicted: the most probable class.
        activations: of each hidden layer, what its units answer.
        digit: the class that is asked about; the predicted one by default.
        pushes: for each unit of the last hidden layer its activation times its weight towards this digit (of a network
            without hidden layers for each pixel). With the ``bias`` they add up to its logit.
    """

    pixels: bytes
    names: list[str]
    probabilities: list[float]
    logits: list[float]
    predicted: int
    activations: list[list[float | None]]
    digit: int
    pushes: list[float]
    bias: float


class Signed(Struct):
    """A picture of signed numbers: ``pixels`` in bytes, 128 for 0, and what the largest of them stands for."""

    pixels: bytes
    largest: float


class Connection(Struct):
    """A unit of the layer before or after, and the weight between."""

    unit: int
    weight: float


class Unit(Struct):
    """One unit, and what it is connected to.

    Attributes:
        reader, version: whose it is.
        layer, unit: which one.
        bias: its bias.
        weights: of a unit of the first layer its weights as a picture; else null.
        before: the strongest connections to units of the layer before; none in the first layer.
        after: the strongest ones to units of the layer after, or to classes; none of a class itself.
    """

    reader: str
    version: int
    layer: int
    unit: int
    bias: float
    weights: Signed | None
    before: list[Connection]
    after: list[Connection]


class NextMistake(Struct):
    """The next test digit that a reader gets wrong (null: it gets all right), and how many there are."""

    index: int | None
    count: int
    of: int
