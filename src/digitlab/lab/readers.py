"""Who reads a digit: the network of the training under way, or that of a run; and what it answers.

A reader is called ``live``, or ``run:`` and the name of the run; ``run:NAME@EPOCH`` is a snapshot of it. ``model:NAME``
is a model that the lab was opened with. Their answers are those of the library, bit for bit.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.data.pixels import normalize
from digitlab.errors import DigitlabError, InputError, UnknownError
from digitlab.lab.runs import checked_name, list_runs
from digitlab.network.network import Network
from digitlab.runs.run import MANIFEST, Run

__all__ = ["LIVE", "MODEL", "RUN", "Reader", "Readers", "Reading", "read_pixels", "weight_pictures"]

LIVE, RUN, MODEL = "live", "run:", "model:"
MOST_KEPT = 8  # networks of runs that stay in memory
IN_USE_SECONDS = 10.0  # after its last answer, a run counts as being in use
DEFAULT_SECONDS = 1.0  # how long it stays known which run is the newest
_SNAPSHOT = re.compile(r"(.+)@(\d{1,9})", re.ASCII)


class LiveNetwork(Protocol):
    """What is needed of the trainer."""

    def network(self) -> Network | None:
        """A copy of what it trains, or has trained; None before the first time."""

    def version(self) -> int:
        """Grows whenever `network` would be another one."""


@dataclass(frozen=True)
class Reader:
    """A network with the name and version that its answers carry."""

    id: str
    version: int
    network: Network


class Reading(msgspec.Struct):
    """What a reader says of one picture.

    Attributes:
        reader, version: who says it; the version changes when the network does.
        blank: there was no ink; then there is no digit, and the probabilities are those of an empty picture.
        digit: the number of the most probable class; ``name`` is what it is called.
        probabilities: of each class.
        pixels: the 784 bytes that the network saw, row by row, in base64.
        hidden: the activations of each hidden layer (null where one is not finite).
    """

    reader: str
    version: int
    blank: bool
    digit: int | None
    name: str | None
    probabilities: list[float]
    pixels: bytes
    hidden: list[list[float | None]]


def read_pixels(reader: Reader, pixels: NDArray[np.uint8], *, blank: bool) -> Reading:
    """What the reader says of ``(784,)`` or ``(28, 28)`` bytes, as MNIST has them."""
    network, flat = reader.network, pixels.reshape(-1)
    probabilities = network.probabilities(flat)  # (K,)
    digit = int(probabilities.argmax())
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        *hidden, _ = network.activations(normalize(flat))
    return Reading(
        reader=reader.id,
        version=reader.version,
        blank=blank,
        digit=None if blank else digit,
        name=None if blank else network.card.labels[digit],
        probabilities=probabilities.tolist(),
        pixels=flat.tobytes(),
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
        self.folder, self.trainer = folder, trainer
        self._models = {MODEL + name: Reader(MODEL + name, 1, network) for name, network in (models or {}).items()}
        for id, reader in self._models.items():
            self._check_inputs(id, reader.network)
        self._lock = threading.RLock()
        self._live: tuple[int, Reader | None] | None = None
        self._copy_again = 0.0
        self._kept: OrderedDict[str, tuple[tuple[int, int], Reader]] = OrderedDict()
        self._used: dict[str, float] = {}
        self._default: tuple[float, str | None] = (0.0, None)

    def at_hand(self, id: str | None) -> Reader | None:
        """The reader, where nothing must be read from disk for it."""
        with self._lock:
            if id is None and self._find_live() is None:
                known_until, id = self._default
                if self._models:
                    id = next(iter(self._models))
                elif id is None or time.monotonic() > known_until:
                    return None
            if id is None or id == LIVE:
                return self._find_live()
            if id in self._models:
                return self._models[id]
            kept = self._kept.get(id)
            return self._use(kept[1]) if kept and kept[0] == self._stamp(id) else None

    def find(self, id: str | None = None) -> Reader:
        """The reader of this id; without one the training under way, else the first model, else the newest run.

        Raises:
            UnknownError: there is none.
            RunError, ModelFileError: the run is damaged.
        """
        if (reader := self.at_hand(id)) is not None:
            return reader
        if id is None and (id := self._newest()) is None:
            raise UnknownError(
                "nobody has learnt to read yet",
                must_be="a training, or a run with a model",
                got="none",
                help="train first: POST /api/train, or `digitlab train`",
            )
        if id == LIVE or not id.startswith(RUN):
            raise UnknownError(
                "there is no such reader",
                must_be=f"{LIVE} (where there is a training), {RUN}NAME, {RUN}NAME@EPOCH or {MODEL}NAME",
                got=repr(id),
                help="GET /api/readers lists them",
            )
        return self._use(self._open(id))

    def _find_live(self) -> Reader | None:
        """The network of the trainer; copied again only when it has changed, and not without rest where it is large."""
        version = self.trainer.version()
        if self._live is None or (self._live[0] != version and time.monotonic() >= self._copy_again):
            began = time.monotonic()
            network = self.trainer.network()
            self._live = version, None if network is None else Reader(LIVE, version, network)
            self._copy_again = time.monotonic() + 4 * (time.monotonic() - began)
        return self._live[1]

    def _open(self, id: str) -> Reader:
        name, epoch = self._run_of(id)
        stamp = self._stamp(id)
        if stamp is None:
            raise UnknownError(
                "there is no such run",
                must_be="the name of a run that has something to read with",
                got=repr(name),
                help="GET /api/readers lists them",
            )
        run = Run(self.folder / name)
        network = run.network() if epoch is None else run.network_at(epoch)
        self._check_inputs(id, network)
        reader = Reader(id, stamp[0] // 1_000_000, network)
        with self._lock:
            self._kept[id] = stamp, reader
            self._kept.move_to_end(id)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return reader

    def _check_inputs(self, id: str, network: Network) -> None:
        if network.architecture.sizes[0] != SIDE * SIDE:
            raise InputError(
                "this network does not read pictures of this size",
                must_be=f"{SIDE * SIDE} inputs",
                got=f"{network.architecture} in {id}",
                help="GET /api/readers lists those that do",
            )

    def _run_of(self, id: str) -> tuple[str, int | None]:
        """The name of the run, checked, and the epoch of the snapshot. A run may have an @ in its own name."""
        name = checked_name(id.removeprefix(RUN))
        found = _SNAPSHOT.fullmatch(name)
        if found is None or (self.folder / name / MANIFEST).is_file():
            return name, None
        return found[1], int(found[2])

    def _stamp(self, id: str) -> tuple[int, int] | None:
        """What changes whenever the run is committed anew."""
        try:
            status = (self.folder / self._run_of(id)[0] / MANIFEST).stat()
        except (OSError, ValueError):
            return None
        return status.st_mtime_ns, status.st_size

    def _use(self, reader: Reader) -> Reader:
        self._used[reader.id] = time.monotonic()
        return reader

    def in_use(self) -> set[str]:
        """The names of the runs that read something a moment ago."""
        now = time.monotonic()
        with self._lock:
            self._used = {id: used for id, used in self._used.items() if now - used < IN_USE_SECONDS}
            return {self._run_of(id)[0] for id in self._used if id.startswith(RUN)}

    def forget(self) -> None:
        """Runs have come or gone."""
        with self._lock:
            self._default = 0.0, None

    def default(self) -> str | None:
        """Who reads when nobody is asked for by name."""
        with self._lock:
            if self._find_live() is not None:
                return LIVE
        return next(iter(self._models), None) or self._newest()

    def _newest(self) -> str | None:
        """The newest run that can be opened."""
        until, id = self._default
        if id is not None and time.monotonic() <= until:
            return id
        id = None
        for run in list_runs(self.folder):
            candidate = RUN + str(run["name"])
            try:
                self._open(candidate)
            except DigitlabError:
                continue
            id = candidate
            break
        self._default = time.monotonic() + DEFAULT_SECONDS, id
        return id

    def describe(self) -> dict[str, Any]:
        """All readers: the live one, the models, the runs from the newest on. Damaged runs are left out."""
        with self._lock:
            live = self._find_live()
        found = [] if live is None else [_describe(live, "the training under way")]
        found += [_describe(reader, id.removeprefix(MODEL)) for id, reader in self._models.items()]
        for run in list_runs(self.folder):
            name = str(run["name"])
            try:
                opened = Run(self.folder / name)
                sizes = opened.recipe.layers
            except DigitlabError:
                continue
            names = opened.manifest.data.classes
            labels = [*names, *map(str, range(len(names), sizes[-1]))]
            found.append({"id": RUN + name, "title": name, "classes": labels[: sizes[-1]], "sizes": list(sizes)})
        return {"readers": found, "default": self.default()}


def _describe(reader: Reader, title: str) -> dict[str, Any]:
    network = reader.network
    sizes = list(network.architecture.sizes)
    return {"id": reader.id, "title": title, "classes": list(network.card.labels), "sizes": sizes}
