"""What one lab consists of, whoever speaks with it: runs, data, events, the training and the readers."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from pathlib import Path

import anyio

from digitlab.data import open_data
from digitlab.data.digits import Digits
from digitlab.errors import DigitlabError
from digitlab.lab.feed import Feed
from digitlab.lab.readers import Readers
from digitlab.lab.trainer import Trainer
from digitlab.lab.web.guard import Rules
from digitlab.network.network import Network

__all__ = ["Lab"]

DECODED_AT_ONCE = 2  # pictures: each may take some hundred megabytes
_log = logging.getLogger("digitlab.lab")


class Lab:
    """Everything behind the page.

    Args:
        folder: where the runs are kept.
        rules: who may speak with it.
        data: the name or place of the digits to train on.
        engine, threads: what trains.
        models: networks that read, besides those of the runs, by their names.

    Attributes:
        closed: whether the training had ended when the lab was closed.
        closing: set, in the server's loop, when the server stops: event streams end then.
        decoding: how many pictures are decoded at once; the others wait.
    """

    def __init__(
        self,
        folder: Path,
        rules: Rules,
        *,
        data: str = "mnist",
        engine: str = "auto",
        threads: int | None = None,
        models: Mapping[str, Network] | None = None,
    ) -> None:
        self.folder, self.rules, self.data_name = folder, rules, data
        self.engine, self.threads = engine, threads
        self.feed = Feed()
        self.trainer = Trainer(folder, self.data, self.feed, engine=engine, threads=threads)
        self.readers = Readers(folder, self.trainer, models)
        self.closed = False
        self.closing = asyncio.Event()
        self.decoding = anyio.CapacityLimiter(DECODED_AT_ONCE)
        self._data: tuple[Digits, Digits] | None = None
        self._loading = threading.Lock()

    def data(self) -> tuple[Digits, Digits]:
        """The training and the test part, read once.

        Raises:
            InputError: there is no such data.
            DataFileError: it is damaged.
        """
        with self._loading:
            if self._data is None:
                self._data = open_data(self.data_name)
            return self._data

    def warm_up(self) -> None:
        """Read the data, and go on with a training that was under way when the lab was killed; in a thread."""
        threading.Thread(target=self._warm_up, name="digitlab-warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            self.data()
            self.trainer.continue_after_kill()
            self.readers.default()
        except DigitlabError as error:  # whoever needs the data or the run is told again
            _log.warning("%s", error)

    def close(self, timeout: float) -> None:
        """Stop the training and keep what was learnt; takes at most so many seconds."""
        self.closed = self.trainer.close(timeout)
