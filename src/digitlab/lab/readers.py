"""Who reads a digit: the network of the training under way, or that of a run; and what it answers.

A reader is called ``live``, or ``run:`` and the name of the run; ``run:NAME@EPOCH`` is that run at the end of an epoch
that was kept. ``model:NAME``
is a model that the lab was opened with, or that ships with digitlab. Their answers are those of the
library, bit for bit.
"""

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.data.pixels import normalize
from digitlab.errors import DigitlabError, InputError, UnknownError, refuse
from digitlab.lab import records
from digitlab.lab.job import Copy
from digitlab.lab.newest import Newest
from digitlab.lab.runs import folder_of, is_run, list_runs
from digitlab.network.card import new_card
from digitlab.network.network import Network
from digitlab.network.shipped import STANDARD, in_words, load_shipped
from digitlab.reading.reject import verdict
from digitlab.runs.models import name_and_epoch
from digitlab.runs.run import MANIFEST, Run

LIVE, RUN, MODEL = "live", "run:", "model:"
SHIPPED = MODEL + STANDARD
MOST_KEPT = 8  # networks that were read from disk and stay in memory
IN_USE_SECONDS = 10.0  # after its last answer, a run counts as being in use
DEFAULT_SECONDS = 1.0  # how long it stays known which run is the newest


class LiveNetwork(Protocol):
    """What is needed of the trainer."""

    def newest_copy(self) -> Copy | None:
        """The network as it was a moment ago; None before the first training."""


@dataclass(frozen=True)
class Reader:
    """A network with the name and version that its answers carry; and its run, where it is that of one.

    Attributes:
        moment: of the training under way, its run, and how many epochs were done.
    """

    id: str
    version: int
    network: Network
    run: Path | None = None
    moment: tuple[str, int] | None = None

    def describe(self, title: str) -> records.Reader:
        """How it is listed."""
        network = self.network
        return records.Reader(self.id, title, list(network.card.labels), list(network.architecture.sizes))


def read_pixels(reader: Reader, pixels: NDArray[np.uint8], *, blank: bool, known: bool = False) -> records.Reading:
    """What the reader says of ``(784,)`` or ``(28, 28)`` bytes, as MNIST has them.

    What is ``known`` to be a digit, as those of a data set are, is neither rejected nor doubted.
    """
    network, flat = reader.network, pixels.reshape(-1)
    probabilities = network.probabilities(flat)  # (K,)
    sure = known or blank
    rejected, doubtful = (False, False) if sure else verdict(network, flat, probabilities)
    digit = None if blank or rejected else int(probabilities.argmax())
    seen = network.card.preprocess(flat)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        *hidden, _ = network.activations(normalize(seen))
    return records.Reading(
        reader=reader.id,
        version=reader.version,
        blank=blank,
        digit=digit,
        name=None if digit is None else network.card.labels[digit],
        rejected=rejected,
        doubtful=doubtful,
        probabilities=probabilities.tolist(),
        pixels=seen.tobytes(),
        hidden=[layer.tolist() for layer in hidden],
    )


def weight_pictures(network: Network) -> bytes:
    """The weights of each unit of the first layer as a picture: 784 bytes, 128 for 0, as far up as down."""
    weights = network.layers[0].W.T  # (H, P)
    largest = np.abs(weights).max(axis=1, keepdims=True)
    scale = np.divide(127, largest, out=np.zeros_like(largest), where=largest > 0)
    pictures: NDArray[np.uint8] = np.rint(weights * scale + 128).astype(np.uint8)  # (H, P)
    return pictures.tobytes()


