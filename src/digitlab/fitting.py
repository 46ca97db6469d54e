"""`fit`: a training from beginning to end, watched if you like. What most people call.

It stands apart from the loop because it knows the display, which the loop must not.
"""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Unpack

from digitlab.data.digits import Digits
from digitlab.errors import InputError, describe
from digitlab.network.network import Network
from digitlab.training.checks import check_whole
from digitlab.training.events import Control, EpochDone, Event, History, Started, Stopped
from digitlab.training.plan import TrainOptions, train
from digitlab.training.recipe import Recipe
from digitlab.training.run import Run

__all__ = ["Listener", "fit"]

Listener = Callable[[Event], object]

MOMENT = 0.5  # seconds


def fit(
    network: Network,
    digits: Digits,
    recipe: Recipe,
    *,
    progress: bool = False,
    report_every: int | None = None,
    listeners: Iterable[Listener] = (),
    control: Control | None = None,
    **options: Unpack[TrainOptions],
) -> History:
    """Train ``network`` in place to the end of the recipe. Ctrl-C stops it and keeps what was learnt so far.

    Args:
        network: its layers and activation must be the recipe's. It starts from the parameters that it has.
        digits: the training set.
        recipe: every setting that changes the result.
        progress: show a live bar and a line every ``report_every`` epochs.
        report_every: by default a tenth of the epochs.
        listeners: called with every event. An exception in one ends the training in order, and is raised again.
        control: lets another thread stop it or change settings.
        options: engine, threads, out, resume, branch, checkpoint_every, snapshot_every, about: see `digitlab.train`.

    Returns:
        The loss and accuracy of each epoch, and how it ended.

    Raises:
        InputError, RecipeError, DivergenceError, RunError: as for `digitlab.train`.
    """
    if report_every is not None:
        report_every = check_whole(report_every, "report_every", low=1)
    everyone = _listeners(listeners)
    control = control or Control()
    out = options.get("out")
    history = History(run=None if out is None else str(out))
    with contextlib.ExitStack() as stack:
        if progress:
            from digitlab.display.progress import TrainingProgress  # brings rich: only where it is wanted

            everyone.append(stack.enter_context(TrainingProgress(recipe.epochs, report_every)))
        stack.enter_context(_stop_on_interrupt(control))
        events = train(network, digits, recipe, control=control, **options)
        with contextlib.closing(events):
            for event in events:
                if isinstance(event, Started) and out is not None and event.epoch:
                    history.epochs = Run(Path(out)).history()[: event.epoch]  # what was done before
                elif isinstance(event, EpochDone):
                    history.epochs.append(event)
                elif isinstance(event, Stopped):
                    history.stopped = event
                for listener in everyone:
                    listener(event)
    return history


def _listeners(listeners: Any) -> list[Listener]:
    found: list[Any] = list(listeners) if isinstance(listeners, Iterable) else [None]
    if not all(map(callable, found)):
        raise InputError(
            "the listeners are something else",
            must_be="a list of functions that take an event",
            got=describe(listeners),
            help="listeners=[print] shows every event",
        )
    return found


@contextlib.contextmanager
def _stop_on_interrupt(control: Control) -> Iterator[None]:
    """While inside: the first Ctrl-C asks the control to stop, a second one interrupts at once.

    Two within a moment are one: a key that bounces, or a program such as ``uv run`` that passes on what the terminal
    has told already.
    Any more are not heeded: what was learnt is then being kept, and would be lost. Where Ctrl-C is ignored (a job in
    the background) or not Python's own to handle (Python inside another program), it stays so.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield  # only the main thread may handle signals
        return
    interrupted, asked = False, -math.inf

    def ask(_signal: int, _frame: object) -> None:
        nonlocal interrupted, asked
        if not control.stopping:
            asked = time.monotonic()
            control.stop()
        elif not interrupted and time.monotonic() - asked > MOMENT:
            interrupted = True
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
