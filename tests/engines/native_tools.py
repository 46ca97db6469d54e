"""What the tests of the native engine share: the paths of this processor, digits of odd kinds, and how to compare."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import digitlab as dl
from digitlab.engines import NativeEngine, Session, Sums
from digitlab.engines.native import available_paths
from digitlab.network import Architecture
from digitlab.network.initializers import first_parameters

needs_native = pytest.mark.skipif(bool(NativeEngine.why_not()), reason=f"no native engine: {NativeEngine.why_not()}")
PATHS = available_paths()
FAST = [path for path in PATHS if path != "portable"]


def open_native(
    architecture: Architecture, digits: dl.Digits, simd: str | None = None, threads: int | None = None
) -> Session:
    """A session on one path with some threads."""
    return NativeEngine(simd).open(architecture, digits, threads=threads)


def some_parameters(architecture: Architecture, seed: int = 0) -> NDArray[np.float32]:
    """First weights, and biases that are not 0 either."""
    parameters = first_parameters(architecture, "lecun", seed)
    parameters += np.random.default_rng(seed).normal(0, 0.05, parameters.shape).astype(np.float32)
    return parameters


def random_digits(count: int, seed: int, *, classes: int = 10, lit: int = 784, ink: float = 0.3) -> dl.Digits:
    """Pictures of random bytes, of which a part ``ink`` of the first ``lit`` pixels is not 0."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, 784), np.uint8) * (random.random((count, 784)) < ink)
    images[:, lit:] = 0
    labels = random.integers(0, classes, count).astype(np.uint8)
    return dl.Digits(images.astype(np.uint8).reshape(-1, 28, 28), labels, "random", tuple(map(str, range(classes))))


def assert_same_sums(one: Sums, other: Sums) -> None:
    """Bit for bit."""
    assert (one.loss, one.hits, one.count) == (other.loss, other.hits, other.count)
    differing = np.flatnonzero(one.gradient.view(np.int64) != other.gradient.view(np.int64))
    differing = differing[(one.gradient[differing] != 0) | (other.gradient[differing] != 0)]  # 0 may be -0
    assert not differing.size, f"{differing.size} components differ, the first at {differing[0]}"


def relative_error(answer: NDArray[np.float64], exact: NDArray[np.float64]) -> float:
    """Of a vector, by its length."""
    return float(np.linalg.norm(answer - exact) / np.linalg.norm(exact))
