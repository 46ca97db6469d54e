"""Logs by their names; both kinds, of a training that is killed and gone on with."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import digitlab as dl
from digitlab.errors import InputError
from digitlab.interop.logs import LOGS, NamedLog
from tests.interop.event_files import curve

RECIPE = dl.recipe("minibatch", layers=(784, 4, 10), batch_size=50, epochs=12)
KILLED = """
import os, signal, sys
import digitlab as dl
from digitlab.interop.logs import LOGS, NamedLog

def kill(event):
    if isinstance(event, dl.EpochDone) and event.epoch == 8:
        os.kill(os.getpid(), signal.SIGKILL)

recipe = dl.recipe("minibatch", layers=(784, 4, 10), batch_size=50, epochs=12)
network = recipe.new_network()
logs = [NamedLog.parse(f"{kind}:{kind}").open(network, recipe, resume=False) for kind in LOGS]
options = {"out": "run", "snapshot_every": 5, "threads": 1}
dl.fit(network, dl.load_mnist()[0][:1000], recipe, listeners=[*logs, kill], **options)
"""


def test_a_log_is_named_by_its_kind_and_its_place(monkeypatch):
    assert NamedLog.parse("jsonl:a/b:c") == NamedLog("jsonl", Path("a/b:c"))
    monkeypatch.setenv("HOME", "/home/me")
    assert NamedLog.parse("jsonl:~/log").place == Path("/home/me/log")
    assert NamedLog.parse("jsonl:~no such person/log").place == Path("~no such person/log")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("out.jsonl", "must be: jsonl:FILE or tensorboard:FOLDER\n  got: 'out.jsonl'"),
        ("jsonl:", "must be: jsonl:FILE or tensorboard:FOLDER"),
        ("", "must be: jsonl:FILE"),
        ("tensorbord:x", "did you mean tensorboard?"),
        ("wandb:x", "there is no kind of log 'wandb'"),
    ],
)
def test_another_name_is_refused(text, words):
    with pytest.raises(InputError) as caught:
        NamedLog.parse(text)
    assert words in str(caught.value)


def test_a_training_that_was_killed_goes_on_in_its_logs(tmp_path, few, monkeypatch):
    """Killed after epoch 8, gone on with from the checkpoint after epoch 5."""
    pytest.importorskip("tensorboardX", reason="writes the event files")
    monkeypatch.chdir(tmp_path)
    killed = subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert killed.returncode == -signal.SIGKILL
    epochs = [epoch for epoch, _ in _told()["jsonl"]]
    assert epochs == list(range(1, 9))
    network = RECIPE.new_network()
    logs = [NamedLog(kind, Path(kind)).open(network, RECIPE, resume=True) for kind in LOGS]
    history = dl.fit(network, few, RECIPE, listeners=logs, out="run", resume=True, threads=1)
    for log in logs:
        log.close()
    told = _told()
    assert told["jsonl"] == [(epoch.epoch, epoch.loss) for epoch in history.epochs]
    assert told["tensorboard"] == [(epoch.step, pytest.approx(epoch.loss)) for epoch in history.epochs]
    assert len(history.epochs) == 12


def _told() -> dict[str, list[tuple[int, float]]]:
    lines = [msgspec.json.decode(line) for line in Path("jsonl").read_bytes().splitlines()]
    epochs = [(line["epoch"], line["loss"]) for line in lines if line["event"] == "epoch"]
    return {"jsonl": epochs, "tensorboard": curve(Path("tensorboard"), "loss/training")}
