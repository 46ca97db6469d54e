"""``digitlab compare``: what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.display.comparison import comparison_text
from digitlab.evaluation.comparison import Comparison
from digitlab.evaluation.contest import Contest, Entry

DATA = ("--data", "few.npz")


@pytest.fixture(scope="module")
def runs(mnist, tmp_path_factory) -> Path:
    """Two seeds of one recipe, one of a better one, and digits to compare them on."""
    folder, (train, test) = tmp_path_factory.mktemp("runs"), (mnist[0][:50], mnist[1][:500])
    np.savez(folder / "few.npz", x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    for name, seed, rate in (("a0", 0, 0.02), ("a1", 1, 0.02), ("b0", 0, 0.1)):
        recipe = dl.recipe("minibatch", layers=(784, 8, 10), epochs=2, seed=seed, learning_rate=rate)
        dl.fit(recipe.new_network(), mnist[0][:1000], recipe, out=folder / name, snapshot_every=1)
    return folder


def test_two_models_are_compared_in_words(runs, run, monkeypatch):
    monkeypatch.chdir(runs)
    code, out, err = run("compare", "a0", "b0", *DATA, "--save", "a.png", "--curves", "b.svg")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "few.npz test: 500 pictures"
    share = 100 * dl.evaluate(dl.load("a0"), dl.open_data("few.npz")[1]).accuracy
    assert lines[2].startswith(f"a0   {share:.2f} % right   (95 % interval ")
    assert lines[5].startswith("b0 is better than a0: +")
    assert lines[6] == "(networks are compared here; which recipe is better, several seeds of each can tell)"
    assert any(line.startswith("a0 and b0: p = ") for line in lines)
    assert any("pictures changed sides, the first 20" in line for line in lines)
    assert lines[-22 - 1] == "  (what each is: what a0 reads, then b0)"
    assert lines[-3].lstrip()[0].isdigit()
    assert lines[-2:] == ["saved as a.png", "saved as b.svg"]
    assert Path("a.png").stat().st_size > 5000
    assert Path("b.svg").stat().st_size > 5000


def test_a_p_too_small_for_a_number_is_not_said_to_be_0():
    pair = Comparison(("A", "B"), "some", 9, (0, 1), 0, 0, 9, 0, 0, 1.0, (1.0, 1.0), 0.0, 0.05, [], ("0",))
    entry = Entry("A", 0.0, (0.0, 0.1), None)
    assert "A and B: p < 1e-300 (" in comparison_text(Contest("some", 9, [entry], [pair], [], []))


def test_groups_of_seeds_are_compared_as_groups(runs, run, monkeypatch):
    monkeypatch.chdir(runs)
    code, out, _ = run("compare", "a0", "a1", "b0", "standard", *DATA, "--json")
    assert code == 0
    answer = json.loads(out)
    assert [model["name"] for model in answer["models"]] == ["a0", "a1", "b0", "standard"]
    assert [len(group["names"]) for group in answer["groups"]] == [2, 1, 1]
    assert all(set(one) >= {"p", "interval", "changed", "sentence"} for one in answer["comparisons"])
    code, out, _ = run("compare", "a0", "a1", "b0", *DATA)
    assert code == 0
    assert "on average of 2 seeds, which differ by" in out
    assert "one run beside another, with the luck of their seeds:" in out
    assert "with 2 comparisons at once, one counts where p is below 0.025 (0.05 / 2)" in out
    assert "changed sides" not in out


def test_epochs_of_a_run_are_compared(runs, run, monkeypatch):
    monkeypatch.chdir(runs)
    code, out, _ = run("compare", "b0@0", "b0@2", *DATA, "--json")
    assert code == 0
    assert json.loads(out)["comparisons"][0]["better"] == "b0@2"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "a comparison needs two models at least"),
        (["a0"], "a comparison needs two models at least"),
        (["a0", "./a0"], "a model is not compared with itself"),
        (["a0", "nobody"], "nobody: there is no such model"),
        (["a0", "b0", "--save", "figure.xyz"], "the name of a figure must end"),
        (["a0", "b0", "--curves", "nowhere/a.png"], "nowhere"),
        (["standard", "a0.safetensors", "--curves", "a.png"], "there is no curve to draw"),
    ],
)
def test_what_cannot_be_compared_is_a_wrong_call(runs, run, monkeypatch, arguments, words):
    monkeypatch.chdir(runs)
    dl.load("a0").save("a0.safetensors")
    code, out, err = run("compare", *arguments, *DATA)
    assert (code, out) == (2, "")
    assert words in err
