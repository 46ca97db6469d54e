"""What the lab tells about how good a reader is: each shape once, as in `digitlab.lab.records`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from digitlab.evaluation.calibration import Bin
from digitlab.evaluation.coverage import Coverage, Sure
from digitlab.evaluation.metrics import DigitScore
from digitlab.evaluation.report import GroupScore
from digitlab.evaluation.robustness import Curve
from digitlab.lab.records import Trouble


class Judged(Struct, kw_only=True):
    """Whose answers these are; the version changes when the network does."""

    reader: str
    version: int


class TestScore(Judged, kw_only=True):
    """How many digits of the test set a reader gets right; of the training under way, after how many epochs."""

    epoch: int | None
    count: int
    right: int
    accuracy: float


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


class Pusher(Struct):
    """A unit of the last hidden layer, and how far it pushed from the true class to the answer, in logits, on average.

    Attributes:
        unit: its number, from 0; of a network without a hidden layer, that of a pixel.
        push, usual: on the pictures of the cell, and on all of their class.
        weights: what it looks for, 784 bytes, 128 for 0; empty where it looks at other units.
    """

    unit: int
    push: float
    usual: float
    weights: bytes


class Near(Struct):
    """A training digit near a picture: the Euclidean distance of their pixels, each 0 to 1."""

    index: int
    label: int
    distance: float
    pixels: bytes


class Neighbours(Struct):
    """A picture of a cell, and the training digits nearest to it: of its class, and of the one it was taken for."""

    index: int
    pixels: bytes
    of_true: list[Near]
    of_predicted: list[Near]


class Cell(Judged):
    """One cell of the confusion matrix.

    Attributes:
        count, pictures: how many pictures it has; the first of them.
        mean: the average of all, 784 bytes.
        layer: of the units, from 1; 0 where they are pixels.
        units: those that pushed furthest beyond what they usually do.
        nearest: for the first few pictures.
    """

    true: int
    predicted: int
    count: int
    pictures: list[TestPicture]
    mean: bytes
    layer: int
    units: list[Pusher]
    nearest: list[Neighbours]


class Sided(Struct):
    """A picture of the test set that only one of two readers reads rightly; ``answers`` are of both."""

    index: int
    label: int
    answers: tuple[int, int]
    pixels: bytes
    label_error: str


class Compared(Judged):
    """Two readers on the same pictures; differences are the other's accuracy minus the reader's.

    Attributes:
        other, other_version: whom the reader is compared with.
        titles: what the sentence calls them.
        names: what the classes are called.
        sentence: whether one is better, or the pictures cannot tell.
        seeds: where they differ in their seed alone, what that says, in sentences.
        accuracy: of both, 0 to 1.
        both, only_reader, only_other, neither: how many pictures are read rightly by whom.
        p, level: of McNemar's exact test; the difference counts where p is below the level.
        lost, gained: pictures that only the reader, and only the other one, reads rightly; the first of them.
    """

    other: str
    other_version: int
    titles: tuple[str, str]
    names: list[str]
    sentence: str
    seeds: list[str]
    count: int
    accuracy: tuple[float, float]
    both: int
    only_reader: int
    only_other: int
    neither: int
    difference: float
    interval: tuple[float, float]
    p: float
    level: float
    lost: list[Sided]
    gained: list[Sided]


class Spoiled(Struct):
    """One corruption of MNIST-C: what it does, how it differs from theirs, the accuracy under it, a digit under it."""

    name: str
    about: str
    approximated: str
    accuracy: float
    interval: tuple[float, float]
    pixels: bytes


class Robust(Struct):
    """What is left of the accuracy where pictures are spoiled, turned or attacked; ``picture``: the digit as it is."""

    count: int
    clean: float
    mean_accuracy: float
    picture: bytes
    corruptions: list[Spoiled]
    noise: Curve
    rotation: Curve
    fgsm: Curve
    pgd: Curve


class Measurement(Judged):
    """How far the measurement of a reader's robustness is, 0 to 1. It waits while a training takes steps."""

    state: Literal["none", "waiting", "measuring", "done", "failed"]
    progress: float
    trouble: Trouble | None = None
    result: Robust | None = None
