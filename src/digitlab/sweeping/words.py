"""A sweep in words: a line for each trial while it goes on, and what it has come to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from digitlab.data.digits import Digits
from digitlab.display.progress import duration
from digitlab.sweeping.folder import BEST, TABLE
from digitlab.sweeping.journal import Trial
from digitlab.sweeping.objective import is_better
from digitlab.sweeping.results import Sweep
from digitlab.sweeping.running import held_out
from digitlab.sweeping.space import Space
from digitlab.training.recipe import SETTINGS, Recipe

SHOWN = 10  # of the best trials, in the end


class Telling:
    """A listener that says a line for each trial that is done: what came of it, which is the best, what is left.

    Args:
        objective: of the sweep.
        trials: how many there will be.
        write: where a line goes.
        before: what there was of the sweep before, if anything.
    """

    def __init__(
        self, objective: str, trials: int, write: Callable[[str], object], before: Sweep | None = None
    ) -> None:
        self._objective, self._trials, self._write = objective, trials, write
        earlier = before.trials if before is not None else ()
        self._best = before.best if before is not None else None
        self._to_do = trials - sum(trial.told is not None for trial in earlier)
        self._began, self._done = time.monotonic(), 0

    def __call__(self, trial: Trial) -> None:
        """Take in a trial, begun or done."""
        if trial.told is None:
            return
        self._done += 1
        best = self._best.value if self._best else None
        if trial.value is not None and (best is None or is_better(self._objective, trial.value, best)):
            self._best = trial
        width = len(str(self._trials))
        came_to = trial.state if trial.value is None else f"{trial.value:.4f}"
        parts = [
            f"trial {trial.number:>{width}}/{self._trials}",
            f"{came_to} ({trial.told.why})" if trial.told.why else came_to,
            f"best {self._best.value:.4f} (trial {self._best.number:>{width}})" if self._best else "",
            f"{trial.told.seconds:5.1f} s",
            f"{self._left():<16}",
            _settings(trial),  # last, as they can be long
        ]
        self._write("   ".join(part for part in parts if part))

    def _left(self) -> str:
        seconds = (self._to_do - self._done) * (time.monotonic() - self._began) / self._done
        return f"about {duration(seconds)} left" if seconds >= 1 else ""


def what_is_swept(space: Space, recipe: Recipe, digits: Digits, trials: int, before: Sweep | None) -> Iterator[str]:
    """What a sweep takes what was asked for to be, and what was done of it before, in lines."""
    yield "varied: " + "; ".join(f"{name} {text}" for name, text in space.to_dict().items())
    if space.size < trials:
        yield f"these are {int(space.size)} different settings in all, so there are no more trials"
    if not recipe.validation:
        count = f"{held_out(recipe, digits):,} of {len(digits):,}"
        yield f"{count} digits are held out to compare the trials by, as the recipe holds out none"
    if before is not None and before.trials:
        yield f"{before.folder}: begun before: {len(before.trials)} trials; finished: {len(before.ranked)}"


def what_came_of_it(sweep: Sweep) -> Iterator[str]:
    """How many trials there are, the best of them, and where all is, in lines."""
    counts = ", ".join(f"{count} {state}" for state, count in sweep.counts().items())
    yield f"{len(sweep.trials)} trials: {counts}"
    for trial in sweep.ranked[:SHOWN]:
        yield f"  {trial.value:.4f}   trial {trial.number:>4}   {_settings(trial)}"
    if sweep.best is not None:
        yield f"best: {sweep.run_of(sweep.best)}; all trials: {sweep.folder / TABLE}"
        yield f"`digitlab train {sweep.folder / BEST}` trains its recipe again"


def _settings(trial: Trial) -> str:
    """As a person writes them: ``activation relu  learning_rate 0.1``."""
    return "  ".join(f"{name} {SETTINGS[name].show(value)}" for name, value in trial.settings.items())
