"""Comparisons of models: which may be compared, which belong together, and what comes of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import DigitlabError, InputError
from digitlab.evaluation.contest import Contest, Contestant, compare_all, copies
from digitlab.runs.models import find_model

SHAPE = {"layers": (784, 3, 10), "batch_size": 50}


def _train(digits: dl.Digits, out: Path, **settings: object) -> None:
    recipe = dl.recipe("minibatch", **SHAPE | {"epochs": 2} | settings)
    dl.fit(recipe.new_network(), digits, recipe, out=out, snapshot_every=1)


@pytest.fixture(scope="module")
def runs(mnist, tmp_path_factory) -> Path:
    """Three seeds of one recipe, two of another, and one of a third."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in (0, 1, 2):
        _train(mnist[0][:300], folder / f"slow{seed}", seed=seed)
    for seed in (0, 1):
        _train(mnist[0][:300], folder / f"fast{seed}", seed=seed, learning_rate=0.5)
    _train(mnist[0][:300], folder / "long", epochs=3)
    return folder


@pytest.fixture(scope="module")
def unseen(mnist) -> dl.Digits:
    return mnist[1][:400]


def _compare(test: dl.Digits, *names: str | Path, train: dl.Digits | None = None) -> Contest:
    return compare_all([Contestant.of(find_model(name), test) for name in names], train=train)


def test_each_is_compared_with_the_first(runs, unseen):
    contest = _compare(unseen, runs / "slow0", runs / "fast0", runs / "long")
    assert [pair.names for pair in contest.pairs] == [
        (str(runs / "slow0"), str(runs / "fast0")),
        (str(runs / "slow0"), str(runs / "long")),
    ]
    assert [pair.level for pair in contest.pairs] == [0.025, 0.025]
    assert contest.groups == []
    assert contest.sentences == [pair.sentence for pair in contest.pairs]
    for entry, name in zip(contest.entries, ("slow0", "fast0", "long"), strict=True):
        report = dl.evaluate(dl.load(runs / name), unseen)
        assert (entry.accuracy, entry.accuracy_interval) == (report.accuracy, report.accuracy_interval)
        assert entry.seed == 0


def test_runs_that_differ_in_their_seed_alone_are_a_group(runs, unseen):
    names = ["slow0", "fast0", "slow1", "long", "fast1", "slow2"]
    contest = _compare(unseen, *(runs / name for name in names))
    found = [(group.title, [Path(name).name for name in group.names]) for group in contest.groups]
    assert found == [
        ("learning_rate 0.1, epochs 2", ["slow0", "slow1", "slow2"]),
        ("learning_rate 0.5, epochs 2", ["fast0", "fast1"]),
        ("learning_rate 0.1, epochs 3", ["long"]),
    ]
    assert contest.groups[0].mean == pytest.approx(np.mean([contest.entries[place].accuracy for place in (0, 2, 5)]))
    assert [pair.b.title for pair in contest.group_pairs] == [title for title, _ in found[1:]]
    assert contest.sentences[-1].endswith("there is one run alone of learning_rate 0.1, epochs 3")
    assert json.loads(json.dumps(contest.to_dict()))["sentences"] == contest.sentences


def test_seeds_alone_are_one_group(runs, unseen):
    contest = _compare(unseen, runs / "slow0", runs / "slow1", runs / "slow2")
    assert [group.title for group in contest.groups] == [f"{runs / 'slow0'} and its like"]
    assert contest.sentences[0].endswith("points from seed to seed (standard deviation)")


def test_what_differs_in_more_than_the_seed_is_no_group(runs, unseen, mnist, tmp_path):
    """Other digits, another epoch, a branch, a repeated training, a network of which nothing is known."""
    _train(mnist[0][300:600], tmp_path / "other", seed=1)
    recipe = dl.recipe("minibatch", **SHAPE, epochs=2, seed=1)
    branch = dl.Branch(runs / "slow0", 1)
    dl.fit(recipe.new_network(), mnist[0][:300], recipe, out=tmp_path / "branch", branch=branch)
    _train(mnist[0][:300], tmp_path / "again")
    recipe.new_network().save(tmp_path / "new.safetensors")
    (tmp_path / "new2.safetensors").write_bytes((tmp_path / "new.safetensors").read_bytes())
    others = [tmp_path / name for name in ("other", "branch", "again", "new.safetensors", "new2.safetensors")]
    contest = _compare(unseen, runs / "slow0", f"{runs / 'slow1'}@1", *others)
    assert contest.groups == []
    assert _compare(unseen, *others[3:]).sentences[0].endswith("give the same answers")
    assert len(_compare(unseen, f"{runs / 'slow0'}@1", f"{runs / 'slow1'}@1").groups) == 1


