"""Which model is meant: a model file, a run folder, or the newest run. And which folder a new run may have."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from digitlab.durable import sync
from digitlab.errors import InputError, RunError, refuse, system_errors
from digitlab.network.model_file import MODEL_SUFFIX
from digitlab.network.network import Network
from digitlab.runs.run import MANIFEST, Run

RUNS = Path("runs")  # where the command line puts runs, below the folder that it is called in
LATEST = "latest"
MOST_AT_ONCE = 1000  # runs with the same name that are begun in the same second


def load(model: str | Path = LATEST) -> Network:
    """The network of a model file or a run folder; ``"latest"`` is the newest run under ``runs/``.

    Raises:
        InputError: there is no such file or folder.
        ModelFileError, RunError: it is damaged, or not what it should be.
    """
    path = find_model(model)
    return Run(path).network() if path.is_dir() else Network.load(path)


def find_model(model: str | Path) -> Path:
    """The model file or run folder that is meant.

    Raises:
        InputError: there is no such file or folder.
    """
    path = _newest_run() if str(model) == LATEST else Path(model)
    try:
        got = "" if path.exists() else "no file or folder of that name"
    except OSError as error:  # a name too long, a folder above it that may not be entered
        got = error.strerror or str(error)
    if got:
        must_be = f"a run folder, a model file (*{MODEL_SUFFIX}), or {LATEST}"
        refuse(InputError, path, "there is no such model", must_be=must_be, got=got)
    return path


def find_run(name: str | Path) -> Path:
    """The folder of a run by its path, or by its name below ``runs/``; ``"latest"`` is the newest one.

    Raises:
        InputError: there is no such folder.
    """
    if str(name) == LATEST:
        return _newest_run()
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


def _newest_run() -> Path:
    manifests = []
    with contextlib.suppress(OSError):  # the folder that this was called in is gone
        for manifest in RUNS.glob(f"*/{MANIFEST}"):
            with contextlib.suppress(OSError):  # gone since, or not to be read
                manifests.append((manifest.stat().st_mtime_ns, manifest))
    if not manifests:
        raise InputError(
            f"there is no trained model yet under {RUNS}/ in this folder",
            help="run `digitlab train` first, or name a model with --model",
        )
    return max(manifests)[1].parent
