"""The workers of a sweep: trials are sent to those that are free, and what came of them is brought back."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from digitlab.cluster.connecting import SECONDS, Workers
from digitlab.errors import ClusterError
from digitlab.sweeping.journal import Told, Trial
from digitlab.sweeping.training_trial import train_trial

MOST_DEATHS = 5  # of workers that had the same trial, before it is told as failed: it may be what kills them
BEAT = 0.25  # seconds between two looks at who is there, where no trial comes back


class Crew:
    """Trials under way, each with one worker.

    Args:
        workers: of a cluster, as `connect` gives them.
        folder: of the sweep.
        engine: that they train with.
    """

    def __init__(self, workers: Workers, folder: Path, engine: str) -> None:
        self._client, self._workers = workers.client, workers
        self._folder, self._engine = folder, engine
        self._sent: dict[Any, tuple[Trial, str]] = {}  # by their futures; and to which worker
        self._news = threading.Event()  # a trial came back
        self._deaths: Counter[int] = Counter()  # by the numbers of trials

    @property
    def busy(self) -> int:
        """How many trials are under way."""
        return len(self._sent)

    def free(self) -> list[str]:
        """The workers that have a thread for one more trial; the one with the fewest under way first.

        Raises:
            ClusterError: the scheduler is gone.
        """
        threads = self._threads()
        under_way = Counter(address for _, address in self._sent.values())
        return sorted((one for one in threads if under_way[one] < threads[one]), key=lambda one: under_way[one])

    def send(self, trial: Trial, address: str) -> None:
        """Let a worker train it."""
        settings, bars = dict(trial.settings), list(trial.bars)
        what = (str(self._folder), trial.number, settings, bars, self._engine)
        with self._while_there():
            future = self._client.submit(train_trial, *what, workers=[address], pure=False)
        self._sent[future] = (trial, address)
        future.add_done_callback(lambda _: self._news.set())

    def back(self) -> Iterator[tuple[Trial, Told | None]]:
        """Wait a moment, then give each trial that came back: what came of it, or None where it is not at its end.

        Raises:
            ClusterError: the scheduler is gone.
            DigitlabError: what a worker could not do.
        """
        self._news.wait(BEAT)
        self._news.clear()
        here = self._threads()
        for future, (trial, address) in list(self._sent.items()):
            if future.status == "pending" and address in here:
                continue
            del self._sent[future]
            yield trial, self._came_of(trial, future)

    def _came_of(self, trial: Trial, future: Any) -> Told | None:
        """What a worker says of a trial that it is done with, or what is told where the worker is gone."""
        error = None
        try:
            if future.status == "finished":
                told: Told | None = future.result(SECONDS)
                return told
            if future.status == "error":
                error = future.exception(SECONDS)
        except (TimeoutError, CancelledError):
            pass  # it died with its answer
        except OSError as closed:  # Dask's, as its connection to the scheduler ended
            raise self._gone() from closed
        if isinstance(error, MemoryError):
            return Told(trial.number, "failed", why="it needs more memory than a worker has")
        if error is not None and type(error).__name__ != "KilledWorker":
            raise error
        future.cancel()
        return self._of_dead(trial)

    def _of_dead(self, trial: Trial) -> Told | None:
        """What is told of a trial whose worker is gone: for some time nothing, as another one goes on with it."""
        self._deaths[trial.number] += 1
        if self._deaths[trial.number] < MOST_DEATHS:
            return None
        return Told(trial.number, "failed", why=f"{MOST_DEATHS} workers died that had it")

    def _threads(self) -> dict[str, int]:
        with self._while_there():
            return self._workers.threads()

    @contextlib.contextmanager
    def _while_there(self) -> Iterator[None]:
        """The end of the scheduler, in our words. Dask cancels what was under way, even where it comes back."""
        try:
            self._check()
            yield
            self._check()
        except (OSError, TimeoutError, ClusterError) as error:
            raise self._gone() from error

    def _check(self) -> None:
        if self._client.status != "running" or any(future.status in {"cancelled", "lost"} for future in self._sent):
            raise self._gone()

    def _gone(self) -> ClusterError:
        return ClusterError("the scheduler of the sweep is gone", help="the same call goes on: no trial is lost")
