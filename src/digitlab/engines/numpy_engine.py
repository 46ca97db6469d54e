"""The engine that defines all others: forward, loss and backward in NumPy, as in a textbook.

    forward     z_l = a_(l-1) W_l + b_l          a_l = f(z_l)          a_0 = pixels / 255
    loss        cross-entropy of softmax(z_L)    delta_L = p - y
    backward    dW_l = a_(l-1)^T delta_l         db_l = sum over samples of delta_l
                delta_(l-1) = (delta_l W_l^T) * f'(z_(l-1))

Samples go through in blocks whose arrays stay in the processor's cache. The blocks are always the same and each is
computed by one thread; their sums are float32 and are added up in float64, in the order of the blocks. So the result
has the same bits on any number of threads.

Letters for shapes: N samples, P pixels (784), H units of a hidden layer, K classes (10), B samples of a block.
Source: C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), section 5.3.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.data.pixels import normalize
from digitlab.engines.base import Batch, Engine, Session, Sums
from digitlab.engines.blas import hold_to_one_thread, release
from digitlab.engines.checks import check_session, check_threads
from digitlab.engines.regularization import NONE, Regularization
from digitlab.network.activations import ACTIVATIONS, Floats
from digitlab.network.architecture import Architecture, Layer
from digitlab.network.cross_entropy import softmax_cross_entropy

BLOCK = 3000  # samples at a time; measured: smaller starves the matrix products, larger leaves the cache


class NumpyEngine(Engine):
    """NumPy on the processor.

    Args:
        dtype: of the arithmetic. float32 is the definition; float64 is its twin, for checks.
    """

    name = "numpy"
    in_words = "the definition, in NumPy"

    def __init__(self, dtype: type[np.floating] = np.float32) -> None:
        self.dtype = dtype

    def open(
        self,
        architecture: Architecture,
        digits: Digits,
        *,
        threads: int | None = None,
        regularization: Regularization = NONE,
    ) -> NumpySession:
        """See `Engine.open`. While a session is open, each of NumPy's matrix products (BLAS) uses one thread."""
        check_session(architecture, digits, threads)
        return NumpySession(architecture, digits, self.dtype, check_threads(threads), regularization)


class NumpySession(Session):
    """See `Session`. Holds the pixels as floats: 188 MB for the 60,000 training digits in float32."""

    def __init__(
        self,
        architecture: Architecture,
        digits: Digits,
        dtype: type[np.floating],
        threads: int,
        regularization: Regularization,
    ) -> None:
        self.architecture = architecture
        self.digits = digits
        self.threads = threads
        self.regularization = regularization
        self._dtype = dtype
        self._numbers = regularization.first + np.arange(len(digits))  # (N,)
        self._inputs = normalize(digits.images, dtype).reshape(len(digits), -1)  # (N, P)
        self._labels = digits.labels.astype(np.intp)  # (N,)
        self._workspaces: SimpleQueue[_Workspace] = SimpleQueue()  # one for each thread, made once
        for _ in range(threads):
            self._workspaces.put(_Workspace(architecture, min(BLOCK, len(digits)), dtype))
        self._pool = ThreadPoolExecutor(threads)
        self._process = os.getpid()
        hold_to_one_thread()
        self._release = weakref.finalize(self, release)  # also when nobody closes it

    def close(self) -> None:
        """End the threads, and give the matrix products theirs back. Closing twice is the same as once."""
        if self._process == os.getpid():
            self._pool.shutdown()
        self._release()  # does nothing the second time

    def sums(self, parameters: Floats, batch: Batch, epoch: int = 0) -> Sums:
        """See `Session.sums`."""
        layers = self.architecture.layers(parameters)
        blocks = list(self._blocks(batch))
        if len(blocks) == 1:
            return self._block_sums(layers, blocks[0], epoch)
        if self._process != os.getpid():  # a fork copies the pool, but not its threads
            self._pool, self._process = ThreadPoolExecutor(self.threads), os.getpid()
        total = Sums(0.0, 0, 0, np.zeros(self.architecture.parameter_count))
        for answer in self._pool.map(lambda block: self._block_sums(layers, block, epoch), blocks):  # in their order
            total += answer
        return total

    def _blocks(self, batch: Batch) -> Iterator[Batch]:
        """The batch, cut into blocks."""
        if isinstance(batch, slice):
            chosen = range(len(self._labels))[batch]
            if chosen.step == 1:
                yield from (slice(at, min(at + BLOCK, chosen.stop)) for at in range(chosen.start, chosen.stop, BLOCK))
                return
            batch = np.asarray(chosen, np.intp)
        yield from (batch[first : first + BLOCK] for first in range(0, len(batch), BLOCK))

    def _block_sums(self, layers: list[Layer], block: Batch, epoch: int) -> Sums:
        """The answer for one block, in whichever thread."""
        workspace, distort = self._workspaces.get(), self.regularization.distort
        try:
            labels = self._labels[block]  # (B,); an index out of range is an IndexError here
            numbers = self._numbers[block]
            if distort and epoch:
                distorted = distort(self.digits.images[block], numbers, epoch=epoch, threads=1)
                x = normalize(distorted, self._dtype).reshape(len(labels), -1)
            elif isinstance(block, slice):
                x = self._inputs[block]  # (B, P), a view
            else:
                x = workspace.gathered[: len(block)]
                np.take(self._inputs, block, axis=0, out=x, mode="wrap")  # as the labels: -1 is the last
            return workspace.sums(layers, x, labels, _InEpoch(self.regularization, numbers, epoch))
        finally:
            self._workspaces.put(workspace)


