"""The engine that defines all others: forward, loss and backward in NumPy, as in a textbook.

    forward     z_l = a_(l-1) W_l + b_l          a_l = f(z_l)          a_0 = pixels / 255
    loss        cross-entropy of softmax(z_L)    delta_L = p - y
    backward    dW_l = a_(l-1)^T delta_l         db_l = sum over samples of delta_l
                delta_(l-1) = (delta_l W_l^T) * f'(z_(l-1))

Samples go through in blocks whose arrays stay in the processor's cache; all of them are allocated once, when the
session is opened. Each block's sums are float32 and are added up in float64.

Letters for shapes: N samples, P pixels (784), H units of a hidden layer, K classes (10), B samples of a block.
Source: C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), section 5.3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from digitlab.data.digits import Digits
from digitlab.data.pixels import normalize
from digitlab.engines.base import Batch, Engine, Session, Sums
from digitlab.engines.checks import check_digits, check_threads
from digitlab.network.activations import ACTIVATIONS, Floats
from digitlab.network.architecture import Architecture, Layer
from digitlab.network.cross_entropy import softmax_cross_entropy

__all__ = ["NumpyEngine"]

BLOCK = 2000  # samples at a time; measured: smaller starves the matrix products, larger leaves the cache


class NumpyEngine(Engine):
    """NumPy on the processor.

    Args:
        dtype: of the arithmetic. float32 is the definition; float64 is its twin, for checks.
    """

    name = "numpy"

    def __init__(self, dtype: type[np.floating] = np.float32) -> None:
        self.dtype = dtype

    def open(self, architecture: Architecture, digits: Digits, *, threads: int | None = None) -> NumpySession:
        """See `Engine.open`. The threads are those of NumPy's matrix products (BLAS), for the whole process."""
        check_digits(architecture, digits)
        return NumpySession(architecture, digits, self.dtype, check_threads(threads))


class NumpySession(Session):
    """See `Session`. Holds the pixels as floats: 188 MB for the 60,000 training digits in float32."""

    def __init__(self, architecture: Architecture, digits: Digits, dtype: type[np.floating], threads: int) -> None:
        self.architecture = architecture
        self.digits = digits
        self.threads = threads
        self._limits = threadpool_limits(limits=threads, user_api="blas")
        self._inputs = normalize(digits.images, dtype).reshape(len(digits), -1)  # (N, P)
        self._labels = digits.labels.astype(np.intp)  # (N,)
        self._activation = ACTIVATIONS[architecture.activation]
        block = min(BLOCK, len(digits))
        self._gathered = np.empty((block, architecture.sizes[0]), dtype)  # (B, P) the samples of a mini-batch
        self._outputs = [np.empty((block, size), dtype) for size in architecture.sizes[1:]]  # (B, H) ... (B, K)
        self._deltas = [np.empty((block, size), dtype) for size in architecture.sizes[1:-1]]  # (B, H)
        self._slopes = [np.empty((block, size), dtype) for size in architecture.sizes[1:-1]]  # (B, H)
        self._block_gradient = np.empty(architecture.parameter_count, dtype)

    def close(self) -> None:
        """Give the matrix products their threads back."""
        self._limits.restore_original_limits()

    def sums(self, parameters: Floats, batch: Batch) -> Sums:
        """See `Session.sums`."""
        layers = self.architecture.layers(parameters)
        gradient = np.zeros(self.architecture.parameter_count, np.float64)
        block_gradients = self.architecture.layers(self._block_gradient)
        loss, hits, count = 0.0, 0, 0
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found by whoever asked
            for x, labels in self._blocks(batch):
                activations = self._forward(layers, x)
                block = softmax_cross_entropy(activations[-1], labels)
                self._backward(layers, block_gradients, activations, block.delta)
                gradient += self._block_gradient
                loss += block.total
                hits += block.hits
                count += len(labels)
        return Sums(loss, hits, count, gradient)

    def _blocks(self, batch: Batch) -> Iterator[tuple[Floats, np.ndarray]]:
        """Inputs ``(B, P)`` and labels ``(B,)`` of the batch, block by block."""
        if isinstance(batch, slice):
            start, stop, step = batch.indices(len(self._labels))
            if step == 1:  # a range: views, no copying
                for first in range(start, stop, BLOCK):
                    rows = slice(first, min(first + BLOCK, stop))
                    yield self._inputs[rows], self._labels[rows]
                return
            batch = np.arange(start, stop, step)
        for first in range(0, len(batch), BLOCK):
            indices = batch[first : first + BLOCK]
            labels = self._labels[indices]  # an index out of range is an IndexError here, before "clip" hides it
            x = self._gathered[: len(indices)]
            np.take(self._inputs, indices, axis=0, out=x, mode="clip")
            yield x, labels

    def _forward(self, layers: list[Layer], x: Floats) -> list[Floats]:
        """The inputs, the output of each hidden layer, and last the logits."""
        activations = [x]
        for number, (W, b) in enumerate(layers):
            z = np.matmul(activations[-1], W, out=self._outputs[number][: len(x)])  # (B, H)
            z += b
            is_hidden = number < len(layers) - 1
            activations.append(self._activation.function(z, z) if is_hidden else z)
        return activations

    def _backward(self, layers: list[Layer], gradients: list[Layer], activations: list[Floats], delta: Floats) -> None:
        """Write this block's gradient into ``gradients``; ``delta (B, K)`` is the loss's derivative by the logits."""
        for number in reversed(range(len(layers))):
            a = activations[number]  # the layer's input
            np.matmul(a.T, delta, out=gradients[number].W)  # (H, K)
            np.sum(delta, axis=0, out=gradients[number].b)  # (K,)
            if number > 0:
                slope = self._activation.derivative(a, self._slopes[number - 1][: len(a)])
                delta = np.matmul(delta, layers[number].W.T, out=self._deltas[number - 1][: len(a)])  # (B, H)
                delta *= slope
