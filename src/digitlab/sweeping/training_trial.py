"""One trial, as a worker trains it: an ordinary run below the folder of its sweep, begun or gone on with.

A worker needs nothing but the folder. The lock of the run sees to it that a trial is never trained twice at the same
time: whoever comes second waits, and then finds it done.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from digitlab.engines import find_engine
from digitlab.errors import DivergenceError, RunLockedError
from digitlab.fitting import Events
from digitlab.reproduction.trainings import Training
from digitlab.runs import TrainOptions
from digitlab.runs.run import MANIFEST, Run
from digitlab.sweeping.folder import digits_of, is_to_stop, read_spec, trial_folder
from digitlab.sweeping.journal import Told
from digitlab.sweeping.objective import falls_short, value_of
from digitlab.training.events import Control, EpochDone, Started
from digitlab.training.state import ENDED

MOMENT = 0.2  # seconds between two looks whether to stop, or whether the run is free
DIVERGED, INTERRUPTED = "diverged", "interrupted"  # outcomes


def engine_in_words(name: str) -> str:
    """What computes where this is asked, down to the last bits."""
    engine = find_engine(name)
    return f"{engine.name} with arithmetic {engine.arithmetic}"


def train_trial(
    folder: str, number: int, settings: Mapping[str, Any], bars: Sequence[float], engine: str
) -> Told | None:
    """Train a trial to its end, wherever it is now; what came of it, or None where it was asked to stop before.

    Args:
        folder: of the sweep.
        number: of the trial.
        settings: those that are varied.
        bars: what it is to reach after each epoch, see `digitlab.sweeping.objective`.
        engine: its name.

    Raises:
        RunError: the folder cannot be read or written.
    """
    sweep = Path(folder)
    spec = read_spec(sweep)
    training = Training(spec.named_recipe.changed(**settings), trial_folder(sweep, number))
    options = TrainOptions(engine=engine, threads=1)
    while not is_to_stop(sweep):
        try:
            digits = digits_of(sweep, spec)
            training.is_done(digits)  # refuses what is something else
            if told := _told(training, number, spec.objective, bars):
                return told
            events = training.events(digits, options, control := Control())
            why = _follow(events, control, sweep, spec.objective, bars)
        except RunLockedError:  # of a program that was killed, a worker may still be at it
            time.sleep(MOMENT)
            continue
        return _told(training, number, spec.objective, bars, why)
    return None


def _follow(events: Events, control: Control, sweep: Path, objective: str, bars: Sequence[float]) -> str:
    """Train until there is no more to do, or it is asked to stop. Why it diverged, where it did."""
    curve: list[float] = []
    looked = time.monotonic()
    control.detail = "looks"
    try:
        with closing(events):
            for event in events:
                if isinstance(event, Started | EpochDone):
                    epochs = event.earlier if isinstance(event, Started) else (event,)
                    curve += [float(getattr(epoch, objective)) for epoch in epochs]
                if falls_short(objective, curve, bars):
                    control.stop()
                elif time.monotonic() - looked >= MOMENT:
                    looked = time.monotonic()
                    if is_to_stop(sweep):
                        control.stop()
    except DivergenceError as error:
        return error.what
    return ""


def _told(training: Training, number: int, objective: str, bars: Sequence[float], why: str = "") -> Told | None:
    """What a trial has come to, by what is in its folder alone; None where it is not at its end."""
    if not (training.folder / MANIFEST).exists():
        return None
    run = Run(training.folder)
    outcome, history = run.manifest.outcome, run.history()
    curve = [float(getattr(epoch, objective)) for epoch in history]
    told = Told(number, "finished", curve=curve, seconds=outcome.seconds)
    if outcome.state in ENDED:
        return replace(told, value=value_of(objective, run.recipe, history))
    if outcome.state == DIVERGED:
        return replace(told, state=DIVERGED, why=why or "training left the finite numbers")
    if outcome.state == INTERRUPTED and falls_short(objective, curve, bars):
        return replace(told, state="pruned")
    return None
