"""One training of the lab, from its first event to its last: what is wished of it, where it stands, what it tells."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import threading
import time
from collections.abc import Generator, Sequence
from typing import Any

from digitlab.data.digits import Digits
from digitlab.engines.blas import hold_to_one_thread, release
from digitlab.errors import DigitlabError
from digitlab.lab.feed import Feed
from digitlab.lab.insight import Probe
from digitlab.lab.runs import history_of, rate_of, recipe_in_name
from digitlab.network.network import Network
from digitlab.training.events import Control, EpochDone, Event, SettingChanged, Started, StepDone, Stopped
from digitlab.training.recipe_files import NamedRecipe

__all__ = ["UNDER_WAY", "Job"]

UNDER_WAY = frozenset({"running", "paused", "stopping"})
BEAT = 0.5  # seconds between two tellings: each wakes a browser, which often shares the cores that train
COPY_EVERY = 0.05  # between two copies of the network, at least
SHARE = 100  # copying may take one part in so many of the time, and so may looking inside
_versions = itertools.count(1)
_log = logging.getLogger("digitlab.lab")


class Job:
    """What `Trainer` hands to its thread, which calls `work`; everybody else calls the rest.

    Attributes:
        run: its name.
        phase: ``running``, ``paused``, ``stopping``; at the end ``finished``, ``early``, ``interrupted`` or ``failed``.
    """

    def __init__(
        self,
        run: str,
        recipe: NamedRecipe,
        network: Network,
        digits: Digits,
        events: Generator[Event, None, None],
        control: Control,
        feed: Feed,
        earlier: Sequence[EpochDone],
        *,
        parent: dict[str, Any] | None,
        snapshot_every: int,
    ) -> None:
        self.run, self.phase = run, "running"
        self._recipe, self._network, self._digits = recipe, network, digits
        self._events, self._control, self._feed = events, control, feed
        self._parent, self._snapshot_every = parent, snapshot_every
        self._epochs = list(earlier)
        self._told = len(self._epochs)  # epochs that the feed has
        self._wake = threading.Condition()
        self._pausing, self._allowed = False, ""  # allowed: "step" or "epoch", then pause again
        self._per_second: float | None = None
        self._started: Started | None = None
        self._step, self._epoch = 0, len(self._epochs)
        self._changes: list[dict[str, Any]] = []
        self._error: dict[str, str] | None = None
        self._insight: dict[str, Any] | None = None
        self._probe: Probe | None = None
        self._copy = (next(_versions), network.copy())
        self._next_beat = self._next_copy = self._next_look = 0.0
        control.detail = "looks"

    @property
    def under_way(self) -> bool:
        """Whether it has not ended yet."""
        return self.phase in UNDER_WAY

    @property
    def paused(self) -> bool:
        """Whether it is wished to wait."""
        return self._pausing

    def pause(self) -> None:
        """Wait, from the next look on."""
        with self._wake:
            self._pausing, self._allowed = True, ""
            self._wake.notify_all()

    def go_on(self) -> None:
        """Wait no longer."""
        with self._wake:
            self._pausing, self._allowed = False, ""
            self._set_detail()
            self._wake.notify_all()

    def take(self, what: str) -> None:
        """One ``"step"``, or the rest of the ``"epoch"``; then wait."""
        with self._wake:
            self._pausing, self._allowed = True, what
            self._set_detail()
            self._wake.notify_all()

    def speed(self, steps_per_second: float | None) -> None:
        """So many steps a second; None for as many as there can be."""
        with self._wake:
            self._per_second = steps_per_second
            self._set_detail()
            self._wake.notify_all()
        self._tell_training()

    def change(self, settings: dict[str, float]) -> None:
        """Other values from the next step on."""
        self._control.change(**settings)

    def stop(self) -> None:
        """End it, and keep what was learnt."""
        with self._wake:
            if self.under_way:
                self.phase = "stopping"
            self._control.stop()
            self._wake.notify_all()

    def _set_detail(self) -> None:
        one_by_one = self._per_second is not None or self._allowed == "step"
        self._control.detail = "steps" if one_by_one else "looks"

    def work(self) -> None:
        """Pull every event, until the last one or an error."""
        reason = "failed"
        hold_to_one_thread()  # else NumPy's threads, which the probe wakes, spin beside those that train
        try:
            with contextlib.closing(self._events):
                for event in self._events:
                    self._take_in(event)
                    if isinstance(event, Stopped):
                        reason = event.reason
                    else:
                        self._after(event)
        except DigitlabError as error:
            self._error = {key: str(getattr(error, key)) for key in ("what", "must_be", "got", "help")}
        except Exception as error:  # a fault of ours, or no memory: the lab goes on, and says so
            _log.exception("the training of %s failed", self.run)
            words = {"what": "the training ended by a mistake of the lab", "must_be": "a training without one"}
            self._error = words | {"got": f"{type(error).__name__}: {error}"[:200], "help": "see the lab's terminal"}
        self._tell_epochs()
        self._make_copy()
        with self._wake:
            self.phase = reason
        if self._probe is not None:
            self._probe.close()
        release()
        self._tell_training()

    def _take_in(self, event: Event) -> None:
        """Remember what an event says."""
        if isinstance(event, Started):
            self._started = event
            self._step, self._epoch = event.step, event.epoch
            self._epochs = self._epochs[: event.epoch]
            self._told = len(self._epochs)
            self._tell_training()
        elif isinstance(event, EpochDone):
            self._epochs.append(event)
            self._step, self._epoch = event.step, event.epoch
        elif isinstance(event, StepDone):
            self._step = event.step
            if self._control.detail == "steps":
                words = {"step": event.step, "epoch": event.epoch, "loss": event.loss, "accuracy": event.accuracy}
                self._feed.publish("step", words)
        elif isinstance(event, SettingChanged):
            epoch = self._epoch + 1
            self._changes.append({"step": event.step, "epoch": epoch, "name": event.name, "value": event.value})
            self._tell_training()

    def _after(self, event: Event) -> None:
        """Between two events: tell, look inside, and wait where that is wished."""
        now = time.monotonic()
        if now >= self._next_copy:
            self._make_copy()
        if now >= self._next_beat:
            self._tell_epochs()
            if now >= self._next_look:
                self._look()
            self._next_beat = time.monotonic() + BEAT
        if self._ends_allowance(event):
            with self._wake:
                self._allowed = ""
        if isinstance(event, StepDone) and self._per_second is not None and not self._must_wait():
            with self._wake:
                self._wake.wait_for(self._is_hurried, 1 / self._per_second)
        if self._must_wait() and not self._ends_epoch(event):
            self._wait()

    def _ends_allowance(self, event: Event) -> bool:
        """Whether the step or the epoch that was allowed is over; an epoch's last step tells of the epoch as well."""
        if isinstance(event, EpochDone):
            return self._allowed in {"step", "epoch"}
        return isinstance(event, StepDone) and self._allowed == "step" and not self._ends_epoch(event)

    def _ends_epoch(self, event: Event) -> bool:
        """Whether it tells of an epoch's last step: the epoch itself is told next, without another step."""
        if not isinstance(event, StepDone) or self._started is None:
            return False
        began = self._epochs[-1].step if self._epochs else 0
        size = self._recipe.recipe.batch_size or self._started.samples
        return event.step - began >= -(-self._started.samples // size)

    def _is_hurried(self) -> bool:
        return self._per_second is None or self._control.stopping or self._pausing

    def _must_wait(self) -> bool:
        return self._pausing and not self._allowed and not self._control.stopping

    def _wait(self) -> None:
        """Paused: everything is told first."""
        self._make_copy()
        self._tell_epochs()
        self._look()
        with self._wake:
            if self.phase == "running":
                self.phase = "paused"
        self._tell_training()
        with self._wake:
            self._wake.wait_for(lambda: not self._must_wait())
            if self.phase == "paused":
                self.phase = "running"
        if not self._allowed:
            self._tell_training()

    def _make_copy(self) -> None:
        """A copy for whoever reads with it; only between two steps, and by the thread that takes them."""
        began = time.monotonic()
        self._copy = (next(_versions), self._network.copy())
        self._next_copy = _after_rest(began, COPY_EVERY)

    def _look(self) -> None:
        """Look inside, if anybody watches."""
        if not self._feed.watchers:
            return
        began = time.monotonic()
        if self._probe is None and self._started is not None:
            self._probe = Probe(self._network.architecture, self._digits, self._started.engine)
        if self._probe is not None:
            version, network = self._copy
            with contextlib.suppress(DigitlabError):  # it has no answer any more: training says so itself
                layers = self._probe.look(network)
                self._insight = {"epoch": self._epoch, "step": self._step, "layers": layers, "version": version}
                self._feed.publish("insight", self._insight)
        self._next_look = _after_rest(began, BEAT)

    def _tell_epochs(self) -> None:
        """The epochs since the last time; none is left out."""
        new = self._epochs[self._told :]
        if new:
            self._told = len(self._epochs)
            more = {"epochs_per_second": rate_of(self._epochs), "step": self._step}
            self._feed.publish("epochs", history_of(new, most=len(new)) | more)

    def _tell_training(self) -> None:
        self._feed.publish("training", self._described(self._epochs[:]))

    def newest_copy(self) -> tuple[int, Network]:
        """A version, and a copy of the network as it was then."""
        return self._copy

    def state(self) -> dict[str, Any]:
        """Everything about it, with its history."""
        epochs = self._epochs[:]
        return self._described(epochs) | {"history": history_of(epochs)}

    def _described(self, epochs: list[EpochDone]) -> dict[str, Any]:
        """Everything but its history, when these epochs are done."""
        started, recipe = self._started, self._recipe.recipe
        changed = {change["name"]: change["value"] for change in self._changes}
        return {
            "run": self.run,
            "phase": self.phase,
            "recipe": recipe_in_name(self.run),
            "values": recipe.to_dict() | changed,
            "network": started.network if started else "-".join(map(str, recipe.layers)),
            "source": self._digits.source,
            "samples": started.samples if started else len(self._digits) - recipe.validation,
            "held_out": recipe.validation,
            "engine": started.engine if started else "",
            "threads": started.threads if started else 0,
            "epoch": len(epochs),
            "epochs": recipe.epochs,
            "step": self._step,
            "seconds": epochs[-1].seconds if epochs else 0.0,
            "epochs_per_second": rate_of(epochs),
            "steps_per_second": self._per_second,
            "error": self._error,
            "insight": self._insight,
            "changes": list(self._changes),
            "parent": self._parent,
            "snapshots": [epoch.epoch for epoch in epochs if epoch.epoch % self._snapshot_every == 0],
        }


def _after_rest(began: float, least: float) -> float:
    """When something that has just been done, and was begun then, may be done again."""
    ended = time.monotonic()
    return ended + max(least, SHARE * (ended - began))
