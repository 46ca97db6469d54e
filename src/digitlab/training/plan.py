"""`train`: a training as a stream of events, new, gone on with, or branched from another run.

It checks everything that can be checked at once, and takes nothing (threads, locks, folders) before it is pulled. Not
pulling it is pausing it. `digitlab.fit` drains it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple, TypedDict

import msgspec
import numpy as np

from digitlab.data.digits import Digits
from digitlab.engines import AUTO, Engine, find_engine
from digitlab.engines.checks import check_session, check_threads
from digitlab.errors import InputError, RecipeError, require_kind
from digitlab.network.network import Network
from digitlab.training.events import Control, EpochDone, Event, Started, Stopped
from digitlab.training.keeper import Keeper, check_free
from digitlab.training.loop import Loop, close_at_exit
from digitlab.training.manifest import ENDED, DataRecord, Parent
from digitlab.training.order import split
from digitlab.training.recipe import Recipe
from digitlab.training.run import Run
from digitlab.training.state import Counters, State

__all__ = ["CHECKPOINT_SECONDS", "Branch", "TrainOptions", "train"]

CHECKPOINT_SECONDS = 30.0


class Branch(NamedTuple):
    """Where to branch from: the end of an epoch of another run, of which a checkpoint was kept."""

    run: Path
    epoch: int


class TrainOptions(TypedDict, total=False):
    """Options of a training that do not change its result. See `train`."""

    engine: str | Engine
    threads: int | None
    out: str | Path | None
    resume: bool
    branch: Branch | None
    checkpoint_every: float
    snapshot_every: int


def train(
    network: Network,
    digits: Digits,
    recipe: Recipe,
    *,
    engine: str | Engine = AUTO,
    threads: int | None = None,
    control: Control | None = None,
    each_step: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
    branch: Branch | None = None,
    checkpoint_every: float = CHECKPOINT_SECONDS,
    snapshot_every: int = 0,
) -> Generator[Event, None, None]:
    """Train ``network`` in place, event by event.

    Args:
        network: its layers and activation must be the recipe's. It starts from the parameters that it has.
        digits: the training set.
        recipe: every setting that changes the result.
        engine: ``"auto"``, ``"numpy"``, or an `Engine`. Does not change the result beyond rounding.
        threads: 1 to 256; None for as many as the process may use.
        control: lets another thread stop it or change settings.
        each_step: tell a `StepDone` for each step as well.
        out: a new folder to keep the run in.
        resume: go on with the run in ``out`` instead, from its newest checkpoint, to the same bits as if it had never
            stopped; ``network`` then takes the run's parameters.
        branch: begin where another run was at the end of an epoch, with its parameters and its optimizer's memory.
        checkpoint_every: seconds between checkpoints; 0 for one after every look at the clock.
        snapshot_every: epochs after which a checkpoint is kept for good; 0 for never.

    Returns:
        A generator of events: `Started`, an `EpochDone` for each epoch (with each step's `StepDone` before), a
        `SettingChanged` for each change, and `Stopped`.

    Raises:
        RecipeError: the recipe is for another network, or for another run.
        InputError: the folder exists already; no digits, or others than the run's; unusable threads.
        RunError: the folder cannot be read or written, or another process is at work in it.
        DivergenceError: (while iterating) a loss, gradient or parameter is not finite.
    """
    _check_parts(network, digits, recipe)
    _check_recipe(network, digits, recipe)
    _check_times(checkpoint_every, snapshot_every)
    check_session(network.architecture, digits, threads)
    folder = None if out is None else Path(out)
    earlier = _open_run(folder, digits, recipe) if resume else None
    if earlier is not None and engine == AUTO:
        engine = earlier.manifest.engine  # the bits depend on it
    if folder is not None and not resume:
        check_free(folder)
    found = find_engine(engine)
    start = None if branch is None else _branch_state(branch, network, recipe, resume=resume)
    plan = _Plan(network, digits, recipe, found, threads, control or Control(), checkpoint_every)
    events = plan.events(folder, earlier, branch, start, each_step=each_step, snapshot_every=snapshot_every)
    return close_at_exit(events)


class _Plan(NamedTuple):
    """What stays the same however a training begins."""

    network: Network
    digits: Digits
    recipe: Recipe
    engine: Engine
    threads: int | None
    control: Control
    checkpoint_every: float

    def events(
        self,
        folder: Path | None,
        earlier: Run | None,
        branch: Branch | None,
        start: State | None,
        *,
        each_step: bool,
        snapshot_every: int,
    ) -> Generator[Event, None, None]:
        """The generator itself: takes nothing before it is pulled, and gives everything back however it ends."""
        if earlier is not None and earlier.manifest.outcome.state in ENDED:
            yield from self._nothing_to_do(earlier)
            return
        with contextlib.ExitStack() as stack:
            state, keeper = start or State(Counters(), self.network.parameters), None
            last: EpochDone | None = None
            if folder is not None and earlier is not None:
                keeper, state, last = Keeper.reopen(folder, every=self.checkpoint_every)
            elif folder is not None:
                keeper, last = self._new_keeper(folder, branch)
            if keeper is not None:
                stack.callback(keeper.close)
            self.network.parameters[:] = state.parameters
            state.parameters = self.network.parameters
            training, held_out = self._split()
            session = stack.enter_context(self.engine.open(self.network.architecture, training, threads=self.threads))
            loop = Loop(
                self.network,
                self.recipe,
                session,
                held_out,
                state,
                self.control,
                keeper=keeper,
                each_step=each_step,
                snapshot_every=snapshot_every,
                last=last,
                seconds=last.seconds if last else 0.0,
            )
            yield from loop.events(self.engine.name)

    def _new_keeper(self, folder: Path, branch: Branch | None) -> tuple[Keeper, EpochDone | None]:
        """Begin a run folder; a branch begins with its parent's history, whose last epoch is given back."""
        data = DataRecord(self.digits.source, len(self.digits), self.digits.sha256())
        engine = (self.engine.name, check_threads(self.threads))
        history: list[EpochDone] = []
        parent = None
        if branch is not None:
            run = Run(branch.run)
            _, record = run.state_at(branch.epoch)
            history = [event for event in run.history() if event.epoch <= branch.epoch]
            parent = Parent(str(branch.run), branch.epoch, run.manifest.files[record.file].sha256)
        keeper = Keeper.create(
            folder, self.recipe, data, engine, every=self.checkpoint_every, history=history, parent=parent
        )
        return keeper, history[-1] if history else None

    def _split(self) -> tuple[Digits, Digits | None]:
        """The samples to train on, and those held out."""
        if self.recipe.validation == 0:
            return self.digits, None
        trained, held_out = split(len(self.digits), self.recipe.validation, self.recipe.seed)
        return self.digits[trained], self.digits[held_out]

    def _nothing_to_do(self, run: Run) -> Generator[Event, None, None]:
        """A run that has ended is told as it is; nothing is touched."""
        self.network.parameters[:] = run.network().parameters
        outcome, shape = run.manifest.outcome, self.network.architecture
        words, samples = f"{shape} ({shape.activation})", len(self.digits) - self.recipe.validation
        yield Started(
            words,
            self.digits.source,
            samples,
            self.recipe.epochs,
            run.manifest.engine,
            run.manifest.threads,
            self.recipe.validation,
            outcome.epochs,
            outcome.steps,
        )
        yield Stopped(outcome.state, outcome.epochs, outcome.steps, outcome.seconds)


def _check_parts(network: Network, digits: Digits, recipe: Recipe) -> None:
    """The three that everybody passes, and easily in another form; and parameters that can be gone back to."""
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


def _check_times(checkpoint_every: float, snapshot_every: int) -> None:
    for name, value in (("checkpoint_every", checkpoint_every), ("snapshot_every", snapshot_every)):
        if not value >= 0:
            raise InputError(f"{name} is out of bounds", must_be="0 or more", got=value, help="leave it out")


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


def _open_run(folder: Path | None, digits: Digits, recipe: Recipe) -> Run:
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
    if run.manifest.data.sha256 != digits.sha256():
        raise InputError(
            f"{folder}: the run was trained on other digits",
            must_be=f"{run.manifest.data.count} digits from {run.manifest.data.source}",
            got=repr(digits),
            help="pass the same training set",
        )
    return run


def _branch_state(branch: Branch, network: Network, recipe: Recipe, *, resume: bool) -> State:
    """The state to branch from; it must be of the same architecture, and leave something to do."""
    run = Run(branch.run)
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
