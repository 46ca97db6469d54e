"""The journal of a sweep: what was asked for and what was told, a line each, in a file that only grows.

It is the truth about a sweep. A trial is asked for, and that is on disk, before anybody trains it; what came of it is
told once. A program that was killed leaves at most half a line at the end, of something that nobody was told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from digitlab.durable import force, sync
from digitlab.errors import RunError, refuse, system_errors
from digitlab.sweeping.space import Space

State = Literal["finished", "pruned", "diverged", "failed"]
MAX_BYTES = 2**30


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="asked", tag_field="what"):
    """A trial was asked for: its settings, and what it is to reach after each epoch where it may be pruned."""

    trial: int
    settings: dict[str, Any]
    bars: list[float] = []


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="told", tag_field="what"):
    """What came of a trial: the objective of its network, and of each epoch; and why, where there is no network."""

    trial: int
    state: State
    value: float | None = None
    curve: list[float] = []
    seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        number: from 1.
        settings: those that are varied, by name.
        bars: what it is to reach after each epoch; empty where it is not to be pruned.
        told: what came of it; None while it is to be trained.
    """

    number: int
    settings: Mapping[str, Any]
    bars: Sequence[float] = ()
    told: Told | None = None

    @property
    def state(self) -> str:
        """``running``, ``finished``, ``pruned``, ``diverged`` or ``failed``."""
        return self.told.state if self.told else "running"

    @property
    def epochs(self) -> int:
        """How many it came to."""
        return len(self.told.curve) if self.told else 0

    @property
    def value(self) -> float | None:
        """Of the objective, where the trial has finished."""
        return self.told.value if self.told else None


def read_journal(path: Path, space: Space) -> tuple[dict[int, Trial], int]:
    """The trials of a sweep by number, and the length of the lines that are whole. One that does not exist is empty.

    Raises:
        RunError: it is damaged, or cannot be read.
    """
    with _errors(path, "read"):
        if not path.exists():
            return {}, 0
        if not path.is_file():
            refuse(RunError, path, "the journal is no file")
        if path.stat().st_size > MAX_BYTES:
            refuse(RunError, path, "the journal is too large", must_be=f"at most {MAX_BYTES:,} bytes")
        content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    trials: dict[int, Trial] = {}
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            trial = _take(trials, msgspec.json.decode(line, type=Asked | Told))
            if not space.holds(trial.settings):
                raise ValueError(f"trial {trial.number} has settings that are not varied so")
        except (ValueError, RecursionError) as error:  # those of msgspec are ValueErrors
            must_be = f"what was asked and told ({', '.join(get_args(State))}), each trial once"
            help = "what the trials have learnt is whole in their folders"
            what = f"line {number} of the journal is damaged"
            refuse(RunError, path, what, must_be=must_be, got=error, help=help)
    return trials, len(whole)


def _take(trials: dict[int, Trial], entry: Asked | Told) -> Trial:
    """Add what a line says to the trials, if it can follow on those above it."""
    before = trials.get(entry.trial)
    if isinstance(entry, Asked):
        if entry.trial != len(trials) + 1:
            raise ValueError(f"trial {entry.trial} after {len(trials)} others")
        trial = Trial(entry.trial, _plain(entry.settings), tuple(entry.bars))
    else:
        if before is None or before.told is not None:
            raise ValueError(f"told of trial {entry.trial}, which nobody asked for, or a second time")
        if (entry.value is None) == (entry.state == "finished"):
            raise ValueError(f"trial {entry.trial} is {entry.state} with the value {entry.value}")
        trial = replace(before, told=entry)
    trials[trial.number] = trial
    return trial


class Journal:
    """What was asked and told of the settings of a space. Only for whoever holds the sweep's lock.

    It reads all that there is, cuts half a line off, and takes more.

    Attributes:
        trials: by number.

    Raises:
        RunError: (here and in the methods) it is damaged, or cannot be read or written.
    """

    def __init__(self, path: Path, space: Space) -> None:
        self.trials, length = read_journal(path, space)
        self._path = path
        with _errors(path, "written"):
            self._file = path.open("ab", buffering=0)
            os.truncate(path, length)
            sync(path.parent)

    def ask(self, settings: Mapping[str, Any], bars: Sequence[float] = ()) -> Trial:
        """Take a new trial down, before it is trained."""
        return self._add(Asked(len(self.trials) + 1, dict(settings), list(bars)))

    def tell(self, told: Told) -> Trial:
        """Take down what came of a trial."""
        return self._add(told)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _add(self, entry: Asked | Told) -> Trial:
        left = msgspec.json.encode(entry) + b"\n"
        with _errors(self._path, "written"):
            while left:
                left = left[self._file.write(left) :]
            force(self._file.fileno())
        return _take(self.trials, entry)


def _errors(path: Path, done: str) -> AbstractContextManager[None]:
    return system_errors(RunError, f"{path}: the journal cannot be {done}", help="check the folder and its disk")


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a recipe has them: JSON knows no tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
