"""How the recipe `quick` was chosen: many settings, each judged on 10,000 training digits that it did not train on.

First some settings drawn at random, one training each; then the best of them with other seeds, which means other first
weights, another order and other digits held out. The test digits are never looked at here.

    python benchmarks/choose_quick.py [--tries 100] [--best 8] [--seeds 4] [--epochs 12] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from pathlib import Path
from typing import Any

import digitlab as dl
from digitlab.training.order import split

HELD_OUT = 10_000
COMMON: dict[str, Any] = {
    "activation": ["relu", "leaky_relu", "gelu", "tanh"],
    "initializer": ["he", "lecun"],
    "batch_size": [32, 64, 128],
    "schedule": ["one_cycle", "cosine"],
}
OF_OPTIMIZER: dict[str, Any] = {
    "adam": {"learning_rate": [0.002, 0.004, 0.008, 0.012], "weight_decay": [0.0, 1e-5, 3e-5, 1e-4]},
    "adamw": {"learning_rate": [0.002, 0.004, 0.008, 0.012], "weight_decay": [0.03, 0.1, 0.3]},
    "nesterov": {"learning_rate": [0.03, 0.06, 0.12, 0.2], "weight_decay": [0.0, 1e-5, 3e-5, 1e-4]},
}


def drawn(rng: random.Random) -> dict[str, Any]:
    """Settings at random."""
    optimizer = rng.choice(list(OF_OPTIMIZER))
    table = COMMON | OF_OPTIMIZER[optimizer]
    return {"optimizer": optimizer} | {name: rng.choice(values) for name, values in table.items()}


def judged(digits: dl.Digits, settings: dict[str, Any], seed: int) -> tuple[float, float]:
    """Accuracy on digits that were held out, and the seconds of the training."""
    trained, held_out = split(len(digits), HELD_OUT, seed)
    recipe = dl.Recipe(layers=(784, 64, 10), seed=seed, **settings)
    network, chosen = recipe.new_network(), digits[trained]
    began = time.perf_counter()
    dl.fit(network, chosen, recipe)
    seconds = time.perf_counter() - began
    return dl.evaluate(network, digits[held_out]).accuracy, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--best", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--json", type=Path, help="also write every result to this file")
    asked = parser.parse_args()

    digits, _ = dl.load_mnist()
    rng = random.Random(0)
    tried = []
    for number in range(asked.tries):
        settings = drawn(rng) | {"epochs": asked.epochs}
        accuracy, seconds = judged(digits, settings, seed=0)
        tried.append((accuracy, seconds, settings))
        print(f"{number:3d}  {accuracy:.4f}  {seconds:5.2f} s  {settings}", flush=True)
    tried.sort(key=lambda one: -one[0])
    finalists = []
    for accuracy, _, settings in tried[: asked.best]:
        more = [judged(digits, settings, seed) for seed in range(1, asked.seeds)]
        accuracies = [accuracy, *(one for one, _ in more)]
        finalists.append({"mean": statistics.mean(accuracies), "each": accuracies, "settings": settings})
        print(f"mean {finalists[-1]['mean']:.4f}  {accuracies}  {settings}", flush=True)
    best = max(finalists, key=lambda one: one["mean"])
    print(f"the best: {best['mean']:.4f}  {best['settings']}")
    if asked.json:
        results = {"tried": [list(one) for one in tried], "finalists": finalists}
        asked.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
