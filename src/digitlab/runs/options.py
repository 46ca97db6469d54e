"""Options of a training that do not change its result: what computes, and how the training is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import numpy as np

from digitlab.engines import AUTO, Engine, find_engine
from digitlab.engines.checks import check_threads
from digitlab.errors import InputError, describe, require_kind, require_name
from digitlab.training.recipe_files import check_about
from digitlab.training.settings import check_whole

CHECKPOINT_SECONDS = 30.0


class Branch(NamedTuple):
    """Where to branch from: the end of an epoch of another run, of which a checkpoint was kept."""

    run: Path
    epoch: int


class Options(TypedDict, total=False):
    """The fields of `TrainOptions` as keywords, for type checkers."""

    engine: str | Engine
    threads: int | None
    out: str | Path | None
    resume: bool
    branch: Branch | None
    checkpoint_every: float
    snapshot_every: int | None
    about: str


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """How to train, beside the recipe. Checked whenever they are made, as a recipe is.

    Attributes:
        engine: a name (``"auto"`` is the fastest), or an `Engine`. Does not change the result beyond rounding.
        threads: 1 to 256; None for as many as the process may use.
        out: a new folder to keep the run in; None to keep nothing.
        resume: go on with the run in ``out`` instead, from its newest checkpoint, to the same bits as if it had never
            stopped.
        branch: begin where another run was at the end of an epoch, with its parameters and its optimizer's memory.
        checkpoint_every: seconds between checkpoints; 0 for one after every look at the clock.
        snapshot_every: epochs after which a checkpoint is kept for good; 0 for never. None: what the run that is gone
            on with has; a new one then has none.
        about: what the run is for, in words; kept with its recipe.

    Raises:
        InputError: an option that there is not, or a value that it cannot have.
    """

    engine: str | Engine = AUTO
    threads: int | None = None
    out: Path | None = None
    resume: bool = False
    branch: Branch | None = None
    checkpoint_every: float = CHECKPOINT_SECONDS
    snapshot_every: int | None = None
    about: str = ""

    def __post_init__(self) -> None:
        find_engine(self.engine)
        check_threads(self.threads)
        object.__setattr__(self, "out", _folder(self.out))
        object.__setattr__(self, "checkpoint_every", _seconds(self.checkpoint_every))
        if self.snapshot_every is not None:
            object.__setattr__(self, "snapshot_every", check_whole(self.snapshot_every, "snapshot_every", low=0))
        check_about(self.about, "the call")
        if self.branch is not None:
            require_kind(self.branch, Branch, "the branch", 'dl.Branch(Path("runs/mine"), 10)')
        if self.resume and self.branch is not None:
            raise InputError(
                "a training can resume a run or branch from one, but not both",
                help="resume goes on with the run in out; a branch becomes a new run",
            )
        if self.resume and self.out is None:
            raise InputError("there is no run to resume", help="name its folder with --out (in Python: out=)")

    @classmethod
    def of(cls, options: Any) -> TrainOptions:
        """The options that were given as keywords."""
        for name in options:
            require_name(name, [field.name for field in fields(cls)], "option")
        return cls(**options)


def _folder(out: object) -> Path | None:
    if isinstance(out, str | Path | None):
        return None if out is None else Path(out)
    raise InputError("out must be the path of a folder", got=describe(out), help='such as out="runs/mine"')


def _seconds(value: Any) -> float:
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not number or math.isnan(value) or value < 0:
        raise InputError("checkpoint_every must be a number of seconds, 0 or more", got=describe(value))
    return float(value)
