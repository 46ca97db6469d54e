"""Dask loads this into each worker of this machine: a terminal tells Ctrl-C to every process, and one heeds it.

Whoever started the workers lets them end in order; by themselves they would end in the middle, with a traceback each.
"""

import signal


def dask_setup(_worker: object) -> None:
    """Called by Dask in the worker's main thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
