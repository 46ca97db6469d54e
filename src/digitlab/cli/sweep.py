"""``digitlab sweep``: many trainings of a recipe with some settings varied, on this machine or a cluster."""

import contextlib
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from digitlab.cli import INTERRUPTED
from digitlab.cli.options import (
    AS_IT_IS,
    Data,
    DataOptions,
    EngineName,
    FigureFile,
    Json,
    changes_from_flags,
    whole,
    with_recipe_flags,
)
from digitlab.cli.output import complain, print_json, say_saved, write_line
from digitlab.cli.train import TERMINATED, Name, told_to_end
from digitlab.display.progress import duration
from digitlab.engines import AUTO
from digitlab.figures.style import save_figure
from digitlab.sweeping import Sweep, Trial, draw_importance
from digitlab.sweeping import sweep as sweep_recipe
from digitlab.sweeping.folder import BEST, TABLE
from digitlab.sweeping.objective import PRUNERS, is_better
from digitlab.sweeping.results import show_settings
from digitlab.sweeping.running import held_out
from digitlab.sweeping.space import FORMS, parse_space, parse_vary
from digitlab.training import Control
from digitlab.training.recipe_files import read_recipe

SHOWN = 10  # of the best trials, in the end

Vary = Annotated[
    tuple[str, ...],
    Parameter(help=f"NAME=RANGE, once for each setting that is varied. Ranges: {FORMS}.", show_default=False),
]
Trials = Annotated[int, Parameter(help="How many in all, those that were done before included.", converter=whole)]
Objective = Annotated[
    Literal["validation_accuracy", "validation_loss"], Parameter(help="What the trials are compared by.")
]
Pruner = Annotated[
    Literal["none", "median"], Parameter(help=". ".join(f"{name}: {words}" for name, words in PRUNERS.items()) + ".")
]
Scheduler = Annotated[
    str | None,
    Parameter(
        help="Of a Dask cluster, such as tcp://host:8786. All its workers must see --out under the same path.",
        show_default="processes of this machine",
    ),
]
Workers = Annotated[
    int | None,
    Parameter(help="How many processes; of a cluster, how many must be there.", show_default="one for each core"),
]
SamplerSeed = Annotated[int, Parameter(help="Where the choice of settings starts.", converter=whole)]
Out = Annotated[Path, Parameter(help="A new folder, or one in which this was begun: it goes on there.")]
Plot = Annotated[FigureFile, Parameter(help="Draw how important each setting is into this file (.png, .svg, .pdf).")]


@with_recipe_flags()
def sweep(
    name: Name = None,
    /,
    *,
    vary: Vary = (),
    trials: Trials = 20,
    objective: Objective = "validation_accuracy",
    pruner: Pruner = "none",
    scheduler: Scheduler = None,
    workers: Workers = None,
    sampler_seed: SamplerSeed = 0,
    out: Out = Path("sweep"),
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    engine: EngineName = AUTO,
    plot: Plot = None,
    json: Json = False,
    **changes: Any,
) -> int:
    """Train a recipe many times with some settings varied, and find the best.

    Each trial is an ordinary run below --out. Stopped by Ctrl-C or killed, the same call goes on.
    """
    recipe, varied = read_recipe(name or "seed", **changes_from_flags(changes)), parse_vary(vary)
    space = parse_space(varied)
    train, _ = understood.open(data, quiet=json)
    telling = _Telling(objective, int(min(trials, space.size)))
    if not json:
        write_line("varied: " + "; ".join(f"{setting} {text}" for setting, text in space.to_dict().items()))
        if space.size < trials:
            write_line(f"these are {int(space.size)} different settings in all, so there are no more trials")
        if not recipe.recipe.validation:
            count = f"{held_out(recipe.recipe, train):,} of {len(train):,}"
            write_line(f"{count} digits are held out to compare the trials by, as the recipe holds out none")
    control = Control()
    with told_to_end(control) as told, contextlib.suppress(KeyboardInterrupt):
        found = sweep_recipe(
            recipe.recipe,
            train,
            varied,
            out,
            trials=trials,
            objective=objective,
            pruner=pruner,
            sampler_seed=sampler_seed,
            scheduler=scheduler,
            workers=workers,
            engine=engine,
            about=recipe.about,
            control=control,
            listeners=() if json else (telling,),
        )
        if not control.stopping:
            return _answer(found, plot, json=json)
    words, code = ("told to end (SIGTERM)", TERMINATED) if told else ("interrupted", INTERRUPTED)
    return complain(f"{words}\n  help: the same call goes on with what is in {out}", code)


class _Telling:
    """Says a line for each trial that is done: what came of it, which is the best, and how long the others may take."""

    def __init__(self, objective: str, trials: int) -> None:
        self._objective, self._trials = objective, trials
        self._best: Trial | None = None
        self._began, self._done = time.monotonic(), 0

    def __call__(self, trial: Trial) -> None:
        if trial.told is None:
            return
        self._done += 1
        if trial.value is not None and (
            self._best is None or is_better(self._objective, trial.value, self._best.value or 0.0)
        ):
            self._best = trial
        value = f"{trial.value:.4f}" if trial.value is not None else trial.state
        why = f" ({trial.told.why})" if trial.told.why else ""
        best = f"   best {self._best.value:.4f} (trial {self._best.number})" if self._best else ""
        left = (self._trials - trial.number) * (time.monotonic() - self._began) / self._done
        write_line(
            f"trial {trial.number:>{len(str(self._trials))}}/{self._trials}   {value}   {show_settings(trial.settings)}"
            f"{why}   {trial.told.seconds:.1f} s{best}" + (f"   about {duration(left)} left" if left >= 1 else "")
        )


def _answer(found: Sweep, plot: Path | None, *, json: bool) -> int:
    """The table of the best, and where everything is."""
    if json:
        print_json(found.to_dict())
    else:
        counts = ", ".join(f"{count} {state}" for state, count in found.counts().items())
        write_line(f"{len(found.trials)} trials: {counts}")
        for trial in found.ranked[:SHOWN]:
            write_line(f"  {trial.value:.4f}   trial {trial.number:>4}   {show_settings(trial.settings)}")
    if found.best is None:
        return complain("no trial has finished\n  help: other ranges, such as smaller learning rates", 1)
    if plot is not None:
        save_figure(draw_importance(found), plot)
    if not json:
        write_line(f"best: {found.run_of(found.best)}; all trials: {found.folder / TABLE}")
        write_line(f"`digitlab train {found.folder / BEST}` trains its recipe again")
        say_saved(plot)
    return 0
