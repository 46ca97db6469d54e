"""The command line: ``digitlab COMMAND``. One file for each command; this one turns whatever happens into an exit code.

Exit codes: 0 done; 1 the work failed; 2 the call was wrong.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from cyclopts import App, CycloptsError, Parameter

from digitlab.cli.data import data
from digitlab.cli.doctor import doctor
from digitlab.cli.evaluate import evaluate
from digitlab.cli.options import visible
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
for command in (train, evaluate, show, recipes, data, doctor):
    app.command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; ``arguments`` are by default those of the process. Returns the exit code."""
    _prepare_streams()
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
    except OSError as error:
        return _give_up(error)


def _prepare_streams() -> None:
    """Standard output and standard error may be closed, or know few letters; neither is a reason to lose an answer."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _give_up(error: OSError) -> int:
    """Whoever read our output has gone, such as `| head`; or the disk behind `> answer.json` is full."""
    _let_go(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return 1
    what = "the answer cannot be written" if error.filename is None else f"{error.filename}: it cannot be used"
    must_be = "a place with free space, which may be read and written"
    got = error.strerror or str(error)
    return _complain(f"{what}\n  must be: {must_be}\n  got: {got}\n  help: check where the output goes to", 1)


def _complain(words: str, code: int) -> int:
    """Say it on standard error, with whatever could confuse a terminal made visible."""
    try:
        sys.stderr.write(f"digitlab: {visible(words)}\n")
        sys.stderr.flush()
    except OSError:
        _let_go(sys.stderr)
    return code


def _let_go(stream: TextIO) -> None:
    """Nothing is written to it any more, also not at the very end, when Python flushes what is left."""
    with contextlib.suppress(OSError, ValueError):  # not a real file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
