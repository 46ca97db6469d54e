"""How good the readers of a lab are on its test set; all of it follows from what a reader says of each picture."""

import re
import threading
from collections.abc import Callable, Iterable

import numpy as np

from digitlab.data.digits import SIDE, Digits
from digitlab.evaluation.cells import Push, cell_of
from digitlab.evaluation.contest import Contestant, compare_all
from digitlab.evaluation.coverage import coverage_curve
from digitlab.evaluation.metrics import wilson_interval
from digitlab.evaluation.mistakes import mistakes
from digitlab.evaluation.neighbours import Neighbour
from digitlab.evaluation.predictions import Predictions
from digitlab.evaluation.report import GroupScore, Report, report_of
from digitlab.lab.judgements import Cell, Compared, Judgement, Mistakes, Near, Neighbours, Pusher, Sided, TestPicture
from digitlab.lab.kept import Kept
from digitlab.lab.newest import Newest
from digitlab.lab.readers import MODEL, RUN, Reader, Readers, weight_pictures
from digitlab.network.network import Network
from digitlab.runs.run import Run

MOST_SEEN = 6  # readers that are remembered as they were when they were judged
MOST_PICTURES = 60  # of one cell, or one side of a comparison, that are told
MOST_NEIGHBOURED = 4  # of one cell, of which the nearest training digits are told
_TIMED = re.compile(r"^\d{8}-(\d\d)(\d\d)(\d\d)-(.+)", re.ASCII)  # a run's name


class Judge:
    """Judges the readers of one lab; may be used from several threads.

    Args:
        readers: who is judged.
        data: gives the training and the test part.
        predictions: gives what a reader says of the test set.
        kept: what took long to compute of a reader.
    """

    def __init__(
        self,
        readers: Readers,
        data: Callable[[], tuple[Digits, Digits]],
        predictions: Callable[[Reader], Predictions],
        kept: Kept,
    ) -> None:
        self._readers, self._data, self._predictions, self._kept = readers, data, predictions, kept
        self._lock = threading.Lock()
        self._seen: Newest[tuple[str, int], Reader] = Newest(MOST_SEEN)

    def reader(self, id: str | None = None, version: int | None = None) -> Reader:
        """A reader as it is; with a ``version``, as it was then, if it was judged then and is still remembered.

        Raises:
            UnknownError, RunError, ModelFileError: there is no such reader, or it is damaged.
        """
        with self._lock:
            if version is not None and (seen := self._seen.get((id or self._readers.default(), version))):
                return seen
        reader = self._readers.find(id)
        with self._lock:
            return self._seen.keep((reader.id, reader.version), reader)

    def judge(self, reader: Reader) -> Judgement:
        """How good a reader is.

        Raises:
            InputError: it knows other classes than the test set has; so do all that follow.
        """
        report = self._kept.get(reader, "report", lambda: report_of(self._predictions(reader)))
        predictions = self._predictions(reader)
        return Judgement(
            reader=reader.id,
            version=reader.version,
            source=report.source,
            names=list(report.names),
            count=report.count,
            accuracy=report.accuracy,
            accuracy_interval=report.accuracy_interval,
            parts=[*_undisputed(report), *report.groups],
            label_errors=len(report.label_errors),
            cross_entropy=report.cross_entropy,
            brier=report.brier,
            calibration_error=report.calibration_error,
            calibration_error_interval=report.calibration_error_interval,
            reliability=report.reliability,
            coverage=coverage_curve(predictions),
            sure=report.sure,
            confusion=report.confusion.tolist(),
            per_digit=report.per_digit,
        )

    def mistakes(self, reader: Reader, *, start: int = 0, most: int = 24) -> Mistakes:
        """Some of its mistakes, the surest first."""
        predictions = self._predictions(reader)
        wrong = [mistake.index for mistake in mistakes(predictions)]
        pictures = _pictures(predictions, wrong[start : start + most])
        return Mistakes(reader=reader.id, version=reader.version, count=len(wrong), pictures=pictures)

    def cell(self, reader: Reader, true: int, predicted: int) -> Cell:
        """The pictures of class ``true`` that a reader takes for ``predicted``, and why.

        Raises:
            InputError: there are none, or no such class.
        """
        predictions, network, (train, _) = self._predictions(reader), reader.network, self._data()
        found = cell_of(network, predictions, train, true, predicted, pictures=MOST_NEIGHBOURED)
        return Cell(
            reader=reader.id,
            version=reader.version,
            true=true,
            predicted=predicted,
            count=len(found.indices),
            pictures=_pictures(predictions, found.indices[:MOST_PICTURES]),
            mean=(found.mean * 255).round().astype(np.uint8).tobytes(),
            layer=len(network.layers) - 1,
            units=_pushers(network, found.units),
            nearest=[
                Neighbours(one.index, one.picture.tobytes(), _near(one.of_true), _near(one.of_predicted))
                for one in found.nearest
            ],
        )

    def compare(self, reader: Reader, other: Reader) -> Compared:
        """Whether another reader is better, or the pictures cannot tell.

        Raises:
            InputError: they are the same, know other classes, or one has met the test pictures while it learnt.
        """
        titles = _titles(reader.id, other.id)
        pair = [self._contestant(one, title) for one, title in zip((reader, other), titles, strict=True)]
        contest = compare_all(pair, train=self._data()[0])
        (found,) = contest.pairs
        images = self._data()[1].images
        sided: tuple[list[Sided], list[Sided]] = [], []
        for one in found.changed:
            note = one.label_error.note if one.label_error else ""
            shown = Sided(one.index, one.label, one.answers, images[one.index].tobytes(), note)
            sided[one.answers[1] == one.label].append(shown)
        lost, gained = sided
        return Compared(
            reader=reader.id,
            version=reader.version,
            other=other.id,
            other_version=other.version,
            titles=titles,
            names=list(found.classes),
            sentence=found.sentence,
            seeds=[group.sentence for group in contest.groups],
            count=found.count,
            accuracy=found.accuracy,
            both=found.both,
            only_reader=found.only_a,
            only_other=found.only_b,
            neither=found.neither,
            difference=found.difference,
            interval=found.interval,
            p=found.p,
            level=found.level,
            lost=lost[:MOST_PICTURES],
            gained=gained[:MOST_PICTURES],
        )

    def _contestant(self, reader: Reader, title: str) -> Contestant:
        run = None if reader.run is None else Run(reader.run)
        epoch = None if reader.run is None or reader.id == RUN + reader.run.name else int(reader.id.rpartition("@")[2])
        return Contestant(title, reader.network.card, self._predictions(reader), run, epoch)


