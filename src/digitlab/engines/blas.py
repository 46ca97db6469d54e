"""One thread for each matrix product of NumPy, for as long as any session asks for it.

The setting belongs to the whole process, so sessions share it: the first to come sets it, the last to go gives the
library its threads back, whatever order they come and go in.
"""

from __future__ import annotations

import threading

from threadpoolctl import threadpool_limits

__all__ = ["hold_to_one_thread", "release"]

_lock = threading.RLock()  # the garbage collector may end a session in the middle of `hold_to_one_thread`
_holders = 0
_limits: threadpool_limits | None = None


def hold_to_one_thread() -> None:
    """From now on each matrix product uses one thread. Give it back with `release`, once for each call."""
    global _holders, _limits  # noqa: PLW0603  # the setting is global
    with _lock:
        if _holders == 0:
            _limits = threadpool_limits(limits=1, user_api="blas")
        _holders += 1


def release() -> None:
    """One holder less; the last one restores what was before the first."""
    global _holders, _limits  # noqa: PLW0603
    with _lock:
        _holders -= 1
        if _holders == 0 and _limits is not None:
            _limits.restore_original_limits()
            _limits = None
