"""The runs below one folder, as the lab lists, describes and deletes them."""

from __future__ import annotations

import contextlib
import math
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digitlab.durable import sync
from digitlab.errors import BusyError, DigitlabError, RunError, UnknownError, system_errors
from digitlab.runs.lock import FolderLock
from digitlab.runs.run import MANIFEST, Run
from digitlab.training.events import EpochDone

__all__ = [
    "MOST_POINTS",
    "changes_of",
    "checked_name",
    "delete_run",
    "describe_run",
    "find_run",
    "history_of",
    "list_runs",
    "lock_run",
    "parent_of",
    "rate_of",
    "recipe_in_name",
    "sweep_deleted",
]

MOST_POINTS = 2000  # of a history that is shown
DELETED = ".deleted-"  # what is being removed is called so
MOST_REMEMBERED = 5000
RATE_SECONDS = 2.0  # over which epochs per second are measured
MOST_FOR_RATE = 200  # epochs
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ @+-]{0,99}")
_known: dict[tuple[str, int, int], dict[str, Any]] = {}  # a listed run, by its manifest's path, time and size


def checked_name(name: str) -> str:
    """The name, if a run may have it.

    Raises:
        UnknownError: it leads elsewhere, or is none.
    """
    if not _NAME.fullmatch(name):
        raise UnknownError(
            "this is no name of a run",
            must_be="1 to 100 letters, digits, and . _ - + @, not beginning with a dot",
            got=repr(name[:60]),
            help="GET /api/runs lists them",
        )
    return name


def history_of(epochs: Sequence[EpochDone], most: int = MOST_POINTS) -> dict[str, list[Any]]:
    """Lists of equal length; of more than ``most`` epochs evenly spread ones, the first and the last among them."""
    if len(epochs) > most:
        last = len(epochs) - 1
        epochs = [epochs[round(i * last / (most - 1))] for i in range(most)]
    names = ("epoch", "loss", "accuracy", "seconds", "validation_loss", "validation_accuracy")
    return {name: [getattr(epoch, name) for epoch in epochs] for name in names}


def rate_of(epochs: Sequence[EpochDone]) -> float | None:
    """Epochs per second of late; None before two were done."""
    if not epochs:
        return None
    newest = oldest = epochs[-1]
    for epoch in reversed(epochs[-MOST_FOR_RATE:]):
        if newest.seconds - epoch.seconds > RATE_SECONDS and oldest is not newest:
            break
        oldest = epoch
    seconds = newest.seconds - oldest.seconds
    return (newest.epoch - oldest.epoch) / seconds if seconds > 0 else None


def list_runs(folder: Path, under_way: str | None = None) -> list[dict[str, Any]]:
    """All runs, the newest first. What cannot be read is listed as damaged, with the reason."""
    with system_errors(
        RunError, f"{folder}: the runs cannot be listed", must_be="a folder that can be read", help="check the folder"
    ):
        paths = [path for path in folder.iterdir() if _is_run(path)] if folder.is_dir() else []
    found = [_listed(path) | {"under_way": path.name == under_way} for path in paths]
    return sorted(found, key=lambda run: (run["started"], run["name"]), reverse=True)


def _is_run(path: Path) -> bool:
    return bool(_NAME.fullmatch(path.name)) and not path.is_symlink() and (path / MANIFEST).is_file()


def _listed(path: Path) -> dict[str, Any]:
    try:
        status = (path / MANIFEST).stat()
    except OSError as error:
        return _damaged(path, error.strerror or str(error))
    key = (str(path), status.st_mtime_ns, status.st_size)
    if key not in _known:
        try:
            described = _summary(path, Run(path))
        except (DigitlabError, UnicodeDecodeError) as error:
            described = _damaged(path, str(error).splitlines()[0])
        if len(_known) >= MOST_REMEMBERED:
            _known.clear()
        _known[key] = described
    return dict(_known[key])


def _summary(path: Path, run: Run) -> dict[str, Any]:
    manifest, named = run.manifest, run.named_recipe
    outcome = manifest.outcome
    return {
        "name": path.name,
        "state": outcome.state,
        "epochs": outcome.epochs,
        "of": named.recipe.epochs,
        "loss": _finite(outcome.loss),
        "accuracy": _finite(outcome.accuracy),
        "validation_accuracy": _finite(outcome.validation_accuracy),
        "network": "-".join(map(str, named.recipe.layers)) + f" ({named.recipe.activation})",
        "recipe": recipe_in_name(path.name),
        "about": named.about,
        "started": manifest.created,
        "parent": parent_of(run),
    }


