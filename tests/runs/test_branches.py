"""Snapshots, and branches from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import find_engine
from digitlab.engines.optimizer import Hyperparameters
from digitlab.errors import InputError, RecipeError, RunError
from digitlab.runs import Branch
from digitlab.runs.run import HISTORY, MODEL, Run
from digitlab.training import StepDone
from digitlab.training.batches import batches_of_epoch, split
from digitlab.training.optimizers import OPTIMIZERS
from tests.training.small_training import BATCH, EPOCH, HELD_OUT, RECIPE, SAMPLES, by_hand, train_small


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


@pytest.fixture
def parent(digits, tmp_path) -> Path:
    """A finished run with a snapshot of every second epoch, and more checkpoints between."""
    train_small(RECIPE, digits, out=tmp_path / "parent", snapshot_every=2, checkpoint_every=0)
    return tmp_path / "parent"


def test_snapshots_stay_and_of_the_others_the_newest_two(digits, tmp_path):
    recipe = replace(RECIPE, epochs=9)
    train_small(recipe, digits, out=tmp_path / "run", snapshot_every=3, checkpoint_every=0)
    checkpoints = Run(tmp_path / "run").manifest.checkpoints
    assert {record.epoch for record in checkpoints if record.snapshot} == {3, 6, 9}
    assert len([record for record in checkpoints if not record.snapshot]) <= 2
    for epoch in (3, 6, 9):
        state = Run(tmp_path / "run").moment(epoch).state
        assert (state.counters.step, state.counters.position) == (epoch * EPOCH, 0)
        short, _ = train_small(replace(recipe, epochs=epoch), digits)
        assert np.array_equal(state.parameters, short.parameters)
    listed = {record.file for record in checkpoints}
    assert {path.name for path in (tmp_path / "run").glob("checkpoint-*")} == listed


def test_a_branch_that_changes_nothing_is_the_parent_to_the_bit(parent, digits, tmp_path):
    network, history = train_small(RECIPE, digits, out=tmp_path / "run", branch=Branch(parent, 2))
    mine, theirs = Run(tmp_path / "run"), Run(parent)
    states = [run.newest_state() for run in (mine, theirs)]
    assert np.array_equal(states[0].parameters, states[1].parameters)
    assert np.array_equal(states[0].memory["velocity"], states[1].memory["velocity"])
    assert states[0].counters.step == states[1].counters.step == 4 * EPOCH
    assert np.array_equal(network.parameters, dl.load(parent).parameters)
    assert mine.read(HISTORY) == theirs.read(HISTORY)
    assert [event.epoch for event in history.epochs] == [1, 2, 3, 4]
    assert mine.manifest.parent is not None
    assert mine.manifest.parent.run == str(parent)
    assert mine.manifest.parent.epoch == 2
    assert mine.manifest.parent.sha256 == theirs.moment(2).sha256
    assert theirs.moment(2).sha256 in {record.sha256 for record in theirs.manifest.files.values()}


def test_a_branch_needs_no_folder(parent, digits):
    network, history = train_small(RECIPE, digits, branch=Branch(parent, 2))
    assert np.array_equal(network.parameters, dl.load(parent).parameters)
    assert [event.epoch for event in history.epochs] == [3, 4]


def test_a_branch_with_another_rate_goes_its_own_way_from_there(parent, digits, tmp_path):
    recipe = replace(RECIPE, learning_rate=0.01)
    network, history = train_small(recipe, digits, out=tmp_path / "run", branch=Branch(parent, 2))
    rates = [(0, RECIPE.learning_rate), (2 * EPOCH, 0.01)]
    assert np.array_equal(network.parameters, by_hand(recipe, digits, rates, 4 * EPOCH))
    assert history.losses[:2] == [event.loss for event in Run(parent).history()[:2]]


def test_a_branch_to_another_optimizer_starts_with_an_empty_memory(parent, digits, tmp_path):
    recipe = replace(RECIPE, optimizer="adam", learning_rate=0.01, epochs=3)
    network, _ = train_small(recipe, digits, out=tmp_path / "run", branch=Branch(parent, 2))
    expected = Run(parent).moment(2).state.parameters
    training = digits[split(SAMPLES, HELD_OUT, recipe.seed)[0]]
    optimizer = OPTIMIZERS["adam"](Hyperparameters(0.01, recipe.momentum, recipe.beta1, recipe.beta2))
    with find_engine().open(network.architecture, training, threads=1) as session:
        session.advance(expected, optimizer, batches_of_epoch(len(training), BATCH, recipe.seed, 3))
    assert np.array_equal(network.parameters, expected)
    state = Run(tmp_path / "run").newest_state()
    assert set(state.memory) == {"m", "v"}
    assert state.counters.memory_since == 2 * EPOCH


def test_a_branch_that_cannot_be_is_refused(parent, digits, tmp_path):
    for epoch in (1, 5):
        with pytest.raises(RunError, match=f"epoch {epoch} was not kept"):
            next(dl.train(RECIPE.new_network(), digits, RECIPE, branch=Branch(parent, epoch)))
    wide = replace(RECIPE, layers=(784, 4, 10))
    with pytest.raises((RecipeError, RunError)):
        next(dl.train(wide.new_network(), digits, wide, branch=Branch(parent, 2)))
    relu = replace(RECIPE, activation="relu" if RECIPE.activation != "relu" else "tanh")
    with pytest.raises(RecipeError, match="must have the layers and the activation of its run"):
        next(dl.train(relu.new_network(), digits, relu, branch=Branch(parent, 2)))
    with pytest.raises(RunError, match="this is not a run"):
        next(dl.train(RECIPE.new_network(), digits, RECIPE, branch=Branch(tmp_path / "nowhere", 2)))


def test_a_branch_that_is_cut_off_goes_on_to_the_same_bits(parent, digits, tmp_path):
    train_small(RECIPE, digits, out=tmp_path / "whole", branch=Branch(parent, 2))
    options = {"out": tmp_path / "cut", "threads": 1}
    events = dl.train(RECIPE.new_network(), digits, RECIPE, branch=Branch(parent, 2), each_step=True, **options)
    next(event for event in events if isinstance(event, StepDone) and event.step == 2 * EPOCH + 1)
    events.close()
    dl.fit(RECIPE.new_network(), digits, RECIPE, resume=True, **options)
    for name in (HISTORY, MODEL, f"checkpoint-{4 * EPOCH}.safetensors"):
        assert Run(tmp_path / "cut").read(name) == Run(tmp_path / "whole").read(name)


def test_a_branch_that_cannot_grow_is_refused(tmp_path, few):
    recipe = dl.recipe("seed", layers=(784, 8, 10), epochs=3)
    dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "trunk")
    branch = dl.Branch(tmp_path / "trunk", 3)
    with pytest.raises(InputError, match="begins after 3 epochs, and its recipe has 3"):
        next(dl.train(recipe.new_network(), few, recipe, branch=branch))
    with pytest.raises(InputError, match="not both"):
        dl.train(recipe.new_network(), few, recipe, branch=branch, resume=True, out=tmp_path / "trunk")


def test_a_branch_tells_where_it_began(tmp_path, few):
    recipe = dl.recipe("seed", layers=(784, 8, 10), epochs=3)
    dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "trunk")
    longer = dl.recipe("seed", layers=(784, 8, 10), epochs=5)
    branch = dl.Branch(tmp_path / "trunk", 3)
    events = dl.train(longer.new_network(), few, longer, out=tmp_path / "branch", branch=branch)
    next(events)
    outcome = Run(tmp_path / "branch").manifest.outcome
    assert (outcome.epochs, outcome.loss) == (3, Run(tmp_path / "trunk").history()[-1].loss)
    events.close()
