"""Calibrating a run: on the digits that it held out, and on no others."""

from __future__ import annotations

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError, RunError
from digitlab.evaluation import calibrate, fit_temperature
from digitlab.evaluation.calibrating import never_learnt
from digitlab.runs.run import Run
from digitlab.training import EpochDone
from digitlab.training.batches import split

SETTINGS = {"layers": (784, 16, 10), "epochs": 3, "batch_size": 20, "learning_rate": 1.0, "seed": 3}


def _trained(folder, digits, **changes):
    recipe = dl.recipe("minibatch", **SETTINGS | changes)
    events = []
    dl.fit(recipe.new_network(), digits, recipe, out=folder, snapshot_every=1, listeners=[events.append])
    return folder, [event for event in events if isinstance(event, EpochDone)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory, few):
    """A run that held 300 of 1,000 digits out, and its epochs."""
    return _trained(tmp_path_factory.mktemp("runs") / "kept", few, validation=300)


def test_the_digits_are_those_that_the_training_measured_on(kept, few):
    folder, epochs = kept
    held_out = few[never_learnt(Run(folder), few)]
    assert len(held_out) == 300
    network = Run(folder).network()
    assert dl.evaluate(network, held_out).cross_entropy == pytest.approx(epochs[-1].validation_loss, rel=1e-6)


def test_the_temperature_is_in_the_card_and_no_answer_changes(kept, few, mnist):
    folder, _ = kept
    test = mnist[1][:2000]
    done = calibrate(folder, few, test)
    network, (_, held_out) = Run(folder).network(), split(1000, 300, 3)
    expected = fit_temperature(network.logits(few.images[held_out]), few.labels[held_out])
    assert done.network.card.temperature == done.temperature == expected != 1
    assert done.held_out == 300
    assert np.array_equal(done.network.parameters, network.parameters)
    assert done.after.cross_entropy < done.before.cross_entropy
    assert done.after.accuracy == done.before.accuracy
    told = done.to_dict()
    assert told["before"]["cross_entropy"] == dl.evaluate(network, test).cross_entropy
    assert told["after"]["calibration_error"] == dl.evaluate(done.network, test).calibration_error
    again = calibrate(Run(folder), few, test, epoch=1)
    assert np.array_equal(again.network.parameters, Run(folder).network_at(1).parameters)


def test_a_run_that_held_nothing_out_or_had_other_digits_is_refused(kept, tmp_path, few, mnist):
    with pytest.raises(InputError, match="was trained on other digits") as caught:
        calibrate(kept[0], mnist[0][:999], mnist[1])
    assert caught.value.must_be == "MNIST train (1,000 of 60,000)"
    folder, _ = _trained(tmp_path / "all", few, epochs=1)
    with pytest.raises(InputError, match="held no digits out") as caught:
        calibrate(folder, few, mnist[1])
    assert "--validation" in caught.value.help


def test_where_all_answers_are_right_no_temperature_is_best(tmp_path, few, mnist):
    same = dl.Digits(np.repeat(few.images[:1], 50, axis=0), np.repeat(few.labels[:1], 50), "one digit")
    folder, _ = _trained(tmp_path / "same", same, validation=10)
    with pytest.raises(InputError, match="no temperature is best") as caught:
        calibrate(folder, same, mnist[1][:10])
    assert caught.value.got == "all answers are right"


def _branched(parent, folder, few, **changes):
    recipe = dl.recipe("minibatch", **SETTINGS | {"epochs": 4} | changes)
    dl.fit(recipe.new_network(), few, recipe, out=folder, branch=dl.Branch(parent, 2))
    return folder


def test_of_a_branch_only_what_its_parent_held_out_too_counts(kept, tmp_path, few, mnist):
    parent = kept[0]
    more = _branched(parent, tmp_path / "more", few, validation=400)
    assert never_learnt(Run(more), few).tolist() == split(1000, 300, 3)[1].tolist()
    other = _branched(parent, tmp_path / "other", few, validation=300, seed=4)
    both = np.intersect1d(split(1000, 300, 3)[1], split(1000, 300, 4)[1])
    assert never_learnt(Run(other), few).tolist() == both.tolist()
    one = next(seed for seed in range(100) if not np.isin(split(1000, 1, seed)[1], split(1000, 300, 3)[1]))
    learnt = _branched(parent, tmp_path / "learnt", few, validation=1, seed=one)
    with pytest.raises(InputError, match="all that it held out was learnt by"):
        calibrate(learnt, few, mnist[1])


def test_a_branch_without_its_parent_is_refused(tmp_path, few, mnist):
    parent, _ = _trained(tmp_path / "parent", few, epochs=2, validation=100)
    branch = _branched(parent, tmp_path / "branch", few, validation=100)
    parent.rename(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="branched from is gone"):
        calibrate(branch, few, mnist[1])
    _trained(parent, few, epochs=2, validation=100, seed=8)
    with pytest.raises(RunError, match="branched from is gone"):
        calibrate(branch, few, mnist[1])
