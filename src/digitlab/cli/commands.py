"""All commands together, and how a call becomes one of them."""

import importlib
from collections.abc import Sequence
from keyword import iskeyword

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

from digitlab.cli.output import complain
from digitlab.display.terminal import wide_enough
from digitlab.errors import DigitlabError
from digitlab.version import __version__

# Each is a function in a module of its name; a word of Python's has an underscore behind it there.
COMMANDS = (
    "train",
    "evaluate",
    "mistakes",
    "mislabels",
    "calibrate",
    "compare",
    "robustness",
    "predict",
    "read",
    "why",
    "show",
    "inside",
    "step",
    "export",
    "import",
    "reproduce",
    "sweep",
    "lab",
    "recipes",
    "data",
    "doctor",
)

app = App(
    name="digitlab",
    help="A laboratory for handwritten digits: train a network written from scratch on NumPy, and understand it.",
    version=__version__,
    suppress_keyboard_interrupt=False,  # `main` says it in its own words
    default_parameter=Parameter(negative=""),  # no --no-json and the like
)


def add(name: str) -> None:
    """Make a command of the function ``name`` (or an `App` of its own) in the module ``digitlab.cli.name``."""
    spelled = f"{name}_" if iskeyword(name) else name
    app.command(getattr(importlib.import_module(f"digitlab.cli.{spelled}"), spelled))


for each in COMMANDS:
    add(each)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; ``arguments`` are by default those of the process."""
    console = wide_enough(Console())
    try:
        code = app(arguments, console=console, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        if isinstance(error.__cause__, DigitlabError):  # of a validator
            raise error.__cause__ from None
        return complain(f"{error}\n  help: `digitlab --help`, or `digitlab COMMAND --help`", 2)
    return code or 0
