"""Processes that are asked one round at a time, so that all take turns and a drifting machine drifts for all alike.

One that is not here, or whose process ends on the way, is a reason in a dictionary; the others go on.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
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
HAS_AVX2 = frozenset({"avx2", "fma"})
HAS_AVX512 = HAS_AVX2 | {"avx512f", "avx512bw", "avx512dq", "avx512vl"}


@dataclass(frozen=True)
class Name:
    """One that is compared: what it is called, which class of `peers.py` plays it, and how.

    Attributes:
        closeness: how far its losses may be from float64's, relatively.
        needs: flags of the processor without which its process would end at an illegal instruction.
        program: the file that plays it.
        python: runs that file; a peer may be installed beside another one.
    """

    called: str
    kind: str
    variant: str = "-"
    environment: dict[str, str] = field(default_factory=dict)
    closeness: float = 1e-5
    needs: frozenset[str] = frozenset()
    program: str = "peers.py"
    python: str = sys.executable


NATIVE = [Name(f"native {path}", "digitlab", path) for path in ("avx512", "avx2", "portable")]
NUMPY = Name("our NumPy engine", "digitlab", "numpy")
CLASSIC = Name("classic float64", "classic")
SKLEARN = Name("scikit-learn", "sklearn")
EAGER = Name("PyTorch eager", "torch", "eager")
COMPILED = Name("PyTorch compiled", "torch", "compiled")
BF16 = Name("PyTorch, bfloat16 allowed", "torch", "bf16", closeness=1e-2)
EAGER_AVX512 = Name("PyTorch held to AVX-512", "torch", "eager", AVX512, needs=HAS_AVX512)
EAGER_AVX2 = Name("PyTorch held to AVX2", "torch", "eager", AVX2, needs=HAS_AVX2)


class Missing(Exception):  # noqa: N818  # it is an answer rather than an error
    """One that is not here, or cannot do what it was asked for."""


class Peer:
    """A process of `peers.py`, waiting for questions. Use it in a ``with`` block."""

    def __init__(self, name: Name, threads: int) -> None:
        self.name = name
        self.about = ""
        counts = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        self._process = subprocess.Popen(
            [name.python, str(HERE / name.program), name.kind, name.variant, str(threads)],
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
            raise Missing(how_it_ended(self._process.wait()))
        answer: dict[str, Any] = json.loads(line)
        if "missing" in answer:
            raise Missing(answer["missing"])
        return answer

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def how_it_ended(status: int) -> str:
    """The end of a process in words, by its return code."""
    if status >= 0:
        return f"its process ended with status {status}"
    words = {signal.SIGILL: ", an instruction that this processor lacks", signal.SIGKILL: "; was there enough memory?"}
    return f"its process was ended by {signal.Signals(-status).name}{words.get(signal.Signals(-status), '')}"


class Group:
    """Some peers with the same job. One that fails leaves it; why is in `missing`, by its name."""

    def __init__(self, names: Iterable[Name], job: dict[str, Any], threads: int) -> None:
        self.peers: list[Peer] = []
        self.missing: dict[str, str] = {}
        for name in names:
            if reason := why_not(name):
                self.missing[name.called] = reason
                continue
            peer = Peer(name, threads)
            self.peers.append(peer)
            if answer := self.ask(peer, "prepare", job=job):
                peer.about = answer["about"]

    def ask(self, peer: Peer, do: str, **more: Any) -> dict[str, Any] | None:
        """The answer of one of them; None where it had to leave."""
        try:
            return peer.ask(do, **more)
        except Missing as reason:
            self.missing[peer.name.called] = str(reason)
            self.peers.remove(peer)
            peer.__exit__()
            return None

    def ask_all(self, do: str, **more: Any) -> dict[str, dict[str, Any]]:
        """The answers by name."""
        answers = {peer.name.called: self.ask(peer, do, **more) for peer in list(self.peers)}
        return {name: answer for name, answer in answers.items() if answer is not None}

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *_: object) -> None:
        for peer in self.peers:
            peer.__exit__()


def processor_flags() -> set[str]:
    """What the processor can do, in Linux's words; empty where nobody tells."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return {flag for line in lines if line.startswith("flags") for flag in line.split(":")[1].split()}


def why_not(name: Name) -> str:
    """Why it cannot be asked here, as far as that is known before; empty where nothing is known against it."""
    from digitlab.engines.native import NativeEngine, available_paths

    native = name.kind == "digitlab" and name.variant in {path.variant for path in NATIVE}
    if native and (reason := NativeEngine.why_not()):
        return reason
    if native and name.variant not in available_paths():
        return "this processor has no such path"
    lacking = name.needs - processor_flags()
    return f"this processor has no {', '.join(sorted(lacking))}" if lacking else ""


def rounds_of(group: Group, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, taking turns: in one order, then in the other. Only of those who were there to the end."""
    group.ask_all("round")  # to warm up
    taken: dict[str, list[float]] = {peer.name.called: [] for peer in group.peers}
    for number in range(rounds):
        for peer in list(group.peers if number % 2 == 0 else reversed(group.peers)):
            if answer := group.ask(peer, "round"):
                taken[peer.name.called].append(answer["seconds"])
    return {peer.name.called: taken[peer.name.called] for peer in group.peers}


def spread(values: list[float]) -> tuple[float, float, float]:
    """Minimum, median, maximum."""
    return min(values), statistics.median(values), max(values)


def ratios(slow: list[float], fast: list[float]) -> list[float]:
    """How many times faster, round by round."""
    return [one / other for one, other in zip(slow, fast, strict=True)]
