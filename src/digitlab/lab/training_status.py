"""What a training has come to so far, as whoever asks and the feed are told."""

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from digitlab.data.digits import Digits
from digitlab.lab import records
from digitlab.lab.feed import Feed
from digitlab.lab.runs import changes_of, history_of, rate_of, recipe_in_name
from digitlab.training.events import Advice, EpochDone, Event, Remark, SettingChanged, Started, StepDone
from digitlab.training.start import Start

UNDER_WAY = frozenset({"running", "paused", "stopping"})
MOST_CHANGES = 100  # of the settings, that are told each time: a program may make thousands


class TrainingStatus:
    """Kept by the thread that trains; anybody may ask for `state`.

    Args:
        run: its name.
        start: what the training starts from.
        digits: what is trained on.
        parent: the run and the epoch that it was branched from.
        feed: who is told.

    Attributes:
        phase: ``running``, ``paused``, ``stopping``; at the end ``finished``, ``early``, ``interrupted`` or ``failed``.
        started: the first event, once it came.
        step: how many have been taken.
        steps_per_second: of slow motion; None at full speed.
        error: what went wrong in the end, in words.
        notes: what a person should know.
        insight: the newest look inside.
    """

    def __init__(self, run: str, start: Start, digits: Digits, parent: records.Parent | None, feed: Feed) -> None:
        self.run, self.feed = run, feed
        self.phase: records.Phase = "running"
        self._recipe, self._source, self._samples = start.recipe.recipe, digits.source, len(digits)
        self._epochs = list(start.earlier)
        self._changes = changes_of(start.state.counters.changes, start.earlier)
        self._told = len(self._epochs)  # epochs that the feed has
        self._wished: dict[str, float] = {}  # settings for the next step
        self._parent, self._snapshot_every = parent, start.snapshot_every
        self.started: Started | None = None
        self.step = start.state.counters.step
        self.steps_per_second: float | None = None
        self.error: records.Trouble | None = None
        self.notes = list(start.warnings)
        self.insight: records.Insight | None = None

    @property
    def under_way(self) -> bool:
        """Whether the training has not ended yet."""
        return self.phase in UNDER_WAY

    @property
    def epoch(self) -> int:
        """How many are done."""
        return len(self._epochs)

    @property
    def wished(self) -> dict[str, float]:
        """Settings that the next step will bring."""
        return dict(self._wished)

    @property
    def values(self) -> dict[str, records.Value]:
        """The settings as they are now."""
        changed = {change.name: change.value for change in self._changes}
        return self._recipe.to_dict() | changed | self._wished

    def wish(self, settings: dict[str, float]) -> None:
        """Settings that have other values from the next step on; shown at once."""
        self._wished |= settings
        self.tell()

    def take_in(self, event: Event) -> None:
        """Remember what an event says."""
        if isinstance(event, Started):
            self.started = event
            self.tell()
        elif isinstance(event, Advice | Remark):
            self.notes.append(event.words)
            self.tell()
        elif isinstance(event, EpochDone):
            self._epochs.append(event)
            self.step = event.step
        elif isinstance(event, StepDone):
            self.step = event.step
        elif isinstance(event, SettingChanged):
            self._changes.append(records.Change(event.step, self.epoch + 1, event.name, event.value))
            if self._wished.get(event.name) == event.value:
                del self._wished[event.name]
            self.tell()

    def ends_epoch(self, event: Event) -> bool:
        """Whether it tells of an epoch's last step: the epoch itself is told next, without another step."""
        return isinstance(event, StepDone) and self._part(event) >= 1

    def _part(self, event: StepDone) -> float:
        """How much of its epoch is done after this step. The epochs before a branch may have had more steps."""
        assert self.started is not None  # it comes before any step
        began = self._epochs[-1].step if self._epochs else 0
        size = self._recipe.batch_size or self.started.samples
        return (event.step - began) / -(-self.started.samples // size)

    @property
    def batch_seconds(self) -> float:
        """How long one batch takes, about; 0 while nobody can know."""
        rate, samples = rate_of(self._epochs), self.started.samples if self.started else 0
        return min(1.0, (self._recipe.batch_size or samples) / samples) / rate if rate and samples else 0.0

    def look(self, layers: list[records.Layer], version: int) -> None:
        """Tell of a look inside."""
        self.insight = records.Insight(self.epoch, self.step, layers, version)
        self.feed.publish("insight", self.insight)

    def tell_step(self, event: StepDone) -> None:
        """Tell of one step."""
        place = event.epoch - 1 + self._part(event)
        self.feed.publish("step", records.Step(event.step, event.epoch, place, event.loss, event.accuracy))

    def tell_epochs(self) -> bool:
        """Tell of the epochs since the last time; none is left out. Whether there were any."""
        new = self._epochs[self._told :]
        if new:
            self._told = len(self._epochs)
            history = asdict(history_of(new, most=len(new)))
            rate = rate_of(self._epochs)
            self.feed.publish("epochs", records.Epochs(**history, epochs_per_second=rate, step=self.step))
        return bool(new)

    def tell(self) -> None:
        """Tell of everything but the history."""
        self.feed.publish("training", self._described(self._epochs[:]))

    def state(self) -> records.Training:
        """Everything, with the history."""
        epochs = self._epochs[:]
        return self._described(epochs, history_of(epochs))

    def _described(self, epochs: list[EpochDone], history: records.History | UnsetType = UNSET) -> records.Training:
        started, recipe = self.started, self._recipe
        return records.Training(
            run=self.run,
            phase=self.phase,
            recipe=recipe_in_name(self.run),
            values=self.values,
            network="-".join(map(str, recipe.layers)) + f" ({recipe.activation})",
            source=self._source,
            samples=started.samples if started else self._samples - recipe.validation,
            held_out=recipe.validation,
            engine=started.engine if started else "",
            threads=started.threads if started else 0,
            epoch=len(epochs),
            epochs=recipe.epochs,
            step=self.step,
            seconds=epochs[-1].seconds if epochs else 0.0,
            epochs_per_second=rate_of(epochs),
            steps_per_second=self.steps_per_second,
            error=self.error,
            notes=[records.shortened(note) for note in self.notes],
            insight=self.insight,
            changes=self._changes[-MOST_CHANGES:],
            parent=self._parent,
            snapshots=self._snapshots(len(epochs)),
            history=history,
        )

    def _snapshots(self, epochs: int) -> list[int]:
        """The epochs of which this run has kept a checkpoint for good; those before a branch are its parent's."""
        every, first = self._snapshot_every, self._parent.epoch + 1 if self._parent else 1
        return [epoch for epoch in range(first, epochs + 1) if every and epoch % every == 0]
