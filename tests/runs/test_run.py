"""Run folders: what is in them, what commits them, and that nothing in them can lie."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import find_engine
from digitlab.errors import DivergenceError, InputError, ModelFileError, RunError
from digitlab.network.shipped import STANDARD, load_shipped
from digitlab.runs import find_run
from digitlab.runs.lock import LOCK
from digitlab.runs.manifest import record_of
from digitlab.runs.models import find_model
from digitlab.runs.run import CLOCK, HISTORY, MANIFEST, MODEL, RECIPE, Run
from digitlab.training import EpochDone

FILES = {RECIPE, HISTORY, CLOCK, MODEL, MANIFEST}


@pytest.fixture
def finished(tmp_path, few):
    """A finished run of three epochs, and its network."""
    recipe = dl.recipe("seed", epochs=3)
    network = recipe.new_network()
    dl.fit(network, few, recipe, out=tmp_path / "run")
    return tmp_path / "run", network


def test_a_run_holds_everything(finished, few):
    folder, network = finished
    checkpoints = {"checkpoint-0.safetensors", "checkpoint-3.safetensors"}
    assert {path.name for path in folder.iterdir()} == FILES | checkpoints | {LOCK}
    assert dl.recipe(folder / RECIPE) == dl.recipe("seed", epochs=3)
    lines = [json.loads(line) for line in (folder / HISTORY).read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert np.array_equal(dl.load(folder).parameters, network.parameters)
    assert np.array_equal(dl.load(folder / MODEL).parameters, network.parameters)
    manifest = Run(folder).manifest
    assert manifest.outcome.state == "finished"
    assert (manifest.outcome.epochs, manifest.outcome.steps) == (3, 3)
    assert manifest.outcome.loss == lines[-1]["loss"]
    assert (manifest.data.count, manifest.data.sha256) == (1000, few.sha256())
    assert set(manifest.files) == (FILES | checkpoints) - {MANIFEST}
    assert manifest.environment["numpy"] == np.__version__
    assert manifest.environment["processor"]
    assert manifest.environment.get("path") == getattr(find_engine(), "simd", None)


def test_the_same_run_gives_the_same_model_file(finished, tmp_path, few):
    folder, _ = finished
    recipe = dl.recipe(folder / RECIPE)
    dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "again", threads=2)
    assert (tmp_path / "again" / MODEL).read_bytes() == (folder / MODEL).read_bytes()


def test_the_last_event_is_told_after_the_commit(tmp_path, few):
    recipe = dl.recipe("seed", epochs=2)
    events = dl.train(recipe.new_network(), few, recipe, out=tmp_path / "run")
    committed = [(type(event).__name__, Run(tmp_path / "run").manifest.outcome.state) for event in events]
    assert committed == [
        ("Started", "running"),
        ("EpochDone", "running"),
        ("EpochDone", "running"),
        ("Stopped", "finished"),
    ]


def test_a_training_that_is_let_go_keeps_what_was_learnt(tmp_path, few):
    recipe = dl.recipe("seed", epochs=50)
    network = recipe.new_network()
    events = dl.train(network, few, recipe, out=tmp_path / "run")
    for _ in range(3):  # Started, and two epochs
        next(events)
    events.close()
    manifest = Run(tmp_path / "run").manifest
    assert (manifest.outcome.state, manifest.outcome.epochs) == ("interrupted", 2)
    assert np.array_equal(dl.load(tmp_path / "run").parameters, network.parameters)


def test_a_diverged_run_keeps_the_last_good_model(tmp_path, few):
    recipe = dl.recipe("seed", layers=(784, 8, 8, 10), activation="relu", epochs=3)
    network = recipe.new_network()
    network.W1[...], network.W2[...] = 1e20, 1e20
    with pytest.raises(DivergenceError):
        dl.fit(network, few, recipe, out=tmp_path / "run")
    manifest = Run(tmp_path / "run").manifest
    assert (manifest.outcome.state, manifest.outcome.steps) == ("diverged", 0)
    assert np.array_equal(dl.load(tmp_path / "run").parameters, network.parameters)


@pytest.mark.parametrize("name", sorted(FILES - {MANIFEST}))
def test_a_changed_file_is_refused(finished, name):
    folder, _ = finished
    run = Run(folder)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(RunError, match="is not what the run wrote"):
        run.read(name)


def test_a_changed_model_is_not_loaded(finished):
    folder, _ = finished
    content = bytearray((folder / MODEL).read_bytes())
    content[-5] ^= 1
    (folder / MODEL).write_bytes(content)
    with pytest.raises(RunError, match=MODEL):
        dl.load(folder)
    with pytest.raises(ModelFileError, match="changed or damaged"):
        dl.load(folder / MODEL)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b"[" * 5000, b'{"format": "other"}'])
def test_a_manifest_that_is_not_one_is_refused(finished, content):
    folder, _ = finished
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(RunError, match="manifest"):
        dl.load(folder)


def test_a_newer_format_is_refused(finished):
    folder, _ = finished
    manifest = json.loads((folder / MANIFEST).read_text()) | {"version": 2}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="digitlab-run version 1"):
        dl.load(folder)


def test_a_run_that_was_killed_says_so(finished):
    folder, _ = finished
    (folder / MANIFEST).unlink()
    with pytest.raises(RunError, match="before its first checkpoint"):
        dl.load(folder)


def test_nothing_is_overwritten(finished, few):
    folder, _ = finished
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    recipe = dl.recipe("seed", epochs=1)
    with pytest.raises(InputError, match="a new run needs a new folder"):
        dl.fit(recipe.new_network(), few, recipe, out=folder)
    with pytest.raises(InputError, match="a new run needs a new folder"):
        dl.fit(recipe.new_network(), few, recipe, out=folder / MODEL)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_a_run_error(tmp_path, few):
    (tmp_path / "file").write_text("in the way")
    recipe = dl.recipe("seed", epochs=1)
    with pytest.raises(RunError, match="cannot be made"):
        dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "file" / "run")


def test_a_full_disk_is_a_run_error_and_the_network_keeps_its_parameters(tmp_path, few, monkeypatch):
    recipe = dl.recipe("seed", epochs=2)
    network = recipe.new_network()

    def full(handle: int) -> None:
        raise OSError(28, os.strerror(28))

    events = dl.train(network, few, recipe, out=tmp_path / "run")
    next(events)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="No space left"):
        list(events)
    assert Run(tmp_path / "run").manifest.outcome.state == "running"  # the last commit is intact
    expected = recipe.new_network()
    dl.fit(expected, few, recipe)
    assert np.array_equal(network.parameters, expected.parameters)


def _same(one: dl.Network, other: dl.Network) -> bool:
    return one.parameters.tobytes() == other.parameters.tobytes()


def test_the_model_that_ships_is_meant_where_there_is_no_run(tmp_path, few, monkeypatch):
    monkeypatch.chdir(tmp_path)
    standard = load_shipped(STANDARD)
    (tmp_path / "runs" / "under-way").mkdir(parents=True)
    assert str(find_model()) == "standard (ships with digitlab)"
    assert find_model().name == "standard"
    assert _same(dl.load(), standard)
    recipe = dl.recipe("seed", epochs=1)
    network = recipe.new_network()
    dl.fit(network, few, recipe, out="runs/mine")
    for mine in (None, "latest", "runs/mine", Path("runs/mine")):
        assert _same(dl.load(mine), network)
        assert str(find_model(mine)) == find_model(mine).name == "runs/mine"
    assert _same(dl.load("standard"), standard)


@pytest.mark.parametrize("name", ["standard", "latest"])
def test_a_name_is_never_that_of_a_file_and_what_is_here_is_said(tmp_path, few, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    recipe = dl.recipe("seed", epochs=1)
    dl.fit(recipe.new_network(), few, recipe, out="runs/mine")
    assert find_model(name).note == ""
    other = dl.Network([784, 10])
    other.save(name)
    found = find_model(name)
    assert found.note.startswith(f"{name} is the ")
    assert found.note.endswith(f"; what is here by that name is ./{name}")
    assert not _same(found.load(), other)
    for path in (f"./{name}", Path(name), tmp_path / name):
        assert _same(dl.load(path), other)
        assert find_model(path).note == ""
    assert find_model().note == ""


def test_a_damaged_newest_run_is_not_passed_over(tmp_path, monkeypatch):
    """Whoever has trained something else than digits must not be told what the standard model makes of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    (tmp_path / "runs" / "mine" / MANIFEST).write_text("{}")
    with pytest.raises(RunError):
        dl.load()


