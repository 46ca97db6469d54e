"""What an engine is: whatever can answer one question about a network and some digits.

The question: for these parameters and this batch of samples, what are the loss, the hits and the gradient?
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
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.network.activations import Floats
from digitlab.network.architecture import Architecture

__all__ = ["Advance", "Batch", "Engine", "OpenOptimizer", "Optimizer", "Session", "Sums"]

Batch = NDArray[np.intp] | slice  # which samples: their indices (B,), or a range of them without copying


class Optimizer(Protocol):
    """What `Session.advance` asks of an optimizer."""

    def step(self, parameters: Floats, gradient: Floats) -> None:
        """Change ``parameters (D,)`` in place, given the mean gradient ``(D,)`` of the batch."""


@runtime_checkable
class OpenOptimizer(Optimizer, Protocol):
    """One that tells what it is about to do, so that a compiled engine can do it (`digitlab.training.optimizers`)."""

    rule: ClassVar[str]
    kept: ClassVar[tuple[str, ...]]
    memory: dict[str, Floats]
    taken: int

    def remember(self, parameters: Floats) -> None:
        """Begin to remember, with zeros, what is not remembered yet."""

    def numbers(self, step: int) -> Any:
        """What the formula of a step needs, by name."""


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

    def __iadd__(self, other: Sums) -> Self:
        self.loss += other.loss
        self.hits += other.hits
        self.count += other.count
        self.gradient += other.gradient
        return self

    @property
    def finite(self) -> bool:
        """Whether the loss and every component of the gradient are finite."""
        return bool(np.isfinite(self.loss)) and bool(np.isfinite(self.gradient).all())


@dataclass
class Advance:
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

    @abstractmethod
    def sums(self, parameters: Floats, batch: Batch) -> Sums:
        """Loss, hits and gradient, summed over the batch, for ``parameters (D,)``."""

    def advance(self, parameters: Floats, optimizer: Optimizer, batches: Iterable[Batch]) -> Advance:
        """Take one optimizer step for each batch, changing ``parameters (D,)`` in place; stop before a bad step."""
        done = Advance()
        before = np.empty_like(parameters)
        for batch in batches:
            answer = self.sums(parameters, batch)
            before[:] = parameters
            if answer.finite:
                with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # looked at next
                    optimizer.step(parameters, (answer.gradient / answer.count).astype(parameters.dtype))
            if not answer.finite or not np.isfinite(parameters).all():
                done.failed, done.beyond = answer, parameters.copy()
                parameters[:] = before
                break
            done.losses.append(answer.loss)
            done.hits.append(answer.hits)
            done.counts.append(answer.count)
        return done

    def close(self) -> None:  # noqa: B027  # most engines hold nothing
        """Give back what the session holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Engine(ABC):
    """A way to compute. Stateless; `open` makes the `Session` that works.

    Attributes:
        name: what ``--engine`` calls it.
    """

    name: str

    @abstractmethod
    def open(self, architecture: Architecture, digits: Digits, *, threads: int | None = None) -> Session:
        """Get ready to work on ``digits``: pack the pixels once.

        Args:
            architecture: its inputs must be as many as a picture has pixels, its outputs at least the classes.
            digits: at least one.
            threads: 1 to 256, or None for as many as the process may use.

        Raises:
            ArchitectureError: the architecture does not fit the digits.
            InputError: no digits, or threads out of bounds.
        """
