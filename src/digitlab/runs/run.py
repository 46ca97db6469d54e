"""A run: one folder that keeps everything about one training. Here it is read; `digitlab.runs.writer` writes it.

    recipe.toml                 the settings, written first
    checkpoint-STEP.safetensors the state of the training: the newest two, and those to be kept for good
    history.jsonl               one line for each epoch; clock.jsonl says when it was done
    model.safetensors           the trained network, once training has ended
    manifest.json               what the folder holds, with the SHA-256 of each file

The manifest is the commit: files are written and forced to disk first, then the manifest takes its name by one
rename. What it does not list is not part of the run.

Reference: docs/reference/run-folder.md.
"""

from __future__ import annotations

import math
import stat
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, NoReturn

import msgspec

from digitlab.errors import DigitlabError, InputError, ModelFileError, RunError, refuse, system_errors
from digitlab.network.architecture import Architecture
from digitlab.network.model_file import MODEL_SUFFIX
from digitlab.network.network import Network
from digitlab.runs.manifest import FORMAT, VERSION, CheckpointRecord, Manifest, parameters_sha256, record_of
from digitlab.training.events import EpochDone
from digitlab.training.recipe import Recipe
from digitlab.training.recipe_files import NamedRecipe, parse_recipe
from digitlab.training.state import Counters, State, decode_checkpoint, encode_checkpoint

RECIPE, HISTORY, CLOCK, MANIFEST = "recipe.toml", "history.jsonl", "clock.jsonl", "manifest.json"
MODEL = f"model{MODEL_SUFFIX}"
MAX_MANIFEST_BYTES = 2**22


class Moment(NamedTuple):
    """The end of an epoch that was kept.

    Attributes:
        run: who kept it; of a branch this may be its parent.
        state: of the training then.
        sha256: of the checkpoint.
    """

    run: Run
    state: State
    sha256: str


