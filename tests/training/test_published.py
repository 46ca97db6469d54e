"""What was published for a recipe: in its file, in no setting, and in no card."""

from __future__ import annotations

import json

import numpy as np
import pytest

import digitlab as dl
from digitlab.cli import main
from digitlab.errors import RecipeError
from digitlab.runs.run import Run
from digitlab.training.recipe_files import Published, read_recipe

PUBLISHED = '[published]\nerror = 1.6\nsource = "P. Simard et al. (2003)"\n'


@pytest.mark.parametrize("note", ["", "the rates are ours [really]"])
def test_what_was_published_is_no_setting_and_survives_a_file(tmp_path, note):
    path = tmp_path / "mine.toml"
    path.write_text('about = "Wide."\nepochs = 3\n' + PUBLISHED + (f'note = "{note}"\n' if note else ""))
    named = read_recipe(path)
    assert named.published == Published(1.6, "P. Simard et al. (2003)", note)
    assert named.in_words.startswith("Wide. Published: 1.6 % test error (P. Simard et al. (2003)")
    assert "published" not in named.to_dict()
    path.write_text(named.to_toml())
    assert read_recipe(path) == named
    assert read_recipe(path, epochs=3).published == named.published
    assert read_recipe(path, epochs=4).published is None


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("published = 1.6", "published must be a table"),
        ("published = {error = 1.6}", "published must be a table with an error and its source"),
        (f'{PUBLISHED}notes = "ours"', r"there is no key of published 'notes'[\s\S]*did you mean note\?"),
        ('published = {error = "1.6", source = "S"}', "the published error must be a number"),
        ("published = {error = true, source = 'S'}", "the published error must be a number"),
        ("published = {error = nan, source = 'S'}", "the published error must be a number"),
        ("published = {error = 100.5, source = 'S'}", "the published error must be a number"),
        ("published = {error = 1, source = ''}", "the published source is no line of text"),
        ("published = {error = 1, source = 'S', note = 5}", "the published note is no line of text"),
        ('published = {error = 1, source = "a\\nb"}', "the published source is no line of text"),
    ],
)
def test_what_cannot_have_been_published_is_refused(tmp_path, table, complaint):
    (tmp_path / "mine.toml").write_text(f"epochs = 3\n{table}\n")
    with pytest.raises(RecipeError, match=rf"mine\.toml: {complaint}"):
        read_recipe(tmp_path / "mine.toml")


def test_it_stays_with_a_run_by_the_same_settings_alone_and_out_of_the_card(tmp_path, monkeypatch, few):
    monkeypatch.chdir(tmp_path)
    np.savez("few.npz", x_train=few.images, y_train=few.labels, x_test=few.images[:9], y_test=few.labels[:9])
    path = tmp_path / "mine.toml"
    path.write_text("layers = [784, 10]\nepochs = 1\n" + PUBLISHED)
    assert main(("train", "mine.toml", "--data", "few.npz", "--quiet", "--out", "same")) == 0
    assert Run(tmp_path / "same").named_recipe.published == Published(1.6, "P. Simard et al. (2003)")
    assert dl.load("same").card.recipe == dl.recipe(path).to_dict()
    assert main(("train", "mine.toml", "--data", "few.npz", "--seed", "1", "--quiet", "--out", "other")) == 0
    assert Run(tmp_path / "other").named_recipe.published is None


def test_recipes_are_listed_with_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "wide.toml").write_text('about = "Wide."\n' + PUBLISHED + 'note = "the rates are ours [really]"\n')
    (tmp_path / "own.toml").write_text('about = "Nobody published it."\n')
    monkeypatch.setattr("digitlab.training.recipe_files.FOLDER", tmp_path)
    assert main(("recipes",)) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Wide. Published: 1.6 %." in shown
    assert main(("recipes", "--json")) == 0
    listed = json.loads(capsys.readouterr().out)["recipes"]
    assert (listed["wide"]["published"]["error"], listed["own"]["published"]) == (1.6, None)
    assert main(("recipes", "wide")) == 0
    assert "[published]" in capsys.readouterr().out
