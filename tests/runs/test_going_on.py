"""Runs that cannot be gone on with, are at work elsewhere, or were cut off in an odd way: said, and never lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError, RecipeError, RunError
from digitlab.runs.run import HISTORY, MANIFEST, Run
from digitlab.training import EpochDone


def test_what_cannot_be_resumed_is_refused(tmp_path, few):
    recipe = dl.recipe("seed", epochs=3)
    network = recipe.new_network()
    with pytest.raises(RunError, match="this is not a run"):
        next(dl.train(network, few, recipe, out=tmp_path / "nothing", resume=True))
    assert not (tmp_path / "nothing").exists()
    with pytest.raises(InputError, match="no run to resume"):
        dl.train(network, few, recipe, resume=True)
    dl.fit(network, few, recipe, out=tmp_path / "run")
    other = dl.recipe("seed", epochs=4, momentum=0.5)
    with pytest.raises(RecipeError, match="settings that it began with") as caught:
        next(dl.train(network, few, other, out=tmp_path / "run", resume=True))
    assert (caught.value.must_be, caught.value.got) == ("momentum 0.9, epochs 3", "momentum 0.5, epochs 4")
    with pytest.raises(InputError, match="trained on other digits"):
        next(dl.train(network, few[:999], recipe, out=tmp_path / "run", resume=True))
    with pytest.raises(InputError, match="no option 'snapshots_every'") as caught:
        dl.train(network, few, recipe, snapshots_every=3)
    assert caught.value.help == "did you mean snapshot_every?"


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
