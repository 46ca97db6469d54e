"""Figures that one process gives by itself: a cold start to 98 %, the seed recipe, its memory, one picture."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Any

from asking import EAGER, Missing, Name, Peer
from rows import job

COLD = """
import digitlab as dl
train, test = dl.load_mnist()
recipe = dl.recipe("quick")
network = recipe.new_network()
dl.fit(network, train, recipe)
print(dl.evaluate(network, test).accuracy)
"""
SEED = """
import resource, sys, time
import digitlab as dl
train, _ = dl.load_mnist()
recipe = dl.recipe("seed", epochs=int(sys.argv[1]))
network = recipe.new_network()
began = time.perf_counter()
history = dl.fit(network, train, recipe)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, history.epochs[-1].loss)
"""
BARS = {  # at most: bar, stretch
    "cold process to 98 % (s)": (3.5, 1.5),
    "its test accuracy": (0.98, 0.98),  # at least
    "`seed`, 1000 epochs (s)": (15, 8),
    "peak memory of `seed` (MB)": (400, 250),
    "one picture, native (us)": (20, 8),
}


def _program(text: str, *arguments: str) -> tuple[float, list[float]]:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", text, *arguments], check=True, capture_output=True, text=True)
    return time.perf_counter() - began, [float(word) for word in done.stdout.split()]


def memory() -> dict[str, list[float]]:
    """Before this process grows: a new one inherits the peak of the one that started it."""
    _, (_, megabytes, _) = _program(SEED, "5")
    return {"peak memory of `seed` (MB)": [megabytes]}


def cold_start(rounds: int) -> dict[str, list[float]]:
    """Import, load, train, evaluate; everything is in the file cache after a first try."""
    _program(COLD)
    runs = [_program(COLD) for _ in range(rounds)]
    return {
        "cold process to 98 % (s)": [seconds for seconds, _ in runs],
        "its test accuracy": [accuracy for _, (accuracy,) in runs],
    }


def seed_recipe(rounds: int) -> dict[str, list[float]]:
    """The classic experiment, whole."""
    runs = [_program(SEED, "1000")[1] for _ in range(rounds)]
    return {"`seed`, 1000 epochs (s)": [run[0] for run in runs], "its last loss": [run[2] for run in runs]}


def one_picture(rounds: int, threads: int) -> dict[str, list[float]]:
    """From a picture in memory to its probabilities, taking turns."""
    names = {"native": Name("native", "digitlab", ""), "PyTorch eager": EAGER}
    peers: dict[str, Peer] = {}
    for called, name in names.items():
        peers[called] = Peer(name, threads)
        try:
            peers[called].ask("prepare", job=job(64, samples=1000))
        except Missing as reason:
            print(f"  {called} is missing: {reason}")
            peers.pop(called).__exit__()
    found: dict[str, list[float]] = {f"one picture, {called} (us)": [] for called in peers}
    for _ in range(rounds):
        for called, peer in peers.items():
            found[f"one picture, {called} (us)"].append(peer.ask("picture")["microseconds"])
    for peer in peers.values():
        peer.__exit__()
    return found


def show(figures: dict[str, list[float]]) -> None:
    """Minimum, median and maximum of each, and its bar."""
    for name, values in figures.items():
        middle = statistics.median(values)
        line = f"  {name:<32} {min(values):9.4g} {middle:9.4g} {max(values):9.4g}"
        if name in BARS:
            bar, stretch = BARS[name]
            met = min(values) >= bar if "accuracy" in name else middle <= bar
            line += f"   bar {bar:g}: {'met' if met else 'MISSED'}   stretch {stretch:g}"
        print(line)


def all_of_them(rounds: int, threads: int, *, whole_seed: bool) -> dict[str, Any]:
    """Everything here but memory, which comes first."""
    figures = one_picture(rounds, threads) | cold_start(rounds)
    return figures | (seed_recipe(3) if whole_seed else {})
