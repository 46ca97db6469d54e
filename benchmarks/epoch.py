"""What one full-batch epoch of 784-64-10 costs in NumPy, beside its two large products alone; and the memory of it.

The products `X @ W1` and `X.T @ delta1` are 95 % of the arithmetic, so they are the floor for NumPy. Both are timed
in turn in one run, because machines drift. Before anything is timed, the epoch is checked against float64.

    python benchmarks/epoch.py [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import digitlab as dl
from digitlab.engines import NumpyEngine

RUNS = 15
BARS = {"epoch / two products": 1.6, "peak memory (MB)": 700}

MEMORY_PROGRAM = """
import resource, digitlab as dl
recipe = dl.recipe("seed", epochs=5)
network = recipe.new_network()
dl.fit(network, dl.load_mnist()[0], recipe, engine="numpy")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def verify(network: dl.Network, digits: dl.Digits) -> None:
    """Nothing is timed that is not right."""
    with NumpyEngine().open(network.architecture, digits) as session:
        answer = session.sums(network.parameters, slice(None))
    with NumpyEngine(np.float64).open(network.architecture, digits) as session:
        exact = session.sums(network.parameters.astype(np.float64), slice(None))
    error = np.linalg.norm(answer.gradient - exact.gradient) / np.linalg.norm(exact.gradient)
    print(f"verified: gradient's relative error against float64 {error:.1e}")
    if not error < 1e-6:
        sys.exit("the gradient is wrong: nothing was timed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    target = parser.parse_args().json

    # First, while this process is small: a new process inherits the peak of the one that started it.
    memory = float(subprocess.run([sys.executable, "-c", MEMORY_PROGRAM], capture_output=True, check=True).stdout)
    digits, _ = dl.load_mnist()
    network = dl.Network([784, 64, 10])
    verify(network, digits)

    x = dl.normalize(digits.images).reshape(-1, 784)
    delta = np.random.default_rng(0).normal(size=(len(x), 64)).astype(np.float32)
    hidden, gradient = np.empty_like(delta), np.empty((784, 64), np.float32)

    def two_products() -> None:
        with threadpool_limits(limits=session.threads, user_api="blas"):  # a session holds BLAS to one thread
            np.matmul(x, network.W1, out=hidden)
            np.matmul(x.T, delta, out=gradient)

    with NumpyEngine().open(network.architecture, digits) as session:
        two_products()
        session.sums(network.parameters, slice(None))
        pairs = [
            (milliseconds(two_products), milliseconds(lambda: session.sums(network.parameters, slice(None))))
            for _ in range(RUNS)
        ]
        threads = session.threads

    figures = {
        "two products (ms)": [products for products, _ in pairs],
        "epoch (ms)": [epoch for _, epoch in pairs],
        "epoch / two products": [epoch / products for products, epoch in pairs],
        "peak memory (MB)": [memory],
    }
    print(f"NumPy {np.__version__}, {threads} threads, {RUNS} interleaved runs: minimum, median, maximum")
    for name, values in figures.items():
        bar = f"   (bar: {BARS[name]})" if name in BARS else ""
        print(f"  {name:<22} {min(values):8.2f} {statistics.median(values):8.2f} {max(values):8.2f}{bar}")
    if target:
        target.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
