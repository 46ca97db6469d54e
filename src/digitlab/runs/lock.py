"""One process at a time in a run folder: a lock of the operating system, which dies with its holder.

The file ``.lock`` also says who holds it, for people; the lock itself is the system's, so a process that was killed
never leaves a lock behind.
"""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from digitlab.errors import RunLockedError, refuse

LOCK = ".lock"


class FolderLock:
    """Held from its making until `release`, or until the process ends.

    Raises:
        RunLockedError: another process (or another training in this one) holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(self._handle)
            os.close(self._handle)
            help = "wait until it is done, stop it, or choose another folder"
            refuse(
                RunLockedError, folder, "somebody is at work in this run", got=f"held by process {holder}", help=help
            )
        except BaseException:
            os.close(self._handle)
            raise
        try:
            os.truncate(self._handle, 0)
            os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(self._handle)
            raise

    def release(self) -> None:
        """Let others in, even where a forked process has a copy of the handle; who comes next says so itself."""
        with contextlib.suppress(OSError):
            os.truncate(self._handle, 0)
            fcntl.flock(self._handle, fcntl.LOCK_UN)
        os.close(self._handle)


def _holder(handle: int) -> str:
    """Who holds the lock. It may be about to say so; and what is there may be of one before it, who was killed."""
    told = ""
    for _ in range(100):
        told = os.pread(handle, 20, 0).decode(errors="replace").strip()
        if told.isascii() and told.isdigit() and _lives(int(told)):
            break
        time.sleep(0.01)
    return told or "unknown"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)  # sends nothing
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
