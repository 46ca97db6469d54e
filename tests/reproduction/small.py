"""What the tests of reproductions train: two small recipes, on a few digits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import digitlab as dl
from digitlab.reproduction import Table, reproduce
from digitlab.training.recipe_files import NamedRecipe, Published

SEEDS = 2
PLAIN = NamedRecipe(
    "plain", "Plain.", dl.recipe("minibatch", layers=(784, 10), epochs=2, validation=100, learning_rate=0.05)
)
WIDE = NamedRecipe(
    "wide",
    "Wide.",
    dl.recipe("minibatch", layers=(784, 5, 10), epochs=3, validation=150, seed=7),
    Published(4.7, "A | B (1998)", "the rates are ours"),
)
RECIPES = [PLAIN, WIDE]
FOLDERS = [
    Path(name, part) for name in ("plain", "wide") for part in ("validation", *(f"seed-{n}" for n in range(SEEDS)))
]


def reproduce_small(digits: tuple[dl.Digits, dl.Digits], out: Path, **options) -> Table:
    """Both recipes, unless told otherwise."""
    train, test = digits
    chosen = {"recipes": RECIPES, "open_test": lambda: test, "seeds": SEEDS, "threads": 1} | options
    recipes, open_test = chosen.pop("recipes"), chosen.pop("open_test")
    return reproduce(recipes, train, open_test, out, **chosen)


def stop_at(folder: str, epoch: int) -> Callable[[object], None]:
    """A listener that fails after this epoch of the training that is kept in a folder of this name."""
    started = []

    def listen(event: object) -> None:
        if isinstance(event, dl.training.Started):
            started.append(event)
        if isinstance(event, dl.EpochDone) and event.epoch == epoch and len(started) == FOLDERS.index(Path(folder)) + 1:
            raise KeyError("killed")

    return listen
