"""A run: one folder that keeps everything about one training.

    recipe.toml         the settings, written first
    history.jsonl       one line for each epoch, appended while training goes on
    model.safetensors   the trained network
    manifest.json       what the folder holds, with the SHA-256 of each file, written last

The manifest is the commit: files are written and forced to disk first, then the manifest takes its name by one
rename. A folder without a manifest is a training that is under way or was killed.

Reference: docs/reference/run-folder.md.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import numpy as np

from digitlab.durable import sync, write_durably
from digitlab.engines import Session
from digitlab.errors import DivergenceError, InputError, RunError
from digitlab.network.model_file import MODEL_SUFFIX, ModelFile, decode_model, encode_model
from digitlab.network.network import Network
from digitlab.training.events import EpochDone, Event, Stopped
from digitlab.training.recipe import Recipe
from digitlab.version import __version__

__all__ = ["Manifest", "Run"]

RECIPE, HISTORY, MODEL, MANIFEST = "recipe.toml", "history.jsonl", f"model{MODEL_SUFFIX}", "manifest.json"
FORMAT = "digitlab-run"
VERSION = 1
MAX_MANIFEST_BYTES = 2**20


class FileRecord(msgspec.Struct, forbid_unknown_fields=True):
    """A file of the run: what it must be."""

    sha256: str
    bytes: int


class DataRecord(msgspec.Struct, forbid_unknown_fields=True):
    """The training set: where it came from and what it was."""

    source: str
    count: int
    sha256: str


class Outcome(msgspec.Struct, forbid_unknown_fields=True):
    """How training ended: ``finished``, ``interrupted`` or ``diverged``; and its last complete epoch."""

    state: str
    epochs: int
    steps: int
    seconds: float
    loss: float | None = None
    accuracy: float | None = None


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """What a run folder holds."""

    outcome: Outcome
    data: DataRecord
    engine: str
    threads: int
    environment: dict[str, str]
    created: str  # UTC, ISO 8601
    files: dict[str, FileRecord]
    format: str = FORMAT
    version: int = VERSION


class Run:
    """A run folder. `create` begins one, `keep` fills it, `open` reads one back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, folder: Path, recipe: Recipe) -> Run:
        """Begin a run in a new (or empty) folder.

        Raises:
            InputError: there is something in the folder.
            RunError: it cannot be made.
        """
        run = cls(folder)
        with run._file_errors("made"):
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise InputError(
                    f"{folder}: there is something in the way of the new run",
                    must_be="a new folder, or an empty one",
                    got="a folder with files in it" if folder.is_dir() else "a file",
                    help="choose another folder: a finished run is never overwritten",
                )
            folder.mkdir(parents=True, exist_ok=True)
            write_durably(folder / RECIPE, recipe.to_toml().encode())
        return run

    def keep(
        self, events: Generator[Event, None, None], network: Network, session: Session, engine: str
    ) -> Generator[Event, None, None]:
        """Pass the events on, and keep them; commit the run before the last one is told, or when it all ends early."""
        last: EpochDone | None = None
        try:
            with self._file_errors("written"), (self.folder / HISTORY).open("ab") as history:
                for event in events:
                    if isinstance(event, EpochDone):
                        last = event
                        history.write(msgspec.json.encode(event) + b"\n")
                        history.flush()
                    elif isinstance(event, Stopped):
                        self._commit(_outcome(event.reason, event.step, last), network, session, engine)
                    yield event
        except BaseException as error:
            if not (self.folder / MANIFEST).exists():
                state, step = "interrupted", last.step if last else 0
                if isinstance(error, DivergenceError):
                    state, step = "diverged", error.step - 1
                self._commit(_outcome(state, step, last), network, session, engine)
            raise
        finally:
            events.close()

    @classmethod
    def open(cls, folder: Path) -> tuple[Run, Manifest]:
        """A committed run.

        Raises:
            RunError: not a run folder, not committed yet, or a manifest that cannot be read.
        """
        run = cls(folder)
        path = folder / MANIFEST
        if not path.is_file() or path.stat().st_size > MAX_MANIFEST_BYTES:
            unfinished = (folder / RECIPE).is_file()
            _refuse(
                folder,
                "this is not a complete run",
                f"a folder with a {MANIFEST}",
                "a run that is under way, or was killed before its end" if unfinished else "no such file in it",
            )
        with run._file_errors("read"):
            try:
                manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                _refuse(folder, f"{MANIFEST} cannot be understood", "the documented JSON", str(error))
        if (manifest.format, manifest.version) != (FORMAT, VERSION):
            got = f"{manifest.format} version {manifest.version}"
            _refuse(folder, "this format is not known", f"{FORMAT} version {VERSION}", got)
        return run, manifest

    def read(self, name: str, manifest: Manifest) -> bytes:
        """One of the files, checked against the manifest.

        Raises:
            RunError: missing or changed.
        """
        record = manifest.files.get(name)
        if record is None:
            _refuse(self.folder, f"the manifest does not list {name}", ", ".join(manifest.files), name)
        with self._file_errors("read"):
            content = (self.folder / name).read_bytes()
        if _record(content) != record:
            got = f"SHA-256 {_record(content).sha256}, {len(content)} bytes"
            must_be = f"SHA-256 {record.sha256}, {record.bytes} bytes"
            _refuse(self.folder, f"{name} is not what the run wrote", must_be, got)
        return content

    def read_model(self, manifest: Manifest) -> ModelFile:
        """The trained network's file, checked against the manifest and by itself."""
        return decode_model(self.read(MODEL, manifest), self.folder / MODEL)

    def _commit(self, outcome: Outcome, network: Network, session: Session, engine: str) -> None:
        """Force the history to disk, write the model, then the manifest."""
        with self._file_errors("written"):
            sync(self.folder / HISTORY)
            recipe = (self.folder / RECIPE).read_bytes()
            history = (self.folder / HISTORY).read_bytes()
            told = {key: value for key, value in msgspec.to_builtins(outcome).items() if key != "seconds"}
            about = {"recipe": recipe.decode(), "outcome": told}  # no clock: the same run gives the same model file
            model = encode_model(network.architecture, network.parameters, about)
            write_durably(self.folder / MODEL, model)
            manifest = Manifest(
                outcome=outcome,
                data=DataRecord(session.digits.source, len(session.digits), session.digits.sha256()),
                engine=engine,
                threads=session.threads,
                environment=_environment(),
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                files={RECIPE: _record(recipe), HISTORY: _record(history), MODEL: _record(model)},
            )
            write_durably(self.folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")

    @contextmanager
    def _file_errors(self, done: str) -> Generator[None, None, None]:
        """The operating system's complaints, in our words."""
        try:
            yield
        except OSError as error:
            raise RunError(
                f"{self.folder}: the run cannot be {done}",
                must_be="a folder that can be written, with free space",
                got=error.strerror or str(error),
                help="check the folder and the space left on its disk",
            ) from error


def _outcome(state: str, steps: int, last: EpochDone | None) -> Outcome:
    if last is None:
        return Outcome(state, 0, steps, 0.0)
    return Outcome(state, last.epoch, steps, last.seconds, last.loss, last.accuracy)


def _record(content: bytes) -> FileRecord:
    return FileRecord(hashlib.sha256(content).hexdigest(), len(content))


def _environment() -> dict[str, str]:
    """What the last bits of the numbers may depend on."""
    return {
        "digitlab": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
    }


def _refuse(folder: Path, problem: str, must_be: str, got: Any) -> NoReturn:
    raise RunError(
        f"{folder}: {problem}",
        must_be=must_be,
        got=got,
        help="`digitlab train` makes a run; each one is a folder under runs/",
    )
