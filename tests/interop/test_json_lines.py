"""A training as JSON lines."""

from __future__ import annotations

import json
import math
import os
import resource
from dataclasses import asdict, replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import digitlab as dl
from digitlab.errors import DigitlabError, DivergenceError, FileError, InputError
from digitlab.interop.json_lines import KINDS, JsonLinesLog
from digitlab.training.events import (
    Advice,
    EpochDone,
    Event,
    LayerSizes,
    LayersMeasured,
    SettingChanged,
    Started,
    Stopped,
)

RECIPE = dl.recipe("minibatch", layers=(784, 4, 10), batch_size=50, epochs=3, validation=100)
EPOCHS = tuple(EpochDone(epoch, 10 * epoch, 1 / epoch, 1 - 1 / epoch, 0.1 * epoch, 0.1) for epoch in range(1, 6))


def strictly(line: bytes) -> dict[str, object]:
    """A line as JSON; Infinity and NaN, which Python alone takes, are an error."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(line, parse_constant=refuse)


def started(step: int = 0, earlier: tuple[EpochDone, ...] = ()) -> Started:
    return Started("784-4-10", "MNIST", 100, 5, "numpy", 1, epoch=step // 10, step=step, earlier=earlier)


def tell(path: Path, *events: object, resume: bool = False) -> list[dict[str, object]]:
    """The lines of the log once it was told of these."""
    with JsonLinesLog(path, resume=resume) as log:
        for event in events:
            log(event)
    return [strictly(line) for line in path.read_bytes().splitlines()]


def points(lines: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(line["step"], line["loss"]) for line in lines if line["event"] == "epoch"]


def test_each_event_is_a_line(tmp_path, few):
    with JsonLinesLog(tmp_path / "log") as log:
        history = dl.fit(RECIPE.new_network(), few, RECIPE, listeners=[log], layers_every=2, threads=1)
        lines = [strictly(line) for line in (tmp_path / "log").read_bytes().splitlines()]  # before it is closed
    assert [line.pop("event") for line in lines] == ["started", "epoch", "epoch", "layers", "epoch", "stopped"]
    assert lines[0] == {
        "network": "784-4-10 (sigmoid)",
        "source": "MNIST train (1,000 of 60,000) (900 of 1,000)",
        "samples": 900,
        "epochs": 3,
        "engine": lines[0]["engine"],
        "threads": 1,
        "held_out": 100,
        "epoch": 0,
        "step": 0,
        "warnings": [],
    }
    told = [{name: value for name, value in asdict(epoch).items() if name != "seconds"} for epoch in history.epochs]
    assert [lines[1], lines[2], lines[4]] == told
    assert lines[3] == json.loads(json.dumps(asdict(history.layers[0])))
    assert lines[5] == {"reason": "finished", "epoch": 3, "step": 54}


def test_the_same_training_gives_the_same_lines(tmp_path, few):
    for name in "ab":
        with JsonLinesLog(tmp_path / name) as log:
            dl.fit(RECIPE.new_network(), few, RECIPE, listeners=[log], threads=1)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_is_not_finite_is_null(tmp_path):
    sizes = LayerSizes(math.inf, math.nan, -math.inf)
    lines = tell(tmp_path / "log", started(), LayersMeasured(1, 10, (sizes,)), SettingChanged(10, "momentum", math.nan))
    assert lines[1]["layers"] == [{"weights": None, "gradient": None, "change": None}]
    assert lines[2]["value"] is None


def test_a_training_that_diverges_says_so(tmp_path, few):
    network = RECIPE.new_network()

    def spoil(event: object) -> None:
        if isinstance(event, EpochDone):
            network.W1[0, 0] = math.nan

    with pytest.raises(DivergenceError) as caught, JsonLinesLog(tmp_path / "log") as log:
        dl.fit(network, few, RECIPE, listeners=[log, spoil], threads=1)
    *_, last = [strictly(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert last == {"event": "diverged", "step": 19, "words": caught.value.what}


def test_every_kind_of_event_has_a_name():
    assert KINDS.keys() == set(get_args(Event))


def test_words_stay_in_their_line(tmp_path):
    words = 'a class "é\n\u2028\x1b[31m"'
    lines = tell(tmp_path / "log", started(), Advice(1, words))
    assert lines[1]["words"] == words
    assert (tmp_path / "log").read_bytes().count(b"\n") == 2


@given(step=st.integers(0, 50), kept=st.integers(0, 2000))
def test_a_log_that_was_cut_anywhere_goes_on_as_if_it_had_not_been(tmp_path_factory, step, kept):
    """A kill and a power failure leave any part of the log; the training goes on from any step before it."""
    path = tmp_path_factory.mktemp("cut") / "log"
    tell(path, started(), *EPOCHS, Stopped("interrupted", 5, 50, 1.0))
    os.truncate(path, min(kept, path.stat().st_size))
    done = EPOCHS[: step // 10]
    lines = tell(path, started(step, done), *EPOCHS[len(done) :], resume=True)
    assert points(lines) == [(epoch.step, epoch.loss) for epoch in EPOCHS]
    assert lines[0]["event"] == "started"


def test_a_branch_and_an_old_run_tell_the_epochs_before_too(tmp_path):
    lines = tell(tmp_path / "log", started(20, EPOCHS[:2]), EPOCHS[2])
    assert points(lines) == [(epoch.step, epoch.loss) for epoch in EPOCHS[:3]]


def test_the_log_of_another_training_is_not_gone_on_with(tmp_path):
    tell(tmp_path / "log", started(), *EPOCHS)
    before = (tmp_path / "log").read_bytes()
    others = tuple(replace(epoch, loss=0.75) for epoch in EPOCHS[:2])
    with pytest.raises(InputError, match="log of another training"):
        tell(tmp_path / "log", started(20, others), resume=True)
    assert (tmp_path / "log").read_bytes() == before


def test_a_log_is_of_one_training(tmp_path):
    path = tmp_path / "log"
    with JsonLinesLog(path) as log:
        log(started())
        before = path.read_bytes()
        with pytest.raises(InputError, match="a new log needs a new file"):
            log(started())
    with pytest.raises(InputError, match=r"one with a log in it\n.*--resume .in Python: resume=True"):
        JsonLinesLog(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        b"my thesis",
        b"my thesis\n",
        b'{"event":"epoch","step":"one"}\n',
        b"\0" * 40,
        b"[1]\n",
        b'{"event":' + b"x" * (1 << 20),
    ],
    ids=["a word", "a line", "no number", "zeros", "a list", "a long line"],
)
def test_what_is_no_log_is_left_alone(tmp_path, content):
    path = tmp_path / "log"
    path.write_bytes(content)
    with pytest.raises(FileError, match="not the log of a training") as caught:
        JsonLinesLog(path, resume=True)
    assert "line 1" in str(caught.value)
    assert path.read_bytes() == content


def test_where_nothing_was_told_nothing_is_left(tmp_path):
    with JsonLinesLog(tmp_path / "new" / "log"):
        pass
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "mine").touch()
    JsonLinesLog(tmp_path / "mine").close()
    assert (tmp_path / "mine").exists()


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path, as_nobody):
    with pytest.raises(FileError, match="the log cannot be written\n  got: Is a directory"):
        JsonLinesLog(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="the log cannot be written"):
        JsonLinesLog(tmp_path / "file" / "log")
    tmp_path.chmod(0o555)
    with as_nobody(), pytest.raises(FileError, match="the log cannot be written"):
        JsonLinesLog(tmp_path / "log")


def test_a_full_disk_ends_the_training_and_leaves_whole_lines(tmp_path, few):
    """A limit on the size of files stands for the disk."""
    path, before, events = tmp_path / "log", resource.getrlimit(resource.RLIMIT_FSIZE), []

    def fill(event: object) -> None:
        events.append(event)
        if len(events) == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, before[1]))

    with JsonLinesLog(path) as log:
        try:
            with pytest.raises(DigitlabError, match="the log cannot be written") as caught:
                dl.fit(RECIPE.new_network(), few, RECIPE, listeners=[fill, log], threads=1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(caught.value, FileError)
    lines = [strictly(line) for line in path.read_bytes().splitlines()]
    assert [line["event"] for line in lines] == ["started"]


def test_a_pipe_is_told_too(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="the log cannot be written"):  # nobody reads: no waiting for ever
        JsonLinesLog(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with JsonLinesLog(tmp_path / "pipe", resume=True) as log:
            log(started(10, EPOCHS[:1]))
            lines = [strictly(line) for line in os.read(reader, 10_000).splitlines()]
    finally:
        os.close(reader)
    assert [line["event"] for line in lines] == ["started", "epoch"]
    assert (tmp_path / "pipe").is_fifo()


def test_the_program_may_change_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with JsonLinesLog("log", resume=True) as log:
        log(started())
        (tmp_path / "other").mkdir()
        monkeypatch.chdir("other")
        log(started())
    assert (tmp_path / "log").read_text().count("started") == 2
