"""The marker that a lab leaves beside its runs: which training is under way, for the time after a kill."""

import contextlib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from digitlab.durable import write_durably
from digitlab.errors import RunError, system_errors

MARKER = "lab.json"
MOST_BYTES = 4096
LEAST_SPEED, MOST_SPEED = 0.01, 1000.0  # steps a second, in slow motion


class ResumeMarker(msgspec.Struct, forbid_unknown_fields=True):
    """A run, and what was wished of its training.

    Attributes:
        run: its name; empty where there is none.
        paused: whether it waits.
        settings: values for the next step, that no checkpoint has yet.
        steps_per_second: slow motion; None for full speed.
    """

    run: str
    paused: bool = False
    settings: dict[str, float] = {}
    steps_per_second: Annotated[float, Meta(ge=LEAST_SPEED, le=MOST_SPEED)] | None = None


def read_marker(folder: Path) -> ResumeMarker:
    """The one that was left last; whatever else there is, and nothing, is a marker of no run."""
    try:
        if not (folder / MARKER).is_file():  # a pipe would be waited for
            return ResumeMarker("")
        with (folder / MARKER).open("rb") as file:
            return msgspec.json.decode(file.read(MOST_BYTES), type=ResumeMarker)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ResumeMarker("")


def write_marker(folder: Path, marker: ResumeMarker) -> None:
    """Leave it, so that it survives the machine.

    Raises:
        RunError: the system refuses.
    """
    with system_errors(RunError, f"{folder}: the lab cannot write there"):
        write_durably(folder / MARKER, msgspec.json.encode(marker))


def remove_marker(folder: Path) -> None:
    """Nothing is under way any more."""
    with contextlib.suppress(OSError):
        (folder / MARKER).unlink(missing_ok=True)
