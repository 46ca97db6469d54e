"""The loop: epochs of batches, one optimizer step each, told as a stream of events.

It changes the network's parameters in place and keeps its `State` true between any two steps, so that whatever ends it,
the parameters are those of the last good step, and a keeper can commit the state at any moment.
"""

from __future__ import annotations

import atexit
import contextlib
import time
import weakref
from collections.abc import Callable, Generator, Iterator

import numpy as np

from digitlab.data.digits import Digits
from digitlab.engines import Session
from digitlab.errors import DivergenceError, RunError
from digitlab.network.card import Card
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.network.network import Network
from digitlab.training.divergence import explain_divergence, explain_silence
from digitlab.training.events import Control, EpochDone, Event, SettingChanged, Started, StepDone, Stopped
from digitlab.training.keeper import Keeper
from digitlab.training.manifest import Outcome
from digitlab.training.optimizers import OPTIMIZERS, Tuning
from digitlab.training.order import batches_of_epoch
from digitlab.training.recipe import Recipe
from digitlab.training.schedules import Course, rate_factor
from digitlab.training.state import Change, State

__all__ = ["Loop", "close_at_exit"]

SAMPLES_BETWEEN_LOOKS = 8192  # how many samples pass before the control and the clock are looked at again,
WORK_BETWEEN_LOOKS = 500_000_000  # or how many samples times parameters: about a tenth of a second


