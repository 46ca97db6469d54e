"""A file that grows by whole records while somebody watches it: each is written at once, or leaves nothing behind."""

import contextlib
import os
import stat
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from digitlab.errors import DivergenceError, FileError, InputError, printable, refuse, system_errors
from digitlab.training.events import Event


class LogFile(ABC):
    """A listener of a training that writes what it is told into a file; close it, or use it in a ``with``.

    It is opened at once, so that a place that cannot be written is refused before there is anything to tell.

    Args:
        path: a new file, or one that is gone on with; a pipe or a device will do. Missing folders are made.

    Raises:
        FileError: (here and in the methods) it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path = path.absolute()  # the program may change its working folder
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made = not path.exists()
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            handle = os.open(path, flags | os.O_NONBLOCK, 0o666)  # a pipe that nobody reads fails, and waits not
            self._file = os.fdopen(handle, "ab", buffering=0)
            os.set_blocking(handle, True)

    @abstractmethod
    def __call__(self, event: Event) -> None:
        """Take in one event."""

    @abstractmethod
    def tell_divergence(self, step: int, words: str) -> None:
        """Tell that this step could not be taken, and why."""

    @property
    def size(self) -> int:
        """Bytes so far; 0 of a pipe."""
        found = os.fstat(self._file.fileno())
        return found.st_size if stat.S_ISREG(found.st_mode) else 0

    def append(self, record: bytes) -> None:
        """Write a record; where it does not fit on the disk, none of it."""
        with self._errors():
            end = self.size
            try:
                while record:
                    record = record[self._file.write(record) :]
            except OSError:
                with contextlib.suppress(OSError):
                    self._file.truncate(end)
                raise

    def cut(self, size: int) -> None:
        """Forget what is behind so many bytes."""
        with self._errors():
            self._file.truncate(size)

    def close(self) -> None:
        """Give the file back; where it was made and nothing was told, it goes."""
        if self._made and not self._file.closed and self.path.is_file() and not self.size:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, DivergenceError) and not self._file.closed:
            with contextlib.suppress(FileError):  # the divergence says more
                self.tell_divergence(error.step, error.what)
        self.close()

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        help = "check the place and the space left on its disk"
        return system_errors(FileError, f"{printable(str(self.path))}: the log cannot be written", help=help)


def refuse_used(path: Path, what: str) -> None:
    """Refuse a place that a log is in already: two trainings in one would be drawn as one curve.

    Raises:
        InputError: always.
    """
    help = "choose another place; or, where that training is gone on with, say so: --resume (in Python: resume=True)"
    refuse(InputError, path, f"a new log needs a new {what}", got="one with a log in it", help=help)
