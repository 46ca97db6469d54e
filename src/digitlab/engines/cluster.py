"""The engine of many processes: each worker of a Dask cluster sums over a part of the samples, and the sums are added.

`docs/explanation/cluster.md` tells when that pays, and `digitlab.engines.shards` what a worker does. A step is one
question to each worker, which holds nothing but digits: whoever dies in the middle of it, the step is asked again of
those who are left, and its answer has the same bits. So have all answers, for any number of workers: those of the
native engine, for networks with at most one hidden layer; in deeper ones those of fixed parts, added in their order.
"""

from __future__ import annotations

import importlib.util
import math
import os
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.cluster.asking import gather
from digitlab.cluster.connecting import MAX_WORKERS, connect
from digitlab.data.digits import Digits
from digitlab.engines.base import Batch, Engine, Session, Sums
from digitlab.engines.checks import check_session, check_threads
from digitlab.engines.native import NativeEngine
from digitlab.engines.regularization import NONE, Regularization
from digitlab.engines.shards import Answer, Shard, Work, add_halves, answer, engine_in_words, is_exact, shares
from digitlab.engines.stragglers import Stopwatch
from digitlab.errors import ClusterError, InputError, describe
from digitlab.network.activations import Floats
from digitlab.network.architecture import Architecture

SECONDS_BETWEEN_LOOKS = 1.0  # at who is there: a worker that comes gets work then
SECONDS_WITHOUT_ANY = 60.0  # until a worker must have come in place of the last one
TRIES = 5  # of one step; a step that kills whoever takes it must end


class ClusterEngine(Engine):
    """Workers of a Dask cluster.

    Args:
        scheduler: the address of one that is there, such as ``"tcp://host:8786"``; None for processes of this machine,
            which each session starts and ends.
        workers: how many processes, or how many workers must be there at least. None for as many as there are cores,
            or one.

    Raises:
        InputError: the extra ``cluster`` is not installed, or the native engine was not compiled.
    """

    name = "cluster"
    in_words = "many processes, by Dask: cluster:4, cluster:tcp://host:8786"
    rank = -1  # never taken by itself
    arithmetic = NativeEngine.arithmetic

    def __init__(self, scheduler: str | None = None, workers: int | None = None) -> None:
        self.require()
        self.scheduler, self.workers = scheduler, workers

    @classmethod
    def of(cls, argument: str) -> ClusterEngine:
        """See `Engine.of`: a number of processes, or a scheduler's address."""
        if argument.isascii() and argument.isdigit() and 1 <= int(argument[:9]) <= MAX_WORKERS:
            return cls(workers=int(argument[:9]))
        if "://" not in argument:
            must_be = f"cluster:N with N from 1 to {MAX_WORKERS} processes, or cluster:tcp://host:8786"
            raise InputError("this is no cluster", must_be=must_be, got=describe(f"cluster:{argument}"))
        return cls(argument)

    @classmethod
    def why_not(cls, architecture: Architecture | None = None) -> str:
        """See `Engine.why_not`. Workers compute by the native engine."""
        missing = [name for name in ("dask", "distributed") if importlib.util.find_spec(name) is None]
        if missing:
            return f"{missing[0]} is not installed: pip install 'digitlab[cluster]'"
        reason = NativeEngine.why_not(architecture)
        return f"its workers compute by the native engine, and {reason}" if reason else ""

    def open(
        self,
        architecture: Architecture,
        digits: Digits,
        *,
        threads: int | None = None,
        regularization: Regularization = NONE,
    ) -> ClusterSession:
        """See `Engine.open`. ``threads`` are those of each worker; one, where nobody says more.

        Raises:
            ClusterError: there is no cluster, or one whose workers compute something else: see `connect`.
        """
        self.require(architecture)
        check_session(architecture, digits, threads)
        asked = check_threads(threads)
        each = asked if threads is not None or os.environ.get("DIGITLAB_THREADS") else 1
        return ClusterSession(self, Shard(digits, architecture, each, regularization))


