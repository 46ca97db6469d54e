"""Trainings for the tests of the trainer, and how to wait until one has come to where a test wants it."""

from __future__ import annotations

import time
from collections.abc import Callable

from digitlab.lab.trainer import Trainer
from digitlab.training.recipe_files import NamedRecipe, read_recipe

STEPS = 50  # in each epoch
LONG = read_recipe("minibatch", batch_size=20, epochs=100_000, layers=(784, 4, 10))
SHORT = read_recipe("minibatch", batch_size=20, epochs=3, layers=(784, 4, 10))


def wait(reached: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it never came to this"
        time.sleep(0.005)


def begin(trainer: Trainer, recipe: NamedRecipe = LONG, **options) -> str:
    name = trainer.start(recipe, **options)
    wait(lambda: trainer.state().network and trainer.state().engine)
    return name


def phase(trainer: Trainer) -> str:
    return trainer.state().phase
