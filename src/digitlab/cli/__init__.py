"""The command line: ``digitlab COMMAND``. One file for each command; this one turns whatever happens into an exit code.

Exit codes: 0 done; 1 the work failed; 2 the call was wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from digitlab.cli.doctor import doctor
from digitlab.cli.evaluate import evaluate
from digitlab.cli.recipes import recipes
from digitlab.cli.show import show
from digitlab.cli.train import train
from digitlab.errors import DigitlabError
from digitlab.version import __version__

__all__ = ["app", "main"]

app = App(
    name="digitlab",
    help="A laboratory for handwritten digits: train a network written from scratch on NumPy, and understand it.",
    version=__version__,
    suppress_keyboard_interrupt=False,  # `main` says it in its own words
    default_parameter=Parameter(negative=""),  # no --no-json and the like
)
for command in (train, evaluate, show, recipes, doctor):
    app.command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; ``arguments`` are by default those of the process. Returns the exit code."""
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
        return code or 0
    except CycloptsError as error:
        return _complain(f"{error}\n  help: `digitlab --help`, or `digitlab COMMAND --help`", 2)
    except DigitlabError as error:
        return _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _complain("interrupted", 1)
    except MemoryError:
        return _complain("there is not enough memory\n  help: use fewer digits or narrower layers", 1)
    except BrokenPipeError:  # whoever read our output has gone, such as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _complain(words: str, code: int) -> int:
    """Say it on standard error, with whatever could confuse a terminal made visible."""
    safe = "".join(letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in words)
    sys.stderr.write(f"digitlab: {safe}\n")
    return code
