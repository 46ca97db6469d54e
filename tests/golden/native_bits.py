"""The trainings whose weights are recorded bit for bit in native.json: one value for all threads and all paths.

Used by `rewrite.py` and by tests/engines.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import digitlab as dl
from digitlab.engines import NativeEngine
from tests.training.small_training import REGULARIZED

FILE = Path(__file__).parent / "native.json"
FEW = 1000  # digits: the portable path needs a second for these, and minutes for all

_RECIPES = {
    "seed": dl.recipe("seed", epochs=20),
    "minibatch": dl.recipe("minibatch", epochs=2),
    "deep": dl.recipe(
        "minibatch",
        layers=(784, 48, 24, 10),
        activation="relu",
        initializer="he",
        optimizer="adam",
        learning_rate=0.001,
        batch_size=50,
        epochs=2,
    ),
}
# with all that distorts and regularizes
_RECIPES["regularized"] = dataclasses.replace(
    _RECIPES["minibatch"],
    **REGULARIZED,
)
_RECIPES["regularized, deep, full batch"] = dataclasses.replace(
    _RECIPES["regularized"], layers=(784, 48, 24, 10), activation="gelu", batch_size=0
)
# by name: the recipe, and how many of the training digits
TRAININGS: dict[str, tuple[dl.Recipe, int]] = {f"{name} {FEW}": (recipe, FEW) for name, recipe in _RECIPES.items()}
TRAININGS["seed 60000"] = _RECIPES["seed"], 60_000
TRAININGS["minibatch 6000"] = _RECIPES["minibatch"], 6000
TRAININGS["deep 60000, full batch"] = dl.recipe("seed", layers=(784, 48, 24, 10), activation="gelu", epochs=2), 60_000


def bits(name: str, digits: dl.Digits, simd: str | None = None, threads: int | None = None) -> str:
    """SHA-256 of the weights after a training, begun with the recipe's first weights."""
    recipe, count = TRAININGS[name]
    network = recipe.new_network()
    dl.fit(network, digits[:count], recipe, engine=NativeEngine(simd), threads=threads)
    return hashlib.sha256(network.parameters.astype("<f4").tobytes()).hexdigest()


def recorded() -> dict[str, str]:
    """What native.json says, by training."""
    values: dict[str, str] = json.loads(FILE.read_text())["sha256"]
    return values