def test_models_tell_their_recipe_too(runs, unseen, tmp_path):
    for name in ("slow0", "slow1"):
        shutil.copy(runs / name / "model.safetensors", tmp_path / f"{name}.safetensors")
    contest = _compare(unseen, tmp_path / "slow0.safetensors", tmp_path / "slow1.safetensors")
    assert [len(group.names) for group in contest.groups] == [2]


def test_fewer_than_two_or_one_twice_is_refused(runs, unseen, monkeypatch):
    monkeypatch.chdir(runs)
    with pytest.raises(InputError, match="needs two models at least"):
        _compare(unseen, "slow0")
    for again in ("slow0", "./slow0", runs / "slow0"):
        with pytest.raises(InputError, match="a model is not compared with itself"):
            _compare(unseen, "slow0", again)
    assert len(_compare(unseen, "slow0", "slow0@1").entries) == 2


def test_a_run_that_knows_the_test_pictures_is_refused(runs, unseen, tmp_path):
    """It learnt from them, from the first of them, or held them out; or its parent did."""
    _train(unseen, tmp_path / "all")
    _train(unseen[:300], tmp_path / "some", validation=150)
    recipe = dl.recipe("minibatch", **SHAPE, epochs=4)
    dl.fit(recipe.new_network(), unseen, recipe, out=tmp_path / "branch", branch=dl.Branch(tmp_path / "all", 1))
    for name in ("all", "some", "branch"):
        with pytest.raises(InputError, match=rf"{name}: it knows the pictures that it is to be compared on"):
            _compare(unseen, runs / "slow0", tmp_path / name)


def test_test_pictures_among_the_training_ones_are_found(runs, mnist):
    """One picture that is there by chance is no reason, four of a hundred are."""
    train, test = mnist[0][:300], mnist[1][:100]
    for copied, refused in ((1, False), (4, True)):
        images = test.images.copy()
        images[:copied] = train.images[100 : 100 + copied]
        spoilt = dl.Digits(images, test.labels, "test")
        assert copies(spoilt, train) == copied
        if refused:
            with pytest.raises(InputError, match="it knows the pictures"):
                _compare(spoilt, runs / "slow0", runs / "fast0", train=train)
        else:
            _compare(spoilt, runs / "slow0", runs / "fast0", train=train)


def test_held_out_training_digits_are_fair_game(runs, unseen, mnist, tmp_path):
    """One run chooses its epoch by digits that the other one learns from: neither has met the test digits."""
    _train(mnist[0][:300], tmp_path / "chosen", validation=100, keep="best")
    assert len(_compare(unseen, runs / "slow0", tmp_path / "chosen", train=mnist[0][:300]).pairs) == 1


def test_networks_that_take_or_know_something_else_are_refused(runs, unseen, mnist, tmp_path):
    dl.Network([100, 10]).save(tmp_path / "small.safetensors")
    with pytest.raises(InputError, match=r"small\.safetensors: this model takes other pictures\n  must be: 784 inputs"):
        _compare(unseen, runs / "slow0", tmp_path / "small.safetensors")
    letters = dl.Digits(mnist[0].images[:100], mnist[0].labels[:100], "letters", tuple("abcdefghij"))
    _train(letters, tmp_path / "letters")
    with pytest.raises(InputError, match="letters: the network knows other classes"):
        _compare(unseen, runs / "slow0", tmp_path / "letters")
    with pytest.raises(DigitlabError, match="epoch 7 was not kept"):
        _compare(unseen, runs / "slow0", f"{runs / 'slow0'}@7")