class Loop:
    """One training.

    Args:
        network: trained in place; its parameters are the state's.
        recipe: every setting that changes the result.
        session: on the samples to train on.
        held_out: the samples for validation, or none.
        state: where to begin or to go on.
        control: wishes from outside.
        keeper: writes the run folder, or None.
        snapshot_every: epochs after which a checkpoint is kept for good; 0 for never.
        last: the last epoch that was done before.
        seconds: what the training took so far.
        card_after: what the network's card says once training has ended in some way.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        session: Session,
        held_out: Digits | None,
        state: State,
        control: Control,
        *,
        keeper: Keeper | None,
        snapshot_every: int,
        last: EpochDone | None,
        seconds: float,
        card_after: Callable[[Outcome], Card],
    ) -> None:
        self.network, self.recipe, self.session, self.held_out = network, recipe, session, held_out
        self.state, self.control, self.keeper = state, control, keeper
        self.snapshot_every, self.earlier = snapshot_every, seconds
        epoch_steps = len(batches_of_epoch(len(session.digits), recipe.batch_size, recipe.seed, 1))
        course = Course(recipe.epochs * epoch_steps, epoch_steps, recipe.decay, recipe.decay_every, recipe.warmup)
        tuning = Tuning(recipe.learning_rate, recipe.momentum, recipe.beta1, recipe.beta2, recipe.weight_decay)
        self.patience, self.card_after = recipe.patience, card_after
        self.optimizer = OPTIMIZERS[recipe.optimizer](tuning, lambda t: rate_factor(recipe.schedule, t, course))
        if set(state.memory) != set(self.optimizer.kept):  # a beginning, or a branch to another optimizer
            state.memory, state.counters.memory_since = {}, state.counters.step
        self.optimizer.memory, self.optimizer.taken = state.memory, state.counters.step
        self.optimizer.since = state.counters.memory_since
        for change in state.counters.changes:
            self._set(change)
        self.last = last
        self.whole_step = True  # whether the state is that between two steps
        self.began = time.perf_counter()

    def events(self, engine: str) -> Generator[Event, None, None]:
        """Everything, from `Started` to `Stopped`. Whatever ends it early, the run folder is committed.

        The time in which nobody pulls does not count.
        """
        with contextlib.closing(self._events(engine)) as events:
            for event in events:
                told = time.perf_counter()
                try:
                    yield event
                finally:  # the end may come here, too
                    self.began += time.perf_counter() - told

    def _events(self, engine: str) -> Generator[Event, None, None]:
        counters = self.state.counters
        committed = False
        try:
            if self.keeper:
                self.keeper.checkpoint(self.state, self._outcome("running"))
            yield self._started(engine)
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

    def _started(self, engine: str) -> Started:
        shape, digits, counters = self.network.architecture, self.session.digits, self.state.counters
        return Started(
            f"{shape} ({shape.activation})",
            digits.source,
            len(digits),
            self.recipe.epochs,
            engine,
            self.session.threads,
            len(self.held_out) if self.held_out else 0,
            counters.epoch,
            counters.step,
        )

    def _one_epoch(self) -> Iterator[Event]:
        """One pass over the samples, or the rest of it; no `EpochDone` when the control says stop in the middle."""
        counters = self.state.counters
        batches = batches_of_epoch(
            len(self.session.digits), self.recipe.batch_size, self.recipe.seed, counters.epoch + 1
        )
        while counters.position < len(batches):
            yield from self._take_changes()
            if self.control.stopping:
                return
            some = batches[counters.position : counters.position + self._steps_between_looks()]
            self.whole_step = False
            done = self.session.advance(self.network.parameters, self.optimizer, some)
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
                raise explain_divergence(self.network, self.session.digits, batch, done, counters.step + 1)
            if self.keeper and self.keeper.due and counters.position < len(batches):  # else after the epoch is counted
                self.keeper.checkpoint(self.state, self._outcome("running"))
        yield self._close_epoch()

    def _close_epoch(self) -> EpochDone:
        """Count the epoch, validate, and keep what is to be kept."""
        counters = self.state.counters
        self.whole_step = False  # until the epoch is in the history, too
        loss, accuracy = counters.loss / counters.count, counters.hits / counters.count
        counters.epoch += 1
        counters.position, counters.loss, counters.hits, counters.count = 0, 0.0, 0, 0
        rate = self.optimizer.tuning.learning_rate * self.optimizer.factor(counters.step - 1)
        validation = self._validate()
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
            snapshot = self.snapshot_every > 0 and counters.epoch % self.snapshot_every == 0
            if snapshot or self.keeper.due:
                self.keeper.checkpoint(self.state, self._outcome("running"), snapshot=snapshot)
        return event

    def _validate(self) -> tuple[float, float] | tuple[None, None]:
        """Loss and accuracy of the samples held out; remembers when and with which parameters the loss was lowest."""
        if self.held_out is None:
            return None, None
        counters = self.state.counters
        try:
            logits = self.network.logits(self.held_out.images).astype(np.float64)
        except DivergenceError:
            raise explain_silence(self.network, self.held_out, counters.step) from None
        measured = softmax_cross_entropy(logits, self.held_out.labels)
        loss, accuracy = measured.total / len(self.held_out), measured.hits / len(self.held_out)
        counters.waited += 1
        if counters.best_loss is None or loss < counters.best_loss:
            counters.best_loss, counters.best_epoch, counters.waited = loss, counters.epoch, 0
            if self.recipe.keep == "best":
                self.state.best = self.network.parameters.copy()
        return loss, accuracy

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
            setattr(self.optimizer.tuning, change.name, change.value)

    def _end(self, state: str, *, resumable: bool = True) -> None:
        """Commit the run; leave the parameters in the network that the recipe wants kept."""
        checkpoint = State(
            self.state.counters, self.network.parameters.copy(), dict(self.state.memory), self.state.best
        )
        if self.state.best is not None and state != "diverged":
            self.network.parameters[:] = self.state.best
        outcome = self._outcome(state)
        self.network.card = self.card_after(outcome)
        if self.keeper:
            self.keeper.finish(checkpoint if resumable else None, outcome, self.network)

    def _outcome(self, state: str) -> Outcome:
        counters, last = self.state.counters, self.last
        outcome = Outcome(state, counters.epoch, counters.step, self._seconds())
        if last is not None:
            outcome.loss, outcome.accuracy = last.loss, last.accuracy
            outcome.validation_loss, outcome.validation_accuracy = last.validation_loss, last.validation_accuracy
        return outcome

    def _steps_between_looks(self) -> int:
        batch_size = self.recipe.batch_size or len(self.session.digits)
        samples = min(SAMPLES_BETWEEN_LOOKS, WORK_BETWEEN_LOOKS // len(self.network.parameters))
        return 1 if self.control.detail == "steps" else max(1, samples // batch_size)

    def _seconds(self) -> float:
        return self.earlier + time.perf_counter() - self.began


_OPEN: weakref.WeakSet[Generator[Event, None, None]] = weakref.WeakSet()


def close_at_exit(events: Generator[Event, None, None]) -> Generator[Event, None, None]:
    """A training that is only let go at the end of the program is kept too, while Python can still write files."""
    _OPEN.add(events)
    return events


@atexit.register
def _close_all() -> None:
    for events in list(_OPEN):
        with contextlib.suppress(ValueError):  # another thread is in the middle of it
            events.close()
