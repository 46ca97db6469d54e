"""``digitlab train --log``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def train(folder, run, few):
    """``digitlab train`` on a few digits, with a run folder ``run``."""
    part = {"images": few.images[:200], "labels": few.labels[:200]}
    np.savez("few.npz", **{f"{'xy'[name == 'labels']}_{end}": part[name] for name in part for end in ("train", "test")})
    call = ("--layers", "784,4,10", "--epochs", "3", "--quiet", "--data", "few.npz", "--out", "run")
    return lambda *flags: run("train", "minibatch", *call, *flags)


def told(path: str) -> list[str]:
    return [json.loads(line)["event"] for line in Path(path).read_bytes().splitlines()]


def test_a_training_is_told_to_every_log(train):
    pytest.importorskip("tensorboardX", reason="writes the event files")
    flags = "--log", "jsonl:logs/a.jsonl", "--log", "jsonl:b.jsonl", "--log", "tensorboard:logs/tb"
    assert train("--watch-layers", "--report-every", "2", *flags) == (0, "", "")
    assert told("logs/a.jsonl") == told("b.jsonl") == ["started", "epoch", "epoch", "layers", "epoch", "stopped"]
    assert len(list(Path("logs/tb").iterdir())) == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["wandb:x"], "there is no kind of log 'wandb'"),
        (["new.jsonl"], "a log is named by its kind and its place"),
        (["jsonl:used.jsonl"], "a new log needs a new file"),
        (["jsonl:new.jsonl", "jsonl:new.jsonl"], "a log is wanted twice"),
        (["jsonl:new.jsonl", "jsonl:few.npz/x"], "the log cannot be written"),
    ],
)
def test_a_log_that_cannot_be_is_refused_before_anything_begins(train, flags, words):
    Path("used.jsonl").write_text('{"event":"started"}\n')
    before = sorted(Path().iterdir())
    code, out, err = train(*(word for flag in flags for word in ("--log", flag)))
    assert (code in {1, 2}, out) == (True, "")
    assert err.startswith("digitlab: ")
    assert words in err
    assert sorted(Path().iterdir()) == before  # no run, no log


def test_a_log_goes_on_with_its_run_and_an_old_run_can_be_told_later(train):
    assert train("--log", "jsonl:log")[0] == 0
    assert train("--resume", "--log", "jsonl:log", "--log", "jsonl:later") == (0, "", "")  # it has ended
    assert told("log") == ["started", "epoch", "epoch", "epoch", "stopped", "started", "stopped"]
    assert told("later") == ["started", "epoch", "epoch", "epoch", "stopped"]
    Path("run/manifest.json").write_text("{}")
    assert train("--resume", "--log", "jsonl:none")[0] == 1
    assert not Path("none").exists()


def test_a_full_disk_ends_in_one_line(train):
    if not Path("/dev/full").exists():
        pytest.skip("the system has no /dev/full")
    code, out, err = train("--log", "jsonl:/dev/full")
    assert (code, out) == (1, "")
    assert err.startswith("digitlab: /dev/full: the log cannot be written\n  got: No space left on device\n")
    assert train("--resume") == (0, "", "")  # what was learnt is kept, and can be gone on with


def test_without_a_log_nothing_of_it_is_imported(train, monkeypatch):
    for module in [name for name in sys.modules if name.startswith("digitlab.interop")]:
        monkeypatch.delitem(sys.modules, module)
    assert train()[0] == 0
    assert not [name for name in sys.modules if name.startswith("digitlab.interop.")]
