"""The table: its figures by another hand, and in Markdown the same as in JSON."""

from __future__ import annotations

import json
import re
import statistics
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import digitlab as dl
from digitlab.reproduction.reproducing import default_recipes
from digitlab.runs.manifest import processor
from digitlab.runs.run import Run
from digitlab.training.batches import split
from tests.reproduction.small import FOLDERS, PLAIN, RECIPES, SEEDS, WIDE, reproduce_small


def test_what_is_kept_is_what_is_returned(whole):
    out, table = whole
    kept = json.loads((out / "table.json").read_text("utf-8"))
    assert (kept["format"], kept["version"], kept["complete"]) == ("digitlab-reproduction", 1, True)
    assert [row["recipe"] for row in kept["recipes"]] == [row.recipe for row in table.recipes] == ["plain", "wide"]
    assert kept["recipes"][1]["mean"] == table.recipes[1].mean


def test_errors_are_those_of_trainings_by_hand(whole, digits):
    train, test = digits
    for row, named in zip(whole[1].recipes, RECIPES, strict=True):
        for seed in range(SEEDS):
            recipe = dl.recipe("minibatch", **vars(named.recipe) | {"seed": seed, "validation": 0})
            network = recipe.new_network()
            dl.fit(network, train, recipe, threads=1)
            wrong = int(np.count_nonzero(network.predict(test.images) != test.labels))
            assert (row.seeds[seed].seed, row.seeds[seed].errors, row.seeds[seed].error) == (seed, wrong, wrong / 2)
        errors = [seed.error for seed in row.seeds]
        assert (row.mean, row.least, row.most) == (pytest.approx(np.mean(errors)), min(errors), max(errors))
        assert row.spread == pytest.approx(np.std(errors, ddof=1))


def test_the_interval_is_wilsons_of_the_mean_error_over_the_test_digits_not_over_all_trainings(whole, digits):
    """Its ends are the shares from which the mean error is 1.96 of their standard deviations away."""
    count = len(digits[1])
    for row in whole[1].recipes:
        for end in row.interval:
            share = end / 100
            away = abs(row.mean / 100 - share) / np.sqrt(share * (1 - share) / count)
            assert away == pytest.approx(stats.norm.ppf(0.975))
        assert row.interval[0] < row.mean < row.interval[1]


def test_the_validation_error_is_that_of_the_digits_held_out_with_seed_0(whole, digits):
    out, table = whole
    for row, named in zip(table.recipes, RECIPES, strict=True):
        held_out = digits[0][split(400, named.recipe.validation, 0)[1]]
        network = dl.load(out / row.recipe / "validation")
        wrong = int(np.count_nonzero(network.predict(held_out.images) != held_out.labels))
        found = row.validation
        assert (found.held_out, found.errors, found.error) == (len(held_out), wrong, 100 * wrong / len(held_out))


def test_the_rest_is_that_of_the_runs(whole):
    out, table = whole
    runs = {str(folder): Run(out / folder).manifest for folder in FOLDERS}
    for row, named in zip(table.recipes, RECIPES, strict=True):
        seconds = [runs[f"{row.recipe}/seed-{seed}"].outcome.seconds for seed in range(SEEDS)]
        assert [seed.seconds for seed in row.seeds] == seconds
        assert row.seconds == pytest.approx(statistics.fmean(seconds))
        assert row.validation.seconds == runs[f"{row.recipe}/validation"].outcome.seconds
        assert (row.epochs, row.parameters) == (named.recipe.epochs, named.recipe.new_network().parameters.size)
    assert [row.published for row in table.recipes] == [None, WIDE.published.to_dict()]
    (machine,) = table.machines
    assert (machine.processor, machine.digitlab, machine.threads) == (processor(), dl.__version__, 1)
    assert (table.samples, table.test_samples, table.seeds) == (400, 200, SEEDS)


def test_markdown_says_what_json_says(whole):
    out, table = whole
    lines = (out / "table.md").read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[:4]]
    heads, _, *rows = cells
    assert {len(row) for row in cells} == {len(heads)}
    for row, shown in zip(table.recipes, [dict(zip(heads, row, strict=True)) for row in rows], strict=True):
        assert (shown["recipe"], shown["network"], shown["epochs"]) == (row.recipe, row.network, str(row.epochs))
        assert shown["ours: mean ± spread"] == f"{row.mean:.2f} ± {row.spread:.2f} %"
        assert shown["95 % interval"] == f"{row.interval[0]:.2f} to {row.interval[1]:.2f} %"
        assert shown["validation"] == f"{row.validation.error:.2f} %"
        assert float(shown["time per seed"].removesuffix(" s")) == pytest.approx(row.seconds, rel=0.01)
    assert [row[2] for row in rows] == ["-", r"4.7 % (A \| B (1998))"]
    assert rows[1][-1] == "the rates are ours"
    caption = " ".join(lines[4:])
    for words in (table.interval_covers, "200 pictures", "all 400", "the seeds 0 to 1", "100 or 150"):
        assert words in caption
    assert str(table.machines[0]) in caption


def test_one_seed_has_no_spread(digits, tmp_path):
    table = reproduce_small(digits, tmp_path / "out", recipes=[PLAIN], seeds=1)
    assert (table.recipes[0].spread, table.recipes[0].least) == (None, table.recipes[0].mean)
    assert "±" not in (tmp_path / "out/table.md").read_text("utf-8").splitlines()[2]


def test_those_with_a_published_result_are_taken_where_none_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.toml").write_text(PLAIN.to_toml())
    (tmp_path / "b.toml").write_text(WIDE.to_toml())
    for name, change in {"c": {"epochs": 1}, "d": {"layers": (784, 4000, 10)}}.items():  # the least work is done first
        recipe = replace(WIDE, recipe=replace(WIDE.recipe, **change))
        (tmp_path / f"{name}.toml").write_text(recipe.to_toml())
    monkeypatch.setattr("digitlab.training.recipe_files.FOLDER", tmp_path)
    assert [recipe.name for recipe in default_recipes()] == ["c", "b", "d"]
