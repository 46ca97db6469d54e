"""What takes long to compute of a reader, kept until it changes: predictions of a whole test set, a map of it."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from digitlab.lab.newest import Newest
from digitlab.lab.readers import Reader

MOST = 16

Result = TypeVar("Result")


@dataclass
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    found: list[Any] = field(default_factory=list)  # the result, once it is there


class Kept:
    """The newest results; each is computed once, whoever asks meanwhile. May be used from several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._lock = threading.Lock()
        self._entries: Newest[Hashable, _Entry] = Newest(most)

    def get(self, reader: Reader, what: Hashable, compute: Callable[[], Result]) -> Result:
        """What ``compute`` gives, computed anew only where the reader is another one than before, or has changed.

        Args:
            reader: of whom it is.
            what: what it is; the same words, the same result.
            compute: without arguments; what it raises is not kept.
        """
        key = reader.id, reader.version, what
        with self._lock:
            entry = self._entries.keep(key, self._entries.get(key) or _Entry())
        with entry.lock:
            if not entry.found:
                entry.found.append(compute())
        result: Result = entry.found[0]
        return result
