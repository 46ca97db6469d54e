"""One process at a time in a run folder: a lock of the operating system, which dies with its holder.

The file ``.lock`` also says who holds it, for people; the lock itself is the system's, so a process that was killed
never leaves a lock behind.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from digitlab.errors import RunError

__all__ = ["LOCK", "FolderLock"]

LOCK = ".lock"


class FolderLock:
    """Held from its making until `release`, or until the process ends.

    Raises:
        RunError: another process (or another training in this one) holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._handle, 100).decode(errors="replace").strip() or "unknown"
            os.close(self._handle)
            raise RunError(
                f"{folder}: somebody is at work in this run",
                must_be="one training at a time",
                got=f"held by process {holder}",
                help="wait until it is done, stop it, or choose another folder",
            ) from None
        except BaseException:
            os.close(self._handle)
            raise
        os.truncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let others in."""
        os.close(self._handle)
