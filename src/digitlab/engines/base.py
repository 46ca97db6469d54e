"""What an engine is: whatever can answer one question about a network and some digits.

The question: for these parameters and this batch of samples, what are the loss, the hits and the gradient? In training
the samples are those of an epoch, which may be distorted and go without some units (see `Regularization`).
The answer is given as float64 SUMS over the samples, never as means, so that the answers for two halves of a
batch add up to the answer for the whole.

`Session.advance` takes many steps at once. Here it is nothing but that question plus the optimizer; a fast engine
may do it all in compiled code, and must then give what this one gives.

Letters for shapes: N samples of the set, B samples of a batch, D parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.engines.optimizer import Optimizer
from digitlab.engines.regularization import NONE, Regularization
from digitlab.errors import InputError, describe
from digitlab.network.activations import Floats
from digitlab.network.architecture import Architecture

Batch = NDArray[np.intp] | slice  # which samples: their indices (B,), or a range of them without copying


@dataclass
class Sums:
    """The answer: sums over the samples of a batch. Answers for parts of a batch add up with ``+``.

    Attributes:
        loss: cross-entropy.
        hits: samples whose largest logit is at the true class.
        count: samples, B.
        gradient: ``(D,) float64``, the derivative of ``loss`` by each parameter.
    """

    loss: float
    hits: int
    count: int
    gradient: NDArray[np.float64]

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.loss + other.loss, self.hits + other.hits, self.count + other.count, self.gradient + other.gradient
        )

    @property
    def finite(self) -> bool:
        """Whether the loss and every component of the gradient are finite."""
        return bool(np.isfinite(self.loss)) and bool(np.isfinite(self.gradient).all())


@dataclass
class StepResults:
    """What `Session.advance` did, step by step.

    Attributes:
        losses: the loss of each step taken, summed over its batch, met with the parameters before the step.
        hits: likewise.
        counts: the samples of each batch.
        failed: the answer of the step after these, which could not be taken: its loss, its gradient or the
            parameters that it leads to are not finite. None where all went well.
        beyond: where that step led, ``(D,)``, if it was computed; the parameters themselves are those before it.
    """

    losses: list[float] = field(default_factory=list)
    hits: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    failed: Sums | None = None
    beyond: Floats | None = None


class Session(ABC):
    """An engine at work on one architecture and one set of digits. Use it in a ``with`` block, or `close` it."""

    architecture: Architecture
    digits: Digits
    threads: int
    regularization: Regularization

    @abstractmethod
    def sums(self, parameters: Floats, batch: Batch, epoch: int = 0) -> Sums:
        """Loss, hits and gradient, summed over the batch, for ``parameters (D,)``; epoch 0 regularizes nothing."""

    def advance(
        self, parameters: Floats, optimizer: Optimizer, batches: Iterable[Batch], epoch: int = 0
    ) -> StepResults:
        """Take one optimizer step for each batch, changing ``parameters (D,)`` in place; stop before a bad step."""
        done = StepResults()
        before = np.empty_like(parameters)
        for batch in batches:
            answer = self.sums(parameters, batch, epoch)
            before[:] = parameters
            if answer.finite:
                with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # looked at next
                    optimizer.step(parameters, (answer.gradient / answer.count).astype(parameters.dtype))
                if self.regularization.max_norm:
                    self.regularization.limit_norms(self.architecture.layers(parameters))
            if not answer.finite or not np.isfinite(parameters).all():
                done.failed, done.beyond = answer, parameters.copy()
                parameters[:] = before
                break
            done.losses.append(answer.loss)
            done.hits.append(answer.hits)
            done.counts.append(answer.count)
        return done

    def remarks(self) -> list[str]:
        """What a person should know of the work since this was last asked, a line each."""
        return []

    def close(self) -> None:  # noqa: B027  # most engines hold nothing
        """Give back what the session holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Engine(ABC):
    """A way to compute. Stateless; `open` makes the `Session` that works. It can be made without arguments.

    Attributes:
        name: what ``--engine`` calls it.
        in_words: what it is, for people.
        rank: ``auto`` takes the engine of the highest rank that can be used; 0 is that of the `NumpyEngine`.
        arithmetic: which version of its arithmetic this is: another one gives other last bits. Runs record it.
    """

    name: ClassVar[str]
    in_words: ClassVar[str] = ""
    rank: ClassVar[int] = 0
    arithmetic: ClassVar[int] = 1

    @classmethod
    def why_not(cls, architecture: Architecture | None = None) -> str:  # noqa: ARG003  # others need it
        """Why it cannot be used: not here, or not for this architecture; empty where it can."""
        return ""

    @classmethod
    def require(cls, architecture: Architecture | None = None) -> None:
        """Refuse to go on with an engine that cannot be used.

        Raises:
            InputError: it is not here, or cannot compute networks of this architecture.
        """
        if reason := cls.why_not(architecture):
            raise InputError(f"the engine {cls.name} cannot be used: {reason}", help='the engine "auto" finds another')

    @classmethod
    def of(cls, argument: str) -> Engine:
        """The engine that ``name:argument`` means.

        Raises:
            InputError: it takes none, or not this one.
        """
        raise InputError(f"the engine {cls.name} takes nothing after its name", got=describe(f"{cls.name}:{argument}"))

    @abstractmethod
    def open(
        self,
        architecture: Architecture,
        digits: Digits,
        *,
        threads: int | None = None,
        regularization: Regularization = NONE,
    ) -> Session:
        """Get ready to work on ``digits``.

        Args:
            architecture: its inputs must be as many as a picture has pixels, its outputs at least the classes.
            digits: at least one.
            threads: 1 to 256, or None for as many as the process may use.
            regularization: what training does beside, in every epoch but 0.

        Raises:
            ArchitectureError: the architecture does not fit the digits.
            InputError: no digits, threads out of bounds, or `why_not` has a reason.
        """
