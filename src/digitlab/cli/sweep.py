"""``digitlab sweep``: many trainings of a recipe with some settings varied, on this machine or a cluster."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
from digitlab.engines import AUTO
from digitlab.figures.style import save_figure
from digitlab.training import Control
from digitlab.training.recipe_files import read_recipe

if TYPE_CHECKING:
    from digitlab.sweeping import Sweep

Vary = Annotated[
    tuple[str, ...],
    Parameter(
        help="NAME=RANGE, for each setting that is varied: relu,gelu (one of these), 0..0.5 (between two), or"
        " log:1e-3..1 (all orders of magnitude alike).",
        show_default=False,
    ),
]
Trials = Annotated[int, Parameter(help="How many in all, those that were done before included.", converter=whole)]
Objective = Annotated[
    Literal["validation_accuracy", "validation_loss"], Parameter(help="What the trials are compared by.")
]
Pruner = Annotated[
    Literal["none", "median"], Parameter(help="median: trials that do worse than half of the others end early.")
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
    Parameter(
        help="How many processes; of a cluster, how many must be there.",
        show_default="one for each core",
        converter=whole,
    ),
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
    from digitlab import sweeping
    from digitlab.sweeping import words
    from digitlab.sweeping.folder import SPEC

    recipe, varied = read_recipe(name or "seed", **changes_from_flags(changes)), sweeping.parse_vary(vary)
    space = sweeping.parse_space(varied)
    train, _ = understood.open(data, quiet=json)
    before = sweeping.read_sweep(out) if (out / SPEC).is_file() else None
    for line in () if json else words.what_is_swept(space, recipe.recipe, train, trials, before):
        write_line(line)
    telling = words.Telling(objective, int(min(trials, space.size)), write_line, before)
    control, found = Control(), None
    with told_to_end(control) as told, contextlib.suppress(KeyboardInterrupt):
        found = sweeping.sweep(
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
            listeners=() if json else [telling],
        )
    if found is None or control.stopping:
        why, code = ("told to end (SIGTERM)", TERMINATED) if told else ("interrupted", INTERRUPTED)
        return complain(f"{why}\n  help: the same call goes on with what is in {out}", code)
    return _answer(found, plot, json=json)


def _answer(found: "Sweep", plot: Path | None, *, json: bool) -> int:
    """What the sweep has come to, for a person or a program, and drawn where that is wanted."""
    from digitlab.sweeping import draw_importance, words

    for line in () if json else words.what_came_of_it(found):
        write_line(line)
    if json:
        print_json(found.to_dict())
    if found.best is None:
        return complain("no trial has finished\n  help: try other ranges, such as smaller learning rates", 1)
    if plot is not None:
        save_figure(draw_importance(found), plot)
        if not json:
            say_saved(plot)
    return 0
