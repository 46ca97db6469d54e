"""Which model is meant: a model file, a run, or one that ships. And which folder a new run may have."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from digitlab.durable import sync
from digitlab.errors import InputError, RunError, refuse, system_errors
from digitlab.network.model_file import MODEL_SUFFIX
from digitlab.network.network import Network
from digitlab.network.shipped import SHIPPED, STANDARD, in_words, load_shipped, shipped_file
from digitlab.runs.run import MANIFEST, Run

RUNS = Path("runs")  # where the command line puts runs, below the folder that it is called in
LATEST = "latest"
MOST_AT_ONCE = 1000  # runs with the same name that are begun in the same second
_AT_EPOCH = re.compile(r"(.+)@([0-9]{1,9})", re.DOTALL)


@dataclass(frozen=True)
class FoundModel:
    """A model that was found, but not read yet. As text it is what answers say that they come from.

    Attributes:
        name: what names it again: its path, or the name of one that ships.
        path: its file or run folder.
        epoch: of a run that is meant as it was at the end of one.
        note: what else could have been meant, in a line; mostly nothing.
    """

    name: str
    path: Path
    ships: bool = False
    note: str = ""
    epoch: int | None = None

    def load(self) -> Network:
        """Its network.

        Raises:
            ModelFileError, RunError: it is damaged, or not what it should be; the epoch was not kept.
        """
        if self.ships:
            return load_shipped(self.name)
        if self.epoch is not None:
            return Run(self.path).network_at(self.epoch)
        return Run(self.path).network() if self.path.is_dir() else Network.load(self.path)

    def __str__(self) -> str:
        return in_words(self.name) if self.ships else self.name


def load(model: str | Path | None = None) -> Network:
    """The network of a model file, of a run folder, or of a model that ships with digitlab, ``"standard"``.

    ``"runs/mine@10"`` is the run as it was at the end of epoch 10, if that was kept; see `Run.moment`.
    ``"latest"`` is the newest run under ``runs/``. None is that run too, or, where there is none, the standard model. A
    file or folder with one of the two names is meant by ``"./standard"``, or by a `pathlib.Path`.

    Raises:
        InputError: there is no such file or folder, or no run.
        ModelFileError, RunError: it is damaged, or not what it should be; the epoch was not kept.
    """
    return find_model(model).load()


def find_model(model: str | Path | None = None) -> FoundModel:
    """The model that is meant, as `load` takes it.

    Raises:
        InputError: there is no such file or folder, or no run.
    """
    if model is None:
        newest = _newest_run()
        return _shipped(STANDARD) if newest is None else FoundModel(str(newest), newest)
    if model == LATEST:
        newest = _latest()
        return FoundModel(str(newest), newest, note=_note(LATEST, "the newest run"))
    if isinstance(model, str) and model in SHIPPED:
        return _shipped(model, _note(model, "the model that ships with digitlab"))
    path = Path(model)
    try:
        got = "" if path.exists() else "no file or folder of that name"
    except OSError as error:  # a name too long, a folder above it that may not be entered
        got = error.strerror or str(error)
    name, epoch = name_and_epoch(str(model))
    if got and epoch is not None and (found := find_model(name)).path.is_dir():
        return replace(found, name=f"{found.name}@{epoch}", epoch=epoch)
    if got:
        must_be = f"a run folder, RUN@EPOCH, a model file (*{MODEL_SUFFIX}), {STANDARD}, or {LATEST}"
        refuse(InputError, model, "there is no such model", must_be=must_be, got=got)
    return FoundModel(str(model), path)


def name_and_epoch(text: str) -> tuple[str, int | None]:
    """``RUN@EPOCH`` in its two parts; of any other text, the text and None.

    >>> name_and_epoch("runs/mine@10"), name_and_epoch("runs/mine")
    (('runs/mine', 10), ('runs/mine', None))
    """
    found = _AT_EPOCH.fullmatch(text)
    return (found[1], int(found[2])) if found else (text, None)


def find_run(name: str | Path) -> Path:
    """The folder of a run by its path, or by its name below ``runs/``; ``"latest"`` is the newest one.

    Raises:
        InputError: there is no such folder.
    """
    if name == LATEST:
        return _latest()
    for path in (Path(name), RUNS / name):
        if path.is_dir():
            return path
    refuse(InputError, name, "there is no such run", must_be=f"a folder, a name below {RUNS}/, or {LATEST}")


@contextlib.contextmanager
def claimed_folder(name: str, runs: Path = RUNS) -> Iterator[Path]:
    """A new folder below ``runs``, named after the time and ``name``, which nobody else gets while this lasts.

    Making it is the claim: of two processes that make the same folder, the system lets one succeed. Where nothing was
    put into it, nothing is left behind.

    Raises:
        RunError: it cannot be made.
    """
    there = runs.exists()
    help = "choose another place with --out"
    with system_errors(RunError, f"{runs}: a new run cannot be made there", help=help):
        folder = _claim(f"{datetime.now():%Y%m%d-%H%M%S}-{name}", runs)
        if not there:
            sync(runs.absolute().parent)  # the keeper sees to the names below runs/
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):  # there is a run in it
            folder.rmdir()
            if not there:
                runs.rmdir()


def _claim(stem: str, runs: Path) -> Path:
    number = 1
    for _ in range(MOST_AT_ONCE):
        folder = runs / (stem if number == 1 else f"{stem}-{number}")
        runs.mkdir(exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        except FileNotFoundError:  # somebody who needed runs/ no more has just removed it
            continue
        else:
            return folder
    raise FileExistsError(f"{MOST_AT_ONCE} names are taken")


def _shipped(name: str, note: str = "") -> FoundModel:
    return FoundModel(name, shipped_file(name), ships=True, note=note)


def _note(name: str, meant: str) -> str:
    """Where something else has the name."""
    try:
        return f"{name} is {meant}; what is here by that name is ./{name}" if Path(name).exists() else ""
    except OSError:  # the folder that this was called in may not be looked into
        return ""


def _newest_run() -> Path | None:
    manifests = []
    with contextlib.suppress(OSError):  # the folder that this was called in is gone
        for manifest in RUNS.glob(f"*/{MANIFEST}"):
            with contextlib.suppress(OSError):  # gone since, or not to be read
                manifests.append((manifest.stat().st_mtime_ns, manifest))
    return max(manifests)[1].parent if manifests else None


def _latest() -> Path:
    """The newest run; whoever asks for it by name wants nothing else."""
    if (newest := _newest_run()) is None:
        raise InputError(
            f"there is no trained model yet under {RUNS}/ in this folder",
            help=f"run `digitlab train` first, or name a model: {STANDARD} ships with digitlab",
        )
    return newest