class ClusterSession(Session):
    """See `Session`.

    Attributes:
        places: the addresses of the workers that are asked.
        stopwatch: how long each of them worked.
    """

    def __init__(self, engine: ClusterEngine, whole: Shard) -> None:
        self.architecture, self.digits = whole.architecture, whole.digits
        self.threads, self.regularization = whole.threads, whole.regularization
        self.places: list[str] = []
        self.stopwatch = Stopwatch()
        self._whole = whole
        self._shards: dict[tuple[str, int, int], Any] = {}  # what each worker keeps: samples from, to
        self._asked: dict[str, Any] = {}
        self._remarks: list[str] = []
        self._looked = -math.inf
        agree = {"engine": partial(engine_in_words, self.architecture)}
        stack = ExitStack()
        self._workers = stack.enter_context(connect(engine.scheduler, engine.workers, agree=agree))
        self._thread = ThreadPoolExecutor(1)
        stack.callback(self._thread.shutdown, wait=False)
        self._end = weakref.finalize(self, stack.close)  # also when nobody closes it
        self._look()

    def close(self) -> None:
        """Let the digits go, and end the workers that were started. Closing twice is the same as once."""
        self._shards.clear()
        self._asked.clear()
        self._end()

    def remarks(self) -> list[str]:
        """See `Session.remarks`: who came, who went, and whom the others wait for."""
        told, self._remarks = self._remarks, []
        return told + self.stopwatch.slow_ones()

    def sums(self, parameters: Floats, batch: Batch, epoch: int = 0) -> Sums:
        """See `Session.sums`.

        Raises:
            ClusterError: no worker is left, or whoever is asked this dies.
        """
        samples, question = _samples(batch, len(self.digits)), (parameters.copy(), epoch)
        exact = is_exact(self.architecture, len(samples))
        for _ in range(TRIES):
            self._look()
            pieces, leaf = shares(len(samples), len(self.places), exact=exact)
            shares_of = zip(self.places, pieces, strict=True)
            asked = {place: self._ask(place, (own, leaf), samples, question) for place, own in shares_of if own}
            self._asked = asked  # the last ones are let go with these: Dask's next message leaves 10 ms after one
            answers = gather(self._workers, asked, self._thread)
            if answers is not None:
                return self._total(answers, range(len(samples)), exact=exact)
            self._looked = -math.inf
        raise ClusterError(
            "workers die whenever they are asked for this step",
            got=f"{TRIES} times, at {self._workers.scheduler}",
            help="a machine may have too little memory; what the workers write themselves says more",
        )

    def _total(self, answers: dict[str, Answer], whole: range, *, exact: bool) -> Sums:
        """The sums of a batch from those of its pieces."""
        known: dict[range, Sums] = {}
        for place, one in answers.items():
            known |= one.sums
            self.stopwatch.add(place, one.seconds, sum(map(len, one.sums)))
        nothing = Sums(0.0, 0, 0, np.zeros(self.architecture.parameter_count))
        return sum(known.values(), nothing) if exact or not whole else add_halves(whole, known.get)

    def _look(self) -> None:
        """Once in a while: see who is there. Whoever comes gets work, and what all keep is cut anew."""
        if time.monotonic() - self._looked < SECONDS_BETWEEN_LOOKS:
            return
        refused = len(self._workers.refused)
        here = self._workers.here() or self._workers.wait(seconds=SECONDS_WITHOUT_ANY)
        self._looked = time.monotonic()
        for address, why in list(self._workers.refused.items())[refused:]:
            self._remarks.append(f"the worker {address} gets no work: {why}")
        if here == self.places:
            return
        if self.places:
            self._remarks += [f"the worker {place} is gone" for place in self.places if place not in here]
            self._remarks += [f"the worker {place} has come" for place in here if place not in self.places]
        self.places = here
        self._shards.clear()
        count, numbers = len(self.digits), self.architecture.parameter_count / 1e6
        pieces, _ = shares(count, len(here), exact=is_exact(self.architecture, count))
        self._remarks.append(
            f"workers {len(here)}, at {self._workers.scheduler}: a step with all digits sends them"
            f" {4 * numbers * len(here):.3g} MB and gets {8 * numbers * sum(map(len, pieces)):.3g} MB back"
        )

    def _ask(
        self, place: str, share: tuple[list[range], int], samples: range | NDArray[Any], question: tuple[Any, ...]
    ) -> Any:
        """A future of a worker's answer for its share of a batch, where what it takes is kept."""
        (own, leaf), everything = share, len(self.digits)
        start, stop = own[0].start, own[-1].stop
        kept = 0, everything  # in any order, any of them may be asked for
        if not isinstance(samples, range):
            work = Work(own, leaf, start, samples[start:stop])
        elif len(samples) < everything:
            work = Work(own, leaf, -samples.start, None)
        else:
            work, kept = Work(own, leaf, start, None), (start, stop)
        client, key = self._workers.client, (place, *kept)
        if key not in self._shards:
            shard = Shard, *self._whole.part(*kept).arguments
            self._shards[key] = client.submit(*shard, workers=[place], pure=False)
        return client.submit(answer, self._shards[key], work, *question, workers=[place], pure=False)


def _samples(batch: Batch, count: int) -> range | NDArray[Any]:
    """Which samples a batch has: in a row, or their numbers."""
    if not isinstance(batch, slice):
        return np.asarray(batch)
    chosen = range(count)[batch]
    return chosen if chosen.step == 1 else np.asarray(chosen)
