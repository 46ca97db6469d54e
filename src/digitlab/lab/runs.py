"""The runs below one folder, as the lab lists, describes and deletes them."""

import contextlib
import math
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import asdict, replace

from digitlab.durable import sync
from digitlab.errors import BusyError, DigitlabError, RunError, UnknownError, describe, system_errors
from digitlab.lab import records
from digitlab.runs.lock import FolderLock
from digitlab.runs.manifest import Manifest
from digitlab.runs.run import MANIFEST, Run
from digitlab.training.events import EpochDone
from digitlab.training.state import Change

MOST_POINTS = 2000  # of a history that is shown
DELETED = ".deleted-"  # what is being removed is called so
MOST_REMEMBERED = 5000
RATE_SECONDS = 2.0  # over which epochs per second are measured
MOST_FOR_RATE = 200  # epochs
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ @+-]{0,99}")
_known: dict[tuple[str, int, int], records.Run] = {}  # a listed run, by its manifest's path, time and size


def is_run(folder: Path, name: str) -> bool:
    """Whether there is a run of this name; a name that leads elsewhere is that of none."""
    path = folder / name
    return bool(_NAME.fullmatch(name)) and not path.is_symlink() and (path / MANIFEST).is_file()


def folder_of(folder: Path, name: str) -> Path:
    """The folder of a run below the ``folder`` of all of them.

    Raises:
        UnknownError: there is none of that name.
    """
    if not is_run(folder, name):
        raise UnknownError(f"there is no run {describe(name[:60])}")
    return folder / name


def history_of(epochs: Sequence[EpochDone], most: int = MOST_POINTS) -> records.History:
    """Of more than ``most`` epochs evenly spread ones, the first and the last among them."""
    if len(epochs) > most:
        last = len(epochs) - 1
        epochs = [epochs[round(i * last / (most - 1))] for i in range(most)]
    return records.History(*([getattr(epoch, name) for epoch in epochs] for name in records.History.__struct_fields__))


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


def list_runs(folder: Path, under_way: str | None = None) -> list[records.Run]:
    """All runs, the newest first. What cannot be read is listed as damaged, with the reason."""
    with system_errors(RunError, f"{folder}: the runs cannot be listed"):
        paths = [path for path in folder.iterdir() if is_run(folder, path.name)] if folder.is_dir() else []
    found = [replace(_listed(path), under_way=path.name == under_way) for path in paths]
    return sorted(found, key=lambda run: (run.started, run.name), reverse=True)


def _listed(path: Path) -> records.Run:
    try:
        status = (path / MANIFEST).stat()
    except OSError as error:
        return _damaged(path, error.strerror or str(error))
    key = (str(path), status.st_mtime_ns, status.st_size)
    if (described := _known.get(key)) is None:
        try:
            described = _summary(path, Run(path))
        except DigitlabError as error:
            described = _damaged(path, str(error).splitlines()[0])
        if len(_known) >= MOST_REMEMBERED:
            _known.clear()
        _known[key] = described
    return described


def _summary(path: Path, run: Run, *, under_way: bool = False) -> records.Run:
    manifest, named = run.manifest, run.named_recipe
    outcome = manifest.outcome
    return records.Run(
        name=path.name,
        state=outcome.state,
        epochs=outcome.epochs,
        of=named.recipe.epochs,
        loss=_finite(outcome.loss),
        accuracy=_finite(outcome.accuracy),
        validation_accuracy=_finite(outcome.validation_accuracy),
        network="-".join(map(str, named.recipe.layers)) + f" ({named.recipe.activation})",
        recipe=recipe_in_name(path.name),
        about=named.about,
        started=manifest.created,
        parent=parent_of(manifest),
        under_way=under_way,
    )


def _damaged(path: Path, reason: str) -> records.Run:
    return records.Run(
        name=path.name,
        state="damaged",
        epochs=0,
        of=0,
        loss=None,
        accuracy=None,
        validation_accuracy=None,
        network="",
        recipe="",
        about=reason,
        started="",
        parent=None,
        under_way=False,
    )


def recipe_in_name(name: str) -> str:
    """``20260101-120000-quick-2`` began with the recipe ``quick``."""
    found = re.fullmatch(r"\d{8}-\d{6}-(.+?)(?:-\d+)?", name)
    return found[1] if found else ""


def parent_of(manifest: Manifest) -> records.Parent | None:
    """The run and the epoch that a run was branched from."""
    parent = manifest.parent
    return None if parent is None else records.Parent(Path(parent.run).name, parent.epoch)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def describe_run(folder: Path, name: str, under_way: str | None = None) -> records.RunDetails:
    """Everything about one run: as it is listed, its settings, history, snapshots and changes.

    Raises:
        UnknownError: there is none of that name.
        RunError: it is damaged.
    """
    run = Run(folder_of(folder, name))
    history = run.history()
    return records.RunDetails(
        **asdict(_summary(run.folder, run, under_way=name == under_way)),
        source=run.manifest.data.source,
        values=run.recipe.to_dict(),
        history=history_of(history),
        snapshots=run.kept_epochs(),
        changes=changes_of(run.manifest.changes, history),
    )


def changes_of(changes: Sequence[Change], history: Sequence[EpochDone]) -> list[records.Change]:
    """What was changed on the way, with the epoch in which it was."""
    return [
        records.Change(change.step, sum(one.step <= change.step for one in history) + 1, change.name, change.value)
        for change in changes
    ]


def delete_run(folder: Path, name: str, under_way: str | None = None) -> None:
    """Remove a run for good. It gets a hidden name first, so that no half of it is ever taken for a run.

    Raises:
        UnknownError: there is none of that name.
        BusyError: it is being trained.
        RunError: another program is at work in it, or the system refuses.
    """
    path = folder_of(folder, name)
    if name == under_way:
        raise BusyError("this run is being trained", got=name, help="stop its training first")
    with system_errors(RunError, f"{path}: the run cannot be deleted"):
        lock = FolderLock(path)
        hidden = folder / f"{DELETED}{secrets.token_hex(6)}"
        try:
            path.rename(hidden)
            sync(folder)
        finally:
            lock.release()
        _remove(hidden)


def _remove(hidden: Path) -> None:
    """Remove what has been deleted, even while another thread or program sweeps it away, too."""
    while hidden.exists():
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(hidden)


def sweep_deleted(folder: Path) -> None:
    """Remove what a deletion that was killed left behind."""
    for path in folder.glob(f"{DELETED}*"):
        with contextlib.suppress(OSError):
            _remove(path)
