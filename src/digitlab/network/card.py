"""The card of a network: what its inputs and outputs mean, and how it was trained. It stands beside the numbers.

A network is an architecture and one flat vector; they say how to compute, but neither what the third output is called
nor what a picture must go through before it becomes inputs. The card says it, and travels in the model file.

Reference: docs/reference/model-file.md.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeGuard

import msgspec
from msgspec import Meta
from numpy.typing import NDArray

from digitlab.data.deskew import deskew
from digitlab.data.digits import SIDE
from digitlab.data.pixels import as_bytes
from digitlab.errors import InputError, describe, printable
from digitlab.network.architecture import MAX_UNITS, Architecture

MAX_LABEL_LENGTH = 255  # characters in the name of a class: as many as the name of a folder may have
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.001, 1000.0  # calibration finds values between 0.5 and 5
MAX_SETTINGS = 100  # in a recipe
MAX_SETTING_LENGTH = 10_000  # characters of a text in a recipe, or entries of a list
MAX_TEXT_LENGTH = 1000  # characters of a text in the summary of a training
MAX_COUNT = 2**53  # whole numbers up to here are the same in every program that reads JSON
MAX_SIDE = 128  # 128 x 128 inputs are the most that an architecture may have

SettingValue = int | float | str | list[int]
Kind = Literal["divide", "deskew"]  # of preprocessing
Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
Share = Annotated[float, Meta(ge=0, le=1)]
Text = Annotated[str, Meta(max_length=MAX_TEXT_LENGTH)]


class Preprocessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a picture becomes inputs: its ``side`` x ``side`` bytes, row by row, each divided by ``by``.

    Of the kind ``deskew`` it is made upright before (`digitlab.data.deskew`), and its side is 28. There are only these
    kinds yet. A reader must refuse any other: its answers would be wrong without a word.
    """

    side: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    by: Literal[255] = 255
    kind: Kind = "divide"
    version: Literal[1] = 1


class TrainingSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a network was trained. No clock is in it: the same training gives the same summary.

    Attributes:
        state: how it ended, such as ``finished`` or ``interrupted``.
        epochs, steps: how many were done.
        loss, accuracy: of the last epoch; None where none was completed.
        validation_loss, validation_accuracy: of the samples held out, after the last epoch.
        samples, held_out: how many it was trained on, and how many were held out.
        source: where they are from, in words.
        engine: what computed it.
    """

    state: Text
    epochs: Count
    steps: Count
    samples: Count
    held_out: Count
    source: Text
    engine: Text
    loss: Annotated[float, Meta(ge=0)] | None = None
    accuracy: Share | None = None
    validation_loss: Annotated[float, Meta(ge=0)] | None = None
    validation_accuracy: Share | None = None


FIELDS: dict[str, object] = {  # of a card, all of which a model file may leave out: the JSON that each must be
    "labels": Annotated[list[Annotated[str, Meta(max_length=MAX_LABEL_LENGTH)]], Meta(max_length=MAX_UNITS)],
    "preprocessing": Preprocessing,
    "temperature": Annotated[float, Meta(ge=MIN_TEMPERATURE, le=MAX_TEMPERATURE)],
    "recipe": Annotated[dict[str, SettingValue], Meta(max_length=MAX_SETTINGS)],
    "training": TrainingSummary,
}


@dataclass(frozen=True)
class Card:
    """What a network's numbers mean. Change one with ``dataclasses.replace``.

    Attributes:
        labels: the name of each output, K of them.
        preprocessing: how a picture becomes inputs; None where the inputs are no square picture.
        temperature: what the logits are divided by before softmax; None means 1. Training forgets it.
        recipe: the settings of the training by name, and ``about``; None for a network that was not trained.
        training: how the training went; likewise.

    Raises:
        InputError: labels that are no different, printable names; a temperature out of bounds; and so on.
    """

    labels: tuple[str, ...]
    preprocessing: Preprocessing | None = None
    temperature: float | None = None
    recipe: dict[str, SettingValue] | None = None
    training: TrainingSummary | None = None

    def __post_init__(self) -> None:
        labels = tuple(self.labels) if isinstance(self.labels, list | tuple) else ()
        wrong = [name for name in labels if not _is_name(name)] or [
            name for name, n in Counter(labels).items() if n > 1
        ]
        names = f"different names of 1 to {MAX_LABEL_LENGTH} printable characters, one for each output"
        _require(labels and not wrong, "labels", names, wrong[0] if wrong else self.labels)
        for name, kind in (("preprocessing", Preprocessing), ("training", TrainingSummary)):
            value = getattr(self, name)
            _require(isinstance(value, kind | None), name, f"a {kind.__name__}, or None", value)
        theirs = self.preprocessing
        fits = theirs is None or theirs.kind == "divide" or theirs.side == SIDE
        _require(fits, "preprocessing", f"deskewing of {SIDE} x {SIDE} pixels", theirs)
        numbers = f"a number from {MIN_TEMPERATURE} to {MAX_TEMPERATURE:g}, or None"
        _require(
            self.temperature is None or _is_temperature(self.temperature), "temperature", numbers, self.temperature
        )
        settings = f"at most {MAX_SETTINGS} settings by name: finite numbers, short texts, or lists of whole numbers"
        _require(self.recipe is None or _is_recipe(self.recipe), "recipe", settings, self.recipe)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "temperature", None if self.temperature is None else float(self.temperature))
        object.__setattr__(self, "recipe", None if self.recipe is None else dict(self.recipe))

    @property
    def deskews(self) -> bool:
        """Whether pictures are made upright first."""
        return self.preprocessing is not None and self.preprocessing.kind == "deskew"

    def preprocess(self, images: NDArray[Any]) -> NDArray[Any]:
        """Pictures, bytes or floats 0..1, made upright where the network wants them so; else as they are.

        What is made upright comes back as bytes: floats are brought to them first.

        Raises:
            PictureError: a wrong shape or type, a float outside 0..1, or NaN; where pictures stay as they are, nothing
                is looked at.
        """
        return deskew(as_bytes(images)) if self.deskews else images

    def check_fit(self, architecture: Architecture) -> None:
        """Refuse an architecture that this card does not belong to.

        Raises:
            InputError: it has another number of outputs, or inputs of another size.
        """
        inputs, outputs = architecture.sizes[0], architecture.sizes[-1]
        if len(self.labels) != outputs:
            raise InputError(f"a network with {outputs} outputs needs {outputs} labels", got=len(self.labels))
        if self.preprocessing is not None and (side := self.preprocessing.side) ** 2 != inputs:
            raise InputError(f"a network with {inputs} inputs cannot take pictures of {side} x {side} pixels")


def new_card(architecture: Architecture, classes: Sequence[str] | None = None, kind: Kind = "divide") -> Card:
    """The card of a network that nothing else is known about.

    Args:
        architecture: of the network.
        classes: the names of its first outputs; an output beyond them is called ``unused``. By default every output is
            called by its number, from 0.
        kind: of its preprocessing.

    Raises:
        InputError: the names of the classes cannot be kept, or are more than there are outputs; or pictures of
            another size than 28 x 28 are to be deskewed.
    """
    outputs = architecture.sizes[-1]
    labels = _numbers(outputs) if classes is None else (*classes, *_unused(outputs, classes))
    side = math.isqrt(architecture.sizes[0])
    preprocessing = Preprocessing(side, kind=kind) if side**2 == architecture.sizes[0] else None
    card = Card(labels, preprocessing)
    card.check_fit(architecture)
    return card


def names_of_outputs(card: Card, classes: Sequence[str]) -> tuple[str, ...]:
    """What to call the outputs of a network when it meets data with these ``classes``.

    Names beat numbers: a network whose outputs have none takes those of the data.

    Raises:
        InputError: the network has fewer outputs than there are classes, or knows other ones: its answers would mean
            nothing.
    """
    outputs = len(card.labels)
    theirs = (*classes, *_unused(outputs, classes))
    if are_numbers(card.labels):
        if outputs < len(classes):
            raise InputError(f"a network with {outputs} outputs cannot tell {len(classes)} classes apart")
        return theirs
    if card.labels != theirs:
        raise InputError(
            "the network knows other classes than the data has",
            must_be=", ".join(card.labels),
            got=", ".join(classes),
            help=f"it was trained on {card.training.source}" if card.training else "",
        )
    return card.labels


def are_numbers(names: Sequence[str]) -> bool:
    """Whether classes are called by their numbers, from 0: those of digits are, and those that nobody has named."""
    return tuple(names) == _numbers(len(names))


def plain_text(words: str) -> str:
    """Words as the summary of a training can hold them: what cannot be printed is written out, and a lot is cut."""
    words = printable(words)
    return words if len(words) <= MAX_TEXT_LENGTH else words[: MAX_TEXT_LENGTH - 3] + "..."


def _numbers(outputs: int) -> tuple[str, ...]:
    return tuple(map(str, range(outputs)))


def _unused(outputs: int, classes: Sequence[str]) -> list[str]:
    """Names for the outputs beyond the classes, which no class has."""
    names, taken = [], set(classes)
    for number in range(len(classes), outputs):
        name = f"unused {number}"
        while name in taken:
            name += "'"
        names.append(name)
    return names


def _require(fits: object, name: str, must_be: str, value: object) -> None:
    if not fits:
        raise InputError(f"the {name} of a network cannot be this", must_be=must_be, got=describe(value))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= MAX_LABEL_LENGTH and value.isprintable()


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_temperature(value: object) -> bool:
    return _is_number(value) and MIN_TEMPERATURE <= value <= MAX_TEMPERATURE  # NaN is not


def _is_recipe(value: object) -> bool:
    """Only the form: which settings there are is known to those who train."""
    return (
        isinstance(value, dict)
        and len(value) <= MAX_SETTINGS
        and all(map(_is_name, value))
        and all(map(_is_setting, value.values()))
    )


def _is_setting(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_SETTING_LENGTH
    if isinstance(value, list):
        return len(value) <= MAX_SETTING_LENGTH and all(isinstance(one, int) and _is_setting(one) for one in value)
    return _is_number(value) and abs(value) <= MAX_COUNT  # NaN is not
