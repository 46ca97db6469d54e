"""The fast engine: C++ that sums in whole numbers, so that its bits do not depend on threads, split or processor.

Pixels are bytes. Weights and errors become whole numbers of a few bytes each, and products of bytes add up
without rounding. `docs/explanation/native-engine.md` tells how; the sources are in ``cpp/``. This module checks
everything before C++ sees it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.engines.base import Advance, Batch, Engine, OpenOptimizer, Optimizer, Session, Sums
from digitlab.engines.checks import check_session, check_threads
from digitlab.errors import DivergenceError, InputError, describe
from digitlab.network.activations import ACTIVATIONS, Floats
from digitlab.network.architecture import Architecture

try:
    from digitlab.engines._native import MAX_BLOCK, Compiled, NotFiniteError, compiled_paths
except ImportError as error:  # a pure install
    _missing = str(error)
else:
    _missing = ""

__all__ = ["PATHS", "NativeEngine", "available_paths", "why_missing"]

PATHS = ("amx", "avx512", "avx2", "portable")
RULES = ("sgd", "momentum", "nesterov", "adam", "adamw")  # as `Rule` in cpp/kernels.h
STEP = ("rate", "momentum", "beta1", "rest1", "beta2", "rest2", "root", "decay", "shrink", "epsilon")  # as `Step` there


def why_missing() -> str | None:
    """Why this engine cannot be used; None where it can."""
    return f"it was not compiled when digitlab was installed ({_missing})" if _missing else None


def available_paths() -> list[str]:
    """The instruction paths that this processor can take, the best first."""
    return [] if _missing else compiled_paths()


class NativeEngine(Engine):
    """Compiled for the processor at hand.

    Args:
        simd: which instruction path to take: ``"amx"``, ``"avx512"``, ``"avx2"`` or ``"portable"``; None for what
            ``DIGITLAB_SIMD`` says, else the best. All give the same bits.

    Raises:
        InputError: there is no such path, this processor lacks it, or the engine was not compiled.
    """

    name = "native"

    def __init__(self, simd: str | None = None) -> None:
        if _missing:
            raise InputError(
                "the native engine is not here",
                must_be="an installation with a C++ compiler",
                got=why_missing() or "",
                help='install a C++ compiler and digitlab again, or use engine "numpy"',
            )
        asked = simd if simd is not None else os.environ.get("DIGITLAB_SIMD") or None
        self.simd: str = (
            available_paths()[0] if asked is None else _checked_path(asked, "simd" if simd else "DIGITLAB_SIMD")
        )

    def open(self, architecture: Architecture, digits: Digits, *, threads: int | None = None) -> NativeSession:
        """See `Engine.open`."""
        check_session(architecture, digits, threads)
        return NativeSession(architecture, digits, check_threads(threads), self.simd)


def _checked_path(asked: object, origin: str) -> str:
    if asked not in available_paths():
        known = asked in PATHS
        raise InputError(
            f"{origin} names an instruction path that this processor lacks" if known else f"{origin}: no such path",
            must_be=f"one that is here: {', '.join(available_paths())}",
            got=describe(asked),
            help="leave it out to take the best",
        )
    return str(asked)


class NativeSession(Session):
    """See `Session`. Holds the pixels as bytes, in the order in which the products read them: 46 MB for MNIST."""

    def __init__(self, architecture: Architecture, digits: Digits, threads: int, simd: str) -> None:
        self.architecture = architecture
        self.digits = digits
        self.threads = threads
        self.simd = simd
        images = np.ascontiguousarray(digits.images, np.uint8).reshape(-1)
        labels = np.ascontiguousarray(digits.labels, np.uint8)
        if int(labels.max()) >= architecture.sizes[-1]:
            raise InputError(
                "a label is beyond the network's outputs",
                must_be=f"0 to {architecture.sizes[-1] - 1}",
                got=str(int(labels.max())),
                help="labels count from 0",
            )
        activation = list(ACTIVATIONS).index(architecture.activation)
        self._arguments = (images, labels, list(architecture.sizes), activation, threads, simd)
        self._session = Compiled(*self._arguments)
        self._process = os.getpid()

    def sums(self, parameters: Floats, batch: Batch) -> Sums:
        """See `Session.sums`. For networks with one hidden layer, sums of parts add up to the whole's, bit for bit.

        Raises:
            DivergenceError: a parameter is not finite; whole numbers cannot tell NaN.
            InputError: parameters or a batch of another shape or type than they must have.
        """
        flat = self._checked(parameters)
        gradient = np.zeros(self.architecture.parameter_count)
        samples = self._samples(batch)
        try:
            if isinstance(samples, range):
                loss, hits = self._here().sums(flat, samples.start, len(samples), gradient)
            else:
                loss, hits = self._here().sums_of(flat, samples, gradient)
        except NotFiniteError:
            raise DivergenceError(
                "the parameters hold NaN or inf",
                must_be="finite numbers: the native engine computes with whole numbers, which have no NaN",
                got=f"{np.count_nonzero(~np.isfinite(flat))} of {flat.size} that are not",
                help='go back to parameters from before; the engine "numpy" shows where NaN leads',
            ) from None
        return Sums(loss, hits, len(samples), gradient)

    def advance(self, parameters: Floats, optimizer: Optimizer, batches: Iterable[Batch]) -> Advance:
        """See `Session.advance`: the same bits, without coming back to Python between mini-batches."""
        if not np.isfinite(self._checked(parameters)).all():  # somebody spoilt them: no step is possible
            nothing = np.full(self.architecture.parameter_count, np.nan)
            return Advance(failed=Sums(np.nan, 0, 0, nothing))
        todo = list(batches)
        small = [batch for batch in todo if not isinstance(batch, slice) and 0 < len(batch) <= MAX_BLOCK]
        if not todo or len(small) < len(todo) or not isinstance(optimizer, OpenOptimizer):
            return super().advance(parameters, optimizer, todo)
        return self._advance(parameters, optimizer, small)

    def _advance(self, parameters: Floats, optimizer: OpenOptimizer, batches: list[NDArray[np.intp]]) -> Advance:
        flat = self._checked(parameters)
        samples = [self._samples(batch) for batch in batches]
        ends = np.cumsum([len(batch) for batch in samples]).tolist()
        optimizer.remember(flat)
        empty = np.empty(0, np.float32)
        first, second = [*(self._checked(optimizer.memory[name]) for name in optimizer.kept), empty, empty][:2]
        numbers = [optimizer.numbers(optimizer.taken + step) for step in range(len(batches))]
        steps = np.array([[getattr(one, name) for name in STEP] for one in numbers], np.float32)
        rule = RULES.index(optimizer.rule)
        count, losses, hits = self._here().advance(flat, first, second, np.concatenate(samples), ends, rule, steps)
        optimizer.taken += count
        done = Advance(losses, hits, [len(batch) for batch in samples[:count]])
        if count < len(batches):  # the next step leads beyond the finite numbers: the definition tells how
            last = super().advance(parameters, optimizer, batches[count : count + 1])
            done.failed, done.beyond = last.failed, last.beyond
        return done

    def _here(self) -> Compiled:
        """The session in C++. A fork copies memory but not threads, so a child process begins anew."""
        if self._process != os.getpid():  # two threads may both do it, and no harm is done
            self._session, self._process = Compiled(*self._arguments), os.getpid()
        return self._session

    def _checked(self, parameters: Floats) -> NDArray[np.float32]:
        expected = self.architecture.parameter_count
        shape, dtype = getattr(parameters, "shape", None), getattr(parameters, "dtype", None)
        if shape != (expected,) or dtype != np.float32 or not parameters.flags.c_contiguous:
            raise InputError(
                "these are not the parameters of this network",
                must_be=f"a contiguous float32 array of shape ({expected},)",
                got=describe(parameters),
                help="pass network.parameters",
            )
        return parameters

    def _samples(self, batch: Batch) -> range | NDArray[np.int64]:
        count = len(self.digits)
        if isinstance(batch, slice):
            chosen = range(*batch.indices(count))
            return chosen if chosen.step == 1 else np.asarray(chosen, np.int64)
        if not isinstance(batch, np.ndarray) or batch.ndim != 1 or batch.dtype.kind not in "iu":
            raise InputError(
                "this is not a batch",
                must_be="a slice, or a one-dimensional array of sample numbers",
                got=describe(batch),
                help="np.arange(32) is the first 32 samples",
            )
        if batch.size and (int(batch.min()) < -count or int(batch.max()) >= count):
            raise IndexError(f"samples are numbered 0 to {count - 1}; got {batch.min()} to {batch.max()}")
        samples = np.ascontiguousarray(batch, np.int64)
        return np.where(samples < 0, samples + count, samples) if samples.size and samples.min() < 0 else samples
