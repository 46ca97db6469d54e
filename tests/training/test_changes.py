"""Settings that change while training goes on."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import RecipeError, RunError
from digitlab.runs import writer
from digitlab.runs.run import HISTORY, MODEL, Run
from digitlab.training import EpochDone, SettingChanged, StepDone
from tests.training.small_training import EPOCH, RECIPE, SAMPLES, by_hand, train_small


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


@pytest.mark.parametrize("step", [1, 2, EPOCH, EPOCH + 1, 4 * EPOCH - 1])
def test_a_change_holds_from_the_next_step_on(step, digits, tmp_path):
    control, network, told = dl.Control(), RECIPE.new_network(), []
    options = {"control": control, "each_step": True, "out": tmp_path / "run", "threads": 1}
    for event in dl.train(network, digits, RECIPE, **options):
        told.append(event)
        if isinstance(event, StepDone) and event.step == step:
            control.change(learning_rate=0.01)
    expected = by_hand(RECIPE, digits, [(0, RECIPE.learning_rate), (step, 0.01)], 4 * EPOCH)
    assert np.array_equal(network.parameters, expected)
    assert [event for event in told if isinstance(event, SettingChanged)] == [
        SettingChanged(step, "learning_rate", 0.01)
    ]
    manifest = Run(tmp_path / "run").manifest
    assert [(change.step, change.name, change.value) for change in manifest.changes] == [(step, "learning_rate", 0.01)]
    assert told[-2].learning_rate == 0.01


def test_a_change_before_the_first_step_is_another_recipe(digits):
    control = dl.Control()
    control.change(learning_rate=0.02, momentum=0.5)
    network, _ = train_small(RECIPE, digits, control=control)
    other, _ = train_small(replace(RECIPE, learning_rate=0.02, momentum=0.5), digits)
    assert np.array_equal(network.parameters, other.parameters)


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 3},
        {"seed": 1},
        {"layers": (784, 10)},
        {"nothing": 1},
        {"learning_rate": 0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"learning_rate": "fast"},
        {"momentum": 1.0},
        {"beta2": -0.1},
        {"weight_decay": 2},
        {"patience": 1.5},
        {"patience": -1},
        {"learning_rate": 0.5, "momentum": 7},
    ],
)
def test_a_change_that_cannot_be_is_refused_as_a_whole(change):
    control = dl.Control()
    with pytest.raises(RecipeError):
        control.change(**change)
    assert control.take_changes() == []


def test_changes_may_come_from_any_thread_at_any_time(digits):
    """None is lost, and each thread's stay in its order."""
    control, recipe = dl.Control(), replace(RECIPE, epochs=200)
    threads = [
        threading.Thread(target=lambda n=n: [control.change(learning_rate=n + k / 1000) for k in range(1, 101)])
        for n in range(1, 5)
    ]
    told = []
    for event in dl.train(recipe.new_network(), digits, recipe, control=control, threads=1):
        if isinstance(event, SettingChanged):
            told.append(event.value)
        elif isinstance(event, EpochDone) and event.epoch == 2:
            for thread in threads:
                thread.start()
        elif isinstance(event, EpochDone) and event.epoch == 100:
            for thread in threads:
                thread.join()
    assert len(told) == 400
    for n in range(1, 5):
        assert [value for value in told if int(value) == n] == [n + k / 1000 for k in range(1, 101)]


CHANGES = {2: {"learning_rate": 0.03}, EPOCH: {"momentum": 0.5}, EPOCH + 3: {"weight_decay": 0.01, "patience": 30}}


def _train_with_changes(
    folder: Path, digits: dl.Digits, *, until: int = 1000, resume: bool = False
) -> dict[str, bytes] | None:
    """Train, asking for changes after the same steps; let go after some step. What is in the folder in the end."""
    control, recipe = dl.Control(), replace(RECIPE, keep="best")
    options = {"control": control, "each_step": True, "out": folder, "resume": resume, "threads": 1}
    events = dl.train(recipe.new_network(), digits, recipe, **options)
    for event in events:
        if isinstance(event, StepDone) and event.step in CHANGES:
            control.change(**CHANGES[event.step])
        if isinstance(event, SettingChanged | StepDone) and event.step >= until:
            if isinstance(event, StepDone) and event.step in CHANGES:
                continue  # let them be taken first
            if isinstance(event, SettingChanged) and event.name != [*CHANGES[event.step]][-1]:
                continue
            events.close()
            return None
    run = Run(folder)
    assert len(run.manifest.changes) == 4
    return {name: run.read(name) for name in (HISTORY, MODEL, run.manifest.checkpoints[-1].file)}


def test_a_run_that_is_gone_on_with_keeps_its_changes(digits, tmp_path):
    expected = _train_with_changes(tmp_path / "whole", digits)
    for step in range(1, 4 * EPOCH):
        folder = tmp_path / str(step)
        assert _train_with_changes(folder, digits, until=step) is None
        assert _train_with_changes(folder, digits, resume=True) == expected, step


def test_a_change_before_the_first_step_never_costs_the_run(digits, tmp_path, monkeypatch):
    """Killed between a new checkpoint of the same step and the manifest that lists it."""
    control = dl.Control()
    events = dl.train(RECIPE.new_network(), digits, RECIPE, control=control, out=tmp_path / "run", threads=1)
    next(events)
    control.change(learning_rate=0.5)
    assert isinstance(next(events), SettingChanged)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("digitlab.runs.writer._encode", killed)
        with pytest.raises(KeyboardInterrupt):
            events.close()
    assert Run(tmp_path / "run").newest_state().counters.step == 0
    train_small(RECIPE, digits, out=tmp_path / "run", resume=True)


def test_a_run_that_would_outgrow_its_manifest_stops_with_what_was_committed(digits, tmp_path, monkeypatch):
    """What cannot be read again is never committed."""
    monkeypatch.setattr(writer, "MAX_MANIFEST_BYTES", 4000)
    recipe, control = dl.recipe("minibatch", epochs=1000, layers=(784, 4, 10)), dl.Control()
    events = dl.train(recipe.new_network(), digits, recipe, control=control, out=tmp_path / "run", checkpoint_every=0)
    rates = (control.change(learning_rate=0.1 + number / 1000) for number, _ in enumerate(events))
    with pytest.raises(RunError, match="more snapshots or changed settings"):
        list(rates)
    assert len(Run(tmp_path / "run").manifest.changes) > 10
    control = dl.Control()
    control.stop()
    history = dl.fit(recipe.new_network(), digits, recipe, out=tmp_path / "run", resume=True, control=control)
    assert history.stopped.reason == "interrupted"
