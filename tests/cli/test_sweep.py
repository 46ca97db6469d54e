"""``digitlab sweep``: what it says, and that Ctrl-C ends it in order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digitlab.errors import RunError
from digitlab.runs.run import Run
from digitlab.sweeping import read_sweep

pytest.importorskip("optuna", reason="sweeps need Optuna")
pytest.importorskip("distributed", reason="sweeps need Dask")

from tests.cluster.processes import until

EPOCHS = 1200
LONG = (
    "sweep", "minibatch", "--layers", "784,5,10", "--epochs", str(EPOCHS), "--vary", "learning_rate=0.05,0.1",
    "--data", "few.npz", "--out", "sweep", "--workers", "1",
)  # fmt: skip


@pytest.fixture
def place(folder, few) -> Path:
    """A folder with a data set of 180 digits, in which the commands run."""
    names = {
        "x_train": few.images[:180],
        "y_train": few.labels[:180],
        "x_test": few.images[:9],
        "y_test": few.labels[:9],
    }
    np.savez(folder / "few.npz", **names)
    return folder


def _epochs(out: Path) -> int:
    """Of the first trial."""
    try:
        return len((out / "trials/0001/history.jsonl").read_bytes().splitlines())
    except OSError:
        return 0


def test_ctrl_c_ends_a_trial_in_order_and_the_same_call_goes_on(place, run):
    """The terminal tells it to all processes of the group, the worker too."""
    call = "import sys; from digitlab.cli import main; sys.exit(main())"
    program = [sys.executable, "-c", call, *LONG]
    with subprocess.Popen(
        program, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as sweeping:
        try:
            until(lambda: _epochs(place / "sweep") > 2, "no trial was at work")
            os.killpg(sweeping.pid, signal.SIGINT)
            out, complaint = sweeping.communicate(timeout=120)
        finally:
            sweeping.kill()
    assert complaint == "digitlab: interrupted\n  help: the same call goes on with what is in sweep\n"
    assert sweeping.returncode == 130
    assert out.splitlines()[0] == "varied: learning_rate 0.05,0.1"
    assert "these are 2 different settings in all" in out
    assert "30 of 180 digits are held out to compare the trials by, as the recipe holds out none" in out
    outcome = Run(place / "sweep/trials/0001").manifest.outcome
    assert outcome.state == "interrupted"
    assert 2 < outcome.epochs < EPOCHS
    code, out, complaint = run(*LONG, "--plot", "importance.png")
    assert (code, complaint) == (0, "")
    assert "sweep: begun before: 1 trials; finished: 0" in out
    assert "2 trials: 2 finished" in out
    assert (place / "importance.png").stat().st_size > 10_000
    code, out, complaint = run(*LONG, "--json")
    assert json.loads(out) == read_sweep("sweep").to_dict() | {"folder": str(place / "sweep")}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--vary", "learning_rat=0.1,0.2"), "did you mean learning_rate?"),
        (("--vary", "learning_rate=0.1..2000"), "a number above 0 to 1,000"),
        (("--vary", "learning_rate"), "--vary must be NAME=RANGE"),
        ((), "nothing is varied"),
        (("--vary", "epochs=1,2", "--trials", "1.5"), "not a whole number"),
        (("--vary", "epochs=1,2", "--objective", "accuracy"), "validation_accuracy"),
        (("--vary", "epochs=1,2", "--plot", "a.txt"), ".png"),
    ],
)
def test_what_cannot_be_is_refused(place, run, arguments, words):
    code, _, complaint = run("sweep", "minibatch", "--data", "few.npz", *arguments)
    assert (code, "Traceback" in complaint) == (2, False)
    assert words in complaint
    with pytest.raises(RunError):
        read_sweep("sweep")