def _titles(first: str, second: str) -> tuple[str, str]:
    """What two readers are called: runs without the time in their names, or with a part of it, if that parts them."""
    a, b = (id.removeprefix(RUN).removeprefix(MODEL) for id in (first, second))
    for form in (r"\4", r"\4 of \1:\2:\3"):
        short_a, short_b = (_TIMED.sub(form, name) for name in (a, b))
        if short_a != short_b:
            return short_a, short_b
    return a, b


def _pushers(network: Network, pushes: list[Push]) -> list[Pusher]:
    """Units that look at pixels have a picture."""
    pictures = weight_pictures(network) if len(network.layers) == 2 else b""
    size = SIDE * SIDE
    return [Pusher(one.unit, one.push, one.usual, pictures[one.unit * size : (one.unit + 1) * size]) for one in pushes]


def _near(neighbours: Iterable[Neighbour]) -> list[Near]:
    return [Near(one.index, one.label, one.distance, one.picture.tobytes()) for one in neighbours]


def _undisputed(report: Report) -> list[GroupScore]:
    """The pictures whose label nobody disputes, where some are disputed."""
    if (accuracy := report.accuracy_without_label_errors) is None:
        return []
    count = report.count - len(report.label_errors)
    return [GroupScore("", "without known label errors", count, accuracy, wilson_interval(accuracy * count, count))]


def _pictures(predictions: Predictions, indices: Iterable[int]) -> list[TestPicture]:
    return [
        TestPicture(
            index=int(index),
            label=int(predictions.labels[index]),
            predicted=int(predictions.predicted[index]),
            confidence=float(predictions.confidence[index]),
            pixels=predictions.digits.images[index].tobytes(),
            label_error=predictions.label_errors[index].note if index in predictions.label_errors else "",
        )
        for index in indices
    ]
