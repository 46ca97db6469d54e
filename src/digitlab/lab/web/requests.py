"""What may be sent: parameters in the address, and typed records that JSON is decoded into.

The OpenAPI document is made of them.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from digitlab.lab.records import Value
from digitlab.lab.resume_marker import LEAST_SPEED, MOST_SPEED
from digitlab.lab.web.api import Parameter
from digitlab.network.card import MAX_TEMPERATURE, MIN_TEMPERATURE
from digitlab.reading.strokes import FARTHEST, FINEST

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Count = Annotated[int, Meta(ge=0)]
Ordinal = Annotated[int, Meta(ge=1)]
Place = Annotated[float, Meta(ge=-FARTHEST, le=FARTHEST)]
Point = tuple[Place, Place]
Turn = Literal["auto", "0", "90", "180", "270"]  # degrees clockwise
Expected = Annotated[int, Meta(ge=1, le=100)]  # digits in a line

READER = {
    "reader": Parameter(
        "who reads: live, run:NAME, or its snapshot run:NAME@EPOCH; "
        "by default the training under way, else the newest run, else model:standard, which ships with digitlab"
    )
}
INDEX = {"index": Parameter("which digit of the test set; a random one by default", Count)}


class From(Struct, forbid_unknown_fields=True):
    """A moment of a run of which a snapshot was kept."""

    run: Name
    epoch: Count


class Train(Struct, forbid_unknown_fields=True):
    """What to train. Without a recipe that of the run to branch from, else ``seed``; settings are laid over it."""

    recipe: Name | None = None
    settings: dict[str, Value] = {}
    start: From | None = field(name="from", default=None)
    paused: bool = False


class Distort(Struct, forbid_unknown_fields=True):
    """With which settings digits are to be distorted; of the others, each is as in the classic recipe."""

    settings: dict[str, Value] = {}


class Control(Struct, forbid_unknown_fields=True):
    """What the training under way shall do.

    ``steps_per_second`` belongs to ``speed`` (null: full speed), ``settings`` to ``change``.
    """

    do: Literal["pause", "go_on", "stop", "step", "epoch", "speed", "change"]
    steps_per_second: Annotated[float, Meta(ge=LEAST_SPEED, le=MOST_SPEED)] | None = None
    settings: dict[str, int | float] = {}


class Strokes(Struct, forbid_unknown_fields=True):
    """A drawing: points (x, y), y downwards, in any unit; the pen is ``width`` of it wide."""

    strokes: list[list[Point]]
    width: Annotated[float, Meta(ge=FINEST, le=FARTHEST)]


class Chosen(Struct, forbid_unknown_fields=True):
    """Which picture: a test digit by its place in the test set, or a drawing; a random test digit by default."""

    index: Count | None = None
    drawing: Strokes | None = None


class LookAt(Chosen, forbid_unknown_fields=True):
    """A picture, and the class that is asked about; the predicted one by default."""

    digit: Count | None = None


class Flip(Chosen, forbid_unknown_fields=True):
    """A picture, and which class it shall become; by default any other."""

    becomes: Count | None = None


class Hurt(Chosen, forbid_unknown_fields=True):
    """A picture, and what is done to the network.

    ``off``: hidden units that are switched off, each as its layer, from 1, and its number. ``prune``: which share of
    the weights of each layer, the smallest ones. ``noise`` on the weights: how many standard deviations of the layer's.
    ``temperature``: what the logits are divided by; null leaves it.
    """

    off: Annotated[list[tuple[Ordinal, Count]], Meta(max_length=5000)] = []
    prune: Annotated[float, Meta(ge=0, le=1)] = 0.0
    noise: Annotated[float, Meta(ge=0, le=10)] = 0.0
    temperature: Annotated[float, Meta(ge=MIN_TEMPERATURE, le=MAX_TEMPERATURE)] | None = None


class TakeStep(Chosen, forbid_unknown_fields=True):
    """A picture, its true class (null: that of the test set), and the learning rate."""

    label: Count | None = None
    learning_rate: float = 0.1


class CheckStep(Chosen, forbid_unknown_fields=True):
    """A picture, its true class, and the parameters to check, such as ``["W1", [300, 12]]``."""

    label: Count | None = None
    parameters: Annotated[list[tuple[Name, Annotated[list[Count], Meta(max_length=2)]]], Meta(max_length=12)] = []


class PlaceOf(Chosen, forbid_unknown_fields=True):
    """A picture, and a layer: 0 is the picture, the last one the logits."""

    layer: Count = 0
