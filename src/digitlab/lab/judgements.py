"""What the lab tells about how good a reader is: each shape once, as in `digitlab.lab.records`."""

from __future__ import annotations

from msgspec import Struct

from digitlab.evaluation.metrics import DigitScore
from digitlab.evaluation.report import GroupScore


class Judged(Struct, kw_only=True):
    """Whose answers these are; the version changes when the network does."""

    reader: str
    version: int


class TestPicture(Struct):
    """A picture of the test set, and what a reader says of it.

    Attributes:
        index, label: its place in the test set, and its true class.
        predicted, confidence: the class that the reader takes it for, and how probable that is, 0 to 1.
        pixels: 784 bytes as the test set has them, row by row, in base64.
    """

    index: int
    label: int
    predicted: int
    confidence: float
    pixels: bytes


class Judgement(Judged):
    """How good a reader is on the whole test set; shares are 0 to 1, intervals hold 95 %.

    Attributes:
        source, names, count: which test set, what its classes are called, and how many pictures it has.
        confusion: a row for each true class, a column for each that it was taken for.
        groups: of the test set, where those are known.
    """

    source: str
    names: list[str]
    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    cross_entropy: float
    calibration_error: float
    confusion: list[list[int]]
    per_digit: list[DigitScore]
    groups: list[GroupScore]


class Mistakes(Judged):
    """Pictures that a reader gets wrong, the surest mistakes first; and how many there are in all."""

    count: int
    pictures: list[TestPicture]


class Cell(Judged):
    """One cell of the confusion matrix: how many pictures it has, some of them, and the average of all (784 bytes)."""

    true: int
    predicted: int
    count: int
    pictures: list[TestPicture]
    mean: bytes
