"""Asking workers, each its own question: either all answer, or somebody is lost and all must be asked again.

A question is bound to one worker, so a worker that was refused never gets one, and what a worker keeps is asked where
it is kept. Who is lost while others answer is noticed within a moment.
"""

from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

from digitlab.cluster.connecting import Workers
from digitlab.errors import ClusterError

MOMENT = 0.25  # seconds


def gather(workers: Workers, asked: dict[str, Any], thread: ThreadPoolExecutor) -> dict[str, Any] | None:
    """The answers, by worker; None where one of the workers was lost: its question is forgotten, as all others are.

    Args:
        workers: of the cluster.
        asked: the future of each worker, by its address.
        thread: one that waits.

    Raises:
        ClusterError: the scheduler is gone.
        Exception: whatever a worker raised.
    """
    from distributed.comm.core import CommClosedError
    from distributed.scheduler import KilledWorker

    client = workers.client
    pending = thread.submit(client.gather, asked)
    while True:
        try:
            answers: dict[str, Any] = pending.result(MOMENT)
        except TimeoutError:
            if set(asked) <= set(workers.here()) and not pending.done():
                continue
            client.cancel(list(asked.values()))
            return None
        except (CancelledError, KilledWorker, CommClosedError) as error:
            if client.status != "running":
                raise ClusterError("the scheduler is gone", got=workers.scheduler) from error
            return None
        return answers
