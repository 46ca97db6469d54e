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


class Attribution(Signed, kw_only=True):
    """What each pixel has to do with the logit of one digit: orange speaks for it.

    Attributes:
        method: ``gradient``, ``gradient times input`` or ``integrated gradients``.
        sum: of all pixels.
        expected: what the sum should be: by how much the logit rises from blank paper to the picture. Null for the
            plain gradient.
    """

    method: str
    sum: float
    expected: float | None


class Attributions(Look, kw_only=True):
    """Which pixels speak for a digit, by three methods. The pixels are those that the network sees."""

    digit: int
    methods: list[Attribution]


class Counterfactual(Look, kw_only=True):
    """The smallest change found that makes a network read a picture as another digit.

    Attributes:
        digit, becomes: what it is read as before and after; ``becomes`` is null where no change was found, and so is
            all that follows.
        after: the changed picture, 784 bytes in base64.
        change: ink that is added above 0, ink that is taken away below.
        distance: the Euclidean length of the change, with pixels from 0 to 1.
        greatest: the greatest change of a pixel.
        probability: of what it becomes.
    """

    digit: int
    becomes: int | None = None
    after: bytes | None = None
    change: Signed | None = None
    distance: float | None = None
    greatest: float | None = None
    probability: float | None = None


class Measured(Struct):
    """How good a network is on the whole test set."""

    right: int
    accuracy: float
    cross_entropy: float


class Damaged(Look, kw_only=True):
    """A network before and after it was damaged: on the test set of ``of`` digits, and what it says of the picture."""

    of: int
    before: Measured
    after: Measured
    names: list[str]
    probabilities_before: list[float]
    probabilities: list[float]


class Quantity(Struct):
    """A quantity of one step of backpropagation: ``name`` as textbooks have it, such as ``delta1``."""

    name: str
    layer: int
    stage: str
    formula: str
    about: str


class StepLayer(Struct):
    """The numbers of one layer in one step, those of the strongest of its units.

    Attributes:
        units: how many it has.
        shown: which of them are told.
        W: their weights, a row for each unit told of the layer before; in the first layer for each pixel.
        b, new_b: their biases before and after the step.
        z: their weighted sums.
        a: what they answer; null in the last layer.
        slope: the derivative of ``a`` by ``z``; likewise.
        back: what comes back to them, the derivative of the loss by ``a``; likewise.
        delta: the derivative of the loss by ``z``.
    """

    units: int
    shown: list[int]
    W: list[list[float]]
    b: list[float]
    new_b: list[float]
    z: list[float]
    a: list[float] | None
    slope: list[float] | None
    back: list[float] | None
    delta: list[float]


class StepTaken(Look, kw_only=True):
    """One step of gradient descent on one picture. A gradient is a product: ``dW1[i, j] = x[i] delta1[j]``.

    Attributes:
        pixels: what the network sees, 784 bytes in base64; ``x`` is a byte divided by 255.
        true: the class that the step goes towards.
        learning_rate: how far it goes.
        activation: what hidden units do with their sums.
        quantities: all of them, in the order in which they are computed.
        layers: their numbers.
        p, new_p: the probabilities of the classes told, before and after.
        loss, new_loss: what the answer costs, before and after.
    """

    pixels: bytes
    names: list[str]
    true: int
    learning_rate: float
    activation: str
    quantities: list[Quantity]
    layers: list[StepLayer]
    p: list[float]
    new_p: list[float]
    loss: float
    new_loss: float


class Checked(Struct):
    """The derivative of the loss by one parameter, twice: by backpropagation, and by trying.

    ``numerical`` is ``(ahead - behind) / (2 nudge)``, with the losses where the parameter is larger and smaller by the
    nudge.
    """

    name: str
    index: list[int]
    derivative: float
    numerical: float
    nudge: float
    ahead: float
    behind: float
    agrees: bool


class Checks(Look, kw_only=True):
    """Some derivatives of one step, each computed twice."""

    checks: list[Checked]


class LayerMap(Struct, kw_only=True):
    """Where the first digits of the test set lie, seen from the side from which they lie furthest apart (PCA).

    Attributes:
        layer, what: of which layer: 0 is the picture, the last the logits; and the same in words.
        explained: the share of all differences that lies along each axis.
        points: a place for each of the digits 0, 1, 2, ... of the test set.
        labels, predicted: what each of them is, and what it is read as.
    """

    reader: str
    version: int
    layer: int
    what: str
    names: list[str]
    explained: list[float]
    points: list[list[float]]
    labels: list[int]
    predicted: list[int]


class Place(Look, kw_only=True):
    """Where a picture lies on the map of a layer."""

    layer: int
    x: float
    y: float
