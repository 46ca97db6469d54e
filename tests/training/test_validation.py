"""Validation, patience, and which parameters are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import NumpyEngine
from digitlab.errors import RecipeError
from digitlab.runs.run import Run
from digitlab.training import EpochDone, Stopped
from digitlab.training.batches import split
from tests.training.small_training import HELD_OUT, RECIPE, SAMPLES, train_small


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


def test_what_is_held_out_changes_no_bit_of_the_parameters(digits, rng):
    _, held_out = split(SAMPLES, HELD_OUT, RECIPE.seed)
    images, labels = digits.images.copy(), digits.labels.copy()
    images[held_out] = rng.integers(0, 256, images[held_out].shape, np.uint8)
    labels[held_out] = (labels[held_out] + 1) % 10
    network, history = train_small(RECIPE, digits)
    other, otherwise = train_small(RECIPE, dl.Digits(images, labels, "changed"))
    assert np.array_equal(network.parameters, other.parameters)
    assert history.losses == otherwise.losses
    assert history.epochs[0].validation_loss != otherwise.epochs[0].validation_loss


def test_what_is_not_held_out_is_trained_on(digits):
    trained, _ = split(SAMPLES, HELD_OUT, RECIPE.seed)
    network, _ = train_small(RECIPE, digits)
    for sample in trained[::16]:
        labels = digits.labels.copy()
        labels[sample] = (labels[sample] + 1) % 10
        other, _ = train_small(RECIPE, dl.Digits(digits.images, labels, "changed"))
        assert not np.array_equal(network.parameters, other.parameters)


@pytest.mark.parametrize(("count", "held_out"), [(1, 0), (2, 1), (10, 9), (1000, 100), (60_000, 10_000)])
def test_each_sample_is_in_one_part_and_the_seed_alone_says_in_which(count, held_out):
    trained, validation = split(count, held_out, 3)
    assert len(validation) == held_out
    assert sorted([*trained, *validation]) == list(range(count))
    assert np.array_equal(validation, split(count, held_out, 3)[1])
    if count >= 1000:
        assert not np.array_equal(validation, split(count, held_out, 4)[1])


def test_other_settings_than_the_seed_do_not_move_the_split(digits):
    seen = []

    class Spy(NumpyEngine):
        def open(self, architecture, digits, **options):
            seen.append(digits.sha256())
            return super().open(architecture, digits, **options)

    for changes in ({}, {"batch_size": 7}, {"epochs": 1, "learning_rate": 0.5}, {"keep": "best"}, {"seed": 1}):
        train_small(replace(RECIPE, **changes), digits, engine=Spy())
    assert len(set(seen[:4])) == 1
    assert seen[4] != seen[0]


def test_validation_is_what_evaluate_says_of_the_samples_held_out(digits):
    held_out = digits[split(SAMPLES, HELD_OUT, RECIPE.seed)[1]]
    network = RECIPE.new_network()
    epochs = 0
    for event in dl.train(network, digits, RECIPE, threads=1):
        if isinstance(event, EpochDone):
            report = dl.evaluate(network, held_out)
            assert event.validation_loss == pytest.approx(report.cross_entropy, rel=1e-6)
            assert event.validation_accuracy == report.accuracy
            epochs += 1
    assert epochs == RECIPE.epochs


def test_validation_that_leaves_nothing_is_refused(digits):
    with pytest.raises(RecipeError, match="leaves none to train on"):
        dl.train(RECIPE.new_network(), digits, replace(RECIPE, validation=SAMPLES))
    train_small(replace(RECIPE, validation=SAMPLES - 1), digits)


WORSE = replace(RECIPE, learning_rate=3.0, epochs=30)


@pytest.fixture(scope="module")
def getting_worse(mnist) -> dl.Digits:
    """Labels that have nothing to do with the pictures: what is learnt of them is wrong elsewhere."""
    labels = np.random.default_rng(0).integers(0, 10, SAMPLES, np.uint8)
    return dl.Digits(mnist[0].images[:SAMPLES], labels, "shuffled")


@pytest.mark.parametrize("patience", [1, 2, 3, 5])
def test_patience_ends_the_training_after_so_many_epochs_without_a_better_one(patience, getting_worse):
    _, patient = train_small(WORSE, getting_worse)
    losses = [event.validation_loss for event in patient.epochs]
    best, last = 0, len(losses) - 1
    for epoch, loss in enumerate(losses):
        best = epoch if loss < losses[best] else best
        if epoch - best == patience:
            last = epoch
            break
    assert last < len(losses) - 1
    _, history = train_small(replace(WORSE, patience=patience), getting_worse)
    assert history.stopped is not None
    assert (history.stopped.reason, history.stopped.epoch) == ("early", last + 1)
    assert [event.validation_loss for event in history.epochs] == losses[: last + 1]


def test_a_run_that_ended_early_is_not_gone_on_with(getting_worse, tmp_path):
    recipe = replace(WORSE, patience=2, keep="best")
    network, history = train_small(recipe, getting_worse, out=tmp_path / "run")
    assert Run(tmp_path / "run").manifest.outcome.state == "early"
    again = recipe.new_network()
    events = list(dl.train(again, getting_worse, recipe, out=tmp_path / "run", resume=True))
    assert isinstance(events[-1], Stopped)
    assert (events[-1].reason, events[-1].epoch) == ("early", len(history.epochs))
    assert np.array_equal(again.parameters, network.parameters)


def test_best_and_last_are_the_parameters_of_these_epochs_to_the_bit(getting_worse, tmp_path):
    network, after = WORSE.new_network(), []
    losses = []
    for event in dl.train(network, getting_worse, WORSE, threads=1):
        if isinstance(event, EpochDone):
            after.append(network.parameters.copy())
            losses.append(event.validation_loss)
    best = int(np.argmin(losses))
    assert best < len(losses) - 1
    for keep, expected in (("best", after[best]), ("last", after[-1])):
        kept, _ = train_small(replace(WORSE, keep=keep), getting_worse, out=tmp_path / keep)
        assert np.array_equal(kept.parameters, expected)
        assert np.array_equal(dl.load(tmp_path / keep).parameters, expected)
        assert np.array_equal(Run(tmp_path / keep).newest_state().parameters, after[-1])  # where it would go on


def test_patience_can_be_changed(getting_worse, tmp_path):
    control = dl.Control()
    control.change(patience=2)
    _, history = train_small(WORSE, getting_worse, control=control, out=tmp_path / "run")
    _, expected = train_small(replace(WORSE, patience=2), getting_worse)
    assert history.stopped is not None
    assert history.stopped.reason == "early"
    assert history.losses == expected.losses
