"""The compiled part: cpp/bindings.cpp. native.py, and training/augment.py for `distort`, check everything first."""

import numpy as np
from numpy.typing import NDArray

BLOCK: int  # samples whose sums are float32; sums of shards cut at its multiples add up to the whole's
MAX_BATCH: int  # the most samples of a batch that `advance` takes
ACTIVATIONS: list[str]
RULES: list[str]  # of optimizers
COEFFICIENTS: list[str]  # the columns of `advance`'s last argument

def compiled_paths() -> list[str]: ...
def distort(
    out: NDArray[np.uint8],
    images: NDArray[np.uint8],
    rows: NDArray[np.uint8],
    smoothing: NDArray[np.float32],
    strength: float,
    noise: int,
    threads: int,
    path: str,
) -> None: ...

class NotFiniteError(ArithmeticError): ...

class Compiled:
    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        sizes: list[int],
        activation: str,
        threads: int,
        path: str,
        seed: int,
        dropped: int,
        scale: float,
        smoothing: float,
        max_norm: float,
        first: int,
    ) -> None: ...
    def sums(
        self,
        parameters: NDArray[np.float32],
        start: int,
        count: int,
        indices: NDArray[np.int64] | None,
        pictures: NDArray[np.uint8] | None,
        epoch: int,
        gradient: NDArray[np.float64],
    ) -> tuple[float, int]: ...
    def advance(
        self,
        parameters: NDArray[np.float32],
        memory: list[NDArray[np.float32]],
        indices: NDArray[np.int64],
        ends: list[int],
        pictures: NDArray[np.uint8] | None,
        epoch: int,
        rule: str,
        coefficients: NDArray[np.float32],
    ) -> tuple[list[float], list[int]]: ...
