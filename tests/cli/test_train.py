"""``digitlab train``: what it prints, its JSON, its flags, and how it is stopped."""

from __future__ import annotations

import json
import re
import signal
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.runs.run import HISTORY, Run
from digitlab.training import SETTINGS


def test_the_experiment_from_the_command_line(folder, run):
    code, out, err = run("train", "--epochs", "4", "--report-every", "2")
    assert (code, err) == (0, "")
    assert re.findall(r"epoch (\d)/4 +loss \d\.\d{4} +accuracy \d\.\d{4}", out) == ["1", "2", "4"]
    (kept,) = Path("runs").iterdir()
    assert f"kept in {kept}" in out
    assert kept.name.endswith("-seed")
    code, out, _ = run("evaluate")  # the latest run
    assert code == 0
    assert "MNIST test: 10,000 digits" in out
    code, out, _ = run("show")
    assert code == 0
    assert "true label" in out


def test_train_answers_in_json(folder, run):
    plot = folder / "curves.svg"
    code, out, _ = run("train", "--epochs", "2", "--json", "--out", "here/run", "--plot", str(plot))
    answer = json.loads(out)
    assert code == 0
    assert (answer["run"], answer["state"], answer["epochs"], answer["steps"]) == ("here/run", "finished", 2, 2)
    assert answer["loss"] == pytest.approx(2.4005, abs=1e-3)
    assert answer["recipe"]["learning_rate"] == 0.1
    assert answer["advice"] is None
    assert "</svg>" in plot.read_text()
    assert Run(Path("here/run")).manifest.outcome.loss == answer["loss"]


def test_the_sizes_of_layers_are_told_with_the_lines(folder, run):
    call = ["train", "minibatch", "--layers", "784,4,10", "--epochs", "2", "--report-every", "2", "--watch-layers"]
    lines = run(*call, "--out", "run")[1].splitlines()
    told = [line for line in lines if line.startswith("  layers: weights ")]
    assert len(told) == 1
    assert re.fullmatch(r"  layers: weights \S+, \S+; gradient \S+, \S+; step \S+ %, \S+ % of the weights", told[0])
    answer = json.loads(run(*call, "--out", "again", "--json")[1])
    assert [(one["epoch"], len(one["layers"])) for one in answer["layers"]] == [(2, 2)]
    assert set(answer["layers"][0]["layers"][0]) == {"weights", "gradient", "change"}
    assert (folder / "run" / "model.safetensors").read_bytes() == (folder / "again" / "model.safetensors").read_bytes()


def test_a_training_that_learns_nothing_is_told_why(folder, run):
    call = ["train", "minibatch", "--layers", "784,10", "--learning-rate", "1e-6", "--epochs", "1", "--out", "run"]
    words = "nothing is learnt so far: the loss falls too slowly; try a larger learning rate than 1e-06, or more epochs"
    assert run(*call)[1].splitlines().count(words) == 1
    call[-1] = "other"
    assert json.loads(run(*call, "--json")[1])["advice"] == words
    call[-1] = "third"
    assert run(*call, "--quiet") == (0, "", "")


def test_quiet_is_quiet(folder, run):
    assert run("train", "--epochs", "1", "--quiet") == (0, "", "")


def test_only_given_flags_override_the_named_recipe(folder, run):
    """Defaults of flags must not sneak in: minibatch differs from every default in three settings."""
    code, _, _ = run("train", "minibatch", "--epochs", "1", "--learning-rate", "0.05", "--out", "run", "--quiet")
    assert code == 0
    kept = dl.recipe("run/recipe.toml")
    assert kept == dl.recipe("minibatch", epochs=1, learning_rate=0.05)
    assert (kept.optimizer, kept.batch_size) == ("momentum", 32)


