"""``digitlab reproduce``: published results, trained again over several seeds."""

import contextlib
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from digitlab.cli import INTERRUPTED
from digitlab.cli.options import AS_IT_IS, Data, DataOptions, EngineName, FigureFile, Json, Threads, whole
from digitlab.cli.output import complain, print_json, write_line
from digitlab.cli.train import TERMINATED, told_to_end
from digitlab.data import Digits
from digitlab.engines import AUTO
from digitlab.figures.style import save_figure
from digitlab.reproduction import Row, Table, default_recipes, draw_table
from digitlab.reproduction import reproduce as reproduce_recipes
from digitlab.training import Control
from digitlab.training.recipe_files import read_recipe

Names = Annotated[
    str,
    Parameter(name="RECIPE", help="Named recipes, or TOML files.", show_default="all that have a published result"),
]
Seeds = Annotated[int, Parameter(help="How many trainings on all digits, each with another seed.", converter=whole)]
Out = Annotated[Path, Parameter(help="A new folder, or one in which this was begun: it goes on there.")]


def reproduce(
    *names: Names,
    seeds: Seeds = 3,
    out: Out = Path("reproduction"),
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    engine: EngineName = AUTO,
    threads: Threads = None,
    save: FigureFile = None,
    json: Json = False,
) -> int:
    """Train recipes over several seeds, and set their test errors beside those that were published.

    The test set is read once, when everything is trained. Stopped by Ctrl-C or killed, the same call goes on.
    """
    recipes = [read_recipe(name) for name in names] or default_recipes()
    train, _ = understood.open(data, quiet=json)

    def open_test() -> Digits:
        return understood.open(data, quiet=True)[1]

    control, table = Control(), None
    with told_to_end(control) as told, contextlib.suppress(KeyboardInterrupt):
        table = reproduce_recipes(
            recipes,
            train,
            open_test,
            out,
            seeds=seeds,
            engine=engine,
            threads=threads,
            control=control,
            progress=not json,
        )
    if table is None or not table.complete:
        words = "told to end (SIGTERM)" if told else "interrupted"
        help = f"the same call goes on with what is in {out}"
        return complain(f"{words}\n  help: {help}", TERMINATED if told else INTERRUPTED)
    if save is not None:
        save_figure(draw_table(table), save)
    if json:
        print_json(msgspec.to_builtins(table))
    else:
        _tell(table, out)
    return 0


def _tell(table: Table, out: Path) -> None:
    for row in table.recipes:
        write_line(_line(row))
    write_line(f"kept in {out / 'table.md'} and {out / 'table.json'}")


def _line(row: Row) -> str:
    """One recipe's errors."""
    published = f"published {row.published['error']:g} %, " if row.published else ""
    spread = "" if row.spread is None else f" ± {row.spread:.2f}"
    low, high = row.interval or (0.0, 0.0)
    return f"{row.recipe}: {published}ours {row.mean:.2f}{spread} % (95 % interval {low:.2f} to {high:.2f})"
