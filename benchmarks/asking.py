"""Processes that are asked one round at a time, so that all take turns and a drifting machine drifts for all alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
AVX512 = {
    "ATEN_CPU_CAPABILITY": "avx512",
    "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI",
    "MKL_ENABLE_INSTRUCTIONS": "AVX512",
}
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}


@dataclass(frozen=True)
class Name:
    """One that is compared: what it is called, which class of `peers.py` plays it, and how.

    Attributes:
        closeness: how far its losses may be from float64's, relatively.
    """

    called: str
    kind: str
    variant: str = "-"
    environment: dict[str, str] = field(default_factory=dict)
    closeness: float = 1e-5


NATIVE = [Name(f"native {path}", "digitlab", path) for path in ("amx", "avx512", "avx2", "portable")]
NUMPY = Name("our NumPy engine", "digitlab", "numpy")
CLASSIC = Name("classic float64", "classic")
SKLEARN = Name("scikit-learn", "sklearn")
EAGER = Name("PyTorch eager", "torch", "eager")
COMPILED = Name("PyTorch compiled", "torch", "compiled")
BF16 = Name("PyTorch, bfloat16 allowed", "torch", "bf16", closeness=1e-2)
EAGER_AVX512 = Name("PyTorch held to AVX-512", "torch", "eager", AVX512)
EAGER_AVX2 = Name("PyTorch held to AVX2", "torch", "eager", AVX2)


class Missing(Exception):  # noqa: N818  # it is an answer rather than an error
    """One that is not here, or cannot do what it was asked for."""


class Peer:
    """A process of `peers.py`, waiting for questions. Use it in a ``with`` block."""

    def __init__(self, name: Name, threads: int) -> None:
        self.name = name
        self.about = ""
        counts = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "peers.py"), name.kind, name.variant, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | counts | name.environment,
        )

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Its answer.

        Raises:
            Missing: it cannot.
        """
        assert self._process.stdin
        assert self._process.stdout
        try:
            print(json.dumps({"do": do} | more), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Missing(f"its process ended ({self._process.wait()}); was there enough memory?")
        answer: dict[str, Any] = json.loads(line)
        if "missing" in answer:
            raise Missing(answer["missing"])
        return answer

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def prepared(names: Iterable[Name], job: dict[str, Any], threads: int, missing: dict[str, str]) -> list[Peer]:
    """Those that are here, ready for the job; why others are not goes into ``missing``."""
    found = []
    for name in names:
        peer = Peer(name, threads)
        try:
            peer.about = peer.ask("prepare", job=job)["about"]
            found.append(peer)
        except Missing as reason:
            missing[name.called] = str(reason)
            peer.__exit__()
    return found


def rounds_of(peers: list[Peer], rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, taking turns: in one order, then in the other."""
    taken: dict[str, list[float]] = {peer.name.called: [] for peer in peers}
    for peer in peers:
        peer.ask("round")  # to warm up
    for number in range(rounds):
        for peer in peers if number % 2 == 0 else reversed(peers):
            taken[peer.name.called].append(peer.ask("round")["seconds"])
    return taken


def spread(values: list[float]) -> tuple[float, float, float]:
    """Minimum, median, maximum."""
    return min(values), statistics.median(values), max(values)


def ratios(slow: list[float], fast: list[float]) -> list[float]:
    """How many times faster, round by round."""
    return [one / other for one, other in zip(slow, fast, strict=True)]
