"""The feed: everything that happens in the lab, numbered, for any number of watchers.

One ring holds the newest entries. A watcher remembers only the number that it saw last and pulls what came after it,
so one that reads slowly costs the others nothing, and one that comes back misses nothing and sees nothing twice.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec

MOST_ENTRIES = 20_000
MOST_BYTES = 32 * 1024 * 1024
IDS_PER_MILLISECOND = 1000  # numbers begin at the time of the start, so that those of a later server are higher


@dataclass(frozen=True)
class Entry:
    """One event: its number, its kind, and what it tells, as JSON."""

    id: int
    kind: str
    data: bytes


class Feed:
    """Numbered events. Any thread may publish; none waits for a watcher.

    Attributes:
        closed: whether watchers shall go.
    """

    def __init__(self, most_entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> None:
        self.closed = False
        self._most_entries, self._most_bytes = most_entries, most_bytes
        self._first = int(time.time() * 1000) * IDS_PER_MILLISECOND
        self._last = self._first
        self._ring: deque[Entry] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._watching: list[Callable[[], None]] = []

    @property
    def last(self) -> int:
        """The number of the newest entry; before the first one, a number below it."""
        return self._last

    @property
    def watchers(self) -> int:
        """How many are there at the moment."""
        return len(self._watching)

    def publish(self, kind: str, data: object) -> int:
        """Add an entry; its number."""
        content = msgspec.json.encode(data)
        with self._lock:
            self._last += 1
            self._ring.append(Entry(self._last, kind, content))
            self._bytes += len(content)
            while len(self._ring) > self._most_entries or (self._bytes > self._most_bytes and len(self._ring) > 1):
                self._bytes -= len(self._ring.popleft().data)
            number = self._last
        self._wake()
        return number

    def after(self, seen: int) -> list[Entry] | None:
        """What came after the entry numbered ``seen``; None where that is no longer, or not at all, known."""
        with self._lock:
            missing = self._last - seen
            if missing < 0 or missing > len(self._ring) or seen < self._first:
                return None
            return list(islice(self._ring, len(self._ring) - missing, None))

    @contextlib.contextmanager
    def watched(self, wake: Callable[[], None]) -> Iterator[None]:
        """While inside, ``wake`` is called after each entry by the thread that publishes it, and must not wait."""
        with self._lock:
            self._watching.append(wake)
        try:
            yield
        finally:
            with self._lock:
                self._watching.remove(wake)

    def close(self) -> None:
        """Tell watchers to go."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            watching = list(self._watching)
        for wake in watching:
            wake()
