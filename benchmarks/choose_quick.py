"""How the recipe `quick` was chosen: many settings, each judged on 10,000 training digits that it did not train on.

First settings drawn at random, one training of 12 epochs each. Then those near the best of them that are also quick,
for more epochs and with other seeds, which means other first weights, another order and other digits held out. The
test digits are never looked at here.

    python benchmarks/choose_quick.py [--tries 60] [--seeds 3] [--json FILE]
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
from digitlab.training.batches import split

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


EPOCHS = 12  # of those drawn at random
NEAR = {"optimizer": "nesterov", "activation": "gelu", "initializer": "lecun"}
NEARER: list[dict[str, Any]] = [
    {"batch_size": batch, "schedule": schedule, "learning_rate": rate, "weight_decay": decay, "epochs": epochs}
    for batch, schedule, rate, decay, epochs in [
        (128, "one_cycle", 0.2, 1e-4, 30),
        (128, "one_cycle", 0.3, 1e-4, 30),
        (128, "one_cycle", 0.3, 2e-4, 30),
        (128, "cosine", 0.3, 1e-4, 30),
        (128, "one_cycle", 0.3, 4e-4, 30),
        (128, "one_cycle", 0.4, 3e-4, 24),
        (64, "cosine", 0.15, 1e-4, 20),
        (64, "cosine", 0.15, 2e-4, 20),
        (64, "one_cycle", 0.2, 2e-4, 20),
        (64, "one_cycle", 0.2, 4e-4, 20),
        (64, "one_cycle", 0.2, 3e-4, 15),
        (64, "cosine", 0.2, 1e-4, 16),
    ]
]


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
    parser.add_argument("--tries", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write every result to this file")
    asked = parser.parse_args()

    digits, _ = dl.load_mnist()
    rng = random.Random(0)
    tried = []
    for number in range(asked.tries):
        settings = drawn(rng) | {"epochs": EPOCHS}
        accuracy, seconds = judged(digits, settings, seed=0)
        tried.append({"accuracy": accuracy, "seconds": seconds, "settings": settings})
        print(f"{number:3d}  {accuracy:.4f}  {seconds:5.2f} s  {settings}", flush=True)
    nearer = []
    for more in NEARER:
        each = [judged(digits, NEAR | more, seed) for seed in range(asked.seeds)]
        accuracies = [accuracy for accuracy, _ in each]
        mean, seconds = statistics.mean(accuracies), statistics.median(seconds for _, seconds in each)
        nearer.append({"mean": mean, "each": accuracies, "seconds": seconds, "settings": NEAR | more})
        print(f"mean {mean:.4f}  {seconds:5.2f} s  {accuracies}  {more}", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps({"tried": tried, "nearer": nearer}, indent=2) + "\n")


if __name__ == "__main__":
    main()
