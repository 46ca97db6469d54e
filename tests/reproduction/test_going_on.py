"""A reproduction that is stopped or killed goes on to the same bits; and the test set waits for the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

import digitlab as dl
from digitlab.runs.run import HISTORY, MANIFEST, MODEL, RECIPE, Run
from digitlab.training import Control, Started
from tests.reproduction.small import FOLDERS, PLAIN, RECIPES, WIDE, reproduce_small, stop_at


def _without_clock(table: object) -> object:
    """What the same trainings give again."""
    if isinstance(table, dict):
        return {key: _without_clock(value) for key, value in table.items() if key not in {"seconds", "date"}}
    return [_without_clock(value) for value in table] if isinstance(table, list | tuple) else table


def _same(out: Path, table: object, whole: tuple[Path, object]) -> None:
    for folder in FOLDERS:
        assert (out / folder / MODEL).read_bytes() == (whole[0] / folder / MODEL).read_bytes()
    assert _without_clock(msgspec.to_builtins(table)) == _without_clock(msgspec.to_builtins(whole[1]))


@pytest.mark.parametrize("moment", [("plain/validation", 1), ("plain/seed-1", 2), ("wide/seed-0", 2)])
def test_one_that_was_broken_off_goes_on_to_the_same_bits(digits, whole, tmp_path, moment):
    with pytest.raises(KeyError):
        reproduce_small(digits, tmp_path, listeners=[stop_at(*moment)])
    finished = FOLDERS[: FOLDERS.index(Path(moment[0]))]
    before = {folder: (tmp_path / folder / MANIFEST).stat().st_mtime_ns for folder in finished}
    begun: list[Started] = []
    table = reproduce_small(
        digits, tmp_path, listeners=[lambda event: begun.append(event) if isinstance(event, Started) else None]
    )
    assert len(begun) == len(FOLDERS) - len(finished), "a finished training is not done again"
    assert (begun[0].epoch, {event.epoch for event in begun[1:]}) == (moment[1], {0})
    assert before == {folder: (tmp_path / folder / MANIFEST).stat().st_mtime_ns for folder in finished}
    _same(tmp_path, table, whole)


def test_nobody_opens_the_test_set_before_everything_is_trained(digits, tmp_path):
    opened = []

    def open_test() -> dl.Digits:
        assert [Run(tmp_path / folder).manifest.outcome.state for folder in FOLDERS] == ["finished"] * len(FOLDERS)
        opened.append(1)
        return digits[1]

    def listen(_event: object) -> None:
        table = json.loads((tmp_path / "table.json").read_text())
        assert not table["complete"]
        assert not opened
        for row in table["recipes"]:
            assert (row["mean"], row["interval"]) == (None, None)
            assert all(seed["error"] is None for seed in row["seeds"])
        assert "not read" in (tmp_path / "table.md").read_text("utf-8")

    with pytest.raises(KeyError):
        reproduce_small(digits, tmp_path, open_test=open_test, listeners=[listen, stop_at("wide/seed-1", 2)])
    assert not opened
    assert reproduce_small(digits, tmp_path, open_test=open_test, listeners=[listen]).complete
    assert len(opened) == 1


def test_to_stop_is_to_have_no_test_errors(digits, whole, tmp_path):
    control, asked = Control(), []

    def listen(event: object) -> None:
        if isinstance(event, Started):
            asked.append(event)
        if len(asked) == 2:
            control.stop()

    stopped = reproduce_small(digits, tmp_path, control=control, listeners=[listen])
    assert not stopped.complete
    assert (len(asked), [row.mean for row in stopped.recipes]) == (2, [None, None])
    assert (
        stopped.recipes[0].validation
        == msgspec.json.decode((tmp_path / "table.json").read_bytes(), type=type(stopped)).recipes[0].validation
    )
    _same(tmp_path, reproduce_small(digits, tmp_path), whole)


def test_one_that_was_stopped_before_its_first_commit_begins_again(digits, whole, tmp_path):
    folder = tmp_path / "plain/validation"
    with pytest.raises(KeyError):
        reproduce_small(digits, tmp_path, listeners=[stop_at("plain/validation", 1)])
    for path in folder.iterdir():
        if path.name not in {RECIPE, ".lock", HISTORY, "checkpoint-0.safetensors"}:
            path.unlink()
    (folder / ".unfinished-1").touch()
    _same(tmp_path, reproduce_small(digits, tmp_path), whole)


def test_more_seeds_and_recipes_add_to_what_is_there(digits, whole, tmp_path):
    reproduce_small(digits, tmp_path, recipes=[WIDE], seeds=1)
    kept = (tmp_path / "wide/seed-0" / MANIFEST).stat().st_mtime_ns
    _same(tmp_path, reproduce_small(digits, tmp_path), whole)
    assert (tmp_path / "wide/seed-0" / MANIFEST).stat().st_mtime_ns == kept


PROGRAM = "import sys; from digitlab.cli import main; sys.exit(main())"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_the_command_goes_on_after_whatever_ended_it(digits, whole, tmp_path, number):
    train, test = digits
    np.savez(tmp_path / "few.npz", x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    for recipe in RECIPES:
        (tmp_path / f"{recipe.name}.toml").write_text(recipe.to_toml())
    (tmp_path / "long.toml").write_text(PLAIN.changed(epochs=100_000).to_toml())
    call = [sys.executable, "-c", PROGRAM, "reproduce", "plain.toml", "long.toml", "--data", "few.npz", "--seeds", "2"]
    with subprocess.Popen(
        call, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        history = tmp_path / "reproduction/long/validation" / HISTORY
        while not history.exists() or not history.stat().st_size:
            time.sleep(0.01)
            assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    if number != signal.SIGKILL:
        assert "the same call goes on with what is in reproduction" in err
        assert Run(history.parent).manifest.outcome.state == "interrupted"
    assert "plain, seed 1: training 3 of 6" in out
    assert "ours" not in out
    assert not json.loads((tmp_path / "reproduction/table.json").read_text())["complete"]
    call[4:6] = ["plain.toml", "wide.toml"]
    done = subprocess.run([*call, "--json"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    table = json.loads(done.stdout)
    assert table == json.loads((tmp_path / "reproduction/table.json").read_text())
    assert [[seed["errors"] for seed in row["seeds"]] for row in table["recipes"]] == [
        [seed.errors for seed in row.seeds] for row in whole[1].recipes
    ]
    for folder in FOLDERS:
        ours, theirs = (dl.load(place / folder).parameters for place in (tmp_path / "reproduction", whole[0]))
        assert ours.tobytes() == theirs.tobytes()
