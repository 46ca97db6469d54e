"""`train`: a training as a stream of events. `fit`: the same from beginning to end, watched if you like.

They stand apart from the loop because they know the run folder and the display, which the loop must not.
"""

import atexit
import contextlib
import math
import signal
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Unpack

from digitlab.data.digits import Digits
from digitlab.errors import InputError, describe, require_kind
from digitlab.network.network import Network
from digitlab.runs.options import Options, TrainOptions
from digitlab.runs.starts import branch, check_parts, resume
from digitlab.runs.writer import check_free
from digitlab.training.events import (
    Advice,
    Control,
    EpochDone,
    Event,
    History,
    LayersMeasured,
    Started,
    Stopped,
)
from digitlab.training.loop import Loop
from digitlab.training.recipe import Recipe
from digitlab.training.recipe_files import NamedRecipe
from digitlab.training.settings import check_whole
from digitlab.training.start import Start

Events = Generator[Event, None, None]
Listener = Callable[[Event], object]

MOMENT = 0.5  # seconds
_OPEN: weakref.WeakSet[Events] = weakref.WeakSet()


def train(
    network: Network,
    digits: Digits,
    recipe: Recipe,
    *,
    control: Control | None = None,
    each_step: bool = False,
    layers_every: int = 0,
    **options: Unpack[Options],
) -> Events:
    """Train ``network`` in place, event by event. Its card then tells the classes' names and how the training went.

    Nothing is taken (threads, locks, folders) before it is pulled. Not pulling it is pausing it.

    Args:
        network: its layers and activation must be the recipe's. It starts from the parameters that it has, or from
            those of the run that is resumed or branched from.
        digits: the training set.
        recipe: every setting that changes the result.
        control: lets another thread stop it or change settings.
        each_step: tell a `StepDone` for each step as well.
        layers_every: after so many epochs tell a `LayersMeasured` as well; 0 for never.
        options: engine, threads, out, resume, branch, checkpoint_every, snapshot_every, about: see `TrainOptions`.

    Returns:
        A generator of events: `Started`, an `EpochDone` for each epoch (with each step's `StepDone` before and a
        `LayersMeasured` behind it, where wished), a `SettingChanged` for each change, an `Advice` where nothing is
        learnt, a `Remark` where the engine has something to say, and `Stopped`.

    Raises:
        InputError: no digits; options that cannot be; a folder that is not empty.
        RecipeError: the recipe is for another network.
        RunError, RecipeError, InputError: (when first pulled) the run cannot be begun, resumed or branched from so.
        DivergenceError: (while iterating) a loss, gradient or parameter is not finite.
    """
    chosen = TrainOptions.of(options)
    check_parts(network, digits, recipe, chosen.threads)
    if control is None:
        control = Control()
    require_kind(control, Control, "the control", "control = dl.Control()")
    if each_step:
        control.detail = "steps"
    control.layers_every = layers_every or control.layers_every
    if chosen.out is not None and not chosen.resume:
        check_free(chosen.out)
    return _kept_at_exit(_train(network, digits, recipe, chosen, control))


def _train(network: Network, digits: Digits, recipe: Recipe, options: TrainOptions, control: Control) -> Events:
    named = NamedRecipe("", options.about, recipe)
    start = resume(digits, options, vars(recipe)) if options.resume else branch(network, digits, named, options)
    yield from follow(start, network, digits, control)


def follow(start: Start, network: Network, digits: Digits, control: Control) -> Events:
    """The events of a training from its ``start`` on, which it closes however it ends."""
    try:
        if start.ended is not None:
            network.parameters[:] = start.ended.network.parameters
            network.card = start.ended.network.card
            yield from start.ended.events
        else:
            yield from Loop(network, digits, start, control).events()
    finally:
        if start.keeper is not None:
            start.keeper.close()


