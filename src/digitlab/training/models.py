"""Which model is meant: a model file, a run folder, or the newest run."""

from __future__ import annotations

from pathlib import Path

from digitlab.errors import InputError
from digitlab.network.model_file import MODEL_SUFFIX
from digitlab.network.network import Network
from digitlab.training.run import MANIFEST, Run

__all__ = ["LATEST", "RUNS", "load"]

RUNS = Path("runs")  # where the command line puts runs, below the folder that it is called in
LATEST = "latest"


def load(model: str | Path = LATEST) -> Network:
    """The network of a model file or a run folder; ``"latest"`` is the newest complete run under ``runs/``.

    Raises:
        InputError: there is no such file or folder.
        ModelFileError, RunError: it is damaged, or not what it should be.
    """
    path = _newest_run() if str(model) == LATEST else Path(model)
    if not path.exists():
        raise InputError(
            f"{path}: there is no such model",
            must_be=f"a run folder, a model file (*{MODEL_SUFFIX}), or {LATEST}",
            got="nothing of that name",
            help="`digitlab train` makes a run",
        )
    if path.is_dir():
        run, manifest = Run.open(path)
        model_file = run.read_model(manifest)
        return Network.from_parameters(model_file.architecture, model_file.parameters)
    return Network.load(path)


def _newest_run() -> Path:
    manifests = sorted(RUNS.glob(f"*/{MANIFEST}"), key=lambda manifest: manifest.stat().st_mtime_ns)
    if not manifests:
        raise InputError(
            "there is no trained model yet",
            must_be=f"a complete run under {RUNS}/",
            got=f"none below {Path.cwd()}",
            help="run `digitlab train` first, or name a model with --model",
        )
    return manifests[-1].parent
