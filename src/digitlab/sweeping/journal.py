"""The journal of a sweep: what was asked for and what was told, a line each, in a file that only grows.

It is the truth about a sweep. A trial is asked for, and that is on disk, before anybody trains it; what came of it is
told once. A program that was killed leaves at most half a line at the end, of something that nobody was told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from digitlab.durable import force, sync
from digitlab.errors import RunError, refuse, system_errors

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
    def value(self) -> float | None:
        """Of the objective, where the trial has finished."""
        return self.told.value if self.told else None


class Journal:
    """Reads all there is, cuts half a line off, and takes more. Only for whoever holds the sweep's lock.

    Attributes:
        trials: by number.

    Raises:
        RunError: (here and in the methods) it is damaged, or cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trials: dict[int, Trial] = {}
        with self._errors("read"):
            self._file = path.open("ab", buffering=0)
            sync(path.parent)
            if path.stat().st_size > MAX_BYTES:
                refuse(RunError, path, "the journal is too large", must_be=f"at most {MAX_BYTES:,} bytes")
            content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), 1):
            self._take(line, number)
        with self._errors("written"):
            os.truncate(path, len(whole))

    @property
    def running(self) -> list[Trial]:
        """Trials that nothing was told of yet, in their order."""
        return [trial for trial in self.trials.values() if trial.told is None]

    def ask(self, settings: Mapping[str, Any], bars: Sequence[float] = ()) -> Trial:
        """Take a new trial down, before it is trained."""
        asked = Asked(len(self.trials) + 1, dict(settings), list(bars))
        self._write(asked)
        return self._asked(asked)

    def tell(self, told: Told) -> Trial:
        """Take down what came of a trial."""
        self._write(told)
        return self._told(told)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _write(self, entry: Asked | Told) -> None:
        left = msgspec.json.encode(entry) + b"\n"
        with self._errors("written"):
            while left:
                left = left[self._file.write(left) :]
            force(self._file.fileno())

    def _asked(self, asked: Asked) -> Trial:
        trial = Trial(asked.trial, _plain(asked.settings), tuple(asked.bars))
        self.trials[trial.number] = trial
        return trial

    def _told(self, told: Told) -> Trial:
        asked = self.trials[told.trial]
        trial = Trial(asked.number, asked.settings, asked.bars, told)
        self.trials[trial.number] = trial
        return trial

    def _take(self, line: bytes, number: int) -> None:
        """A line that was written before, if it can follow on those above it."""
        try:
            entry = msgspec.json.decode(line, type=Asked | Told)
        except (ValueError, RecursionError) as error:  # those of msgspec are ValueErrors
            self._refuse(number, str(error))
        if isinstance(entry, Asked):
            if entry.trial != len(self.trials) + 1:
                self._refuse(number, f"trial {entry.trial} after {len(self.trials)} others")
            self._asked(entry)
        else:
            if entry.trial not in self.trials or self.trials[entry.trial].told is not None:
                self._refuse(number, f"told of trial {entry.trial}, which nobody asked for, or a second time")
            self._told(entry)

    def _refuse(self, number: int, got: str) -> None:
        must_be = f"what was asked and told ({', '.join(get_args(State))}), each trial once"
        help = "what the trials have learnt is whole in their folders"
        refuse(RunError, self.path, f"line {number} of the journal is damaged", must_be=must_be, got=got, help=help)

    def _errors(self, done: str) -> Any:
        return system_errors(RunError, f"{self.path}: the journal cannot be {done}", help="check the folder and its disk")


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a recipe has them: JSON knows no tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
