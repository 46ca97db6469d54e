"""The feed: everything that happens in the lab, numbered, for any number of watchers.

One ring holds the newest entries. A watcher remembers only the number that it saw last and pulls what came after it,
so one that reads slowly costs the others nothing, and one that comes back misses nothing and sees nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

__all__ = ["RESET", "Entry", "Feed"]

MOST_ENTRIES = 20_000
MOST_BYTES = 32 * 1024 * 1024
IDS_PER_MILLISECOND = 1000  # numbers begin at the time of the start, so that those of a later server are higher
RESET = "reset"


@dataclass(frozen=True)
class Entry:
    """One event: its number, its kind, and what it tells, as JSON."""

    id: int
    kind: str
    data: bytes


class Feed:
    """Numbered events. `publish` may be called by any thread and waits for nobody; `follow` is for asyncio.

    Attributes:
        watchers: how many follow at the moment.
    """

    def __init__(self, most_entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> None:
        self.watchers = 0
        self._most_entries, self._most_bytes = most_entries, most_bytes
        self._first = int(time.time() * 1000) * IDS_PER_MILLISECOND
        self._last = self._first
        self._ring: deque[Entry] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @property
    def last(self) -> int:
        """The number of the newest entry; before the first one, a number below it."""
        return self._last

    def publish(self, kind: str, data: dict[str, Any]) -> int:
        """Add an entry; its number."""
        content = msgspec.json.encode(data)
        with self._lock:
            self._last += 1
            self._ring.append(Entry(self._last, kind, content))
            self._bytes += len(content)
            while len(self._ring) > self._most_entries or (self._bytes > self._most_bytes and len(self._ring) > 1):
                self._bytes -= len(self._ring.popleft().data)
            number, waiting = self._last, list(self._waiting)
        for loop, event in waiting:
            with contextlib.suppress(RuntimeError):  # its loop has been closed
                loop.call_soon_threadsafe(event.set)
        return number

    def after(self, seen: int) -> list[Entry] | None:
        """What came after the entry numbered ``seen``; None where that is no longer, or not at all, known."""
        with self._lock:
            missing = self._last - seen
            if missing < 0 or missing > len(self._ring) or seen < self._first:
                return None
            return list(islice(self._ring, len(self._ring) - missing, None))

    async def follow(self, after: int | None) -> AsyncIterator[Entry]:
        """What came after the entry numbered ``after`` (None: only what is new), then what comes, each entry once.

        Where ``after`` is no longer known, a ``reset`` comes first: whoever follows must ask for the whole state again.
        """
        event = asyncio.Event()
        place = (asyncio.get_running_loop(), event)
        with self._lock:
            self._waiting.add(place)
            self.watchers += 1
            seen = self._last if after is None else after
        try:
            while True:
                event.clear()
                entries = self.after(seen)
                if entries is None:
                    seen = self.last
                    yield Entry(seen, RESET, b"{}")
                    continue
                for entry in entries:
                    seen = entry.id
                    yield entry
                if not entries:
                    await event.wait()
        finally:
            with self._lock:
                self._waiting.discard(place)
                self.watchers -= 1
