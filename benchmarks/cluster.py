"""Steps of the cluster engine on 1, 2 and 4 processes of this machine, beside the native engine on as many threads.

First the sums of each are compared with the native engine's, bit for bit where that is promised. What is told of each:
the time of a step, and the share of it in which even the slowest worker did not compute: sending, receiving, waiting.

    python benchmarks/cluster.py [--processes 1 2 4] [--rows full ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

import digitlab as dl
from digitlab.engines import ClusterEngine, NativeEngine, Session
from digitlab.engines.base import Batch
from digitlab.network import Architecture
from digitlab.network.initializers import first_parameters

SECONDS = 1.5  # of steps, for each number of processes,
STEPS = 4  # and this many at least


class Row(NamedTuple):
    """What is stepped: an architecture, and how many samples; 0 for all, in their natural order."""

    sizes: tuple[int, ...]
    batch: int = 0


ROWS = {
    "full": Row((784, 64, 10)),
    "wide": Row((784, 800, 10)),
    "deep": Row((784, 512, 256, 10)),
    "batch": Row((784, 64, 10), 4096),
    "wide batch": Row((784, 800, 10), 4096),
    "latency": Row((784, 64, 10), 128),
}


class Figures(NamedTuple):
    """Of one row on some processes: milliseconds of a step, the share without work, megabytes both ways."""

    processes: int
    milliseconds: float
    share: float
    megabytes: float


def steps(session: Session, parameters: np.ndarray, batch: Batch) -> tuple[float, int]:
    """The median time of a step in ms, and how many there were."""
    found: list[float] = []
    while sum(found) < SECONDS or len(found) < STEPS:
        began = time.perf_counter()
        session.sums(parameters, batch)
        found.append(time.perf_counter() - began)
    return 1000 * statistics.median(found), len(found)


def measure(row: Row, digits: dl.Digits, processes: list[int]) -> tuple[dict[int, float], list[Figures]]:
    """The native engine's times by threads, and the cluster's."""
    shape = Architecture(row.sizes, "sigmoid")
    parameters = first_parameters(shape, "lecun", 0)
    batch = np.random.default_rng(0).permutation(len(digits))[: row.batch] if row.batch else slice(None)
    native, found = {}, []
    for threads in (1, 2):
        with NativeEngine().open(shape, digits, threads=threads) as session:
            expected = session.sums(parameters, batch)
            native[threads] = steps(session, parameters, batch)[0]
    for count in processes:
        with ClusterEngine(workers=count).open(shape, digits) as session:
            answer = session.sums(parameters, batch)  # digits are sent, and lists are made
            same = np.array_equal(answer.gradient, expected.gradient)
            close = np.allclose(answer.gradient, expected.gradient, rtol=1e-9, atol=1e-9)
            if not (same if len(row.sizes) <= 3 else close):
                sys.exit(f"{count} processes give another gradient for {shape}: nothing more was timed")
            before = dict(session.stopwatch.seconds)
            milliseconds, taken = steps(session, parameters, batch)
            work = max(seconds - before.get(name, 0.0) for name, seconds in session.stopwatch.seconds.items())
            asked = len(session.stopwatch.seconds)
        share = max(0.0, 1 - 1000 * work / taken / milliseconds)
        found.append(Figures(count, milliseconds, share, 12 * shape.parameter_count * asked / 1e6))
    return native, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = parser.parse_args()
    if why_not := ClusterEngine.why_not():
        print(f"the cluster engine was not timed: {why_not}")
        return
    digits, _ = dl.load_mnist()
    told = {}
    for name in chosen.rows:
        row = ROWS[name]
        native, found = measure(row, digits, chosen.processes)
        told[name] = {"native": native, "cluster": [one._asdict() for one in found]}
        samples = f"{row.batch:,} of 60,000" if row.batch else "60,000"
        print(f"{'-'.join(map(str, row.sizes))}, {samples} digits a step; sums verified")
        for threads, milliseconds in native.items():
            print(f"  native, {threads} threads    {milliseconds:8.1f} ms")
        for one in found:
            words = f"{one.share:4.0%} of it no work, {one.megabytes:.3g} MB"
            print(f"  cluster, {one.processes} processes {one.milliseconds:8.1f} ms  {words}")
    if chosen.json:
        chosen.json.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
