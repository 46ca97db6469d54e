"""Training: epochs of batches, one optimizer step each, told as a stream of events.

`train` is a generator: not pulling it is pausing it. `digitlab.fit` drains it. The network is trained in place, so
whatever ends a training, its parameters are those of the last good step.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

from digitlab.data.digits import Digits
from digitlab.engines import Engine, Session, find_engine
from digitlab.engines.checks import check_session
from digitlab.errors import RecipeError
from digitlab.network.network import Network
from digitlab.training.divergence import explain_divergence
from digitlab.training.events import Control, EpochDone, Event, Started, StepDone, Stopped
from digitlab.training.optimizers import OPTIMIZERS
from digitlab.training.order import batches_of_epoch
from digitlab.training.recipe import Recipe
from digitlab.training.run import Run

__all__ = ["train"]

SAMPLES_BETWEEN_LOOKS = 8192  # how many samples pass before the control is looked at again


def train(
    network: Network,
    digits: Digits,
    recipe: Recipe,
    *,
    engine: str | Engine = "auto",
    threads: int | None = None,
    control: Control | None = None,
    each_step: bool = False,
    out: str | Path | None = None,
) -> Generator[Event, None, None]:
    """Train ``network`` in place, event by event.

    Args:
        network: its layers and activation must be the recipe's. It starts from the parameters that it has.
        digits: the training set.
        recipe: every setting that changes the result.
        engine: ``"auto"``, ``"numpy"``, or an `Engine`. Does not change the result beyond rounding.
        threads: 1 to 256; None for as many as the process may use.
        control: lets another thread stop it.
        each_step: tell a `StepDone` for each step as well.
        out: a new folder to keep the run in: recipe, history, model and manifest.

    Returns:
        A generator of events: `Started`, an `EpochDone` for each epoch (after its `StepDone` s), and `Stopped`.

    Raises:
        RecipeError: the recipe is for another network.
        DivergenceError: (while iterating) a loss, gradient or parameter is not finite.
        InputError: the folder exists already; no digits; unusable threads.
        RunError: the folder cannot be written.
    """
    _check_same(network, recipe)
    found = find_engine(engine)
    check_session(network.architecture, digits, threads)
    run = None if out is None else Run.create(Path(out), recipe)
    return _train(network, digits, recipe, found, threads, control or Control(), each_step, run)


def _train(
    network: Network,
    digits: Digits,
    recipe: Recipe,
    engine: Engine,
    threads: int | None,
    control: Control,
    each_step: bool,
    run: Run | None,
) -> Generator[Event, None, None]:
    """The generator itself: takes nothing before it is pulled, and gives everything back however it ends."""
    with engine.open(network.architecture, digits, threads=threads) as session:
        events = _Loop(network, recipe, session, control, each_step).events(engine.name)
        yield from events if run is None else run.keep(events, network, session, engine.name)


class _Loop:
    """The state of one training: counters, clock and optimizer."""

    def __init__(self, network: Network, recipe: Recipe, session: Session, control: Control, each_step: bool) -> None:
        self.network, self.recipe, self.session = network, recipe, session
        self.control, self.each_step = control, each_step
        self.optimizer = OPTIMIZERS[recipe.optimizer].make(recipe.learning_rate, recipe.momentum)
        self.step = 0
        self.epoch = 0  # complete ones
        self.began = time.perf_counter()

    def events(self, engine: str) -> Generator[Event, None, None]:
        """Everything, from `Started` to `Stopped`."""
        shape, digits = self.network.architecture, self.session.digits
        words = f"{shape} ({shape.activation})"
        yield Started(words, digits.source, len(digits), self.recipe.epochs, engine, self.session.threads)
        self.began = time.perf_counter()
        while self.epoch < self.recipe.epochs and not self.control.stopping:
            yield from self._one_epoch()
        reason = "finished" if self.epoch == self.recipe.epochs else "interrupted"
        yield Stopped(reason, self.epoch, self.step, self._seconds())

    def _one_epoch(self) -> Generator[Event, None, None]:
        """One pass over the samples; ends early, without an `EpochDone`, when the control says so."""
        recipe, epoch = self.recipe, self.epoch + 1
        batches = batches_of_epoch(len(self.session.digits), recipe.batch_size, recipe.seed, epoch)
        loss, hits, count = 0.0, 0, 0
        stride = self._steps_between_looks()
        for first in range(0, len(batches), stride):
            if self.control.stopping:
                return
            some = batches[first : first + stride]
            done = self.session.advance(self.network.parameters, self.optimizer, some)
            for step_loss, step_hits, step_count in zip(done.losses, done.hits, done.counts, strict=True):
                self.step += 1
                loss, hits, count = loss + step_loss, hits + step_hits, count + step_count
                if self.each_step:
                    yield StepDone(self.step, epoch, step_loss / step_count, step_hits / step_count)
            if done.failed is not None:
                batch = some[len(done.losses)]
                raise explain_divergence(self.network, self.session.digits, batch, done, self.step + 1)
        self.epoch = epoch
        yield EpochDone(epoch, self.step, loss / count, hits / count, self._seconds())

    def _steps_between_looks(self) -> int:
        batch_size = self.recipe.batch_size or len(self.session.digits)
        return 1 if self.each_step else max(1, SAMPLES_BETWEEN_LOOKS // batch_size)

    def _seconds(self) -> float:
        return time.perf_counter() - self.began


def _check_same(network: Network, recipe: Recipe) -> None:
    """A recipe is for networks with its layers and activation."""
    theirs, ours = network.architecture, (recipe.layers, recipe.activation)
    if (theirs.sizes, theirs.activation) != ours:
        raise RecipeError(
            "the recipe is for another network",
            must_be=f"a network with layers {list(recipe.layers)} and activation {recipe.activation}",
            got=f"layers {list(theirs.sizes)} and activation {theirs.activation}",
            help="make it with recipe.new_network(), or change the recipe's layers and activation",
        )
