"""What the lab tells about how good a reader is: each shape once, as in `digitlab.lab.records`."""

from __future__ import annotations

from msgspec import Struct

from digitlab.evaluation.calibration import Bin
from digitlab.evaluation.coverage import Coverage, Sure
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
        label_error: what is known to be wrong with its label; empty where nothing is.
    """

    index: int
    label: int
    predicted: int
    confidence: float
    pixels: bytes
    label_error: str


class Judgement(Judged):
    """How good a reader is on the whole test set; shares are 0 to 1, intervals hold 95 %.

    Attributes:
        source, names, count: which test set, what its classes are called, and how many pictures it has.
        confusion: a row for each true class, a column for each that it was taken for.
        parts: of the test set, where those are known: those that the catalogue tells apart, and, without `by`, all
            pictures whose label nobody disputes.
        label_errors: how many labels are known to be wrong or in doubt.
        reliability, calibration_error: how far what it says lies from how often it is right.
        coverage, sure: how much of what it is sure of is right.
    """

    source: str
    names: list[str]
    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    parts: list[GroupScore]
    label_errors: int
    cross_entropy: float
    brier: float
    calibration_error: float
    calibration_error_interval: tuple[float, float]
    reliability: list[Bin]
    coverage: Coverage
    sure: Sure
    confusion: list[list[int]]
    per_digit: list[DigitScore]


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
