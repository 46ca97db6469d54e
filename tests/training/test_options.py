"""Options of a training that are something else than they must be: refused in our words, before anything is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError, RecipeError
from digitlab.runs.run import Run
from digitlab.training.recipe_files import read_recipe

RECIPE = dl.recipe("seed", layers=(784, 10), epochs=2)


@pytest.mark.parametrize("value", ["a", 0, -1, 1.5, True, float("nan"), float("inf"), [1], b"1", 1j])
def test_report_every_is_a_whole_number_from_1(few, value):
    with pytest.raises(InputError, match="report_every must be a whole number from 1 to 1,000,000,000"):
        dl.fit(RECIPE.new_network(), few, RECIPE, report_every=value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("checkpoint_every", "often"),
        ("checkpoint_every", -1),
        ("checkpoint_every", float("nan")),
        ("checkpoint_every", None),
        ("checkpoint_every", True),
        ("snapshot_every", "often"),
        ("snapshot_every", -1),
        ("snapshot_every", 1.5),
        ("snapshot_every", 10**30),
        ("snapshot_every", True),
        ("out", 5),
        ("out", b"run"),
        ("branch", "runs/mine@3"),
        ("control", "stop"),
        ("about", 5),
        ("about", "x" * 5001),
        ("about", "\ud800"),
        ("listeners", print),
        ("listeners", [print, None]),
        ("listeners", "print"),
    ],
)
def test_an_option_that_is_something_else_is_refused(few, tmp_path, monkeypatch, option, value):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="must be"):
        dl.fit(RECIPE.new_network(), few, RECIPE, **{option: value})
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_numpy_are_numbers(few, tmp_path):
    options = {"checkpoint_every": np.float32(5), "snapshot_every": np.int64(1), "report_every": np.int8(1)}
    dl.fit(RECIPE.new_network(), few, RECIPE, out=str(tmp_path / "run"), **options)
    manifest = Run(tmp_path / "run").manifest
    assert manifest.snapshot_every == 1
    assert [record.epoch for record in manifest.checkpoints if record.snapshot] == [1, 2]


def test_a_recipe_keeps_its_words_and_tells_what_was_changed(tmp_path):
    named = read_recipe("seed", epochs=5, learning_rate=0.1)
    assert named.about.endswith(" Changed: epochs 5.")  # the learning rate is what it was
    assert read_recipe("seed").about == dl.named_recipes()["seed"].about
    path: Path = tmp_path / "mine.toml"
    path.write_text(named.to_toml(), "utf-8")
    assert (read_recipe(path).about, dl.recipe(path)) == (named.about, named.recipe)
    path.write_text("epochs = 3\n")
    assert (read_recipe(path, epochs=4).about, read_recipe(path, epochs=4).to_toml()[:6]) == ("", "layers")


@pytest.mark.parametrize("about", ["5", "true", "[1]", "{a = 1}", f'"{"x" * 5001}"'])
def test_words_that_are_none_are_refused(tmp_path, about):
    (tmp_path / "mine.toml").write_text(f"about = {about}\n")
    with pytest.raises(RecipeError, match="about must be a text"):
        dl.recipe(tmp_path / "mine.toml")
