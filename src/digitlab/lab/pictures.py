"""What a reader says of a photograph or a scan: any number of digits, in lines; and why it reads one of them so."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from digitlab.data.digits import DIGIT_NAMES
from digitlab.errors import InputError
from digitlab.lab.readers import SHIPPED, Reader
from digitlab.reading.reader import read
from digitlab.reading.results import ReadDigit, Rejected
from digitlab.reading.why import Step, why


class Line(Struct):
    """One line: its digits in reading order, and their best guesses as a text."""

    text: str
    digits: list[ReadDigit]


class PictureReading(Struct):
    """What a reader says of a picture with any number of digits.

    Attributes:
        reader, version: who says it; the version changes when the network does.
        lines: from top to bottom; none where there is no digit.
        rejected: ink that is no digit.
        turn: by how many degrees clockwise the picture was turned before it was read: 0, 90, 180 or 270.
        size: width and height of the picture, upright by its EXIF. All boxes are in its pixels, before any turn.
        light_on_dark: its ink is brighter than its paper.
    """

    reader: str
    version: int
    lines: list[Line]
    rejected: list[Rejected]
    turn: int
    size: tuple[int, int]
    light_on_dark: bool


class WhyStep(Struct):
    """One step of preparing a digit, or a change to what came of it; and what is read from it.

    Attributes:
        name, what: what was done.
        digit, probability: what is read from it.
        changes: the digit is another one than before.
        pixels: the 784 bytes that the network saw, row by row, in base64.
    """

    name: str
    what: str
    digit: int
    probability: float
    changes: bool
    pixels: bytes

    @classmethod
    def of(cls, step: Step) -> WhyStep:
        """A step as it is told."""
        return cls(step.kind.name, step.kind.what, step.digit, step.probability, step.changes, step.pixels.tobytes())


class WhyReading(Struct):
    """Why a digit is read as it is: in one sentence, and step by step, each with one more thing done than before.

    The last of the steps is what is read; each of ``changes`` does one thing to it.
    """

    reader: str
    version: int
    sentence: str
    steps: list[WhyStep]
    changes: list[WhyStep]


def read_picture(
    reader: Reader, picture: bytes, *, turn: int | Literal["auto"] = "auto", expect: int | None = None
) -> PictureReading:
    """The digits of a picture file.

    Args:
        reader: one whose classes are the ten digits.
        picture: the bytes of the file.
        turn: by how many degrees clockwise it must be turned to be upright; "auto" finds out.
        expect: how many digits each line has, where that is known.

    Raises:
        InputError: the reader knows other classes.
        PictureError: no picture, a damaged or moving one, or one that is too large.
    """
    _check_classes(reader)
    found = read(picture, reader.network, turn=turn, expect=expect).to_dict()
    return msgspec.convert(found | {"reader": reader.id, "version": reader.version}, PictureReading)


def read_why(reader: Reader, picture: bytes) -> WhyReading:
    """Why the one digit of a picture file is read as it is.

    Raises:
        InputError: the reader knows other classes.
        PictureError: as `read_picture`; or there is no digit in it, or more than one.
    """
    _check_classes(reader)
    found = why(picture, reader.network)
    steps, changes = ([WhyStep.of(step) for step in those] for those in (found.steps, found.changes))
    return WhyReading(reader.id, reader.version, found.sentence, steps, changes)


def _check_classes(reader: Reader) -> None:
    labels = reader.network.card.labels
    if labels != DIGIT_NAMES:
        raise InputError(
            "this reader cannot read a whole picture",
            must_be="one whose classes are the ten digits",
            got=f"{reader.id}, whose classes are {', '.join(labels)}",
            help=f"let {SHIPPED} read it",
        )
