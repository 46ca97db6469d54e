"""A cluster to compute on: the processes of this machine, or those that a Dask scheduler has somewhere else.

Nothing is computed by a worker that would compute something else: each is asked for its versions, and for whatever
else all must agree on, before it gets any work. Workers come and go; so `Workers.here` asks those that are new.
"""

import functools
import logging
import multiprocessing
import pkgutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from digitlab.errors import ClusterError, InputError, describe
from digitlab.extras import require_extra

SECONDS = 5.0  # until a scheduler must be reached,
SECONDS_OF_WORKERS = 10.0  # until it must have workers,
PATIENCE = 10.0  # and, beyond these, until it has said what it is: a machine may be busy
QUESTIONS, SECONDS_OF_QUESTION = 20, 1.0  # who is there: asked so often, until a scheduler counts as gone
MAX_WORKERS = 256  # of this machine
THREADS = dict.fromkeys(("DIGITLAB_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
VERSIONS = {  # what even a worker without digitlab can be asked: where these are
    "version of Dask": "distributed:__version__",
    "version of digitlab": "digitlab.version:__version__",
}

Agreement = Mapping[str, Callable[[], object]]  # what all must agree on: in words, and what answers it


class Workers:
    """The workers of a cluster that agree with this process.

    Args:
        client: a ``distributed.Client``.
        agree: what they must agree on beside their versions: functions of digitlab's modules, or
            `functools.partial` of them, that are called here and by each worker, once.

    Attributes:
        scheduler: its address.
        refused: of each worker that does not agree, by its address: why, with what both answered.
    """

    def __init__(self, client: Any, agree: Agreement | None = None) -> None:
        self.client, self.scheduler = client, str(client.scheduler.address)
        self.refused: dict[str, str] = {}
        self._agree = dict(agree or {})
        self._good: set[str] = set()

    def here(self) -> list[str]:
        """The addresses of those that are there now and agree. See `threads`."""
        return list(self.threads())

    def threads(self) -> dict[str, int]:
        """How many threads each has, of those that are there now and agree; by their addresses.

        Raises:
            ClusterError: the scheduler is gone.
        """
        there = self._all_threads()
        if new := [address for address in there if address not in self._good and address not in self.refused]:
            self._ask(new)
        return {address: count for address, count in there.items() if address in self._good}

    def _all_threads(self) -> dict[str, int]:
        """Of all workers. One question may get lost with the scheduler that it was sent to, and be waited for long."""
        error: Exception | None = None
        for _ in range(QUESTIONS):
            if self.client.status != "running":  # it looks for another one at the same address, which knows nothing
                break
            try:  # not `scheduler_info`: Dask's own beat lays one without workers over it at times
                return dict(self.client.sync(self.client.scheduler.ncores, callback_timeout=SECONDS_OF_QUESTION))
            except TimeoutError as nothing:
                error = nothing
            except (OSError, RuntimeError) as closed:
                error = closed
                break
        raise ClusterError("the scheduler is gone", got=self.scheduler) from error

    def wait(self, count: int = 1, seconds: float | None = None) -> list[str]:
        """As `here`, once there are ``count`` of them; a worker that comes and does not agree is an error.

        Raises:
            ClusterError: it does not, or there are too few after some seconds; or as `here`.
        """
        before, limit = len(self.refused), time.monotonic() + (SECONDS_OF_WORKERS if seconds is None else seconds)
        while len(here := self.here()) < count and len(self.refused) == before and time.monotonic() < limit:
            time.sleep(0.05)
        if len(self.refused) > before:
            address, why = list(self.refused.items())[-1]
            raise ClusterError(f"the worker {address} cannot be used: {why}", help="install the same on all")
        if len(here) < count:
            raise ClusterError(
                f"the scheduler {self.scheduler} has too few workers",
                must_be=f"{count} or more",
                got=len(here),
                help=f"on each machine: dask worker {self.scheduler} --nthreads 1",
            )
        return here

    def _ask(self, new: list[str]) -> None:
        """Let each of them answer one question after the other."""
        versions: Agreement = {
            words: functools.partial(pkgutil.resolve_name, where) for words, where in VERSIONS.items()
        }
        for words, question in {**versions, **self._agree}.items():
            expected = question()
            for address, answer in self.client.run(question, workers=new, on_error="return").items():
                if isinstance(answer, OSError):
                    new.remove(address)  # it is gone already
                elif isinstance(answer, ImportError):
                    self.refused[address] = f"it has no digitlab ({answer})"
                elif isinstance(answer, Exception):
                    self.refused[address] = f"it could not say its {words} ({describe(answer)})"
                elif answer != expected:
                    self.refused[address] = f"its {words} is {answer}, here it is {expected}"
            new = [address for address in new if address not in self.refused]
            if not new:
                return
        self._good.update(new)


@contextmanager
def connect(
    address: str | None = None, workers: int | None = None, *, agree: Agreement | None = None
) -> Iterator[Workers]:
    """The workers of a cluster, all of which agree, and the client by which they are asked, while the block lasts.

    Args:
        address: of a scheduler, such as ``"tcp://host:8786"``; None for processes of this machine, which end with
            the block. A script that starts them begins its work below ``if __name__ == "__main__":``.
        workers: how many processes; None for as many as there are cores. With an address, how many workers must be
            there, one at least.
        agree: what they must agree on beside their versions, see `Workers`.

    Raises:
        InputError: the extra ``cluster`` is not installed, or a number of workers that cannot be.
        ClusterError: no scheduler answers, it is of another version of Dask, it has too few workers, or one of them
            has another digitlab or another answer.
    """
    distributed = require_extra("distributed", "cluster", "a cluster")
    if workers is not None and not (type(workers) is int and 1 <= workers <= MAX_WORKERS):
        raise InputError(f"workers must be a whole number from 1 to {MAX_WORKERS}", got=describe(workers))
    with _quiet(), tempfile.TemporaryDirectory(prefix="digitlab-", ignore_cleanup_errors=True) as scratch:
        if address is None:
            with _local(distributed, workers, scratch) as here, _client(distributed, here, direct=True) as client:
                yield _agreeing(client, agree, workers)
        else:
            _check_scheduler(distributed, address)
            with _client(distributed, address, direct=None) as client:
                yield _agreeing(client, agree, workers)


def _agreeing(client: Any, agree: Agreement | None, count: int | None) -> Workers:
    """The workers, once so many are there."""
    workers = Workers(client, agree)
    workers.wait(count or 1)
    return workers


@contextmanager
def _local(distributed: Any, count: int | None, scratch: str) -> Iterator[Any]:
    """Processes of this machine, that nobody else can reach. One that dies is replaced; all end with this one."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # it reads the script that started it, which
        raise SystemExit(1)  # starts workers: whoever started it is told
    try:
        cluster = distributed.LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # else port 8787, which others may want
            silence_logs=logging.CRITICAL,
            local_directory=scratch,
            env=THREADS,
            memory_limit=None,
            preload=["digitlab.cluster.ctrl_c"],
        )
    except (OSError, RuntimeError) as error:
        what = "no workers could be started on this machine"
        raise ClusterError(what, got=error, help='in a script, begin below: if __name__ == "__main__":') from error
    with cluster:
        yield cluster


@contextmanager
def _client(distributed: Any, scheduler: Any, *, direct: bool | None) -> Iterator[Any]:
    """``direct``: results come from workers without a stop at the scheduler; who is elsewhere may not reach them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other versions: they are compared
        client = distributed.Client(
            scheduler, timeout=SECONDS + PATIENCE, set_as_default=False, direct_to_workers=direct
        )
    with client:
        yield client


def _check_scheduler(distributed: Any, address: str) -> None:
    """Two versions of Dask need not understand each other, so this is asked first, in the plainest way."""
    import asyncio  # takes a while, and starting digitlab must not

    async def ask() -> tuple[Any, Any]:
        security = distributed.Security().get_connection_args("client")  # for tls://, as Dask is configured
        async with distributed.rpc(address, timeout=SECONDS, connection_args=security) as there:
            return await there.identity(), await there.versions()

    async def within_seconds() -> tuple[Any, Any]:
        return await asyncio.wait_for(ask(), SECONDS + PATIENCE)

    try:
        with ThreadPoolExecutor(1) as pool:  # a notebook has an event loop at work in this thread already
            identity, versions = pool.submit(asyncio.run, within_seconds()).result()
    except Exception as error:  # whatever somebody says who is no scheduler
        raise ClusterError(
            f"no scheduler answers at {describe(address)}",
            got=str(error).partition("\n")[0] or "nothing that a scheduler says",
            help="start one with: dask scheduler; an address looks like tcp://host:8786",
        ) from error
    if identity["type"] != "Scheduler":
        raise ClusterError(f"at {address} there is a {identity['type']}", must_be="a scheduler")
    theirs, ours = versions["packages"]["distributed"], distributed.__version__
    if theirs != ours:
        what = f"the scheduler {address} has another version of Dask"
        raise ClusterError(what, must_be=f"distributed {ours}", got=f"distributed {theirs}")


@contextmanager
def _quiet() -> Iterator[None]:
    """While inside, Dask logs nothing: what goes wrong is told by errors."""
    from dask import config

    known = logging.root.manager.loggerDict.items()
    loggers = [one for name, one in known if name.startswith("distributed") and isinstance(one, logging.Logger)]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL + 1)
    try:
        with config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):  # digits are large
            yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)
