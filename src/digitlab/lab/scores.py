"""How many test digits a reader gets right; of a training that runs, it is counted only as often as that is cheap."""

import threading
import time
from collections.abc import Callable

from digitlab.data.digits import Digits
from digitlab.evaluation.predictions import Predictions, predict_all
from digitlab.lab.job import after_rest
from digitlab.lab.judgements import TestScore
from digitlab.lab.readers import Reader

LEAST = 1.0  # seconds between two counts for a training that runs


class Scores:
    """Counted by whoever asks, never by the thread that trains; may be used from several threads.

    Args:
        test: gives the test part.
        predictions: gives what a reader that does not change says of it.
        is_running: whether a training takes steps now, on the cores that would count.
    """

    def __init__(
        self, test: Callable[[], Digits], predictions: Callable[[Reader], Predictions], is_running: Callable[[], bool]
    ) -> None:
        self._test, self._predictions, self._is_running = test, predictions, is_running
        self._lock = threading.Lock()
        self._live: tuple[str, TestScore] | None = None  # the run in training, and its newest score
        self._next = 0.0

    def of(self, reader: Reader) -> TestScore:
        """The score of a reader; while it learns, one that is not quite new.

        Raises:
            InputError: the reader knows other classes, or there are no test digits.
        """
        if reader.moment is None:
            return _score(reader, self._predictions(reader))
        run, epoch = reader.moment
        with self._lock:  # one at a time
            if self._live is not None and self._live[0] == run:
                known = self._live[1]
                if known.version == reader.version or (self._is_running() and time.monotonic() < self._next):
                    return known
            began = time.monotonic()
            score = _score(reader, predict_all(reader.network, self._test()), epoch)
            self._live, self._next = (run, score), after_rest(began, LEAST)
            return score


def _score(reader: Reader, predictions: Predictions, epoch: int | None = None) -> TestScore:
    return TestScore(
        reader=reader.id,
        version=reader.version,
        epoch=epoch,
        count=len(predictions),
        right=int(predictions.right.sum()),
        accuracy=predictions.accuracy,
    )