def test_every_setting_has_a_flag_with_its_help_and_bounds(run):
    code, out, _ = run("train", "--help")
    assert code == 0
    words = " ".join(re.sub(r"[│╭╮╰╯─]", " ", out).split())
    for setting in SETTINGS.values():
        assert setting.flag in words
        assert setting.help[1:] in words
        if setting.kind == "choice":
            assert f"[choices: {', '.join(setting.choices)}]" in words
        else:
            assert setting.must_be in words
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("sizes", ["784,16,10", "784-16-10"])
def test_layers_are_numbers_with_commas(folder, run, sizes):
    assert run("train", "--layers", sizes, "--epochs", "1", "--out", "run", "--quiet")[0] == 0
    assert dl.recipe("run/recipe.toml").layers == (784, 16, 10)


def test_a_recipe_file_is_a_recipe(folder, run):
    Path("mine.toml").write_text('layers = [784, 10]\nepochs = 1\nactivation = "relu"\n')
    assert run("train", "mine.toml", "--quiet", "--out", "run")[0] == 0
    assert dl.recipe("run/recipe.toml") == dl.recipe("mine.toml")


@pytest.mark.parametrize("recipe", ["seed", pytest.param("minibatch", marks=pytest.mark.soak)])
def test_ctrl_c_ends_cleanly_with_what_was_learnt(tmp_path, recipe, start):
    process = start("train", recipe, "--epochs", "100000", "--report-every", "1", "--out", "run", cwd=tmp_path)
    assert process.stdout is not None
    while not process.stdout.readline().startswith("epoch"):
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "what was learnt is kept" in out
    manifest = Run(tmp_path / "run").manifest
    assert manifest.outcome.state == "interrupted"
    assert np.isfinite(dl.load(tmp_path / "run").parameters).all()


def test_names_of_files_do_not_command_the_terminal(folder, run):
    code, out, _ = run("train", "--epochs", "1", "--out", "\x1b[31mred")
    assert code == 0
    assert "\x1b" not in out
    assert "kept in \\x1b[31mred" in out


@pytest.mark.parametrize(
    "how",
    [[], *(pytest.param([one], marks=pytest.mark.soak) for one in ("--quiet", "--json"))],
    ids=["talking", "quiet", "JSON"],
)
def test_sigterm_ends_in_order_too_but_with_an_exit_code_of_its_own(tmp_path, start, how):
    process = start("train", "--epochs", "100000", "--report-every", "1", "--out", "run", *how, cwd=tmp_path)
    while not (tmp_path / "run" / HISTORY).exists() or not (tmp_path / "run" / HISTORY).stat().st_size:
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "SIGTERM" in err
    assert "digitlab train --resume --out run" in err
    manifest = Run(tmp_path / "run").manifest
    assert (manifest.outcome.state, manifest.outcome.epochs > 0) == ("interrupted", True)
    if not how:
        assert "what was learnt is kept" in out
    elif how == ["--json"]:
        assert json.loads(out)["state"] == "interrupted"
    else:
        assert out == ""


def test_what_a_recipe_is_for_stays_with_the_run(folder, run):
    Path("mine.toml").write_text('about = "Wider \\u00e4nd faster."\nlayers = [784, 10]\nepochs = 1\n', "utf-8")
    assert run("train", "mine.toml", "--quiet", "--out", "plain")[0] == 0
    assert tomllib.loads(Path("plain/recipe.toml").read_text("utf-8"))["about"] == "Wider änd faster."
    assert dl.load("plain").card.recipe == dl.recipe("mine.toml").to_dict() | {"about": "Wider änd faster."}
    assert run("train", "mine.toml", "--seed", "3", "--epochs", "2", "--quiet", "--out", "changed")[0] == 0
    assert Run(Path("changed")).named_recipe.about == "Wider änd faster. Changed: epochs 2, seed 3."
    assert run("train", "--from", "changed@2", "--epochs", "3", "--quiet", "--out", "branch")[0] == 0
    assert Run(Path("branch")).named_recipe.about == "Wider änd faster. Changed: epochs 2, seed 3. Changed: epochs 3."
    assert dl.recipe("plain/recipe.toml") == dl.recipe("mine.toml")


def _snapshots(folder: str) -> list[int]:
    return [record.epoch for record in Run(Path(folder)).manifest.checkpoints if record.snapshot]


