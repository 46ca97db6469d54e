"""Writing a run: its folder while training goes on, so that it can be killed at any moment.

Each commit forces the growing files to disk, writes a new checkpoint, and then the manifest by one rename. Whatever
happens, the last commit is whole; on resume everything after it is cut away.

Reference: docs/reference/run-folder.md.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from digitlab.durable import make_durably, sync, write_durably
from digitlab.durable import sweep as sweep_unfinished
from digitlab.errors import InputError, RunError, refuse
from digitlab.network.model_file import encode_model
from digitlab.network.network import Network
from digitlab.runs.append_only import AppendOnlyFile
from digitlab.runs.lock import LOCK, FolderLock
from digitlab.runs.manifest import CheckpointRecord, Manifest, record_of
from digitlab.runs.run import (
    CLOCK,
    HISTORY,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    MODEL,
    RECIPE,
    Run,
    file_errors,
    refuse_run,
)
from digitlab.training.events import EpochDone
from digitlab.training.state import Outcome, State, encode_checkpoint

KEPT = 2  # how many checkpoints stay, beside the snapshots


class RunWriter:
    """Writes a run folder, which it holds locked until `close`: the `digitlab.training.start.Keeper` of a training.

    Attributes:
        manifest: what was committed last.
    """

    def __init__(self, folder: Path, lock: FolderLock, manifest: Manifest, every: float) -> None:
        self.folder, self.manifest = folder.absolute(), manifest  # the program may change its working folder
        self._lock, self._every = lock, every
        self._committed = time.monotonic()
        self._growing = {name: AppendOnlyFile(folder / name) for name in (HISTORY, CLOCK)}

    @classmethod
    def create(
        cls, folder: Path, recipe: str, manifest: Manifest, *, every: float, history: Iterable[EpochDone] = ()
    ) -> RunWriter:
        """Begin a run in a new or empty folder.

        Args:
            folder: is made where it does not exist.
            recipe: of the training, as TOML.
            manifest: of a run that holds no files yet.
            every: seconds between commits.
            history: the epochs before a branch.

        Raises:
            InputError: there is something in the folder.
            RunError: it cannot be made, or another process is at work in it.
        """
        check_free(folder)  # before anything is left in it
        with file_errors(folder, "made"):
            make_durably(folder)
            lock = FolderLock(folder)
            try:
                check_free(folder, locked=True)
                content = recipe.encode()
                write_durably(folder / RECIPE, content)
                manifest.files[RECIPE] = record_of(content)
                keeper = cls(folder, lock, manifest, every)
                for event in history:
                    keeper.record(event)
            except BaseException:
                lock.release()
                raise
            return keeper

    def record(self, event: EpochDone) -> None:
        """Append an epoch to the history."""
        told = msgspec.to_builtins(event)
        clock = {"seconds": told.pop("seconds")}  # apart, so that the same training gives the same history
        for name, line in ((HISTORY, told), (CLOCK, clock)):  # both, whatever becomes of the writing
            self._growing[name].append(msgspec.json.encode(line) + b"\n")
        with file_errors(self.folder, "written"):
            for growing in self._growing.values():
                growing.write()

    @property
    def due(self) -> bool:
        """Whether it is time for another checkpoint."""
        return time.monotonic() - self._committed >= self._every

    def checkpoint(self, state: State, outcome: Outcome, *, snapshot: bool = False) -> None:
        """Commit a state. A snapshot is kept for good, of the others the newest two."""
        with file_errors(self.folder, "written"):
            self._write_checkpoint(state, snapshot=snapshot)
            self._commit(state, outcome)

    def finish(self, state: State | None, outcome: Outcome, network: Network) -> None:
        """Commit the end: the trained network, and the state where it can be gone on from."""
        with file_errors(self.folder, "written"):
            if state is not None:
                self._write_checkpoint(state, snapshot=False)
            model = encode_model(network.architecture, network.parameters, network.card)
            write_durably(self.folder / MODEL, model)
            self.manifest.files[MODEL] = record_of(model)
            self._commit(state, outcome)

    def close(self) -> None:
        """Let others into the folder."""
        try:
            for growing in self._growing.values():
                growing.close()
        finally:
            self._lock.release()

    def _write_checkpoint(self, state: State, *, snapshot: bool) -> None:
        """Write the file and list it; unlist the ones that are no longer needed."""
        counters = state.counters
        content = encode_checkpoint(state)
        name, written = _name_of(state), record_of(content)
        if self.manifest.files.get(name) != written:
            write_durably(self.folder / name, content)
        before = self.manifest.checkpoints
        snapshot = snapshot or any(record.snapshot for record in before if record.step == counters.step)
        records = [record for record in before if record.step < counters.step]
        records.append(CheckpointRecord(name, counters.step, counters.epoch, snapshot))
        kept = [record for record in records[:-KEPT] if record.snapshot] + records[-KEPT:]
        for record in before:
            if record not in kept:
                self.manifest.files.pop(record.file, None)
        self.manifest.files[name] = written
        self.manifest.checkpoints = kept

    def _commit(self, state: State | None, outcome: Outcome) -> None:
        """Force the growing files to disk, replace the manifest, then remove what it no longer lists."""
        for name, growing in self._growing.items():
            growing.sync()
            self.manifest.files[name] = growing.record()
        self.manifest.outcome = outcome
        if state is not None:
            self.manifest.changes = list(state.counters.changes)
        write_durably(self.folder / MANIFEST, _encode(self.manifest))
        for path in self.folder.glob("checkpoint-*.safetensors"):
            if path.name not in self.manifest.files:
                path.unlink(missing_ok=True)
        self._committed = time.monotonic()


def _name_of(state: State) -> str:
    """Another name for each state that a step can be in: what the last commit lists is not written over."""
    counters = state.counters
    changed = sum(change.step == counters.step for change in counters.changes)
    within = "-within" if counters.position else ""  # an epoch; the same step can also be told as its end
    return f"checkpoint-{counters.step}{within}{f'-changed{changed}' if changed else ''}.safetensors"


def cut_back(run: Run, state: State) -> tuple[EpochDone, ...]:
    """Forget what is later than the state, and what a killed process left behind; the epochs that remain.

    First in the manifest, which may list less than there is, then on disk. Only for whoever holds the run's lock.

    Raises:
        RunError: the history is shorter than the state says, or the folder cannot be written.
    """
    folder, manifest, counters = run.folder, run.manifest, state.counters
    done = run.history()
    if counters.epoch > len(done):
        refuse_run(folder, f"{HISTORY} is too short", f"{counters.epoch} epochs", str(len(done)))
    for record in manifest.checkpoints:
        if record.step > counters.step:
            manifest.files.pop(record.file, None)
    manifest.checkpoints = [record for record in manifest.checkpoints if record.step <= counters.step]
    manifest.files.pop(MODEL, None)
    manifest.outcome.state = "running"
    for name in (HISTORY, CLOCK):
        lines = run.read(name).splitlines(keepends=True)
        manifest.files[name] = record_of(b"".join(lines[: counters.epoch]))
    with file_errors(folder, "reopened"):
        sweep_unfinished(folder)
        write_durably(folder / MANIFEST, _encode(manifest))
        for name in (HISTORY, CLOCK):
            os.truncate(folder / name, manifest.files[name].bytes)
            sync(folder / name)
    return tuple(done[: counters.epoch])


def _encode(manifest: Manifest) -> bytes:
    content = msgspec.json.format(msgspec.json.encode(manifest, order="sorted")) + b"\n"
    if len(content) > MAX_MANIFEST_BYTES:  # what was committed before stays; this could not be read again
        raise RunError(
            "the run has more snapshots or changed settings than can be kept",
            must_be=f"a {MANIFEST} of at most {MAX_MANIFEST_BYTES:,} bytes",
            got=f"{len(manifest.checkpoints):,} checkpoints and {len(manifest.changes):,} changes",
            help="keep fewer snapshots, change settings less often, or branch into a new run",
        )
    return content


def check_free(folder: Path, *, locked: bool = False) -> None:
    """Refuse a folder that cannot take a new run.

    Raises:
        InputError: it is a file, or there is something in it.
    """
    with file_errors(folder, "made"):
        free = not folder.exists() or (folder.is_dir() and not [p for p in folder.iterdir() if p.name != LOCK])
        if not free and not locked and (folder / LOCK).is_file():
            FolderLock(folder).release()  # says who is at work, if somebody is
    if not free:
        refuse(
            InputError,
            folder,
            "a new run needs a new folder, or an empty one",
            got="a folder with files in it" if folder.is_dir() else "a file",
            help="choose another folder (a run is never overwritten), or go on with the run in it: --resume",
        )