class Readers:
    """All readers of one lab; may be used from several threads.

    Args:
        folder: where the runs are.
        trainer: whose network is ``live``.
        models: further networks by their names.

    Raises:
        InputError: one of the models does not read pictures of this size.
    """

    def __init__(self, folder: Path, trainer: LiveNetwork, models: Mapping[str, Network] | None = None) -> None:
        self._folder, self._trainer = folder, trainer
        self._models = {MODEL + name: Reader(MODEL + name, 1, network) for name, network in (models or {}).items()}
        for reader in self._models.values():
            _check_inputs(reader)
        self._lock = threading.Lock()
        self._kept: Newest[str, tuple[tuple[int, int], Reader]] = Newest(MOST_KEPT)
        self._used: dict[str, float] = {}  # when a run has last read something
        self._default: tuple[float, str | None] = (0.0, None)  # the newest run, or what ships; until when that is known

    def at_hand(self, id: str | None) -> Reader | None:
        """The reader, where nothing must be read from disk for it."""
        live = self._live()
        if id is None:
            id = LIVE if live else next(iter(self._models), None) or self._remembered()
        if id is None or id == LIVE:
            return live
        if id in self._models:
            return self._models[id]
        with self._lock:
            stamp, reader = self._kept.get(id, (None, None))
        known = reader is not None and (reader.run is None or stamp == _stamp(reader.run))
        return self._use(reader) if reader is not None and known else None

    def find(self, id: str | None = None) -> Reader:
        """The reader of this id; without one that of `default`.

        Raises:
            UnknownError: there is none.
            RunError, ModelFileError: it is damaged.
        """
        if (reader := self.at_hand(id)) is not None:
            return reader
        if id is None:
            id = self._newest()
        if not id.startswith(RUN) and id != SHIPPED:
            must_be = f"{LIVE} (where there is a training), {RUN}NAME, {RUN}NAME@EPOCH or {MODEL}NAME"
            raise UnknownError(f"there is no reader {id!r}", must_be=must_be)
        return self._use(self._open(id))

    def _live(self) -> Reader | None:
        copy = self._trainer.newest_copy()
        return None if copy is None else Reader(LIVE, copy.version, copy.network, moment=(copy.run, copy.epoch))

    def _open(self, id: str) -> Reader:
        """From disk: the model that ships, a run, or one of its snapshots. A run may have an @ in its own name."""
        if id == SHIPPED:
            return self._keep((0, 0), Reader(id, 1, load_shipped(STANDARD)))
        name, epoch = id.removeprefix(RUN), None
        if not is_run(self._folder, name):
            name, epoch = name_and_epoch(name)
        folder = folder_of(self._folder, name)
        stamp, run = _stamp(folder), Run(folder)
        network = run.network() if epoch is None else run.network_at(epoch)
        reader = Reader(id, stamp[0] // 1_000_000, network, folder)
        _check_inputs(reader)
        return self._keep(stamp, reader)

    def _keep(self, stamp: tuple[int, int], reader: Reader) -> Reader:
        with self._lock:
            self._kept.keep(reader.id, (stamp, reader))
        return reader

    def _use(self, reader: Reader) -> Reader:
        if reader.run is not None:
            with self._lock:
                self._used[reader.run.name] = time.monotonic()
        return reader

    def in_use(self) -> set[str]:
        """The names of the runs that read something a moment ago."""
        now = time.monotonic()
        with self._lock:
            self._used = {name: used for name, used in self._used.items() if now - used < IN_USE_SECONDS}
            return set(self._used)

    def forget(self) -> None:
        """Runs have come or gone."""
        self._default = 0.0, None

    def default(self) -> str:
        """Who reads when nobody is asked for by name.

        The training under way, else the first model, else the newest run, else the model that ships.
        """
        return LIVE if self._live() else next(iter(self._models), None) or self._newest()

    def _remembered(self) -> str | None:
        until, id = self._default
        return id if time.monotonic() <= until else None

    def _newest(self) -> str:
        """The newest run that can be opened; where there is none, the model that ships."""
        if (id := self._remembered()) is not None:
            return id
        for run in list_runs(self._folder):
            try:
                id = self._open(RUN + run.name).id
                break
            except DigitlabError:
                continue
        else:
            id = SHIPPED
        self._default = time.monotonic() + DEFAULT_SECONDS, id
        return id

    def describe(self) -> records.Readers:
        """All readers: the live one, the models, the runs from the newest on, what ships. Damaged ones are left out."""
        live = self._live()
        found = [live.describe("the training under way")] if live else []
        found += [reader.describe(_title(reader)) for reader in self._models.values()]
        for listed in list_runs(self._folder):
            try:
                run = Run(self._folder / listed.name)
                labels = new_card(run.architecture, run.manifest.data.classes or None).labels
            except DigitlabError:
                continue
            sizes = list(run.architecture.sizes)
            found.append(records.Reader(RUN + listed.name, listed.name, list(labels), sizes))
        if SHIPPED not in self._models:
            with contextlib.suppress(DigitlabError):
                shipped = self.find(SHIPPED)
                found.append(shipped.describe(_title(shipped)))
        return records.Readers(found, self.default())


def _title(model: Reader) -> str:
    return in_words(STANDARD) if model.id == SHIPPED else model.id.removeprefix(MODEL)


def _check_inputs(reader: Reader) -> None:
    shape = reader.network.architecture
    if shape.sizes[0] != SIDE * SIDE:
        refuse(InputError, reader.id, "the network must have 784 inputs, one for each pixel", got=shape)


def _stamp(folder: Path) -> tuple[int, int]:
    """What changes whenever a run is committed anew."""
    try:
        status = (folder / MANIFEST).stat()
    except OSError:  # it has gone
        return 0, 0
    return status.st_mtime_ns, status.st_size
