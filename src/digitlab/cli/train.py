"""``digitlab train``: train a network by a recipe and keep it in a run folder."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from digitlab.cli.options import Data, Json, changes_from_flags, whole, with_recipe_flags
from digitlab.cli.output import complain, print_json, write_line
from digitlab.data import open_data
from digitlab.display.figures import check_figure_path, draw_history, save_figure
from digitlab.engines import AUTO
from digitlab.engines.checks import check_threads
from digitlab.errors import InputError
from digitlab.fitting import fit
from digitlab.training import Branch, Control, History, Recipe, find_run
from digitlab.training.manifest import ENDED
from digitlab.training.models import RUNS, claimed_folder
from digitlab.training.plan import CHECKPOINT_SECONDS
from digitlab.training.recipe_files import NamedRecipe, read_recipe
from digitlab.training.run import Run

__all__ = ["TERMINATED", "train"]

TERMINATED = 143  # 128 + SIGTERM, as shells have it


def _say(words: str) -> Callable[[Any], str]:
    """What the help shows in place of a default."""
    return lambda _: words


Name = Annotated[
    str | None, Parameter(name="RECIPE", help="A named recipe, or a TOML file.", show_default=_say("seed"))
]
Out = Annotated[Path | None, Parameter(help="A new folder for the run.", show_default=_say(f"{RUNS}/..."))]
EngineName = Annotated[
    str, Parameter(help="auto (the fastest), native or numpy. Does not change the result beyond rounding.")
]
Threads = Annotated[int | None, Parameter(help="1 to 256.", show_default=_say("all cores"), converter=whole)]
ReportEvery = Annotated[
    int | None, Parameter(help="Epochs between lines.", show_default=_say("a tenth of them"), converter=whole)
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
        show_default=_say("0, or what the run began with"),
        converter=whole,
    ),
]
Plot = Annotated[Path | None, Parameter(help="Draw loss and accuracy into this file (.png, .svg, .pdf).")]
Quiet = Annotated[bool, Parameter(help="Print nothing but errors.", show_default=False)]


@with_recipe_flags
def train(
    name: Name = None,
    /,
    *,
    out: Out = None,
    data: Data = "mnist",
    engine: EngineName = AUTO,
    threads: Threads = None,
    report_every: ReportEvery = None,
    resume: Resume = False,
    branch: From = None,
    checkpoint_every: CheckpointEvery = CHECKPOINT_SECONDS,
    snapshot_every: SnapshotEvery = None,
    plot: Plot = None,
    quiet: Quiet = False,
    json: Json = False,
    **changes: Any,
) -> int:
    """Train a network by a recipe. Ctrl-C or SIGTERM stops it and keeps what was learnt so far."""
    given = changes_from_flags(changes)
    check_threads(threads)
    if plot is not None:
        check_figure_path(plot)
    start = None if branch is None else _parse_branch(branch)
    chosen = _choose_recipe(name, given, out, start, resume=resume)
    talk = not (quiet or json)
    ended = resume and out is not None and Run(out).manifest.outcome.state in ENDED
    if resume and out is not None and talk:
        _say_what_is_resumed(out, engine)
    digits, _ = open_data(data)
    control = Control()
    stem = Path(name or (start.run.name if start else "seed")).stem[:50]
    with claimed_folder(stem) if out is None else contextlib.nullcontext(out) as folder, _told_to_end(control) as told:
        history = fit(
            chosen.recipe.new_network(),
            digits,
            chosen.recipe,
            engine=engine,
            threads=threads,
            out=folder,
            resume=resume,
            branch=start,
            checkpoint_every=checkpoint_every,
            snapshot_every=snapshot_every,
            about=chosen.about,
            progress=talk and not ended,
            report_every=report_every,
            control=control,
        )
    if json:
        print_json(_answer(folder, chosen.recipe, history))
    elif talk and not ended:
        write_line(f"kept in {folder}")
    if plot is not None:
        save_figure(draw_history(history.epochs), plot)
    if told and history.stopped is not None and history.stopped.reason == "interrupted":
        return complain(f"told to end (SIGTERM)\n  help: `digitlab train --resume --out {folder}` goes on", TERMINATED)
    return 0


@contextlib.contextmanager
def _told_to_end(control: Control) -> Iterator[list[int]]:
    """While inside, SIGTERM (a shutdown, a time limit) asks the control to stop. Gives a list of those that came."""
    told: list[int] = []
    before = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield told  # only the main thread may handle signals; what is ignored stays so
        return

    def ask(number: int, _frame: object) -> None:
        told.append(number)
        control.stop()

    signal.signal(signal.SIGTERM, ask)
    try:
        yield told
    finally:
        signal.signal(signal.SIGTERM, before)


def _choose_recipe(
    name: str | None, given: dict[str, Any], out: Path | None, start: Branch | None, *, resume: bool
) -> NamedRecipe:
    """The recipe by its name, of the run that is gone on with, or of the run that is branched from; with the flags."""
    if resume and (name or given or start or out is None):
        raise InputError(
            "--resume goes on with a run as it was",
            must_be="--resume with --out RUN, without a recipe or settings",
            got="no --out" if out is None else "settings as well",
            help="leave the settings out, or change them in a new run: --from RUN@EPOCH",
        )
    if resume and out is not None:
        return Run(out).named_recipe
    if start is not None:
        if name is not None:
            raise InputError(
                "--from takes its recipe from the run",
                must_be="settings to change, without a recipe",
                got=name,
                help="give the settings that shall differ as flags",
            )
        return Run(start.run).named_recipe.changed(**given)
    return read_recipe(name or "seed", **given)


def _parse_branch(text: str) -> Branch:
    """``RUN@EPOCH``."""
    run, _, epoch = text.rpartition("@")
    if not run or not epoch.isascii() or not epoch.isdigit() or len(epoch) > 9:
        raise InputError(
            "--from cannot be understood",
            must_be="RUN@EPOCH, the folder of a run and an epoch of which it has a checkpoint",
            got=repr(text),
            help="such as --from runs/mine@100",
        )
    return Branch(find_run(run), int(epoch))


def _say_what_is_resumed(folder: Path, engine: str) -> None:
    """Tell what --resume will do, before anything happens."""
    manifest = Run(folder).manifest
    outcome = manifest.outcome
    if outcome.state in ENDED:
        write_line(f"{folder} has ended already, after {outcome.epochs} epochs: nothing to do")
    else:
        write_line(f"going on with {folder}")
    if engine not in {AUTO, manifest.engine}:
        write_line(f"the run began with engine {manifest.engine}: with {engine} the last bits will differ")


def _answer(folder: Path, chosen: Recipe, history: History) -> dict[str, Any]:
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
    }
