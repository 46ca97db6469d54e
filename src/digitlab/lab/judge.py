"""How good the readers of a lab are on its test set; all of it follows from what a reader says of each picture."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable

import numpy as np

from digitlab.data.label_errors import label_errors_of
from digitlab.errors import InputError
from digitlab.evaluation.coverage import coverage_curve
from digitlab.evaluation.metrics import wilson_interval
from digitlab.evaluation.predictions import Predictions
from digitlab.evaluation.report import GroupScore, Report, report_of
from digitlab.lab.judgements import Cell, Judgement, Mistakes, TestPicture
from digitlab.lab.kept import Kept
from digitlab.lab.readers import Reader, Readers

MOST_SEEN = 6  # readers that are remembered as they were when they were judged
MOST_PICTURES = 60  # of one cell that are told


class Judge:
    """Judges the readers of one lab; may be used from several threads.

    Args:
        readers: who is judged.
        predictions: gives what a reader says of the test set.
        kept: what took long to compute of a reader.
    """

    def __init__(self, readers: Readers, predictions: Callable[[Reader], Predictions], kept: Kept) -> None:
        self._readers, self._predictions, self._kept = readers, predictions, kept
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, int], Reader] = OrderedDict()

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
            self._seen[reader.id, reader.version] = reader
            self._seen.move_to_end((reader.id, reader.version))
            while len(self._seen) > MOST_SEEN:
                self._seen.popitem(last=False)
        return reader

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
        wrong = np.flatnonzero(~predictions.right)
        order = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")]
        pictures = _pictures(predictions, order[start : start + most])
        return Mistakes(reader=reader.id, version=reader.version, count=len(wrong), pictures=pictures)

    def cell(self, reader: Reader, true: int, predicted: int) -> Cell:
        """The pictures of class ``true`` that a reader takes for ``predicted``.

        Raises:
            InputError: there are none, or no such class.
        """
        predictions = self._predictions(reader)
        classes = len(predictions.names)
        if max(true, predicted) >= classes:
            raise InputError(f"there are {classes} classes, counted from 0", got=max(true, predicted))
        found = np.flatnonzero((predictions.labels == true) & (predictions.predicted == predicted))
        if not len(found):
            names = predictions.names
            raise InputError(f"no {names[true]} of the test set is read as a {names[predicted]}")
        mean = predictions.digits.images[found].mean(axis=0).round().astype(np.uint8)
        return Cell(
            reader=reader.id,
            version=reader.version,
            true=true,
            predicted=predicted,
            count=len(found),
            pictures=_pictures(predictions, found[:MOST_PICTURES]),
            mean=mean.tobytes(),
        )


def _undisputed(report: Report) -> list[GroupScore]:
    """The pictures whose label nobody disputes, where some are disputed."""
    if (accuracy := report.accuracy_without_label_errors) is None:
        return []
    count = report.count - len(report.label_errors)
    return [GroupScore("", "without known label errors", count, accuracy, wilson_interval(accuracy * count, count))]


def _pictures(predictions: Predictions, indices: Iterable[int]) -> list[TestPicture]:
    notes = {error.index: error.note for error in label_errors_of(predictions.digits)}
    return [
        TestPicture(
            index=int(index),
            label=int(predictions.labels[index]),
            predicted=int(predictions.predicted[index]),
            confidence=float(predictions.confidence[index]),
            pixels=predictions.digits.images[index].tobytes(),
            label_error=notes.get(int(index), ""),
        )
        for index in indices
    ]
