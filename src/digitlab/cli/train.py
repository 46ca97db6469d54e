"""``digitlab train``: train a network by a recipe and keep it in a run folder."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from cyclopts import Parameter

from digitlab.cli.options import (
    AS_IT_IS,
    Data,
    DataOptions,
    EngineName,
    FigureFile,
    Json,
    Threads,
    changes_from_flags,
    whole,
    with_recipe_flags,
)
from digitlab.cli.output import complain, print_json, write_line
from digitlab.data.digits import Digits
from digitlab.display.progress import epochs_between_lines
from digitlab.engines import AUTO
from digitlab.errors import InputError
from digitlab.figures import draw_history
from digitlab.figures.style import save_figure
from digitlab.fitting import drain, follow, handling
from digitlab.network.network import Network
from digitlab.runs import Branch, Run, TrainOptions, find_run, starts
from digitlab.runs.models import RUNS, claimed_folder, name_and_epoch
from digitlab.runs.options import CHECKPOINT_SECONDS
from digitlab.runs.run import require_run
from digitlab.training import SETTINGS, Control, History, Recipe
from digitlab.training.recipe_files import NamedRecipe, read_recipe
from digitlab.training.settings import check_whole
from digitlab.training.start import Start

if TYPE_CHECKING:
    from digitlab.interop.log_file import LogFile
    from digitlab.interop.logs import NamedLog

TERMINATED = 143  # 128 + SIGTERM, as shells have it


Name = Annotated[str | None, Parameter(name="RECIPE", help="A named recipe, or a TOML file.", show_default="seed")]
Out = Annotated[Path | None, Parameter(help="A new folder for the run.", show_default=f"{RUNS}/...")]
ReportEvery = Annotated[
    int | None, Parameter(help="Epochs between lines.", show_default="a tenth of them", converter=whole)
]
WatchLayers = Annotated[
    bool,
    Parameter(help="With the lines, tell how large each layer is, its gradient and its last step.", show_default=False),
]
Resume = Annotated[bool, Parameter(help="Go on with the run in --out, as if it had never stopped.", show_default=False)]
From = Annotated[
    str | None, Parameter(name="--from", help="Begin where RUN@EPOCH was; give the settings that shall differ.")
]
CheckpointEvery = Annotated[float, Parameter(help="Seconds between checkpoints.")]
SnapshotEvery = Annotated[
    int | None,
    Parameter(
        help="Epochs after which a checkpoint is kept for good; 0: never.",
        show_default="0, or what the run began with",
        converter=whole,
    ),
]
Logs = Annotated[
    list[str] | None,
    Parameter(
        name="--log",
        help="Tell each event to jsonl:FILE (a line each), or to tensorboard:FOLDER; may be given more than once."
        " With --resume, it goes on.",
        show_default=False,
    ),
]
Plot = Annotated[FigureFile, Parameter(help="Draw loss and accuracy into this file (.png, .svg, .pdf).")]
Quiet = Annotated[bool, Parameter(help="Print nothing but errors.", show_default=False)]


@with_recipe_flags()
def train(
    name: Name = None,
    /,
    *,
    out: Out = None,
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    engine: EngineName = AUTO,
    threads: Threads = None,
    report_every: ReportEvery = None,
    watch_layers: WatchLayers = False,
    resume: Resume = False,
    branch: From = None,
    checkpoint_every: CheckpointEvery = CHECKPOINT_SECONDS,
    snapshot_every: SnapshotEvery = None,
    log: Logs = None,
    plot: Plot = None,
    quiet: Quiet = False,
    json: Json = False,
    **changes: Any,
) -> int:
    """Train a network by a recipe. Ctrl-C or SIGTERM stops it and keeps what was learnt so far."""
    given = changes_from_flags(changes)
    if report_every is not None:
        check_whole(report_every, "report_every", low=1)
    origin = None if branch is None else _parse_branch(branch)
    options = TrainOptions(engine=engine, threads=threads, out=out, resume=resume, branch=origin)
    options = replace(options, checkpoint_every=checkpoint_every, snapshot_every=snapshot_every)
    logs = _parse_logs(log or ())
    talk, control = not (quiet or json), Control()
    with contextlib.ExitStack() as stack:
        if out is None and not resume:
            stem = Path(name or (origin.run.name if origin else "seed")).stem[:50]
            options = replace(options, out=stack.enter_context(claimed_folder(stem)))

        def open_logs(network: Network, recipe: Recipe) -> list[LogFile]:
            return [stack.enter_context(one.open(network, recipe, resume=resume)) for one in logs]

        begun = _start(name, given, lambda: understood.open(data, quiet=quiet), options, open_logs)
        start = begun.start
        recipe, nothing_to_do = start.recipe.recipe, start.ended is not None
        if resume and talk:
            done = f" has ended already, after {start.state.counters.epoch} epochs: nothing to do"
            write_line(f"{out}{done}" if nothing_to_do else f"going on with {out}")
        told = stack.enter_context(told_to_end(control))
        control.layers_every = (report_every or epochs_between_lines(recipe.epochs)) if watch_layers else 0
        progress = recipe.epochs if talk and not nothing_to_do else 0
        events = follow(start, begun.network, begun.digits, control)
        history = drain(events, control, begun.logs, progress=progress, report_every=report_every)
    folder = options.out or Path()
    if json:
        print_json(_answer(folder, recipe, history))
    elif talk and not nothing_to_do:
        write_line(f"kept in {folder}")
    if plot is not None:
        save_figure(draw_history(history.epochs), plot)
    if told and history.stopped is not None and history.stopped.reason == "interrupted":
        return complain(f"told to end (SIGTERM)\n  help: `digitlab train --resume --out {folder}` goes on", TERMINATED)
    return 0


class _Begun(NamedTuple):
    start: Start
    network: Network
    digits: Digits
    logs: list[LogFile]


def _start(
    name: str | None,
    given: Mapping[str, Any],
    open_data: Callable[[], tuple[Digits, Digits]],
    options: TrainOptions,
    open_logs: Callable[[Network, Recipe], list[LogFile]],
) -> _Begun:
    """Begin, resume or branch, as the options say; digits and logs are opened once the rest is right."""
    if options.resume:
        checked = {setting: SETTINGS[setting].check(value) for setting, value in given.items()}
        settings = vars(read_recipe(name, **given).recipe) if name else checked
        require_run(options.out or Path())
        recipe = Run(options.out or Path()).named_recipe
    else:
        recipe = _choose_recipe(name, given, options.branch)
    network = recipe.recipe.new_network()
    digits, _ = open_data()
    if options.resume:
        logs = open_logs(network, recipe.recipe)
        return _Begun(starts.resume(digits, options, settings), network, digits, logs)
    starts.check_parts(network, digits, recipe.recipe, options.threads)
    logs = open_logs(network, recipe.recipe)
    return _Begun(starts.branch(network, digits, recipe, options), network, digits, logs)


@contextlib.contextmanager
def told_to_end(control: Control) -> Iterator[list[int]]:
    """While inside, SIGTERM (a shutdown, a time limit) asks the control to stop. Gives a list of those that came."""
    told: list[int] = []

    def ask(number: int, _frame: object) -> None:
        told.append(number)
        control.stop()

    with handling(signal.SIGTERM, ask):
        yield told


def _choose_recipe(name: str | None, given: Mapping[str, Any], origin: Branch | None) -> NamedRecipe:
    """The recipe by its name, or of the run that is branched from; with the flags laid over it."""
    if origin is None:
        return read_recipe(name or "seed", **given)
    if name is not None:
        raise InputError(
            "--from takes its recipe from the run, so no recipe can be named",
            got=name,
            help="give the settings that shall differ as flags",
        )
    return Run(origin.run).named_recipe.changed(**given)


def _parse_logs(texts: Iterable[str]) -> list[NamedLog]:
    """Each ``KIND:PLACE``."""
    if not texts:
        return []
    from digitlab.interop.logs import NamedLog  # only where one is wanted

    logs = [NamedLog.parse(text) for text in texts]
    if len(set(logs)) < len(logs):
        raise InputError("a log is wanted twice", got=", ".join(texts))
    return logs


def _parse_branch(text: str) -> Branch:
    """``RUN@EPOCH``."""
    run, epoch = name_and_epoch(text)
    if epoch is None:
        raise InputError(
            "--from must be RUN@EPOCH: the folder of a run, and an epoch that it kept",
            got=repr(text),
            help="such as --from runs/mine@100",
        )
    return Branch(find_run(run), epoch)


def _answer(folder: Path, chosen: Recipe, history: History) -> dict[str, object]:
    """What ``--json`` prints."""
    last = history.epochs[-1] if history.epochs else None
    return {
        "run": str(folder),
        "state": history.stopped.reason if history.stopped else None,
        "recipe": chosen.to_dict(),
        "epochs": len(history.epochs),
        "steps": history.stopped.step if history.stopped else 0,
        "loss": last.loss if last else None,
        "accuracy": last.accuracy if last else None,
        "seconds": history.stopped.seconds if history.stopped else None,
        "advice": history.advice,
    } | ({"layers": [asdict(measured) for measured in history.layers]} if history.layers else {})
