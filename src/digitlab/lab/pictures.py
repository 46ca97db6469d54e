"""What a reader says of a photograph or a scan: any number of digits, in lines."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from digitlab.data.digits import DIGIT_NAMES
from digitlab.errors import InputError
from digitlab.lab.readers import SHIPPED, Reader
from digitlab.reading.reader import read
from digitlab.reading.results import ReadDigit, Rejected


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
    """

    reader: str
    version: int
    lines: list[Line]
    rejected: list[Rejected]
    turn: int
    size: tuple[int, int]


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
    labels = reader.network.card.labels
    if labels != DIGIT_NAMES:
        raise InputError(
            "this reader cannot read a whole picture",
            must_be="one whose classes are the ten digits",
            got=f"{reader.id}, whose classes are {', '.join(labels)}",
            help=f"let {SHIPPED} read it",
        )
    found = read(picture, reader.network, turn=turn, expect=expect).to_dict()
    return msgspec.convert(found | {"reader": reader.id, "version": reader.version}, PictureReading)
