"""A sweep, read: its trials, the best of them, and how much each setting has to do with it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from digitlab.durable import write_durably
from digitlab.sweeping.choosing import importances
from digitlab.sweeping.folder import BEST, JOURNAL, TABLE, Spec, read_spec, sweep_errors, trial_folder
from digitlab.sweeping.journal import Trial, read_journal
from digitlab.sweeping.objective import best_of
from digitlab.training.recipe import SETTINGS
from digitlab.training.recipe_files import NamedRecipe


@dataclass(frozen=True)
class Sweep:
    """What a sweep has come to.

    Attributes:
        folder: where it is.
        spec: what is swept.
        trials: all that were asked for, by number.
    """

    folder: Path
    spec: Spec
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The best trial that has finished; of equals, the first."""
        return self.ranked[0] if self.ranked else None

    @cached_property
    def ranked(self) -> list[Trial]:
        """Those that have finished, the best first."""
        values = [(trial.value, trial) for trial in self.trials if trial.value is not None]
        sign = -1 if best_of(self.spec.objective, (0, 1)) else 1
        return [trial for _, trial in sorted(values, key=lambda pair: (sign * pair[0], pair[1].number))]

    @property
    def best_recipe(self) -> NamedRecipe | None:
        """The recipe of the best trial, as it was trained."""
        if self.best is None:
            return None
        found = replace(self.spec.named_recipe.recipe, **self.best.settings)
        value = f"{self.spec.objective} {self.best.value:.4f}"
        about = f"{self.spec.recipe.get('about', '')} The best of {len(self.trials)} trials of a sweep: {value}."
        return NamedRecipe(f"trial {self.best.number}", about.strip(), found)

    @cached_property
    def importances(self) -> dict[str, float]:
        """How much of what the trials differ by is due to each setting; see `choosing.importances`."""
        return importances(self.spec.space, self.trials, self.spec.objective)

    def counts(self) -> dict[str, int]:
        """How many trials there are of each state."""
        states = [trial.state for trial in self.trials]
        return {state: states.count(state) for state in dict.fromkeys(states)}

    def run_of(self, trial: Trial) -> Path:
        """The folder of its run."""
        return trial_folder(self.folder, trial.number)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, ready for JSON."""
        return {
            "folder": str(self.folder),
            "objective": self.spec.objective,
            "best": self.best.number if self.best else None,
            "importances": self.importances,
            "trials": [
                {
                    "trial": trial.number,
                    "state": trial.state,
                    "value": trial.value,
                    "settings": dict(trial.settings),
                    "epochs": trial.epochs,
                    "seconds": trial.told.seconds if trial.told else None,
                    "why": trial.told.why if trial.told else "",
                }
                for trial in self.trials
            ],
        }

    def keep(self) -> None:
        """Write the table, and the recipe of the best trial, into the folder."""
        with sweep_errors(self.folder, "kept"):
            write_durably(self.folder / TABLE, self._as_csv().encode())
            if (recipe := self.best_recipe) is not None:
                write_durably(self.folder / BEST, recipe.to_toml().encode())

    def _as_csv(self) -> str:
        names = list(self.spec.vary)
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["trial", "state", self.spec.objective, *names, "epochs", "seconds"])
        for trial in self.trials:
            settings = [SETTINGS[name].show(trial.settings[name]) for name in names]
            seconds = round(trial.told.seconds, 3) if trial.told else None
            table.writerow([trial.number, trial.state, trial.value, *settings, trial.epochs, seconds])
        return text.getvalue()


def read_sweep(folder: str | Path) -> Sweep:
    """The sweep in a folder, also while it is under way.

    Raises:
        RunError: there is none, or it is damaged.
    """
    folder = Path(folder)
    spec = read_spec(folder)
    trials, _ = read_journal(folder / JOURNAL, spec.space)
    return Sweep(folder, spec, tuple(trials.values()))
