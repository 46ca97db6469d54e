"""What the commands write: answers on standard output, complaints on standard error. It needs nothing heavy."""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TextIO

from digitlab.errors import printable


def print_json(answer: object) -> None:
    """The answer for a program, on standard output."""
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")


def write_line(line: str = "") -> None:
    """A line for a person, on standard output."""
    sys.stdout.write(printable(line, keep="\n") + "\n")


def say_saved(*places: Path | None) -> None:
    """Say of each figure that was asked for where it is, as files come into being silently."""
    for place in places:
        if place is not None:
            write_line(f"saved as {place}")


def complain(words: str, code: int) -> int:
    """Say it on standard error, with whatever could confuse a terminal made visible. Gives the exit code back."""
    try:
        sys.stderr.write("digitlab: " + printable(words, keep="\n") + "\n")
        sys.stderr.flush()
    except OSError:
        let_go(sys.stderr)
    return code


def let_go(stream: TextIO) -> None:
    """Nothing is written to it any more, also not at the very end, when Python flushes what is left."""
    with contextlib.suppress(OSError, ValueError):  # not a real file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
