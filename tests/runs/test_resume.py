"""A training that was stopped, killed or cut off goes on to the same bits as one that never was.

The soak tests do it for each of a hundred steps in a new process, and a thousand kills in all, a third of them for each
of the three trainings. ``DIGITLAB_SOAK=0.1`` makes them do a tenth of it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import NumpyEngine
from digitlab.runs.lock import LOCK
from digitlab.runs.run import Run
from digitlab.training import Stopped
from tests.runs.resumed_training import RECIPES, Listening, Processes, Whole

SHARE = float(os.environ.get("DIGITLAB_SOAK", "1"))
STEPS = 100  # at each of which the soak test stops
KILLS = round(SHARE * 1000 / len(RECIPES)) + 1  # of each training; together they are at least a thousand
KILLS_OF_A_RUN = 5


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.soak)])
def test_stopped_at_any_step_it_goes_on_to_the_same_bits(whole, tmp_path, monkeypatch, every):
    """Within an epoch too; the samples of each step are those of never having stopped."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and not the matter here
    assert whole.steps > STEPS
    for step in sorted({1, 2, *range(3, whole.steps, every), whole.steps - 1}):
        folder, engine = tmp_path / str(step), Listening()
        assert not whole.stop_at(step, folder, engine=engine)
        assert len(engine.heard) == step
        again = whole.recipe.new_network()
        history = dl.fit(again, whole.digits, whole.recipe, out=folder, resume=True, engine=engine)
        assert whole.result(folder) == whole.expected, step
        assert engine.heard == whole.heard, step
        assert np.array_equal(again.parameters, whole.network.parameters)
        assert again.card == whole.network.card
        assert [event.epoch for event in history.epochs] == list(range(1, whole.recipe.epochs + 1))


def test_stopped_again_and_again_it_still_arrives(whole, tmp_path, rng):
    step, resume = 0, False
    while not whole.stop_at(step := step + int(rng.integers(1, 9)), tmp_path / "run", resume=resume):
        resume = True
    assert whole.result(tmp_path / "run") == whole.expected


def _kill(whole: Whole, folder: Path, rng: np.random.Generator, kills: int) -> None:
    """Train in as many runs as it takes to be killed so often; each comes to the same end."""
    processes = Processes(whole, folder)
    killed = runs = 0
    while killed < kills:
        run = folder / str(runs)
        killed += processes.kill_at_random_moments(run, rng, kills=min(KILLS_OF_A_RUN, kills - killed))
        assert whole.result(run) == whole.expected, runs
        runs += 1
        assert runs <= 10 + 2 * kills  # a kill that comes too late is none, but most come in time


def test_killed_at_random_moments_it_goes_on_to_the_same_bits(whole, tmp_path, rng):
    _kill(whole, tmp_path, rng, kills=2)


@pytest.mark.soak
def test_stopped_at_each_of_a_hundred_steps_a_new_process_goes_on_to_the_same_bits(whole, tmp_path):
    processes = Processes(whole, tmp_path)
    for step in np.linspace(1, STEPS, round(STEPS * SHARE)).round().astype(int).tolist():
        folder = tmp_path / str(step)
        assert not whole.stop_at(step, folder)
        assert processes.start(folder) == 0
        assert whole.result(folder) == whole.expected, step


@pytest.mark.soak
def test_killed_a_thousand_times_it_goes_on_to_the_same_bits(whole, tmp_path, rng):
    _kill(whole, tmp_path, rng, KILLS)


def test_a_finished_run_is_left_alone(whole, tmp_path):
    folder = tmp_path / "run"
    dl.fit(whole.recipe.new_network(), whole.digits, whole.recipe, out=folder, engine="numpy")

    def content() -> dict[str, tuple[bytes, int]]:
        files = [path for path in folder.iterdir() if path.name != LOCK]
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    before = content()
    again = whole.recipe.new_network()
    events = list(dl.train(again, whole.digits, whole.recipe, out=folder, resume=True))
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "finished"
    assert np.array_equal(again.parameters, whole.network.parameters)
    assert again.card == whole.network.card
    assert content() == before


def test_a_damaged_newest_checkpoint_costs_only_some_time(whole, tmp_path):
    folder = tmp_path / "run"
    assert not whole.stop_at(whole.steps // 2, folder)
    newest = folder / Run(folder).manifest.checkpoints[-1].file
    content = bytearray(newest.read_bytes())
    content[-100] ^= 4
    newest.write_bytes(content)
    history = dl.fit(whole.recipe.new_network(), whole.digits, whole.recipe, out=folder, resume=True)
    assert whole.result(folder) == whole.expected
    assert len(history.warnings) == 1
    assert newest.name in history.warnings[0]
    assert "going on from step" in history.warnings[0]


class _Newer(NumpyEngine):
    """The NumPy engine, as if its arithmetic had changed since."""

    arithmetic = 7


@pytest.mark.parametrize("engine", ["numpy", _Newer()])
def test_going_on_with_another_arithmetic_says_what_it_means(whole, tmp_path, engine):
    folder = tmp_path / "run"
    assert not whole.stop_at(whole.steps // 2, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest.pop("arithmetic") == 1
    (folder / "manifest.json").write_text(json.dumps(manifest))  # as a run from before this was recorded
    history = dl.fit(whole.recipe.new_network(), whole.digits, whole.recipe, out=folder, resume=True, engine=engine)
    assert any("arithmetic 1" in warning and "7" in warning for warning in history.warnings) is (engine != "numpy")
    assert Run(folder).manifest.arithmetic == 1
