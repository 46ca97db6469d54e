"""Each shape that the lab tells, said once: what its parts answer, what the feed carries, what documents are made of.

Some are named after what they describe, so they are used by way of the module: ``records.Run`` tells of a `Run`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from digitlab.errors import DigitlabError, printable

LONGEST_GOT = 80  # characters of what was sent that an error repeats
LONGEST_WORDS = 500  # characters of the other parts: names of settings or of files may be in them

Value = int | float | str | list[int]
Phase = Literal["running", "paused", "stopping", "finished", "early", "interrupted", "failed"]
EventKind = Literal["training", "epochs", "step", "insight", "runs", "reset"]


class Empty(Struct, forbid_unknown_fields=True):
    """Nothing."""


class Trouble(Struct):
    """What is wrong; and, where that says more, what it must be, what was got, and what helps."""

    what: str
    must_be: str
    got: str
    help: str

    @classmethod
    def of(cls, error: DigitlabError) -> Trouble:
        """An error in its four parts, none of them long."""
        got = shortened(error.got, LONGEST_GOT)
        return cls(shortened(error.what), shortened(error.must_be), got, shortened(error.help))


def shortened(words: str, longest: int = LONGEST_WORDS) -> str:
    """Words that can be printed, and are not long."""
    text = printable(words)
    return text if len(text) <= longest else text[: longest - 3] + "..."


class DataSet(Struct):
    """What is trained on. ``notes``: what was found out and done when it was opened, a line each."""

    name: str
    source: str
    training: int
    test: int
    classes: list[str]
    notes: list[str]


class About(Struct):
    """What answers here."""

    name: Literal["digitlab"]
    version: str
    engine: str
    threads: int
    data: DataSet


class Applies(Struct):
    """A setting matters only while another one has one of these values; without values: while it is above 0."""

    setting: str
    values: list[str]


class Setting(Struct):
    """A setting of a recipe; bounds are there for numbers alone."""

    name: str
    kind: Literal["whole number", "number", "choice", "layer sizes"]
    default: Value
    help: str
    why: str
    group: str
    choices: dict[str, str]
    applies: Applies | None
    live: bool
    must_be: str
    applies_in_words: str
    low: int | float | UnsetType = UNSET
    high: int | float | UnsetType = UNSET
    above: bool | UnsetType = UNSET
    below: bool | UnsetType = UNSET


class Recipe(Struct):
    """A recipe by its name, the heading that it is listed under, and the test error in percent that a source has."""

    name: str
    group: str
    about: str
    published: float | None
    source: str
    values: dict[str, Value]


class Recipes(Struct):
    """Every setting with its bounds and help, and the named recipes."""

    settings: list[Setting]
    recipes: list[Recipe]


class History(Struct):
    """Epochs, and what they were like: lists of equal length; of a long history, some of its epochs."""

    epoch: list[int]
    loss: list[float]
    accuracy: list[float]
    seconds: list[float]
    validation_loss: list[float | None]
    validation_accuracy: list[float | None]


class Epochs(History):
    """The epochs since the last such event, and where training is now."""

    epochs_per_second: float | None
    step: int


class Step(Struct):
    """One step, the epoch that it belongs to, and its place: the epochs done after it, with the part under way."""

    step: int
    epoch: int
    place: float
    loss: float
    accuracy: float


class Layer(Struct):
    """One layer: 2-norms of its gradient and weights, how far a step moves them (a part of them), and idle units."""

    units: int
    gradient: float | None
    weights: float | None
    ratio: float | None
    dead: int
    saturated: float


class Insight(Struct):
    """A look inside the network."""

    epoch: int
    step: int
    layers: list[Layer]
    version: int


class Change(Struct):
    """A setting that was changed on the way."""

    step: int
    epoch: int
    name: str
    value: float


class Parent(Struct):
    """What a run was branched from."""

    run: str
    epoch: int


class Training(Struct):
    """The training under way, or the last one. Events leave its history out.

    ``notes``: what a person should know, such as a damaged checkpoint that was passed over, why nothing is learnt,
    or what the engine says of its work.
    """

    run: str
    phase: Phase
    recipe: str
    values: dict[str, Value]
    network: str
    source: str
    samples: int
    held_out: int
    engine: str
    threads: int
    epoch: int
    epochs: int
    step: int
    seconds: float
    epochs_per_second: float | None
    steps_per_second: float | None
    error: Trouble | None
    notes: list[str]
    insight: Insight | None
    changes: list[Change]
    parent: Parent | None
    snapshots: list[int]
    history: History | UnsetType = UNSET


class State(Struct):
    """Where everything stands; events with a higher id come after it.

    ``trouble``: why a training that was under way when the lab was killed could not go on.
    """

    event: int
    training: Training | None
    trouble: Trouble | None


class Run(Struct, kw_only=True):
    """A run in short."""

    name: str
    state: str
    epochs: int
    of: int
    loss: float | None
    accuracy: float | None
    validation_accuracy: float | None
    network: str
    recipe: str
    about: str
    started: str
    parent: Parent | None
    under_way: bool


class RunDetails(Run, kw_only=True):
    """A run with the digits that it learnt from, its settings and its history."""

    source: str
    values: dict[str, Value]
    history: History
    snapshots: list[int]
    changes: list[Change]


class Reader(Struct):
    """Who can read."""

    id: str
    title: str
    classes: list[str]
    sizes: list[int]


class Readers(Struct):
    """All readers, and who reads when none is named."""

    readers: list[Reader]
    default: str


class Reading(Struct):
    """What a reader says of one picture.

    Attributes:
        reader, version: who says it; the version changes when the network does.
        blank: there was no ink; then there is no digit, and the probabilities, of each class, are of an empty picture.
        digit, name: the most probable class, by number and by name. None where it is blank or rejected.
        rejected, doubtful: it is not a digit; it is read, but a person should look at it.
        pixels: the 784 bytes that the network saw, row by row, in base64; upright, where it wants them so.
        hidden: the activations of each hidden layer (null where one is not finite).
    """

    reader: str
    version: int
    blank: bool
    digit: int | None
    name: str | None
    rejected: bool
    doubtful: bool
    probabilities: list[float]
    pixels: bytes
    hidden: list[list[float | None]]


class Distorted(Struct):
    """A training digit as it is, then as a training meets it in each of its first epochs: 784 bytes each, in base64."""

    pictures: list[bytes]


class TestDigit(Struct):
    """A digit of the test set, its true label, and what a reader says of it."""

    index: int
    label: int
    name: str
    reading: Reading
