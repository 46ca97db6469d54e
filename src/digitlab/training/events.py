"""What training tells: a stream of events. Whoever wants to show or store them listens; the loop knows no display."""

from __future__ import annotations

from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Literal, get_args

from digitlab.errors import require_name
from digitlab.training.recipe import check_live
from digitlab.training.settings import check_whole


@dataclass(frozen=True)
class Started:
    """The first event: everything was in order, and training begins.

    Attributes:
        network: its layers and activation, in words.
        source: where the digits are from, in words.
        samples: how many they are.
        epochs: how many there will be.
        engine: its name.
        threads: how many it uses.
        held_out: samples for validation, beside the others.
        epoch: complete epochs, when a run is gone on with; else 0.
        step: likewise, steps.
        earlier: the epochs that were done before: in the run that is gone on with, or in the one branched from.
        warnings: what a person should know, such as a damaged checkpoint that was passed over.
    """

    network: str
    source: str
    samples: int
    epochs: int
    engine: str
    threads: int
    held_out: int = 0
    epoch: int = 0
    step: int = 0
    earlier: tuple[EpochDone, ...] = field(default=(), repr=False)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepDone:
    """One optimizer step was taken; told only on request.

    Attributes:
        step: how many steps have been taken, from 1.
        epoch: in which epoch, from 1.
        loss: mean cross-entropy of the batch, met with the parameters before the step.
        accuracy: likewise, 0 to 1.
    """

    step: int
    epoch: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochDone:
    """Every sample was met once more.

    Attributes:
        epoch: how many epochs are done, from 1.
        step: how many steps have been taken.
        loss: mean cross-entropy over the epoch's samples, each met with the parameters of its step.
        accuracy: likewise, 0 to 1.
        seconds: since training began, breaks not counted.
        learning_rate: of the last step.
        validation_loss, validation_accuracy: of the samples held out, after the epoch; None where there are none.
    """

    epoch: int
    step: int
    loss: float
    accuracy: float
    seconds: float
    learning_rate: float = 0.0
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class LayerSizes:
    """How large a layer is, as 2-norms of its weights and biases together.

    Attributes:
        weights: after the last step.
        gradient: of the mean cross-entropy of the last batch, met with the parameters before that step; without weight
            decay.
        change: of the last step.
    """

    weights: float
    gradient: float
    change: float

    @property
    def ratio(self) -> float:
        """The change as a part of the weights; a usual pace is about 0.001."""
        return self.change / self.weights if self.weights else 0.0


@dataclass(frozen=True)
class LayersMeasured:
    """The layers at the end of an epoch, from the first hidden one to the last; only on request.

    Attributes:
        epoch: how many are done.
        step: how many steps have been taken.
        layers: one `LayerSizes` each.
    """

    epoch: int
    step: int
    layers: tuple[LayerSizes, ...]


@dataclass(frozen=True)
class SettingChanged:
    """A setting has another value from the next step on (see `Control.change`).

    Attributes:
        step: steps taken before.
        name: which setting.
        value: its new value.
    """

    step: int
    name: str
    value: float


@dataclass(frozen=True)
class Advice:
    """Nothing is learnt: told once, after a tenth of the epochs.

    Attributes:
        epoch: how many are done.
        words: what was measured, and what to try, in one line.
    """

    epoch: int
    words: str


@dataclass(frozen=True)
class Remark:
    """What an engine has to say of its work, such as that all wait for one worker of a cluster.

    Attributes:
        epoch: how many are done.
        words: one line.
    """

    epoch: int
    words: str


@dataclass(frozen=True)
class Stopped:
    """The last event.

    Attributes:
        reason: ``"finished"`` (all epochs), ``"early"`` (validation no longer improved, see the recipe's patience), or
            ``"interrupted"`` (`Control.stop`, Ctrl-C).
        epoch: complete epochs.
        step: steps taken.
        seconds: since training began.
    """

    reason: str
    epoch: int
    step: int
    seconds: float


Detail = Literal["epochs", "looks", "steps"]
Event = Started | StepDone | EpochDone | LayersMeasured | SettingChanged | Advice | Remark | Stopped


class Control:
    """Carries wishes into a training that is under way, from another thread or a signal handler."""

    def __init__(self) -> None:
        self._detail: Detail = "epochs"
        self._layers_every = 0
        self._stop = False  # no threading.Event: its lock could stop a signal handler that interrupts `stop` for ever
        self._changes: SimpleQueue[tuple[str, float]] = SimpleQueue()

    @property
    def detail(self) -> Detail:
        """How often training tells where it is, from the next look on. The result is the same, bit for bit.

        After each epoch; with ``"looks"`` also a `StepDone` whenever it looks at the control and the clock; with
        ``"steps"`` after every step.

        Raises:
            InputError: it is set to something else.
        """
        return self._detail

    @detail.setter
    def detail(self, value: Detail) -> None:
        require_name(value, get_args(Detail), "detail")
        self._detail = value

    @property
    def layers_every(self) -> int:
        """After how many epochs a `LayersMeasured` is told, from the next look on; 0 for never.

        Each costs the gradient of one batch more. The result is the same, bit for bit.

        Raises:
            InputError: it is set to something else.
        """
        return self._layers_every

    @layers_every.setter
    def layers_every(self, epochs: int) -> None:
        self._layers_every = check_whole(epochs, "layers_every", low=0)

    def measures(self, epoch: int) -> bool:
        """Whether the layers are to be measured at the end of this epoch."""
        return self._layers_every > 0 and epoch % self._layers_every == 0

    def stop(self) -> None:
        """Stop after the steps in hand; what was learnt so far is kept. Asking twice is the same as once."""
        self._stop = True

    def change(self, **settings: float) -> None:
        """Give settings other values from the next step on, such as ``control.change(learning_rate=0.01)``.

        Raises:
            RecipeError: a setting that cannot change while training goes on, or a value out of bounds.
        """
        checked = {name: check_live(name, value) for name, value in settings.items()}
        for change in checked.items():
            self._changes.put(change)

    def take_changes(self) -> list[tuple[str, float]]:
        """The changes that were asked for and not taken yet, in their order."""
        taken = []
        while not self._changes.empty():
            taken.append(self._changes.get())
        return taken

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop


@dataclass
class History:
    """The epochs of a training and how it ended: what `fit` returns.

    Attributes:
        epochs: one `EpochDone` each.
        stopped: the last event.
        run: the run folder, where one was asked for.
        layers: a `LayersMeasured` for each epoch for which that was asked for.
        advice: why nothing was learnt, where that was so (see `Advice`).
        warnings: what a person should know, such as a damaged checkpoint that was passed over.
    """

    epochs: list[EpochDone] = field(default_factory=list)
    stopped: Stopped | None = None
    run: str | None = None
    layers: list[LayersMeasured] = field(default_factory=list)
    advice: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def losses(self) -> list[float]:
        """The loss of each epoch."""
        return [epoch.loss for epoch in self.epochs]

    @property
    def accuracies(self) -> list[float]:
        """The accuracy of each epoch, 0 to 1."""
        return [epoch.accuracy for epoch in self.epochs]

    def __repr__(self) -> str:
        if not self.epochs:
            return "History(no epoch completed)"
        last = self.epochs[-1]
        return f"History({last.epoch} epochs, last loss {last.loss:.4f}, accuracy {last.accuracy:.4f})"
