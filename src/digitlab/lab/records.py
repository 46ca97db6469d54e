"""What goes over HTTP, as typed records: requests are decoded into them, and the OpenAPI document is made of them.

Answers that other parts of the lab make as plain dictionaries are described here, and held to it by the tests.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from digitlab.lab.readers import Reading
from digitlab.lab.resume_marker import LEAST_SPEED, MOST_SPEED
from digitlab.lab.web.answers import ProblemDetails
from digitlab.reading.strokes import FARTHEST, FINEST

__all__ = [
    "About",
    "Control",
    "Controlled",
    "DataSet",
    "Empty",
    "History",
    "Insight",
    "ListedRun",
    "Readable",
    "ReadableList",
    "RecipeList",
    "RunDetails",
    "RunList",
    "RunName",
    "StateAnswer",
    "Strokes",
    "TestDigit",
    "Train",
    "Training",
]

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Count = Annotated[int, Meta(ge=0)]
SettingValue = int | float | str | list[int]
Place = Annotated[float, Meta(ge=-FARTHEST, le=FARTHEST)]
Point = tuple[Place, Place]


class Empty(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing."""


class From(msgspec.Struct, forbid_unknown_fields=True):
    """A moment of a run of which a snapshot was kept."""

    run: Name
    epoch: Count


class Train(msgspec.Struct, forbid_unknown_fields=True):
    """What to train. Without a recipe that of the run to branch from, else ``seed``; settings are laid over it."""

    recipe: Name | None = None
    settings: dict[str, SettingValue] = {}
    start: From | None = msgspec.field(name="from", default=None)
    paused: bool = False


class Control(msgspec.Struct, forbid_unknown_fields=True):
    """What the training under way shall do.

    ``steps_per_second`` belongs to ``speed`` (null: full speed), ``settings`` to ``change``.
    """

    do: Literal["pause", "go_on", "stop", "step", "epoch", "speed", "change"]
    steps_per_second: Annotated[float, Meta(ge=LEAST_SPEED, le=MOST_SPEED)] | None = None
    settings: dict[str, int | float] = {}


class Strokes(msgspec.Struct, forbid_unknown_fields=True):
    """A drawing: points (x, y), y downwards, in any unit; the pen is ``width`` of it wide."""

    strokes: list[list[Point]]
    width: Annotated[float, Meta(ge=FINEST, le=FARTHEST)]


class RunName(msgspec.Struct):
    """The run that it became."""

    run: str


class DataSet(msgspec.Struct):
    """What is trained on."""

    name: str
    source: str
    training: int
    test: int
    classes: list[str]


class About(msgspec.Struct):
    """What answers here."""

    name: Literal["digitlab"]
    version: str
    engine: str
    threads: int
    data: DataSet


class RecipeList(msgspec.Struct):
    """Every setting with its bounds and help, and the named recipes."""

    settings: list[dict[str, Any]]
    recipes: list[NamedValues]


class NamedValues(msgspec.Struct):
    """A recipe by its name."""

    name: str
    about: str
    values: dict[str, SettingValue]


class History(msgspec.Struct):
    """Epochs, and what they were like: lists of equal length; of a long history, some of its epochs."""

    epoch: list[int]
    loss: list[float]
    accuracy: list[float]
    seconds: list[float]
    validation_loss: list[float | None]
    validation_accuracy: list[float | None]


class LayerInsight(msgspec.Struct):
    """One layer: sizes (2-norms) of its gradient and weights, and how many of its units do nothing."""

    units: int
    gradient: float | None
    weights: float | None
    dead: int | None
    saturated: float | None


class Insight(msgspec.Struct):
    """A look inside the network."""

    epoch: int
    step: int
    layers: list[LayerInsight]
    version: int


class Changed(msgspec.Struct):
    """A setting that was changed on the way."""

    step: int
    epoch: int
    name: str
    value: float


class Parent(msgspec.Struct):
    """What a run was branched from."""

    run: str
    epoch: int


class Training(msgspec.Struct):
    """The training under way, or the last one."""

    run: str
    phase: Literal["running", "paused", "stopping", "finished", "early", "interrupted", "failed"]
    recipe: str
    values: dict[str, SettingValue]
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
    error: ProblemDetails | None
    history: History
    insight: Insight | None
    changes: list[Changed]
    parent: Parent | None
    snapshots: list[int]


class StateAnswer(msgspec.Struct):
    """Where everything stands; events with a higher id come after it.

    ``trouble``: why a training that was under way when the lab was killed could not go on.
    """

    event: int
    training: Training | None
    trouble: ProblemDetails | None


class Controlled(msgspec.Struct):
    """The training after it was told."""

    training: Training | None


class ListedRun(msgspec.Struct, kw_only=True):
    """A run in short."""

    name: str
    state: str
    epochs: int | None
    of: int | None
    loss: float | None
    accuracy: float | None
    validation_accuracy: float | None
    network: str | None
    recipe: str | None
    about: str | None
    started: str | None
    parent: Parent | None
    under_way: bool


class RunList(msgspec.Struct):
    """All runs, the newest first."""

    runs: list[ListedRun]


class RunDetails(ListedRun, kw_only=True):
    """A run with its settings and its history."""

    values: dict[str, SettingValue]
    history: History
    snapshots: list[int]
    changes: list[Changed]


class Readable(msgspec.Struct):
    """A reader."""

    id: str
    title: str
    classes: list[str]
    sizes: list[int]


class ReadableList(msgspec.Struct):
    """All readers, and who reads when none is named."""

    readers: list[Readable]
    default: str | None


class TestDigit(msgspec.Struct):
    """A digit of the test set, its true label, and what a reader says of it."""

    index: int
    label: int
    name: str
    reading: Reading
