"""What is compared: the rows of the table, with the bars that our engine must pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asking import (
    BF16,
    CLASSIC,
    COMPILED,
    EAGER,
    EAGER_AVX2,
    EAGER_AVX512,
    NATIVE,
    NUMPY,
    SKLEARN,
    Name,
)

JSON = dict[str, Any]
MNIST = 60_000


def job(
    *hidden: int, activation: str = "sigmoid", batch: int = 0, steps: int = 0, samples: int = MNIST, rate: float = 0.1
) -> JSON:
    """A network, and how it is trained: see `peers.Job`."""
    return {
        "sizes": [784, *hidden, 10],
        "activation": activation,
        "batch": batch,
        "steps": steps,
        "samples": samples,
        "rate": rate,
    }


@dataclass(frozen=True)
class Bar:
    """``ours`` must be at least ``bar`` times faster than the fastest of ``peers``; ``stretch`` is what we hope for."""

    peers: tuple[str, ...]
    bar: float
    stretch: float
    ours: str = ""  # the best path where nothing is said


@dataclass(frozen=True)
class Row:
    """One job for several."""

    title: str
    unit: str
    job: JSON
    peers: tuple[Name, ...]
    bars: tuple[Bar, ...]


def bars(on_avx512: tuple[float, float], on_avx2: tuple[float, float]) -> tuple[Bar, ...]:
    """Bar and stretch of each path, against PyTorch with the same instructions: the faster of eager and compiled.

    Compiled, PyTorch 2.13 cannot be held to AVX2: its losses are wrong then.
    """
    return (
        Bar((EAGER.called, COMPILED.called), *on_avx512, ours="native avx512"),
        Bar((EAGER_AVX2.called,), *on_avx2, ours="native avx2"),
    )


ROWS = {
    "full": Row(
        "784-64-10, all 60,000 digits in one step",
        "epoch",
        job(64),
        (NUMPY, CLASSIC, SKLEARN, EAGER, COMPILED, BF16, EAGER_AVX512, EAGER_AVX2),
        (
            Bar((CLASSIC.called,), 25, 50),
            Bar((EAGER_AVX512.called,), 5, 8, ours="native avx512"),
            Bar((EAGER_AVX2.called,), 3, 4, ours="native avx2"),
        ),
    ),
    "mini": Row(
        "784-64-10, mini-batches of 32",
        "epoch",
        job(64, batch=32),
        (NUMPY, SKLEARN, EAGER, EAGER_AVX2),
        (
            Bar((EAGER.called,), 8, 12, ours="native avx512"),
            Bar((EAGER_AVX2.called,), 8, 12, ours="native avx2"),
        ),
    ),
    "wide": Row(
        "784-800-10 (ReLU), mini-batches of 128",
        "100 steps",
        job(800, activation="relu", batch=128, steps=100),
        (NUMPY, EAGER, COMPILED, EAGER_AVX2),
        bars((2.5, 2.5), (2.5, 2.5)),
    ),
    "deep": Row(
        "784-512-256-10 (ReLU), mini-batches of 128",
        "100 steps",
        job(512, 256, activation="relu", batch=128, steps=100),
        (NUMPY, EAGER, COMPILED, EAGER_AVX2),
        bars((1.5, 2), (1.5, 2)),
    ),
}

# What one number does to the time of an epoch of 784-64-10; each against PyTorch eager.
SCALING: dict[str, dict[int, JSON]] = {
    "samples": {count: job(64, samples=count) for count in (1000, 4000, 15_000, 60_000, 240_000, 960_000)},
    "width": {width: job(width, samples=15_000) for width in (16, 32, 64, 128, 256, 512, 1024, 2048)},
    "batch": {
        size: job(64, batch=size, steps=max(1, min(1000, 30_000 // size)) if size < MNIST else 0, rate=0.01)
        for size in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16_384, 60_000)
    },
    "threads": dict.fromkeys((1, 2, 3, 4), job(64)),
}


# Rows for those who have three minutes, and the peers that take little time in them.
QUICK = {"full": (NUMPY, CLASSIC, SKLEARN, EAGER), "mini": (NUMPY, EAGER)}


def all_paths(available: list[str]) -> tuple[Name, ...]:
    """The paths of the native engine, the best first; the portable one only if there is no other."""
    return tuple(name for name in NATIVE if name.variant != "portable" or not available or available[0] == "portable")