class _InEpoch:
    """The regularization of the samples of one block, in an epoch."""

    def __init__(self, regularization: Regularization, numbers: NDArray[np.int64], epoch: int) -> None:
        self.smoothing = regularization.smoothing(epoch)
        self.drops = bool(regularization.dropped_parts and epoch)
        self._of, self._numbers, self._epoch = regularization, numbers, epoch

    def factors(self, layer: int, units: int) -> Floats:
        """See `Regularization.dropout_factors`."""
        return self._of.dropout_factors(self._numbers, self._epoch, layer, units)


class _Workspace:
    """Forward, loss and backward of one block, in arrays that are allocated once."""

    def __init__(self, architecture: Architecture, block: int, dtype: type[np.floating]) -> None:
        self._activation = ACTIVATIONS[architecture.activation]
        self.gathered = np.empty((block, architecture.sizes[0]), dtype)  # (B, P) the samples of a mini-batch
        self._outputs = [np.empty((block, size), dtype) for size in architecture.sizes[1:]]  # (B, H) ... (B, K)
        self._deltas = [np.empty((block, size), dtype) for size in architecture.sizes[1:-1]]  # (B, H)
        self._slopes = [np.empty((block, size), dtype) for size in architecture.sizes[1:-1]]  # (B, H) z, then f'(z)
        self._gradient = np.empty(architecture.parameter_count, dtype)
        self._gradients = architecture.layers(self._gradient)

    def sums(self, layers: list[Layer], x: Floats, labels: NDArray[np.intp], how: _InEpoch) -> Sums:
        """The answer for inputs ``x (B, P)`` with ``labels (B,)``."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # whoever asked looks at the result
            activations = self._forward(layers, x, how)
            loss = softmax_cross_entropy(activations[-1], labels, how.smoothing)
            self._backward(layers, activations, loss.delta)
        return Sums(loss.total, loss.hits, len(labels), self._gradient.astype(np.float64))

    def _forward(self, layers: list[Layer], x: Floats, how: _InEpoch) -> list[Floats]:
        """The inputs, the output of each hidden layer, and last the logits; leaves the slopes f'(z) in `_slopes`."""
        activations = [x]
        for number, (W, b) in enumerate(layers):
            a = self._outputs[number][: len(x)]  # (B, H)
            is_hidden = number < len(layers) - 1
            z = self._slopes[number][: len(x)] if is_hidden else a
            np.matmul(activations[-1], W, out=z)
            z += b
            if is_hidden:
                self._activation.function(z, out=a)
                self._activation.derivative(z, a, out=z)
                if how.drops:  # a unit that is left out has no output, and what it was told has no effect
                    factors = how.factors(number, a.shape[1])
                    a *= factors
                    z *= factors
            activations.append(a)
        return activations

    def _backward(self, layers: list[Layer], activations: list[Floats], delta: Floats) -> None:
        """Write the gradient; ``delta (B, K)`` is the loss's derivative by the logits."""
        for number in reversed(range(len(layers))):
            a = activations[number]  # the layer's input
            np.matmul(a.T, delta, out=self._gradients[number].W)  # (H, K)
            np.sum(delta, axis=0, out=self._gradients[number].b)  # (K,)
            if number > 0:
                delta = np.matmul(delta, layers[number].W.T, out=self._deltas[number - 1][: len(a)])  # (B, H)
                delta *= self._slopes[number - 1][: len(a)]
