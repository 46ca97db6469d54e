"""All commands together, and how a call becomes one of them."""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from digitlab.cli.data import data
from digitlab.cli.doctor import doctor
from digitlab.cli.evaluate import evaluate
from digitlab.cli.lab import lab
from digitlab.cli.output import complain
from digitlab.cli.recipes import recipes
from digitlab.cli.show import show
from digitlab.cli.train import train
from digitlab.display.terminal import wide_enough
from digitlab.version import __version__

__all__ = ["app", "run"]

app = App(
    name="digitlab",
    help="A laboratory for handwritten digits: train a network written from scratch on NumPy, and understand it.",
    version=__version__,
    suppress_keyboard_interrupt=False,  # `main` says it in its own words
    default_parameter=Parameter(negative=""),  # no --no-json and the like
)
for command in (train, evaluate, show, lab, recipes, data, doctor):
    app.command(command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; ``arguments`` are by default those of the process."""
    from rich.console import Console

    console = wide_enough(Console())
    try:
        code = app(arguments, console=console, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return complain(f"{error}\n  help: `digitlab --help`, or `digitlab COMMAND --help`", 2)
    return code or 0