class Run:
    """A run folder, read.

    Attributes:
        folder: where it is.
        manifest: what it holds.

    Raises:
        RunError: not a run folder, nothing committed in it yet, or a manifest that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / MANIFEST
        with file_errors(folder, "read"):
            require_run(folder)
            if (size := path.stat().st_size) > MAX_MANIFEST_BYTES:
                refuse_run(
                    folder, f"{MANIFEST} is too large", f"at most {MAX_MANIFEST_BYTES:,} bytes", f"{size:,} bytes"
                )
            content = path.read_bytes()
        try:
            self.manifest = msgspec.json.decode(content, type=Manifest)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            refuse_run(folder, f"{MANIFEST} cannot be understood", "the documented JSON", str(error))
        if (self.manifest.format, self.manifest.version) != (FORMAT, VERSION):
            got = f"{self.manifest.format} version {self.manifest.version}"
            refuse_run(folder, "this format is not known", f"{FORMAT} version {VERSION}", got)

    def read(self, name: str) -> bytes:
        """One of the files, as the manifest has it: of a file that has grown since, the part that it lists.

        Raises:
            RunError: not listed, missing or changed.
        """
        record = self.manifest.files.get(name)
        if record is None:
            refuse_run(self.folder, f"{name} is not part of the run", ", ".join(self.manifest.files), name)
        must_be = f"SHA-256 {record.sha256}, {record.bytes} bytes"
        with file_errors(self.folder, "read"):
            status = (self.folder / name).stat()
            grows = name in {HISTORY, CLOCK}
            right = status.st_size >= record.bytes if grows else status.st_size == record.bytes
            if not stat.S_ISREG(status.st_mode) or not right:  # before memory is spent on it, or a pipe is waited for
                refuse_run(self.folder, f"{name} is not what the run wrote", must_be, f"{status.st_size} bytes")
            with (self.folder / name).open("rb") as file:
                content = file.read(record.bytes)
        if record_of(content) != record:
            got = f"SHA-256 {record_of(content).sha256}"
            refuse_run(self.folder, f"{name} is not what the run wrote", must_be, got)
        return content

    @property
    def recipe(self) -> Recipe:
        """The settings that it began with (`Manifest.changes` has what was changed on the way)."""
        return self.named_recipe.recipe

    @cached_property
    def named_recipe(self) -> NamedRecipe:
        """The same, together with what the run is for in words."""
        try:
            return parse_recipe(self.read(RECIPE).decode(), str(self.folder / RECIPE))
        except UnicodeDecodeError as error:
            refuse_run(self.folder, f"{RECIPE} cannot be understood", "text in UTF-8", str(error))

    @property
    def architecture(self) -> Architecture:
        """Of its network."""
        return Architecture(self.recipe.layers, self.recipe.activation)

    def history(self) -> list[EpochDone]:
        """The epochs that are committed."""
        told_lines, clock_lines = self.read(HISTORY).splitlines(), self.read(CLOCK).splitlines()
        try:
            lines = zip(told_lines, clock_lines, strict=True)
            joined = [msgspec.json.decode(told) | msgspec.json.decode(clock) for told, clock in lines]
            return [msgspec.convert(line, EpochDone) for line in joined]
        except (ValueError, TypeError, RecursionError) as error:  # those of msgspec and of UTF-8 are ValueErrors
            refuse_run(self.folder, f"{HISTORY} cannot be understood", "the documented JSON lines", str(error))

    def network(self) -> Network:
        """The trained network; of a run that has not ended, the one of its newest checkpoint."""
        if MODEL not in self.manifest.files:
            return self.network_of(self.newest_state())
        return Network.decode(self.read(MODEL), self.folder / MODEL)

    def network_at(self, epoch: int) -> Network:
        """The network as it was at the end of an epoch that was kept; see `moment`."""
        kept = self.moment(epoch)
        return kept.run.network_of(kept.state)

    def kept_epochs(self) -> list[int]:
        """The epochs that `moment` knows, in their order."""
        kept: set[int] = set()
        until = math.inf
        for run in self.lineage():
            own = [record.epoch for record in run.manifest.checkpoints if "-within" not in record.file]
            own += [0] if run.beginning() else []
            kept.update(epoch for epoch in own if epoch <= until)
            until = min(until, run.branched_at)
        return sorted(kept)

    def moment(self, epoch: int) -> Moment:
        """The end of an epoch of which a checkpoint was kept.

        Epoch 0, before the first step, comes from the recipe and its seed, if the parameters are those that the
        manifest says the run began with. Of a branch, the epochs up to where it begins are its parent's.

        Raises:
            RunError: that epoch was not kept.
        """
        for run in self.lineage():
            for record in run.manifest.checkpoints:
                if record.epoch == epoch and (state := run.state_of(record)).counters.position == 0:
                    return Moment(run, state, run.manifest.files[record.file].sha256)
            if epoch == 0 and (first := run.beginning()):
                return Moment(run, first, record_of(encode_checkpoint(first)).sha256)
            if epoch > run.branched_at:
                break
        kept = self.kept_epochs()
        nearest = [*[one for one in kept if one < epoch][-1:], *[one for one in kept if one > epoch][:1]]
        must_be = f"one that was kept: the nearest {'are' if nearest[1:] else 'is'} {' and '.join(map(str, nearest))}"
        help = "train with --snapshot-every to keep checkpoints for good"
        what = f"epoch {epoch} was not kept"
        refuse(RunError, self.folder, what, must_be=must_be if nearest else "", help=help)

    @property
    def branched_at(self) -> int:
        """The epoch at which it left its parent; 0 for a run that has none."""
        return self.manifest.parent.epoch if self.manifest.parent else 0

    def lineage(self) -> list[Run]:
        """This run, the one that it was branched from, and so on, as far as they are still there."""
        runs, seen = [self], {self.folder.resolve()}
        while (parent := runs[-1].parent()) and parent.folder.resolve() not in seen:
            runs.append(parent)
            seen.add(parent.folder.resolve())
        return runs

    def parent(self) -> Run | None:
        """The run that it was branched from, if it is where the manifest says, or beside this one.

        It is known by its history: up to the branch, both learnt alike.
        """
        if (told := self.manifest.parent) is None:
            return None
        for folder in (Path(told.run), self.folder.absolute().parent / Path(told.run).name):
            with suppress(RunError):
                run = Run(folder)
                ours, theirs = ([event.loss for event in one.history()[: told.epoch]] for one in (self, run))
                if ours == theirs:
                    return run
        return None

    def beginning(self) -> State | None:
        """The state before the first step; None where another network was trained than a new one of the recipe."""
        parameters = self.recipe.new_network().parameters
        known = parameters_sha256(parameters) == self.manifest.first_parameters
        return State(Counters(), parameters) if known else None

    def network_of(self, state: State) -> Network:
        """The network that the training would have left, had it ended in this state."""
        architecture = self.architecture
        try:
            card = self.recipe.new_card(self.manifest.data.classes or None)
        except InputError as error:
            refuse_run(self.folder, error.what, error.must_be, error.got)
        return Network.from_parameters(architecture, state.learnt, card)

    def newest_state(self) -> State:
        """The state of the newest checkpoint that is whole; see `newest_whole_state`."""
        return self.newest_whole_state()[0]

    def newest_whole_state(self) -> tuple[State, list[DigitlabError]]:
        """The state of the newest checkpoint that is whole; and what is wrong with those that were passed over.

        Raises:
            RunError: no checkpoint can be trusted.
        """
        passed_over: list[DigitlabError] = []
        for record in reversed(self.manifest.checkpoints):
            try:
                return self.state_of(record), passed_over
            except (RunError, ModelFileError) as error:
                passed_over.append(error)
        if passed_over:
            raise passed_over[0]
        refuse(RunError, self.folder, "the run has no checkpoint, so it cannot go on", help="train again")

    def state_of(self, record: CheckpointRecord) -> State:
        """The state of one checkpoint."""
        count = self.architecture.parameter_count
        return decode_checkpoint(self.read(record.file), count, self.folder / record.file)


def require_run(folder: Path) -> None:
    """Refuse a folder in which no run was committed.

    Raises:
        RunError: always then.
    """
    with file_errors(folder, "read"):
        if not (folder / MANIFEST).is_file():
            begun = (folder / RECIPE).is_file()
            got = "a run that was stopped before its first checkpoint" if begun else "no such file in it"
            refuse_run(folder, "this is not a run", f"a folder with a {MANIFEST}", got)


def file_errors(folder: Path, done: str) -> AbstractContextManager[None]:
    """The operating system's complaints about a run folder, in our words: it cannot be ``done``."""
    return system_errors(
        RunError,
        f"{folder}: the run cannot be {done}",
        help="check the folder and the space left on its disk; what was committed before is intact",
    )


def refuse_run(folder: Path, what: str, must_be: str, got: str) -> NoReturn:
    """Raise the `RunError` for a run that cannot be used."""
    refuse(RunError, folder, what, must_be=must_be, got=got, help="`digitlab train` makes a run, a folder under runs/")
