"""Figures that one process gives by itself: a cold start to 98 %, the seed recipe, its memory, one picture."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from asking import EAGER, HAS_AVX512, Group, Missing, Name, how_it_ended, processor_flags, ratios
from rows import job

Figures = dict[str, list[float]]

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
AT_MOST = {  # bar, stretch
    "cold process to 98 % (s)": (2.5, 1.5),
    "`seed`, 1000 epochs (s)": (15, 8),
    "peak memory of `seed` (MB)": (150, 120),
}
WITH_AVX512 = AT_MOST | {"cold process to 98 % (s)": (2.0, 1.5)}
AT_LEAST = {"its test accuracy": (0.98, 0.98), "one picture, eager / native": (3, 4)}


def _program(text: str, *arguments: str) -> tuple[float, list[float]]:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", text, *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise Missing(how_it_ended(done.returncode))
    return time.perf_counter() - began, [float(word) for word in done.stdout.split()]


def memory() -> Figures:
    """Before this process grows: a new one inherits the peak of the one that started it."""
    return measured("the peak memory", lambda: {"peak memory of `seed` (MB)": [_program(SEED, "5")[1][1]]})


def cold_start(rounds: int) -> Figures:
    """Import, load, train, evaluate; everything is in the file cache after a first try."""
    _program(COLD)
    runs = [_program(COLD) for _ in range(rounds)]
    return {
        "cold process to 98 % (s)": [seconds for seconds, _ in runs],
        "its test accuracy": [accuracy for _, (accuracy,) in runs],
    }


def seed_recipe(rounds: int) -> Figures:
    """The classic experiment, whole."""
    runs = [_program(SEED, "1000")[1] for _ in range(rounds)]
    return {"`seed`, 1000 epochs (s)": [run[0] for run in runs], "its last loss": [run[2] for run in runs]}


def one_picture(rounds: int, threads: int) -> Figures:
    """From a picture in memory to its probabilities, taking turns."""
    found: Figures = {}
    with Group([Name("native", "digitlab", ""), EAGER], job(64, samples=1000), threads) as group:
        for _ in range(rounds):
            for called, answer in group.ask_all("picture").items():
                found.setdefault(f"one picture, {called} (us)", []).append(answer["microseconds"])
    for called, reason in group.missing.items():
        print(f"  one picture, {called}: missing: {reason}")
    if not group.missing:
        ours, theirs = found.values()
        found["one picture, eager / native"] = ratios(theirs, ours)
    return found


def show(figures: Figures) -> None:
    """Minimum, median and maximum of each, and its bar."""
    at_most = WITH_AVX512 if processor_flags() >= HAS_AVX512 else AT_MOST
    for name, values in figures.items():
        middle = statistics.median(values)
        line = f"  {name:<32} {min(values):9.4g} {middle:9.4g} {max(values):9.4g}"
        if bars := (at_most | AT_LEAST).get(name):
            bar, stretch = bars
            met = middle >= bar if name in AT_LEAST else middle <= bar
            line += f"   bar {bar:g}: {'met' if met else 'MISSED'}   stretch {stretch:g}"
        print(line)


def all_of_them(rounds: int, threads: int, *, whole_seed: bool) -> Figures:
    """Everything here but memory, which comes first."""
    figures = one_picture(rounds, threads) | measured("a cold process", lambda: cold_start(rounds))
    return figures | (measured("`seed`", lambda: seed_recipe(3)) if whole_seed else {})


def measured(what: str, work: Callable[[], Figures]) -> Figures:
    """The figures; none where the process did not live to tell."""
    try:
        return work()
    except Missing as reason:
        print(f"  {what} is missing: {reason}")
        return {}