@pytest.mark.parametrize(("again", "expected"), [([], [2, 4, 6]), (["0"], [2]), (["3"], [2, 3, 6])])
def test_a_run_that_is_gone_on_with_keeps_its_snapshots(folder, run, mnist, again, expected):
    train = mnist[0][:100]
    np.savez("few.npz", x_train=train.images, y_train=train.labels, x_test=train.images, y_test=train.labels)
    recipe = dl.recipe("seed", layers=(784, 10), epochs=6)
    digits, _ = dl.open_data("few.npz")
    events = dl.train(recipe.new_network(), digits, recipe, out="run", snapshot_every=2)
    next(event for event in events if isinstance(event, dl.EpochDone) and event.epoch == 2)
    events.close()
    flags = ["--snapshot-every", *again] if again else []
    assert run("train", "--resume", "--out", "run", "--data", "few.npz", "--quiet", *flags)[0] == 0
    assert _snapshots("run") == expected
    assert Run(Path("run")).manifest.snapshot_every == int((again or ["2"])[0])


def _begun(name: str) -> dl.Recipe:
    """A run that was stopped after its first epoch; it is of 100 digits, in few.npz."""
    digits = dl.load_mnist()[0][:100]
    np.savez("few.npz", x_train=digits.images, y_train=digits.labels, x_test=digits.images, y_test=digits.labels)
    recipe = dl.recipe("seed", layers=(784, 10), epochs=3)
    events = dl.train(recipe.new_network(), dl.open_data("few.npz")[0], recipe, out=name)
    next(event for event in events if isinstance(event, dl.EpochDone))
    events.close()
    return recipe


def test_the_same_call_with_resume_goes_on(folder, run):
    _begun("run")
    call = ["train", "seed", "--layers", "784,10", "--epochs", "3", "--out", "run", "--data", "few.npz", "--resume"]
    code, out, _ = run(*call)
    assert (code, out.splitlines()[0]) == (0, "going on with run")
    assert len(Run(Path("run")).history()) == 3
    code, out, _ = run("train", "--epochs", "3", "--out", "run", "--data", "few.npz", "--resume")  # without a recipe
    assert (code, out) == (0, "run has ended already, after 3 epochs: nothing to do\n")


def test_to_resume_with_other_settings_names_those_that_differ(folder, run):
    _begun("run")
    before = Path("run/manifest.json").read_bytes()
    for again in (["seed", "--layers", "784,10", "--epochs", "4"], ["--epochs", "4"]):
        code, _, err = run("train", *again, "--out", "run", "--data", "few.npz", "--resume")
        assert (code, err.splitlines()[1:3]) == (2, ["  must be: epochs 3", "  got: epochs 4"])
    code, _, err = run("train", "minibatch", "--epochs", "3", "--out", "run", "--data", "few.npz", "--resume")
    assert (code, "layers 784,10" in err, "batch_size 0" in err, "epochs" in err) == (2, True, True, False)
    assert Path("run/manifest.json").read_bytes() == before


def test_a_checkpoint_that_was_passed_over_is_told(folder, run):
    _begun("run")
    newest = Path("run") / Run(Path("run")).manifest.checkpoints[-1].file
    newest.write_bytes(newest.read_bytes()[:-1])
    code, out, _ = run("train", "--out", "run", "--data", "few.npz", "--resume")
    assert code == 0
    assert f"run: {newest.name} is not what the run wrote: going on from step 0" in out


def test_a_failed_call_leaves_the_folder_of_runs_as_it_was(folder, run):
    assert run("train", "--layers", "784,9", "--quiet")[0] == 2
    assert not Path("runs").exists()
    Path("runs").mkdir()
    assert run("train", "--layers", "784,9", "--quiet")[0] == 2
    assert list(Path("runs").iterdir()) == []


def test_where_no_run_can_be_made_it_is_said(folder, run):
    Path("runs").write_text("in the way")
    code, _, err = run("train", "--epochs", "1", "--quiet")
    assert code == 1
    assert "a new run cannot be made there" in err
