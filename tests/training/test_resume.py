"""A training that was stopped, killed or cut off goes on to the same bits as one that never was."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError, RecipeError, RunError
from digitlab.training import EpochDone, StepDone, Stopped
from digitlab.training.run import HISTORY, MANIFEST, MODEL, Run

SAMPLES = 500
RECIPES = {
    "full batch": dl.recipe("seed", layers=(784, 16, 10), epochs=40),
    "mini-batch with momentum": dl.recipe("minibatch", layers=(784, 16, 10), epochs=3),
    "AdamW with one cycle": dl.recipe(
        "minibatch",
        layers=(784, 16, 10),
        optimizer="adamw",
        weight_decay=0.01,
        learning_rate=0.01,
        schedule="one_cycle",
        validation=100,
        keep="best",
        epochs=4,
    ),
}
CHILD = """
import sys, digitlab as dl
recipe = dl.recipe(sys.argv[1])
digits = dl.load_mnist()[0][:int(sys.argv[3])]
resume = sys.argv[4] == "resume"
network = recipe.new_network()
print("ready", flush=True)
dl.fit(network, digits, recipe, out=sys.argv[2], resume=resume, checkpoint_every=0)
"""


def _result(folder: Path) -> dict[str, bytes]:
    """Everything that must be the same: parameters, optimizer, counters, best, history, model."""
    run = Run(folder)
    newest = run.manifest.checkpoints[-1].file
    assert run.manifest.outcome.state in {"finished", "early"}
    return {name: run.read(name) for name in (newest, HISTORY, MODEL)}


@pytest.fixture(scope="module", params=RECIPES)
def whole(request, tmp_path_factory, mnist):
    """A recipe, its digits, and the result of never stopping."""
    recipe, digits = RECIPES[request.param], mnist[0][:SAMPLES]
    folder = tmp_path_factory.mktemp("whole") / "run"
    network = recipe.new_network()
    dl.fit(network, digits, recipe, out=folder)
    return recipe, digits, _result(folder), network


def _stop_at(step: int, recipe: dl.Recipe, digits: dl.Digits, folder: Path, *, resume: bool) -> bool:
    """Train until a step, then let go; whether the training ended before."""
    events = dl.train(recipe.new_network(), digits, recipe, out=folder, resume=resume, each_step=True)
    for event in events:
        if isinstance(event, StepDone) and event.step >= step:
            events.close()
            return False
    return True


def test_stopped_at_any_step_it_goes_on_to_the_same_bits(whole, tmp_path):
    recipe, digits, expected, network = whole
    for step in range(1, _steps(recipe)):
        folder = tmp_path / str(step)
        _stop_at(step, recipe, digits, folder, resume=False)
        again = recipe.new_network()
        history = dl.fit(again, digits, recipe, out=folder, resume=True)
        assert _result(folder) == expected, step
        assert np.array_equal(again.parameters, network.parameters)
        assert [event.epoch for event in history.epochs] == list(range(1, recipe.epochs + 1))


def _steps(recipe: dl.Recipe) -> int:
    samples = SAMPLES - recipe.validation
    return recipe.epochs * (1 if recipe.batch_size == 0 else -(-samples // recipe.batch_size))


def test_stopped_again_and_again_it_still_arrives(whole, tmp_path, rng):
    recipe, digits, expected, _ = whole
    step, resume = 0, False
    while not _stop_at(step := step + int(rng.integers(1, 6)), recipe, digits, tmp_path / "run", resume=resume):
        resume = True
    assert _result(tmp_path / "run") == expected


def _kill_at_random_moments(recipe: dl.Recipe, folder: Path, rng: np.random.Generator, kills: int) -> int:
    """Start it in new processes and kill them; how many were killed while at work."""
    toml = folder.with_suffix(".toml")
    toml.write_text(recipe.to_toml())
    killed = 0
    for attempt in range(kills + 1):
        how = "resume" if (folder / MANIFEST).exists() else "new"
        if how == "new" and folder.exists():
            for path in folder.iterdir():
                path.unlink()
        command = [sys.executable, "-c", CHILD, str(toml), str(folder), str(SAMPLES), how]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "DIGITLAB_THREADS": "1"})
        assert child.stdout is not None
        with child.stdout:
            child.stdout.readline()  # imports and data are loaded
            if attempt < kills:
                time.sleep(rng.uniform(0, 0.05))  # the whole training takes about as long
                child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
    return killed


def test_killed_at_random_moments_it_goes_on_to_the_same_bits(whole, tmp_path, rng):
    recipe, _, expected, _ = whole
    killed = _kill_at_random_moments(recipe, tmp_path / "run", rng, kills=8)
    assert killed > 0
    assert _result(tmp_path / "run") == expected


@pytest.mark.soak
def test_killed_a_thousand_times_it_goes_on_to_the_same_bits(whole, tmp_path, rng):
    recipe, _, expected, _ = whole
    killed = 0
    for number in range(70):
        killed += _kill_at_random_moments(recipe, tmp_path / str(number), rng, kills=5)
        assert _result(tmp_path / str(number)) == expected, number
    assert killed > 300  # for each of the three recipes


def test_a_finished_run_is_left_alone(whole, tmp_path):
    recipe, digits, _, network = whole
    folder = tmp_path / "run"
    dl.fit(recipe.new_network(), digits, recipe, out=folder)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    again = recipe.new_network()
    events = list(dl.train(again, digits, recipe, out=folder, resume=True))
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "finished"
    assert np.array_equal(again.parameters, network.parameters)
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before


def test_a_damaged_newest_checkpoint_costs_only_some_time(whole, tmp_path):
    recipe, digits, expected, _ = whole
    folder = tmp_path / "run"
    _stop_at(_steps(recipe) // 2, recipe, digits, folder, resume=False)
    newest = folder / Run(folder).manifest.checkpoints[-1].file
    content = bytearray(newest.read_bytes())
    content[-100] ^= 4
    newest.write_bytes(content)
    dl.fit(recipe.new_network(), digits, recipe, out=folder, resume=True)
    assert _result(folder) == expected


def test_what_cannot_be_resumed_is_refused(tmp_path, few):
    recipe = dl.recipe("seed", epochs=3)
    network = recipe.new_network()
    with pytest.raises(RunError, match="this is not a run"):
        dl.train(network, few, recipe, out=tmp_path / "nothing", resume=True)
    with pytest.raises(InputError, match="no run to go on with"):
        dl.train(network, few, recipe, resume=True)
    dl.fit(network, few, recipe, out=tmp_path / "run")
    with pytest.raises(RecipeError, match="the run has another recipe"):
        dl.train(network, few, dl.recipe("seed", epochs=4), out=tmp_path / "run", resume=True)
    with pytest.raises(InputError, match="trained on other digits"):
        dl.train(network, few[:999], recipe, out=tmp_path / "run", resume=True)


def test_only_one_training_at_a_time_in_a_folder(tmp_path, few):
    recipe = dl.recipe("seed", epochs=5)
    first = dl.train(recipe.new_network(), few, recipe, out=tmp_path / "run")
    next(first)
    with pytest.raises(RunError, match=f"held by process {os.getpid()}"):
        next(dl.train(recipe.new_network(), few, recipe, out=tmp_path / "run", resume=True))
    first.close()
    dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "run", resume=True)


def test_a_disk_that_fills_up_is_a_run_error_and_the_run_goes_on_later(tmp_path, few):
    """The line of the history is torn; the folder is free again, and the bits are those of a whole training."""
    recipe, folder = dl.recipe("seed", layers=(784, 16, 10), epochs=30), tmp_path / "run"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(event: object) -> None:
        if isinstance(event, EpochDone) and event.epoch == 10:
            size = (folder / HISTORY).stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, limits[1]))

    try:
        with pytest.raises(RunError, match="cannot be written"):
            dl.fit(recipe.new_network(), few, recipe, out=folder, listeners=[fill])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    resumed, whole = recipe.new_network(), recipe.new_network()
    dl.fit(resumed, few, recipe, out=folder, resume=True)
    dl.fit(whole, few, recipe)
    assert np.array_equal(resumed.parameters, whole.parameters)


def test_a_run_whose_folder_is_gone_is_a_run_error(tmp_path, few):
    recipe = dl.recipe("seed", epochs=3)
    events = dl.train(recipe.new_network(), few, recipe, out=tmp_path / "run")
    next(events)
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(RunError, match="cannot be written"):
        list(events)


def test_a_forked_child_does_not_keep_the_folder_locked(tmp_path, few):
    recipe = dl.recipe("seed", epochs=3)
    events = dl.train(recipe.new_network(), few, recipe, out=tmp_path / "run")
    next(events)
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    child.start()
    try:
        events.close()
        assert len(dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "run", resume=True).epochs) == 3
    finally:
        child.kill()
        child.join()


def test_a_training_that_is_let_go_at_the_end_of_the_program_is_kept(tmp_path):
    program = (
        "import sys, digitlab as dl; recipe = dl.recipe('seed', epochs=9);"
        "events = dl.train(recipe.new_network(), dl.load_mnist()[1][:100], recipe, out=sys.argv[1]);"
        "told = [next(events) for _ in range(4)]"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "run")], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert (Run(tmp_path / "run").manifest.outcome.state, Run(tmp_path / "run").manifest.outcome.epochs) == (
        "interrupted",
        3,
    )


def test_a_checkpoint_that_is_listed_without_its_file_is_no_crash(tmp_path, few):
    recipe, folder = dl.recipe("seed", epochs=5), tmp_path / "run"
    events = dl.train(recipe.new_network(), few, recipe, out=folder, snapshot_every=1)
    for _ in range(4):
        next(events)
    events.close()
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["files"][manifest["checkpoints"][-1]["file"]]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert len(dl.fit(recipe.new_network(), few, recipe, out=folder, resume=True).epochs) == 5