def fit(
    network: Network,
    digits: Digits,
    recipe: Recipe,
    *,
    progress: bool = False,
    report_every: int | None = None,
    listeners: Iterable[Listener] = (),
    control: Control | None = None,
    layers_every: int = 0,
    **options: Unpack[Options],
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
        layers_every: after so many epochs measure the layers, see `LayersMeasured`; 0 for never.
        options: engine, threads, out, resume, branch, checkpoint_every, snapshot_every, about: see `TrainOptions`.

    Returns:
        The loss and accuracy of each epoch, and how it ended.

    Raises:
        InputError, RecipeError, DivergenceError, RunError: as for `digitlab.train`.
    """
    control = control or Control()
    if report_every is not None:
        report_every = check_whole(report_every, "report_every", low=1)
    everyone = _listeners(listeners)
    events = train(network, digits, recipe, control=control, layers_every=layers_every, **options)
    out = options.get("out")
    history = drain(events, control, everyone, progress=recipe.epochs if progress else 0, report_every=report_every)
    history.run = None if out is None else str(out)
    return history


def drain(
    events: Events,
    control: Control,
    listeners: Iterable[Listener] = (),
    *,
    progress: int = 0,
    report_every: int | None = None,
) -> History:
    """Pull ``events`` to their end, with Ctrl-C in order; with progress where it is told of how many epochs."""
    everyone = list(listeners)
    history = History()
    with contextlib.ExitStack() as stack:
        if progress:
            from digitlab.display.progress import TrainingProgress  # brings rich: only where it is wanted

            everyone.append(stack.enter_context(TrainingProgress(progress, report_every)))
        stack.enter_context(stop_on_interrupt(control))
        stack.enter_context(contextlib.closing(events))
        for event in events:
            if isinstance(event, Started):
                history.epochs, history.warnings = list(event.earlier), event.warnings
            elif isinstance(event, EpochDone):
                history.epochs.append(event)
            elif isinstance(event, LayersMeasured):
                history.layers.append(event)
            elif isinstance(event, Advice):
                history.advice = event.words
            elif isinstance(event, Stopped):
                history.stopped = event
            for listener in everyone:
                listener(event)
    return history


def _listeners(listeners: Any) -> list[Listener]:
    found: list[Any] = list(listeners) if isinstance(listeners, Iterable) else [None]
    if not all(map(callable, found)):
        raise InputError(
            "listeners must be a list of functions that take an event",
            got=describe(listeners),
            help="listeners=[print] shows every event",
        )
    return found


@contextlib.contextmanager
def stop_on_interrupt(control: Control) -> Iterator[None]:
    """While inside: the first Ctrl-C asks the control to stop, a second one interrupts at once.

    Two within a moment are one: a key that bounces, or a program such as ``uv run`` that passes on what the terminal
    has told already. Any more are not heeded: what was learnt is then being kept, and would be lost.
    """
    interrupted, asked = False, -math.inf

    def ask(_signal: int, _frame: object) -> None:
        nonlocal interrupted, asked
        if not control.stopping:
            asked = time.monotonic()
            control.stop()
        elif not interrupted and time.monotonic() - asked > MOMENT:
            interrupted = True
            raise KeyboardInterrupt

    with handling(signal.SIGINT, ask):
        yield


@contextlib.contextmanager
def handling(number: int, handler: Callable[[int, Any], None]) -> Iterator[None]:
    """While inside, the signal is handled so; in the main thread, which alone may handle signals.

    Where it is ignored (a job in the background) or not Python's own to handle (Python inside another program), it
    stays so.
    """
    before = signal.getsignal(number)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield
        return
    signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def _kept_at_exit(events: Events) -> Events:
    """A training that is only let go at the end of the program is kept too, while Python can still write files."""
    _OPEN.add(events)
    return events


@atexit.register
def _close_all() -> None:
    for events in list(_OPEN):
        with contextlib.suppress(ValueError):  # another thread is in the middle of it
            events.close()
