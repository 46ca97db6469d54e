"""`fit`: a training from beginning to end, watched if you like. What most people call.

It stands apart from the loop because it knows the display, which the loop must not.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from digitlab.data.digits import Digits
from digitlab.engines import Engine
from digitlab.network.network import Network
from digitlab.training.events import Control, EpochDone, Event, History, Stopped
from digitlab.training.loop import train
from digitlab.training.recipe import Recipe

__all__ = ["Listener", "fit"]

Listener = Callable[[Event], object]


def fit(
    network: Network,
    digits: Digits,
    recipe: Recipe,
    *,
    engine: str | Engine = "auto",
    threads: int | None = None,
    control: Control | None = None,
    out: str | Path | None = None,
    progress: bool = False,
    report_every: int | None = None,
    listeners: Iterable[Listener] = (),
) -> History:
    """Train ``network`` in place to the end of the recipe. Ctrl-C stops it and keeps what was learnt so far.

    Args:
        network: its layers and activation must be the recipe's. It starts from the parameters that it has.
        digits: the training set.
        recipe: every setting that changes the result.
        engine: ``"auto"``, ``"numpy"``, or an `Engine`.
        threads: 1 to 256; None for as many as the process may use.
        control: lets another thread stop it.
        out: a new folder to keep the run in.
        progress: show a live bar and a line every ``report_every`` epochs.
        report_every: by default a tenth of the epochs.
        listeners: called with every event. An exception in one ends the training in order, and is raised again.

    Returns:
        The loss and accuracy of each epoch, and how it ended.

    Raises:
        RecipeError, DivergenceError, RunError: as for `train`.
    """
    control = control or Control()
    history = History(run=None if out is None else str(out))
    everyone = list(listeners)
    with contextlib.ExitStack() as stack:
        if progress:
            from digitlab.display.progress import TrainingProgress  # brings rich: only where it is wanted

            everyone.append(stack.enter_context(TrainingProgress(recipe.epochs, report_every)))
        stack.enter_context(_stop_on_interrupt(control))
        events = train(network, digits, recipe, engine=engine, threads=threads, control=control, out=out)
        with contextlib.closing(events):
            for event in events:
                if isinstance(event, EpochDone):
                    history.epochs.append(event)
                elif isinstance(event, Stopped):
                    history.stopped = event
                for listener in everyone:
                    listener(event)
    return history


@contextlib.contextmanager
def _stop_on_interrupt(control: Control) -> Iterator[None]:
    """While inside: the first Ctrl-C asks the control to stop, a second one interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return

    def ask(_signal: int, _frame: object) -> None:
        if control.stopping:
            raise KeyboardInterrupt
        control.stop()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
