"""What a training has come to so far, as `/api/state` and the feed tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from digitlab.data.digits import Digits
from digitlab.lab.feed import Feed
from digitlab.lab.runs import history_of, rate_of, recipe_in_name
from digitlab.training.events import EpochDone, Event, SettingChanged, Started, StepDone
from digitlab.training.recipe_files import NamedRecipe

__all__ = ["TrainingStatus"]

MOST_CHANGES = 100  # of the settings, that are told each time: a program may make thousands


class TrainingStatus:
    """Kept by the thread that trains; anybody may ask for `state`.

    Args:
        run: its name.
        recipe, digits: what is trained, and on what.
        feed: what is told.
        earlier: the epochs before it was gone on with, or before the branch.
        changes: settings that were changed in them.
        parent: the run and the epoch that it was branched from.
        snapshot_every: epochs after which a moment is kept for good.

    Attributes:
        phase: ``running``, ``paused``, ``stopping``; at the end ``finished``, ``early``, ``interrupted`` or ``failed``.
        started: the first event, once it came.
        step: how many have been taken.
        steps_per_second: of slow motion; None at full speed.
        error: what went wrong in the end, in words.
        insight: the newest look inside.
    """

    def __init__(
        self,
        run: str,
        recipe: NamedRecipe,
        digits: Digits,
        feed: Feed,
        *,
        earlier: Sequence[EpochDone] = (),
        changes: Sequence[dict[str, Any]] = (),
        parent: dict[str, Any] | None = None,
        snapshot_every: int,
    ) -> None:
        self.run, self.phase = run, "running"
        self._recipe, self._digits, self._feed = recipe.recipe, digits, feed
        self._epochs, self._changes = list(earlier), list(changes)
        self._told = len(self._epochs)  # epochs that the feed has
        self._wished: dict[str, float] = {}  # settings for the next step
        self._parent, self._snapshot_every = parent, snapshot_every
        self.started: Started | None = None
        self.step = 0
        self.steps_per_second: float | None = None
        self.error: dict[str, str] | None = None
        self.insight: dict[str, Any] | None = None

    @property
    def epoch(self) -> int:
        """How many are done."""
        return len(self._epochs)

    @property
    def wished(self) -> dict[str, float]:
        """Settings that the next step will bring."""
        return dict(self._wished)

    def wish(self, settings: dict[str, float]) -> None:
        """Settings that have other values from the next step on; shown at once."""
        self._wished |= settings
        self.tell()

    def take_in(self, event: Event) -> None:
        """Remember what an event says."""
        if isinstance(event, Started):
            self.started, self.step = event, event.step
            self._epochs = self._epochs[: event.epoch]  # a damaged checkpoint may have taken it further back
            self._changes = [change for change in self._changes if change["step"] <= event.step]
            self._told = len(self._epochs)
            self.tell()
        elif isinstance(event, EpochDone):
            self._epochs.append(event)
            self.step = event.step
        elif isinstance(event, StepDone):
            self.step = event.step
        elif isinstance(event, SettingChanged):
            told = {"step": event.step, "epoch": self.epoch + 1, "name": event.name, "value": event.value}
            self._changes.append(told)
            if self._wished.get(event.name) == event.value:
                del self._wished[event.name]
            self.tell()

    def ends_epoch(self, event: Event) -> bool:
        """Whether it tells of an epoch's last step: the epoch itself is told next, without another step."""
        if not isinstance(event, StepDone) or self.started is None:
            return False
        began = self._epochs[-1].step if self._epochs else 0
        size = self._recipe.batch_size or self.started.samples
        return event.step - began >= -(-self.started.samples // size)

    def look(self, layers: list[dict[str, Any]], version: int) -> None:
        """Tell of a look inside."""
        self.insight = {"epoch": self.epoch, "step": self.step, "layers": layers, "version": version}
        self._feed.publish("insight", self.insight)

    def tell_step(self, event: StepDone) -> None:
        """Tell of one step."""
        told = {"step": event.step, "epoch": event.epoch, "loss": event.loss, "accuracy": event.accuracy}
        self._feed.publish("step", told)

    def tell_epochs(self) -> bool:
        """Tell of the epochs since the last time; none is left out. Whether there were any."""
        new = self._epochs[self._told :]
        if new:
            self._told = len(self._epochs)
            more = {"epochs_per_second": rate_of(self._epochs), "step": self.step}
            self._feed.publish("epochs", history_of(new, most=len(new)) | more)
        return bool(new)

    def tell(self) -> None:
        """Tell of everything but the history."""
        self._feed.publish("training", self._described(self._epochs[:]))

    def state(self) -> dict[str, Any]:
        """Everything, with the history."""
        epochs = self._epochs[:]
        return self._described(epochs) | {"history": history_of(epochs)}

    def _described(self, epochs: list[EpochDone]) -> dict[str, Any]:
        started, recipe = self.started, self._recipe
        changed = {change["name"]: change["value"] for change in self._changes}
        return {
            "run": self.run,
            "phase": self.phase,
            "recipe": recipe_in_name(self.run),
            "values": recipe.to_dict() | changed | self._wished,
            "network": started.network if started else "-".join(map(str, recipe.layers)),
            "source": self._digits.source,
            "samples": started.samples if started else len(self._digits) - recipe.validation,
            "held_out": recipe.validation,
            "engine": started.engine if started else "",
            "threads": started.threads if started else 0,
            "epoch": len(epochs),
            "epochs": recipe.epochs,
            "step": self.step,
            "seconds": epochs[-1].seconds if epochs else 0.0,
            "epochs_per_second": rate_of(epochs),
            "steps_per_second": self.steps_per_second,
            "error": self.error,
            "insight": self.insight,
            "changes": self._changes[-MOST_CHANGES:],
            "parent": self._parent,
            "snapshots": [epoch.epoch for epoch in epochs if epoch.epoch % self._snapshot_every == 0],
        }
