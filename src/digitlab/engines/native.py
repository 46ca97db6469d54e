"""The fast engine: C++ that skips the pixels that are 0, with bits that do not depend on threads or processor.

`docs/explanation/native-engine.md` tells how; the sources are in ``cpp/``. This module checks everything before C++
sees it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import MOST_CLASSES, SIDE, Digits
from digitlab.engines.base import Batch, Engine, Session, StepResults, Sums
from digitlab.engines.checks import check_session, check_threads
from digitlab.engines.optimizer import Optimizer
from digitlab.engines.regularization import NONE, Regularization
from digitlab.errors import DivergenceError, InputError, describe
from digitlab.network.activations import Floats
from digitlab.network.architecture import Architecture

try:
    from digitlab.engines._native import (
        ACTIVATIONS,
        COEFFICIENTS,
        MAX_BATCH,
        RULES,
        Compiled,
        NotFiniteError,
        compiled_paths,
    )
except ImportError as error:  # a pure install
    _missing = str(error)
else:
    _missing = ""
    _numbers_of = attrgetter(*COEFFICIENTS)  # of a step, as a row for C++

PIXELS = SIDE * SIDE  # that C++ has room for


def available_paths() -> list[str]:
    """The instruction paths that this processor can take, the best first."""
    return [] if _missing else compiled_paths()


class NativeEngine(Engine):
    """Compiled for the processor at hand.

    Args:
        simd: which instruction path to take: ``"avx512"``, ``"avx2"`` or ``"portable"``; None for what
            ``DIGITLAB_SIMD`` says, else the best. All give the same bits.

    Raises:
        InputError: this processor has no such path, or the engine was not compiled.
    """

    name = "native"
    in_words = "compiled C++"
    rank = 10
    arithmetic = 2

    def __init__(self, simd: str | None = None) -> None:
        self.require()
        here = available_paths()
        self.simd: str = (os.environ.get("DIGITLAB_SIMD") or here[0]) if simd is None else simd
        if self.simd not in here:
            origin = "DIGITLAB_SIMD" if simd is None else "simd"
            what = f"{origin}: this processor has no instruction path {describe(self.simd)}"
            raise InputError(what, must_be=", ".join(here))

    @classmethod
    def why_not(cls, architecture: Architecture | None = None) -> str:
        """See `Engine.why_not`."""
        if _missing:
            return f"it was not compiled when digitlab was installed ({_missing})"
        if architecture is not None and architecture.activation not in ACTIVATIONS:
            return f"it does not know the activation {architecture.activation}"
        if architecture is not None and (architecture.sizes[0] > PIXELS or architecture.sizes[-1] > MOST_CLASSES):
            return f"it has room for {PIXELS} inputs and {MOST_CLASSES} classes at most"
        return ""

    def open(
        self,
        architecture: Architecture,
        digits: Digits,
        *,
        threads: int | None = None,
        regularization: Regularization = NONE,
    ) -> NativeSession:
        """See `Engine.open`."""
        self.require(architecture)
        check_session(architecture, digits, threads)
        return NativeSession(architecture, digits, check_threads(threads), self.simd, regularization)


class NativeSession(Session):
    """See `Session`. Once many samples are asked for, it keeps the lists of lit pixels: 43 MB for MNIST.

    To C++ every picture has 784 pixels. Where it has fewer, paper takes the place of the others: it is skipped, and the
    weights from it are 0 and stay 0.
    """

    def __init__(
        self, architecture: Architecture, digits: Digits, threads: int, simd: str, regularization: Regularization
    ) -> None:
        self.architecture = architecture
        self.digits = digits
        self.threads = threads
        self.simd = simd
        self.regularization = regularization
        inputs, units, *others = architecture.sizes
        self._edge, self._missing = inputs * units, (PIXELS - inputs) * units  # numbers of W1, and those beyond it
        rows = digits.images.reshape(len(digits), inputs)
        images = np.ascontiguousarray(np.pad(rows, ((0, 0), (0, PIXELS - inputs))) if self._missing else rows, np.uint8)
        labels = np.ascontiguousarray(digits.labels, np.uint8)
        if int(labels.max()) >= architecture.sizes[-1]:
            raise InputError(f"label {labels.max()} is beyond the network's {architecture.sizes[-1]} outputs")
        self._arguments = (
            *(images.reshape(-1), labels, [PIXELS, units, *others], architecture.activation, threads, simd),
            *(regularization.seed, regularization.dropped_parts, regularization.dropout_scale),
            *(regularization.label_smoothing, regularization.max_norm, regularization.first),
        )
        self._session = Compiled(*self._arguments)
        self._process = os.getpid()

    def sums(self, parameters: Floats, batch: Batch, epoch: int = 0) -> Sums:
        """See `Session.sums`. With at most one hidden layer, the sums of parts add up to the whole's, bit for bit.

        That is, of parts that are cut at multiples of `BLOCK` samples, in any order.

        Raises:
            DivergenceError: a parameter is not finite.
            InputError: parameters or a batch of another shape or type than they must have.
        """
        flat = self._checked(parameters)
        gradient = self._widened(np.zeros(flat.size))
        samples = self._samples(batch)
        start, indices = (samples.start, None) if isinstance(samples, range) else (0, samples)
        try:
            pictures = self._distorted(samples, epoch)
            wide = self._widened(flat)
            loss, hits = self._here().sums(wide, start, len(samples), indices, pictures, epoch, gradient)
        except NotFiniteError:
            raise DivergenceError(
                f"{np.count_nonzero(~np.isfinite(flat))} of {flat.size} parameters are NaN or infinite",
                must_be="finite",
                help='go back to parameters from before; the engine "numpy" shows where NaN leads',
            ) from None
        return Sums(loss, hits, len(samples), self._narrowed(gradient))

    def advance(
        self, parameters: Floats, optimizer: Optimizer, batches: Iterable[Batch], epoch: int = 0
    ) -> StepResults:
        """See `Session.advance`: the same bits, without coming back to Python between mini-batches.

        Where C++ does not know the optimizer's rule, the step is taken in Python, with the gradient from C++.
        """
        flat = self._checked(parameters)
        if not np.isfinite(flat).all():  # somebody spoilt them: no step is possible
            nothing = np.full(self.architecture.parameter_count, np.nan)
            return StepResults(failed=Sums(np.nan, 0, 0, nothing))
        todo = list(batches)
        small = [batch for batch in todo if not isinstance(batch, slice) and 0 < len(batch) <= MAX_BATCH]
        rule = vars(type(optimizer)).get("rule", "")  # its own: one that is inherited may be of another formula
        if not todo or len(small) < len(todo) or rule not in RULES:
            return super().advance(parameters, optimizer, todo, epoch)
        counts = [len(batch) for batch in small]
        samples, ends = self._joined(small), np.cumsum(counts).tolist()
        optimizer.remember(flat)
        memory = [self._checked(optimizer.memory[name]) for name in optimizer.kept]
        steps = [optimizer.coefficients(optimizer.taken + step) for step in range(len(small))]
        with np.errstate(over="ignore"):  # a rate beyond float32 is infinite there, too
            table = np.array(list(map(_numbers_of, steps)), np.float32)
        pictures = self._distorted(samples, epoch)
        vectors = [flat, *memory]
        wide = [self._widened(vector) for vector in vectors]
        losses, hits = self._here().advance(wide[0], wide[1:], samples, ends, pictures, epoch, rule, table)
        if self._missing:
            for vector, changed in zip(vectors, wide, strict=True):
                vector[:] = self._narrowed(changed)
        count = len(losses)
        optimizer.taken += count
        done = StepResults(losses, hits, counts[:count])
        if count < len(todo):  # the next step leads beyond the finite numbers: the definition tells how
            last = super().advance(parameters, optimizer, todo[count : count + 1], epoch)
            done.failed, done.beyond = last.failed, last.beyond
        return done

    def _widened(self, flat: NDArray[Any]) -> NDArray[Any]:
        """A vector, with zeros for the weights from the pixels that are missing; itself where none are."""
        if not self._missing:
            return flat
        return np.concatenate([flat[: self._edge], np.zeros(self._missing, flat.dtype), flat[self._edge :]])

    def _narrowed(self, wide: NDArray[Any]) -> NDArray[Any]:
        """The same without them."""
        if not self._missing:
            return wide
        return np.concatenate([wide[: self._edge], wide[self._edge + self._missing :]])

    def _joined(self, batches: list[NDArray[np.intp]]) -> NDArray[np.int64]:
        """All their samples, checked at once; one by one only to say which is wrong."""
        alike = all(isinstance(b, np.ndarray) and b.ndim == 1 and b.dtype == np.int64 for b in batches)
        joined = np.concatenate(batches) if alike else None
        if joined is not None and joined.min() >= 0 and joined.max() < len(self.digits):
            return joined
        return np.concatenate([self._samples(batch) for batch in batches])

    def _distorted(self, samples: range | NDArray[np.int64], epoch: int) -> NDArray[np.uint8] | None:
        """The pictures of the samples in this epoch, one after the other; None where they are as they are."""
        distort, first = self.regularization.distort, self.regularization.first
        if distort is None or epoch == 0:
            return None
        chosen = slice(samples.start, samples.stop) if isinstance(samples, range) else samples
        images = self.digits.images[chosen]
        return distort(images, first + np.asarray(samples, np.int64), epoch=epoch, threads=self.threads).reshape(-1)

    def _here(self) -> Compiled:
        """The session in C++. A fork copies memory but not threads, so a child process begins anew."""
        if self._process != os.getpid():  # two threads may both do it, and no harm is done
            self._session, self._process = Compiled(*self._arguments), os.getpid()
        return self._session

    def _checked(self, parameters: Floats) -> NDArray[np.float32]:
        expected = self.architecture.parameter_count
        shape, dtype = getattr(parameters, "shape", None), getattr(parameters, "dtype", None)
        if shape != (expected,) or dtype != np.float32 or not parameters.flags.c_contiguous:
            what = f"parameters must be a contiguous float32 array of shape ({expected},)"
            raise InputError(what, got=describe(parameters))
        return parameters

    def _samples(self, batch: Batch) -> range | NDArray[np.int64]:
        count = len(self.digits)
        if isinstance(batch, slice):
            chosen = range(count)[batch]
            return chosen if chosen.step == 1 else np.asarray(chosen, np.int64)
        if not isinstance(batch, np.ndarray) or batch.ndim != 1 or batch.dtype.kind not in "iu":
            what = "a batch must be a slice, or a one-dimensional array of sample numbers"
            raise InputError(what, got=describe(batch))
        if batch.size and (int(batch.min()) < -count or int(batch.max()) >= count):
            raise IndexError(f"samples are numbered 0 to {count - 1}; got {batch.min()} to {batch.max()}")
        samples = np.ascontiguousarray(batch, np.int64)
        return np.where(samples < 0, samples + count, samples) if samples.size and samples.min() < 0 else samples
