"""A file of a run that only grows, such as the history: always as long as what was told, and its SHA-256 at hand."""

import hashlib
from pathlib import Path

from digitlab.durable import force
from digitlab.runs.manifest import FileRecord


class AppendOnlyFile:
    """Lines are appended to it. What could not be written stays in hand, and is written the next time.

    Raises:
        OSError: (here and in the methods) it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        content = path.read_bytes()
        self._digest, self._length = hashlib.sha256(content), len(content)
        self._in_hand = b""

    def append(self, line: bytes) -> None:
        """Take a line in hand."""
        self._in_hand += line
        self._digest.update(line)
        self._length += len(line)

    def write(self) -> None:
        """Write what is in hand."""
        while self._in_hand:
            self._in_hand = self._in_hand[self._file.write(self._in_hand) :]

    def sync(self) -> None:
        """Write what is in hand, and force it to disk."""
        self.write()
        force(self._file.fileno())

    def record(self) -> FileRecord:
        """What the file is once everything in hand is written."""
        return FileRecord(self._digest.hexdigest(), self._length)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
