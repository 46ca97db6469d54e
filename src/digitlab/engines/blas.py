"""One thread for each matrix product of NumPy, for as long as any session asks for it.

The setting belongs to the whole process, so sessions share it: the first to come sets it, the last to go gives the
library its threads back, whatever order they come and go in, and in whichever threads.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.RLock()  # the garbage collector may end a session in the middle of `hold_to_one_thread`
_holders = 0
_limits: Any = None


def hold_to_one_thread() -> None:
    """From now on each matrix product uses one thread. Give it back with `release`, once for each call."""
    global _holders, _limits  # noqa: PLW0603  # the setting is global
    with _lock:
        _holders += 1  # first, so that a session that ends in here is not the last one
        if _limits is None:
            controller = ThreadpoolController()
            with _in_control(controller):
                _limits = controller.limit(limits=1, user_api="blas")


def release() -> None:
    """One holder less; the last one restores what was before the first."""
    global _holders, _limits  # noqa: PLW0603
    with _lock:
        _holders -= 1
        if _holders == 0 and _limits is not None:
            with _in_control(ThreadpoolController()):
                _limits.restore_original_limits()
            _limits = None


@contextlib.contextmanager
def _in_control(controller: ThreadpoolController) -> Iterator[None]:
    """While inside, this thread can set limits: threadpoolctl 3.8 heeds the first thread that did, and no other."""
    clear = [getattr(library, "clear_controlling_thread", None) for library in controller.lib_controllers]
    for free in filter(None, clear):
        free(force=True)
    try:
        yield
    finally:
        for free in filter(None, clear):
            free()
