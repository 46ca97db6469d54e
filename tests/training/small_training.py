"""What the tests of validation, changes, branches and divergence train, and the same by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

import digitlab as dl
from digitlab.engines import find_engine
from digitlab.engines.optimizer import Hyperparameters
from digitlab.training.batches import batches_of_epoch, split
from digitlab.training.optimizers import OPTIMIZERS

# every setting that distorts or regularizes
REGULARIZED: dict[str, Any] = {
    "dropout": 0.2,
    "max_norm": 1.5,
    "label_smoothing": 0.1,
    "averaging": 0.7,
    "rotation": 15,
    "shear": 0.2,
    "scale": 0.15,
    "stretch": 0.15,
    "shift": 2,
    "elastic_alpha": 34,
    "thickness": 1,
    "noise": 0.05,
    "erasing": 6,
}
SAMPLES, HELD_OUT, BATCH = 120, 40, 20
RECIPE = dl.recipe(
    "minibatch", layers=(784, 3, 10), batch_size=BATCH, epochs=4, validation=HELD_OUT, optimizer="momentum"
)
EPOCH = (SAMPLES - HELD_OUT) // BATCH  # steps in each


def train_small(recipe: dl.Recipe, digits: dl.Digits, **options) -> tuple[dl.Network, dl.History]:
    """A new network after a whole training."""
    network = recipe.new_network()
    return network, dl.fit(network, digits, recipe, threads=1, **options)


def by_hand(recipe: dl.Recipe, digits: dl.Digits, rates: list[tuple[int, float]], steps: int) -> np.ndarray:
    """The parameters after so many steps; from each given step on with another learning rate."""
    digits = digits[split(len(digits), recipe.validation, recipe.seed)[0]]
    network = recipe.new_network()
    optimizer = OPTIMIZERS[recipe.optimizer](Hyperparameters(recipe.learning_rate, recipe.momentum))
    batches = [
        batch
        for epoch in range(recipe.epochs)
        for batch in batches_of_epoch(len(digits), recipe.batch_size, recipe.seed, epoch + 1)
    ]
    with find_engine().open(network.architecture, digits, threads=1) as session:
        for (first, rate), (end, _) in zip(rates, [*rates[1:], (steps, 0)], strict=True):
            optimizer.hyperparameters.learning_rate = rate
            session.advance(network.parameters, optimizer, batches[first:end])
    return network.parameters
