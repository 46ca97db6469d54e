"""What can be checked before a training takes anything: its parts, its times, and the run that it goes on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from digitlab.data.digits import Digits
from digitlab.engines.checks import check_session
from digitlab.errors import InputError, RecipeError, describe, require_kind
from digitlab.network.card import new_card
from digitlab.network.network import Network
from digitlab.training.recipe import Recipe
from digitlab.training.run import Run
from digitlab.training.state import State

__all__ = ["Branch", "branch_state", "check_folder", "check_parts", "check_times", "check_whole", "open_run"]

MOST_EPOCHS = 1_000_000_000  # between lines, or between snapshots


class Branch(NamedTuple):
    """Where to branch from: the end of an epoch of another run, of which a checkpoint was kept."""

    run: Path
    epoch: int


def check_parts(network: Network, digits: Digits, recipe: Recipe, threads: int | None) -> None:
    """The three that everybody passes, and easily in another form; that they belong together; and the threads."""
    require_kind(network, Network, "the network", "network = recipe.new_network()")
    require_kind(digits, Digits, "the training set", "train, test = dl.load_mnist(), or dl.Digits(images, labels, ...)")
    require_kind(recipe, Recipe, "the recipe", 'dl.recipe("seed")')
    if not (finite := np.isfinite(network.parameters)).all():
        raise InputError(
            "the network cannot be trained",
            must_be="finite parameters to start from",
            got=f"{np.count_nonzero(~finite)} that are NaN or infinite",
            help="start from a new network: recipe.new_network()",
        )
    _check_recipe(network, digits, recipe)
    check_session(network.architecture, digits, threads)
    new_card(network.architecture, digits.classes)  # refuses names that no model file can keep


def check_times(checkpoint_every: Any, snapshot_every: Any) -> tuple[float, int | None]:
    """Seconds, and epochs or None, in their plain form."""
    seconds = checkpoint_every
    number = isinstance(seconds, int | float | np.integer | np.floating) and not isinstance(seconds, bool)
    if not number or not seconds >= 0:  # NaN is not
        raise InputError(
            "checkpoint_every is out of bounds",
            must_be="a number of seconds, 0 or more",
            got=describe(seconds),
            help="leave it out",
        )
    epochs = None if snapshot_every is None else check_whole(snapshot_every, "snapshot_every", low=0)
    return float(seconds), epochs


def check_whole(value: Any, name: str, *, low: int) -> int:
    """A whole number from ``low`` on, in its plain form.

    Raises:
        InputError: it is something else.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not low <= value <= MOST_EPOCHS:
        raise InputError(
            f"{name} is out of bounds",
            must_be=f"a whole number from {low} to {MOST_EPOCHS:,}",
            got=describe(value),
            help="leave it out, or try 100",
        )
    return int(value)


def check_folder(out: Any) -> Path | None:
    """The folder of the run, where one is wanted."""
    if isinstance(out, str | Path | None):
        return None if out is None else Path(out)
    raise InputError("out is something else", must_be="a path", got=describe(out), help='such as out="runs/mine"')


def _check_recipe(network: Network, digits: Digits, recipe: Recipe) -> None:
    """A recipe is for networks with its layers and activation, and leaves something to train on."""
    theirs = network.architecture
    if (theirs.sizes, theirs.activation) != (recipe.layers, recipe.activation):
        raise RecipeError(
            "the recipe is for another network",
            must_be=f"a network with layers {list(recipe.layers)} and activation {recipe.activation}",
            got=f"layers {list(theirs.sizes)} and activation {theirs.activation}",
            help="make it with recipe.new_network(), or change the recipe's layers and activation",
        )
    if len(digits) and recipe.validation >= len(digits):
        raise RecipeError(
            "validation leaves nothing to train on",
            must_be=f"fewer than the {len(digits)} samples that there are",
            got=recipe.validation,
            help="a sixth of the samples is usual",
        )


def open_run(folder: Path | None, digits: Digits, recipe: Recipe) -> Run:
    """The run to go on with: it must be of this recipe and these digits."""
    if folder is None:
        raise InputError(
            "there is no run to go on with", must_be="out, the folder of the run", got="none", help="name it with out"
        )
    run = Run(folder)
    if run.recipe != recipe:
        raise RecipeError(
            f"{folder}: the run has another recipe",
            must_be="the recipe that the run began with",
            got="one that differs",
            help="leave the settings out, or branch from the run to change them",
        )
    data = run.manifest.data
    if data.sha256 != digits.sha256() or data.classes not in ([], list(digits.classes)):
        raise InputError(
            f"{folder}: the run was trained on other digits",
            must_be=f"{data.count} digits from {data.source}",
            got=repr(digits),
            help="pass the same training set",
        )
    return run


def branch_state(branch: Branch, network: Network, recipe: Recipe, *, resume: bool) -> State:
    """The state to branch from; it must be of the same architecture, and leave something to do."""
    require_kind(branch, Branch, "the branch", 'dl.Branch(Path("runs/mine"), 10)')
    run = Run(Path(branch.run))
    state, _ = run.state_at(branch.epoch)
    if run.network().architecture != network.architecture:
        raise RecipeError(
            f"{branch.run}: the run is of another network",
            must_be=f"layers and activation of {run.network()}",
            got=repr(network),
            help="a branch may change every setting but these",
        )
    if resume or branch.epoch >= recipe.epochs:
        raise InputError(
            "this branch cannot grow",
            must_be=f"a new run with more than {branch.epoch} epochs, the ones before the branch included",
            got="resume" if resume else f"{recipe.epochs} epochs",
            help="give more epochs, or branch from an earlier one",
        )
    counters = msgspec.structs.replace(state.counters, changes=[], waited=0, best_epoch=0, best_loss=None)
    return State(counters, state.parameters, state.memory)
