"""The compiled part: cpp/bindings.cpp. Only native.py calls it, and checks everything first."""

import numpy as np
from numpy.typing import NDArray

MAX_BLOCK: int

class NotFiniteError(ArithmeticError): ...

def compiled_paths() -> list[str]: ...

class Compiled:
    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        sizes: list[int],
        activation: int,
        threads: int,
        path: str,
    ) -> None: ...
    def sums(
        self, parameters: NDArray[np.float32], start: int, count: int, gradient: NDArray[np.float64]
    ) -> tuple[float, int]: ...
    def sums_of(
        self, parameters: NDArray[np.float32], indices: NDArray[np.int64], gradient: NDArray[np.float64]
    ) -> tuple[float, int]: ...
    def advance(
        self,
        parameters: NDArray[np.float32],
        first: NDArray[np.float32],
        second: NDArray[np.float32],
        indices: NDArray[np.int64],
        ends: list[int],
        rule: int,
        steps: NDArray[np.float32],
    ) -> tuple[int, list[float], list[int]]: ...
