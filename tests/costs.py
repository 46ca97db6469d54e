"""What it may cost to refuse a file, counted: a clock would count what else the machine has to do."""

from __future__ import annotations

import cProfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["MOST_BYTES", "cheaply"]

MOST_BYTES = 10_000_000  # of memory at once
MOST_CALLS = 250_000  # of functions, Python's and C's; some 30 ms
MOST_SECONDS = 5.0  # of this process's own time: what takes milliseconds alone takes that long nowhere


@contextmanager
def cheaply(most_bytes: int = MOST_BYTES) -> Iterator[None]:
    """What is done within it makes few calls, takes little memory, and comes to an end soon."""
    profile, began = cProfile.Profile(subcalls=False), time.process_time()
    tracemalloc.start()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    took = time.process_time() - began
    made = sum(function.callcount for function in profile.getstats())
    assert made <= MOST_CALLS, f"{made:,} calls"
    assert peak < most_bytes, f"{peak:,} bytes"
    assert took < MOST_SECONDS, f"{took:.1f} s"
