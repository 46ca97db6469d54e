"""What every engine checks before it opens a session: the digits fit the architecture, the threads make sense."""

import os

from digitlab.data.digits import Digits
from digitlab.errors import ArchitectureError, InputError, describe
from digitlab.network.architecture import Architecture

MAX_THREADS = 256


def check_session(architecture: Architecture, digits: Digits, threads: int | None) -> None:
    """Refuse what no engine can open a session on.

    Raises:
        ArchitectureError: inputs or outputs that do not fit the digits.
        InputError: no digits, or threads out of bounds.
    """
    check_threads(threads)
    if not len(digits):
        raise InputError("there is nothing to learn from: no digits")
    inputs, outputs, pixels = architecture.sizes[0], architecture.sizes[-1], digits.images[0].size
    if inputs != pixels or outputs < len(digits.classes):
        raise ArchitectureError(
            f"for these digits, a network has {pixels} inputs (pixels) and at least {len(digits.classes)} outputs",
            got=f"layers {architecture}",
        )


def check_threads(threads: int | None) -> int:
    """The number of threads to use: as asked, else ``DIGITLAB_THREADS``, else as many as the process may use."""
    asked: object = threads
    origin = "threads"
    if asked is None and (text := os.environ.get("DIGITLAB_THREADS")):
        origin = "DIGITLAB_THREADS"
        asked = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    if asked is None:
        return min(usable_cores(), MAX_THREADS)
    if isinstance(asked, bool) or not isinstance(asked, int) or not 1 <= asked <= MAX_THREADS:
        raise InputError(
            f"{origin} must be a whole number from 1 to {MAX_THREADS}",
            got=describe(asked),
            help=f"leave it out to use the {usable_cores()} cores of this machine",
        )
    return asked


def usable_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