def _damaged(path: Path, reason: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("loss", "accuracy", "validation_accuracy", "parent"))
    words = {"network": "", "recipe": "", "about": reason, "started": ""}
    return {"name": path.name, "state": "damaged", "epochs": 0, "of": 0} | nothing | words


def recipe_in_name(name: str) -> str:
    """``20260101-120000-quick-2`` began with the recipe ``quick``."""
    found = re.fullmatch(r"\d{8}-\d{6}-(.+?)(?:-\d+)?", name)
    return found[1] if found else ""


def parent_of(run: Run) -> dict[str, Any] | None:
    """The run and the epoch that a run was branched from."""
    parent = run.manifest.parent
    return None if parent is None else {"run": Path(parent.run).name, "epoch": parent.epoch}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def find_run(folder: Path, name: str) -> Run:
    """A run by its name.

    Raises:
        UnknownError: there is none of that name.
        RunError: it is damaged.
    """
    path = folder / checked_name(name)
    if not _is_run(path):
        raise UnknownError(
            "there is no such run", must_be="the name of a run", got=repr(name), help="GET /api/runs lists them"
        )
    return Run(path)


def describe_run(folder: Path, name: str, under_way: str | None = None) -> dict[str, Any]:
    """Everything about one run: as it is listed, its settings, history, snapshots and changes.

    Raises:
        UnknownError: there is none of that name.
        RunError: it is damaged.
    """
    run = find_run(folder, name)
    history = run.history()
    ends = {epoch.epoch: epoch.step for epoch in history}
    snapshots = {record.epoch for record in run.manifest.checkpoints if record.step == ends.get(record.epoch)}
    return _summary(run.folder, run) | {
        "under_way": name == under_way,
        "values": run.recipe.to_dict(),
        "history": history_of(history),
        "snapshots": sorted(snapshots),
        "changes": changes_of(run.manifest.changes, history),
    }


def changes_of(changes: Sequence[Any], history: Sequence[EpochDone]) -> list[dict[str, Any]]:
    """What was changed on the way, with the epoch in which it was."""
    found = []
    for change in changes:
        epoch = sum(one.step <= change.step for one in history) + 1
        found.append({"step": change.step, "epoch": epoch, "name": change.name, "value": change.value})
    return found


def delete_run(folder: Path, name: str, in_use: set[str]) -> None:
    """Remove a run for good. It gets a hidden name first, so that no half of it is ever taken for a run.

    Raises:
        UnknownError: there is none of that name.
        BusyError: it is in use.
        RunError: the system refuses.
    """
    path = folder / checked_name(name)
    if not _is_run(path):
        raise UnknownError(
            "there is no such run", must_be="the name of a run", got=repr(name), help="GET /api/runs lists them"
        )
    help = "stop its training first"
    if name in in_use:
        raise BusyError("this run is in use", must_be="a run that nobody works on", got=repr(name), help=help)
    words = f"{path}: the run cannot be deleted"
    with system_errors(RunError, words, must_be="a folder that can be changed", help="check who owns it"):
        lock = lock_run(path)
        hidden = folder / f"{DELETED}{secrets.token_hex(6)}"
        try:
            path.rename(hidden)
            sync(folder)
        finally:
            lock.release()
        shutil.rmtree(hidden)


def lock_run(path: Path) -> FolderLock:
    """The lock of a run's folder.

    Raises:
        BusyError: somebody is at work in it: another lab, or the command line.
    """
    try:
        return FolderLock(path)
    except RunError as error:
        raise BusyError(
            "another program is at work in this run",
            must_be="a run that nobody works on",
            got=f"{path.name}, {error.got}",
            help="wait until it is done, or stop it there",
        ) from None


def sweep_deleted(folder: Path) -> None:
    """Remove what a deletion that was killed left behind."""
    for path in folder.glob(f"{DELETED}*"):
        with contextlib.suppress(OSError):
            shutil.rmtree(path)
