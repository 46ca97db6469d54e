"""What a person watches while a network trains: a live bar, and a line now and then that stays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from digitlab.display.terminal import new_console, wide_enough
from digitlab.errors import printable
from digitlab.figures.notebook import notebook_shell
from digitlab.training.events import Advice, EpochDone, Event, LayersMeasured, Remark, SettingChanged, Started, Stopped

LINES = 10  # how many lines a training prints unless told otherwise


def epochs_between_lines(epochs: int) -> int:
    """How many epochs lie between two lines, where nobody says it."""
    return max(1, epochs // LINES)


class TrainingProgress:
    """A listener for `digitlab.fit`. Where there is no terminal (a pipe, a notebook) it prints the lines alone.

    Args:
        epochs: how many there will be.
        report_every: print a line whenever the epoch is a multiple of this; by default about ten lines in all.
        console: where to print, by default standard output.
        title: of one of many trainings; a line above it.
        later: likewise, how many epochs as long as these the others after it will take: each line then says how long
            all of it will.
    """

    def __init__(
        self,
        epochs: int,
        report_every: int | None = None,
        console: Console | None = None,
        *,
        title: str = "",
        later: float | None = None,
    ) -> None:
        self.epochs, self.title, self.later = epochs, title, later
        self.report_every = report_every or epochs_between_lines(epochs)
        self.console = console or new_console()
        self._last: EpochDone | None = None
        self._bar = Progress(
            BarColumn(bar_width=16),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.description}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal or notebook_shell() is not None,
        )
        self._task = self._bar.add_task("starting", total=epochs)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, Started):
            self._head(event)
        elif isinstance(event, EpochDone):
            self._last = event
            speed = event.epoch / max(event.seconds, 1e-9)
            words = f"loss {event.loss:.4f}  accuracy {event.accuracy:.4f}  {speed:.1f} epochs/s "
            self._bar.update(self._task, completed=event.epoch, description=words)
            if event.epoch == 1 or event.epoch % self.report_every == 0 or event.epoch == self.epochs:
                self._print(event)
        elif isinstance(event, LayersMeasured):
            self.console.print(layers_line(event))
        elif isinstance(event, SettingChanged):
            self.console.print(f"{event.name} is {event.value:g} from step {event.step + 1:,} on")
        elif isinstance(event, Advice | Remark):
            self.console.print(printable(event.words), markup=False, emoji=False)  # with the name of a class, perhaps
        elif isinstance(event, Stopped):
            self._tail(event)

    def _head(self, event: Started) -> None:
        if self.title:
            self.console.print(printable(self.title), markup=False, emoji=False)
        self.console.print(  # a folder's name is no markup, whatever brackets it has
            f"network {event.network}, {event.samples:,} digits from {event.source}, {event.epochs:,} epochs",
            markup=False,
            emoji=False,
        )
        if event.held_out:
            self.console.print(f"{event.held_out:,} digits held out for validation")
        self.console.print(f"engine {event.engine}, threads {event.threads}")
        if event.step:
            self.console.print(f"{event.epoch:,} epochs and {event.step:,} steps were done before")
        for warning in event.warnings:
            self.console.print(printable(warning), markup=False, emoji=False)

    def _tail(self, event: Stopped) -> None:
        if event.reason == "early":
            self.console.print(f"stopped after epoch {event.epoch}: validation no longer improved")
        elif event.reason == "interrupted":
            if self._last is not None and self._last.epoch % self.report_every and self._last.epoch > 1:
                self._print(self._last)
            self.console.print(f"stopped after {event.epoch} of {self.epochs} epochs; what was learnt is kept")

    def _print(self, event: EpochDone) -> None:
        width = len(str(self.epochs))
        validation = f"   validation {event.validation_accuracy:.4f}" if event.validation_accuracy is not None else ""
        self.console.print(
            f"epoch {event.epoch:>{width}}/{self.epochs}   loss {event.loss:.4f}   accuracy {event.accuracy:.4f}"
            f"{validation}   {event.seconds:.1f} s{self._left(event)}"
        )

    def _left(self, event: EpochDone) -> str:
        if self.later is None:
            return ""
        seconds = (self.epochs - event.epoch + self.later) * event.seconds / event.epoch
        return f"   about {duration(seconds)} left in all" if seconds >= 1 else ""


def layers_line(event: LayersMeasured) -> str:
    """The sizes of all layers, from the first to the last, in a line."""
    weights = ", ".join(f"{layer.weights:.3g}" for layer in event.layers)
    gradients = ", ".join(f"{layer.gradient:.2g}" for layer in event.layers)
    steps = ", ".join(f"{100 * layer.ratio:.2g} %" for layer in event.layers)
    return f"  layers: weights {weights}; gradient {gradients}; step {steps} of the weights"


@contextmanager
def moving_bar(total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error that each call moves on by one; nothing where it is no terminal, or ``total`` is 1."""
    console = wide_enough(Console(stderr=True, highlight=False, force_jupyter=False))
    columns = BarColumn(bar_width=16), TextColumn("{task.completed:.0f}/{task.total:.0f}"), TimeRemainingColumn()
    shown = console.is_terminal and total > 1
    with Progress(*columns, TextColumn("left"), console=console, transient=True, disable=not shown) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


def duration(seconds: float) -> str:
    """A time in words, to two or three figures.

    >>> duration(75), duration(750), duration(7500)
    ('75 s', '12 min', '2.1 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
