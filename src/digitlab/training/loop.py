"""The loop: epochs of batches, one optimizer step each, told as a stream of events.

It changes the network's parameters in place and keeps its `State` true between any two steps, so that whatever ends it,
the parameters are those of the last good step, and a keeper can commit the state at any moment.
"""

import contextlib
import dataclasses
import time
from collections.abc import Generator, Iterator
from typing import TypeVar

import numpy as np

from digitlab.data.digits import Digits
from digitlab.engines.base import Batch, StepResults
from digitlab.engines.optimizer import Hyperparameters, Optimizer
from digitlab.errors import DivergenceError, RunError
from digitlab.network.card import Card, TrainingSummary, plain_text
from digitlab.network.network import Network
from digitlab.training.batches import batches_of_epoch
from digitlab.training.divergence import explain_divergence
from digitlab.training.events import (
    Advice,
    Control,
    EpochDone,
    Event,
    LayersMeasured,
    Remark,
    SettingChanged,
    Started,
    StepDone,
    Stopped,
)
from digitlab.training.layer_sizes import measure_layers
from digitlab.training.optimizers import OPTIMIZERS
from digitlab.training.recipe import Recipe
from digitlab.training.regularizers import regularization_of
from digitlab.training.schedules import ScheduleSettings, rate_factor
from digitlab.training.standstill import explain_standstill
from digitlab.training.start import Start
from digitlab.training.state import Change, Outcome
from digitlab.training.validation import hold_out, validate

T = TypeVar("T", Hyperparameters, ScheduleSettings)

SAMPLES_BETWEEN_LOOKS = 8192  # how many samples pass before the control and the clock are looked at again,
WORK_BETWEEN_LOOKS = 500_000_000  # or how many samples times parameters: about a tenth of a second
STEPS_OF_GRACE = 20  # before a training is said to learn nothing


