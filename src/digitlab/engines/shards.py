r"""What a worker of a cluster does: it keeps some of the digits, and sums over parts of them by the native engine.

How a batch is cut decides the bits of its answer, and who computes which part does not. The native engine's sums for at
most one hidden layer are exact, so any cut at multiples of `BLOCK` samples gives its own bits. Those of deeper networks
are added as a tree of a fixed shape: a batch is halved, and its halves are, down to sixteen leaves or more.

        batch                each worker has neighbouring leaves; it adds up what it has both halves of,
       /     \                and whoever asked adds the rest, in the same shape
    half     half
    /  \     /  \
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.engines.base import Batch, Session, Sums
from digitlab.engines.native import NativeEngine
from digitlab.engines.regularization import Regularization
from digitlab.network.activations import Floats
from digitlab.network.architecture import Architecture

BLOCK = 128  # samples whose sums are one in the native engine
EXACT_SAMPLES = 2**17  # whose sums are exact whatever they are
LEAVES, LEAF = 16, 4096  # a tree has so many leaves, or more where they would be larger


@dataclass
class Shard:
    """Some of the digits, and the session that is open on them in the process where it is; it travels without that.

    Attributes:
        digits: they. The regularization's ``first`` says which one of the whole set is the first.
        architecture: of the network.
        threads: of the session.
        regularization: what training does beside.
    """

    digits: Digits
    architecture: Architecture
    threads: int
    regularization: Regularization
    _session: Session | None = field(default=None, repr=False)

    def part(self, start: int, stop: int) -> Shard:
        """The samples from ``start`` on, before ``stop``."""
        first = self.regularization.first + start
        regularization = replace(self.regularization, first=first)
        return replace(self, digits=self.digits[start:stop], regularization=regularization, _session=None)

    @property
    def session(self) -> Session:
        """The session on these digits, opened when it is first asked for."""
        if self._session is None:
            self._session = NativeEngine().open(
                self.architecture, self.digits, threads=self.threads, regularization=self.regularization
            )
        return self._session

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What it is made of, to be made elsewhere."""
        return self.digits, self.architecture, self.threads, self.regularization

    def __reduce__(self) -> tuple[Any, ...]:
        return Shard, self.arguments

    def __sizeof__(self) -> int:
        return int(self.digits.images.nbytes)  # the scheduler knows then that it is no small thing to send around


class Work(NamedTuple):
    """One worker's share of a batch.

    Attributes:
        pieces: whose sums are wanted, as positions in the batch.
        leaf: how many samples are not halved any more.
        offset: the position of the shard's first sample, or of the first of the ``indices``.
        indices: which samples of the shard they are, where they are not those in a row.
    """

    pieces: list[range]
    leaf: int
    offset: int
    indices: NDArray[np.intp] | None

    def batch(self, piece: range) -> Batch:
        """The samples of a piece, as the shard numbers them."""
        own = slice(piece.start - self.offset, piece.stop - self.offset)
        return own if self.indices is None else self.indices[own]


class Answer(NamedTuple):
    """What comes back: the sums of each piece, and how long that took in the worker."""

    sums: dict[range, Sums]
    seconds: float


def answer(shard: Shard, work: Work, parameters: Floats, epoch: int) -> Answer:
    """A worker's answer."""
    began = time.perf_counter()

    def ask(piece: range) -> Sums | None:
        return shard.session.sums(parameters, work.batch(piece), epoch) if len(piece) <= work.leaf else None

    sums = {piece: add_halves(piece, ask) for piece in work.pieces}
    return Answer(sums, time.perf_counter() - began)


def engine_in_words(architecture: Architecture) -> str:
    """On which all workers must agree, as other arithmetic gives other bits."""
    return NativeEngine.why_not(architecture) or f"native (arithmetic {NativeEngine.arithmetic})"


def is_exact(architecture: Architecture, count: int) -> bool:
    """Whether sums over the parts of so many samples add up to the same bits, however they are cut."""
    return len(architecture.sizes) <= 3 and count <= EXACT_SAMPLES


def shares(count: int, workers: int, *, exact: bool) -> tuple[list[list[range]], int]:
    """The pieces of a batch for each worker, some of which may get none; and how large a leaf is."""
    if exact:
        blocks = -(-count // BLOCK)
        bounds = [min(count, BLOCK * (blocks * i // workers)) for i in range(workers + 1)]
        return [[range(*ends)] if ends[0] < ends[1] else [] for ends in itertools.pairwise(bounds)], count
    whole, leaf = range(count), max(BLOCK, min(LEAF, -(-count // LEAVES)))
    leaves = _leaves(whole, leaf)
    groups = [leaves[len(leaves) * i // workers : len(leaves) * (i + 1) // workers] for i in range(workers)]
    return [_cover(whole, group[0].start, group[-1].stop) if group else [] for group in groups], leaf


def add_halves(piece: range, ask: Callable[[range], Sums | None]) -> Sums:
    """The sums of a piece: what ``ask`` says, else those of its halves."""
    known = ask(piece)
    if known is not None:
        return known
    left, right = _halves(piece)
    return add_halves(left, ask) + add_halves(right, ask)


def _halves(piece: range) -> tuple[range, range]:
    blocks = -(-len(piece) // BLOCK)
    middle = piece.start + BLOCK * ((blocks + 1) // 2)
    return range(piece.start, middle), range(middle, piece.stop)


def _leaves(piece: range, leaf: int) -> list[range]:
    return [piece] if len(piece) <= leaf else [one for half in _halves(piece) for one in _leaves(half, leaf)]


def _cover(piece: range, start: int, stop: int) -> list[range]:
    """The fewest pieces of the tree below ``piece`` that are everything from ``start`` to ``stop``."""
    if stop <= piece.start or piece.stop <= start:
        return []
    if start <= piece.start and piece.stop <= stop:
        return [piece]
    return [one for half in _halves(piece) for one in _cover(half, start, stop)]
