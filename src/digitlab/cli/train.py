"""``digitlab train``: train a network by a recipe and keep it in a run folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from digitlab.cli.options import Data, Json, changes_from_flags, print_json, with_recipe_flags, write_line
from digitlab.data import open_data
from digitlab.engines import find_engine
from digitlab.engines.checks import check_threads
from digitlab.errors import InputError
from digitlab.fitting import fit
from digitlab.training import History, Recipe, recipe
from digitlab.training.models import RUNS

__all__ = ["train"]


@with_recipe_flags
def train(
    name: Annotated[str, Parameter(name="RECIPE", help="A named recipe, or a TOML file.")] = "seed",
    /,
    *,
    out: Annotated[
        Path | None, Parameter(help="A new folder for the run.", show_default=lambda _: f"{RUNS}/...")
    ] = None,
    data: Data = "mnist",
    engine: Annotated[str, Parameter(help="auto or numpy. Does not change the result beyond rounding.")] = "auto",
    threads: Annotated[int | None, Parameter(help="1 to 256.", show_default=lambda _: "all cores")] = None,
    report_every: Annotated[
        int | None, Parameter(help="Print a line every so many epochs.", show_default=lambda _: "a tenth of the epochs")
    ] = None,
    plot: Annotated[Path | None, Parameter(help="Draw loss and accuracy into this file (.png, .svg, .pdf).")] = None,
    quiet: Annotated[bool, Parameter(help="Print nothing but errors.", show_default=False)] = False,
    json: Json = False,
    **changes: Any,
) -> int:
    """Train a network by a recipe. Ctrl-C stops it and keeps what was learnt so far."""
    chosen = recipe(name, **changes_from_flags(changes))
    if report_every is not None and report_every < 1:
        raise InputError(
            "--report-every is out of bounds", must_be="a whole number from 1", got=report_every, help="try 100"
        )
    check_threads(threads)
    found = find_engine(engine)
    digits, _ = open_data(data)
    network = chosen.new_network()
    folder = out or _new_folder(name)
    talk = not (quiet or json)
    history = fit(
        network, digits, chosen, engine=found, threads=threads, out=folder, progress=talk, report_every=report_every
    )
    if plot is not None:
        from digitlab.display.figures import draw_history, save_figure  # brings matplotlib: only where it is wanted

        save_figure(draw_history(history.epochs), plot)
    if json:
        print_json(_answer(folder, chosen, history))
    elif talk:
        write_line(f"kept in {folder}")
    return 0


def _new_folder(name: str) -> Path:
    """Below ``runs/``, named after the time and the recipe; a number is added where that exists already."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{Path(name).stem}"
    number = 1
    while (folder := RUNS / (stem if number == 1 else f"{stem}-{number}")).exists():
        number += 1
    return folder


def _answer(folder: Path, chosen: Recipe, history: History) -> dict[str, Any]:
    """What ``--json`` prints."""
    last = history.epochs[-1] if history.epochs else None
    return {
        "run": str(folder),
        "state": history.stopped.reason if history.stopped else None,
        "recipe": chosen.to_dict(),
        "epochs": len(history.epochs),
        "steps": history.stopped.step if history.stopped else 0,
        "loss": last.loss if last else None,
        "accuracy": last.accuracy if last else None,
        "seconds": history.stopped.seconds if history.stopped else None,
    }