class Loop:
    """One training.

    Args:
        network: trained in place.
        digits: the training set, those for validation included.
        start: where to begin or to go on.
        control: wishes from outside.
    """

    def __init__(self, network: Network, digits: Digits, start: Start, control: Control) -> None:
        self.network, self.digits, self.start, self.control = network, digits, start, control
        self.recipe, self.state, self.keeper = start.recipe.recipe, start.state, start.keeper
        network.parameters[:] = start.state.parameters
        start.state.parameters = network.parameters
        network.card = self.recipe.new_card(digits.classes)
        seen = dataclasses.replace(digits, images=network.card.preprocess(digits.images))
        self.training, self.held_out = hold_out(seen, self.recipe.validation, self.recipe.seed)
        self.optimizer = self._new_optimizer()
        self.patience = self.recipe.patience
        for change in self.state.counters.changes:
            self._set(change)
        self.last = start.earlier[-1] if start.earlier else None
        self.layers: LayersMeasured | None = None  # of the epoch under way
        self.judged = False  # whether it was looked at whether anything is learnt
        self.whole_step = True  # whether the state is that between two steps
        self.began = time.perf_counter()

    def _new_optimizer(self) -> Optimizer:
        """The recipe's, with what it remembers."""
        recipe, state = self.recipe, self.state
        epoch_steps = len(batches_of_epoch(len(self.training), recipe.batch_size, recipe.seed, 1))
        schedule = _from_recipe(recipe, ScheduleSettings, steps=recipe.epochs * epoch_steps, epoch_steps=epoch_steps)
        hyperparameters = _from_recipe(recipe, Hyperparameters)
        # 0, but for a branch: in the epochs before it other batches or digits may have made other numbers of steps
        ahead = state.counters.epoch * epoch_steps + state.counters.position - state.counters.step
        optimizer = OPTIMIZERS[recipe.optimizer](
            hyperparameters, lambda step: rate_factor(recipe.schedule, step + ahead, schedule)
        )
        if set(state.memory) != set(optimizer.kept):  # a beginning, or a branch to another optimizer
            state.memory, state.counters.memory_since = {}, state.counters.step
        optimizer.memory, optimizer.taken = state.memory, state.counters.step
        optimizer.since = state.counters.memory_since
        return optimizer

    def events(self) -> Generator[Event, None, None]:
        """Everything, from `Started` to `Stopped`. Whatever ends it early, what is kept is committed.

        The time in which nobody pulls does not count.
        """
        shape, how = self.network.architecture, regularization_of(self.recipe, self.recipe.seed)
        with self.start.engine.open(shape, self.training, threads=self.start.threads, regularization=how) as session:
            self.session = session
            with contextlib.closing(self._events()) as events:
                for event in events:
                    told = time.perf_counter()
                    try:
                        yield event
                    finally:  # the end may come here, too
                        self.began += time.perf_counter() - told

    def _events(self) -> Generator[Event, None, None]:
        counters = self.state.counters
        committed = False
        try:
            if self.keeper:
                self.keeper.checkpoint(self.state, self._outcome("running"))
            yield self._started()
            self.began = time.perf_counter()
            while counters.epoch < self.recipe.epochs and not self.control.stopping and not self._is_over_early():
                yield from self._one_epoch()
            reason = "finished" if counters.epoch == self.recipe.epochs else "interrupted"
            reason = "early" if self._is_over_early() else reason
            if reason == "interrupted":  # what was asked for since the last step is for whoever goes on
                yield from self._take_changes()
            committed = True  # or not: a second try would take the best parameters for the last ones
            self._end(reason)
            yield Stopped(reason, counters.epoch, counters.step, self._seconds())
        except DivergenceError:
            if np.isfinite(self.network.parameters).all():  # else somebody spoilt them: the last commit stays
                self._end("diverged", resumable=False)
            raise
        except BaseException:
            if not committed and self.whole_step:
                self._end("interrupted")
            raise

    def _started(self) -> Started:
        shape, counters = self.network.architecture, self.state.counters
        return Started(
            network=f"{shape} ({shape.activation})",
            source=self.training.source,
            samples=len(self.training),
            epochs=self.recipe.epochs,
            engine=self.start.engine.name,
            threads=self.session.threads,
            held_out=self.recipe.validation,
            epoch=counters.epoch,
            step=counters.step,
            earlier=self.start.earlier,
            warnings=self.start.warnings,
        )

    def _one_epoch(self) -> Iterator[Event]:
        """One pass over the samples, or the rest of it; no `EpochDone` when the control says stop in the middle."""
        counters = self.state.counters
        batches = batches_of_epoch(len(self.training), self.recipe.batch_size, self.recipe.seed, counters.epoch + 1)
        while counters.position < len(batches):
            yield from self._take_changes()
            if self.control.stopping:
                return
            self.whole_step = False
            some, done = self._take_steps(batches)
            counters.step += len(done.losses)
            counters.position += len(done.losses)
            for loss, hits, count in zip(done.losses, done.hits, done.counts, strict=True):
                counters.loss += loss
                counters.hits += hits
                counters.count += count
            self.whole_step = done.failed is None
            if self.control.detail != "epochs" and done.losses:
                means = done.losses[-1] / done.counts[-1], done.hits[-1] / done.counts[-1]
                yield StepDone(counters.step, counters.epoch + 1, *means)
            if done.failed is not None:
                batch = some[len(done.losses)]
                raise explain_divergence(self.network, self.training, batch, done, counters.step + 1)
            if self.keeper and self.keeper.due and counters.position < len(batches):  # else after the epoch is counted
                self.keeper.checkpoint(self.state, self._outcome("running"))
        epoch = self._close_epoch()
        yield epoch
        yield from (Remark(epoch.epoch, words) for words in self.session.remarks())
        if self.layers is not None:
            yield self.layers
            self.layers = None
        if not self.judged and 10 * epoch.epoch >= self.recipe.epochs and epoch.step >= STEPS_OF_GRACE:
            self.judged = True
            rate = self.optimizer.hyperparameters.learning_rate
            if words := explain_standstill(self.network, self.session, self.recipe, rate, epoch.accuracy):
                yield Advice(epoch.epoch, words)

    def _take_steps(self, batches: list[Batch]) -> tuple[list[Batch], StepResults]:
        """Those until the next look; the last one of an epoch goes alone where its layers are to be measured."""
        counters, parameters = self.state.counters, self.network.parameters
        first, epoch = counters.position, counters.epoch + 1
        some = batches[first : first + self._steps_between_looks()]
        measuring = self.control.measures(epoch) and first + len(some) == len(batches)
        if measuring and len(some) > 1:
            some, measuring = some[:-1], False
        before = parameters.copy() if measuring else None
        done = self.session.advance(parameters, self.optimizer, some, epoch)
        if before is not None and done.failed is None:
            self.layers = measure_layers(self.session, before, parameters, some[0], (epoch, counters.step + 1))
        return some, done

    def _close_epoch(self) -> EpochDone:
        """Count the epoch, validate, and keep what is to be kept."""
        counters = self.state.counters
        self.whole_step = False  # until the epoch is in the history, too
        loss, accuracy = counters.loss / counters.count, counters.hits / counters.count
        counters.epoch += 1
        counters.position, counters.loss, counters.hits, counters.count = 0, 0.0, 0, 0
        if self.recipe.averaging:
            self.state.average_in(self.recipe.averaging)
        rate = self.optimizer.hyperparameters.learning_rate * self.optimizer.factor(counters.step - 1)
        validation = validate(self.network, self.held_out, self.state, keep_best=self.recipe.keep == "best")
        event = EpochDone(counters.epoch, counters.step, loss, accuracy, self._seconds(), rate, *validation)
        self.last = event
        if self.keeper:
            try:
                self.keeper.record(event)
            except RunError:  # it is in hand, and may be written later
                self.whole_step = True
                raise
        self.whole_step = True
        if self.keeper:
            every = self.start.snapshot_every
            snapshot = every > 0 and counters.epoch % every == 0
            if snapshot or self.keeper.due:
                self.keeper.checkpoint(self.state, self._outcome("running"), snapshot=snapshot)
        return event

    def _is_over_early(self) -> bool:
        return self.held_out is not None and 0 < self.patience <= self.state.counters.waited

    def _take_changes(self) -> Iterator[SettingChanged]:
        """Apply what the control brought, between two steps."""
        for name, value in self.control.take_changes():
            change = Change(self.state.counters.step, name, float(value))
            self.state.counters.changes = [*self.state.counters.changes, change]
            self._set(change)
            yield SettingChanged(change.step, name, value)

    def _set(self, change: Change) -> None:
        if change.name == "patience":
            self.patience = int(change.value)
        else:
            setattr(self.optimizer.hyperparameters, change.name, change.value)

    def _end(self, state: str, *, resumable: bool = True) -> None:
        """Commit the run; leave the parameters in the network that the recipe wants kept."""
        checkpoint = dataclasses.replace(
            self.state, parameters=self.network.parameters.copy(), memory=dict(self.state.memory)
        )
        if state != "diverged":
            self.network.parameters[:] = checkpoint.learnt if checkpoint.best is None else checkpoint.best
        outcome = self._outcome(state)
        self.network.card = self._card_after(outcome)
        if self.keeper:
            self.keeper.finish(checkpoint if resumable else None, outcome, self.network)

    def _outcome(self, state: str) -> Outcome:
        counters, last = self.state.counters, self.last
        outcome = Outcome(state, counters.epoch, counters.step, self._seconds())
        if last is not None:
            outcome.loss, outcome.accuracy = last.loss, last.accuracy
            outcome.validation_loss, outcome.validation_accuracy = last.validation_loss, last.validation_accuracy
        return outcome

    def _card_after(self, outcome: Outcome) -> Card:
        """What the network's numbers mean once training has ended so. A temperature was for other parameters."""
        summary = TrainingSummary(
            state=outcome.state,
            epochs=outcome.epochs,
            steps=outcome.steps,
            samples=len(self.training),
            held_out=self.recipe.validation,
            source=plain_text(self.digits.source),
            engine=plain_text(self.start.engine.name),
            loss=outcome.loss,
            accuracy=outcome.accuracy,
            validation_loss=outcome.validation_loss,
            validation_accuracy=outcome.validation_accuracy,
        )
        card = self.recipe.new_card(self.digits.classes)
        return dataclasses.replace(card, recipe=self.start.recipe.to_dict(), training=summary)

    def _steps_between_looks(self) -> int:
        batch_size = self.recipe.batch_size or len(self.training)
        samples = min(SAMPLES_BETWEEN_LOOKS, WORK_BETWEEN_LOOKS // len(self.network.parameters))
        return 1 if self.control.detail == "steps" else max(1, samples // batch_size)

    def _seconds(self) -> float:
        return (self.start.earlier[-1].seconds if self.start.earlier else 0.0) + time.perf_counter() - self.began


def _from_recipe(recipe: Recipe, kind: type[T], **others: int) -> T:
    """One of these, with the recipe's settings of the same names."""
    names = {field.name for field in dataclasses.fields(kind)} - set(others)
    return kind(**others, **{name: getattr(recipe, name) for name in names})