def test_latest_is_the_newest_complete_run(tmp_path, few, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no trained model yet"):
        dl.load("latest")
    for seed in (1, 2):
        recipe = dl.recipe("seed", epochs=1, seed=seed)
        newest = recipe.new_network()
        dl.fit(newest, few, recipe, out=Path("runs") / f"run{seed}")
        os.utime(Path("runs") / f"run{seed}" / MANIFEST, (seed, seed))
    (Path("runs") / "under-way").mkdir()
    assert np.array_equal(dl.load().parameters, newest.parameters)
    assert find_run("latest") == find_run("run2") == find_run(Path("runs") / "run2") == Path("runs") / "run2"
    with pytest.raises(InputError, match=r"there is no such run\n.*a name below runs/, or latest"):
        find_run("nowhere")
    with pytest.raises(InputError, match=r"there is no such model\n.*standard, or latest"):
        dl.load("nowhere")


def test_history_is_on_disk_while_training_goes_on(tmp_path, few):
    recipe = dl.recipe("seed", epochs=3)
    for event in dl.train(recipe.new_network(), few, recipe, out=tmp_path / "run"):
        if isinstance(event, EpochDone):
            assert len((tmp_path / "run" / HISTORY).read_text().splitlines()) == event.epoch


def test_lines_that_are_no_text_and_recipes_that_are_none_are_refused_as_the_run(tmp_path, few):
    """Also where the manifest lists them so, as that of a forger would."""
    recipe, folder = dl.recipe("seed", layers=(784, 10), epochs=2), tmp_path / "run"
    dl.fit(recipe.new_network(), few, recipe, out=folder)
    for name, content, ask in (
        (RECIPE, b"about = '\xff'", lambda run: run.recipe),
        (HISTORY, b"\xff\n", Run.history),
        (HISTORY, (folder / HISTORY).read_bytes() * 2, Run.history),
    ):
        run = Run(folder)
        (folder / name).write_bytes(content)
        run.manifest.files[name] = record_of(content)
        with pytest.raises(RunError, match=f"{name} cannot be understood"):
            ask(run)
