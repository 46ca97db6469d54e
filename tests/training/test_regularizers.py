"""What the recipe says of regularization reaches the engine; and the average over epochs is the network."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import NumpyEngine
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.runs.run import Run
from digitlab.training import EpochDone
from digitlab.training.augment import distort, distortion_of
from digitlab.training.regularizers import Regularizers, regularization_of
from tests.training.small_training import RECIPE, REGULARIZED, SAMPLES, train_small


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


def test_every_setting_reaches_the_engine(digits):
    recipe = dl.recipe("seed", dropout=0.5, max_norm=2, label_smoothing=0.1, rotation=15, elastic_alpha=34, seed=7)
    how = regularization_of(recipe, recipe.seed)
    assert (how.seed, how.dropout, how.max_norm, how.label_smoothing) == (7, 0.5, 2, 0.1)
    numbers = np.arange(20)
    expected = distort(digits.images[:20], numbers, distortion_of(recipe), seed=7, epoch=3)
    assert np.array_equal(how.distort(digits.images[:20], numbers, epoch=3, threads=1), expected)


def test_nothing_is_regularized_by_default():
    how = regularization_of(Regularizers(), 0)
    assert (how.distort, how.dropout, how.max_norm, how.label_smoothing) == (None, 0, 0, 0)


@pytest.mark.parametrize("setting", [{"rotation": 15.0}, {"dropout": 0.3}, {"label_smoothing": 0.2}, {"max_norm": 0.5}])
def test_each_setting_changes_a_training_and_the_same_one_gives_the_same_bits(setting, digits):
    recipe = replace(RECIPE, **setting)
    plain, _ = train_small(RECIPE, digits)
    network, _ = train_small(recipe, digits)
    again, _ = train_small(recipe, digits)
    assert not np.array_equal(network.parameters, plain.parameters)
    assert np.array_equal(network.parameters, again.parameters)


def test_a_training_asks_for_its_epochs_from_1(digits):
    asked = []

    class Listening(NumpyEngine):
        def open(self, architecture, digits, **options):
            session = super().open(architecture, digits, **options)
            advance = session.advance

            def listening(parameters, optimizer, batches, epoch):
                asked.append(epoch)
                return advance(parameters, optimizer, batches, epoch)

            session.advance = listening
            return session

    dl.fit(RECIPE.new_network(), digits, RECIPE, engine=Listening())
    assert sorted(set(asked)) == list(range(1, RECIPE.epochs + 1))


def test_the_network_is_the_average_over_epochs(digits, tmp_path):
    """By hand: the mean of the first epochs, and once they are 1 / (1 - averaging), one that forgets."""
    recipe = replace(RECIPE, averaging=0.6, epochs=5)
    plain = replace(recipe, averaging=0.0)
    dl.fit(plain.new_network(), digits, plain, out=tmp_path / "plain", snapshot_every=1, engine="numpy")
    after = [Run(tmp_path / "plain").network_at(epoch).parameters.astype(np.float64) for epoch in range(1, 6)]
    average = (after[0] + after[1]) / 2
    for parameters in after[2:]:
        average = 0.6 * average + 0.4 * parameters
    network = recipe.new_network()
    history = dl.fit(network, digits, recipe, out=tmp_path / "run", snapshot_every=1, engine="numpy")
    np.testing.assert_allclose(network.parameters, average, rtol=1e-5, atol=1e-6)
    run = Run(tmp_path / "run")
    assert np.array_equal(run.network().parameters, network.parameters)
    assert np.array_equal(run.network_at(5).parameters, network.parameters)
    assert np.array_equal(run.network_at(1).parameters, after[0].astype(np.float32))
    assert history.losses == [epoch.loss for epoch in Run(tmp_path / "plain").history()]  # the steps are the same


def test_validation_measures_the_average(digits):
    from digitlab.training.batches import split

    recipe = replace(RECIPE, averaging=0.9, validation=50)
    network = recipe.new_network()
    *_, last = [event for event in dl.train(network, digits, recipe) if isinstance(event, EpochDone)]
    held_out = digits[split(len(digits), 50, recipe.seed)[1]]
    logits = network.logits(held_out.images).astype(np.float64)
    assert last.validation_loss == pytest.approx(softmax_cross_entropy(logits, held_out.labels).total / 50)


def test_a_branch_begins_an_average_of_its_own(digits, tmp_path):
    recipe = replace(RECIPE, averaging=0.9, epochs=4)
    dl.fit(recipe.new_network(), digits, recipe, out=tmp_path / "run", snapshot_every=1)
    state = Run(tmp_path / "run").moment(2).state
    assert state.counters.averaged == 2
    network = recipe.new_network()
    branch = replace(recipe, epochs=3)
    dl.fit(network, digits, branch, branch=dl.Branch(tmp_path / "run", 2))
    assert np.array_equal(network.parameters, Run(tmp_path / "run").moment(3).state.parameters)


def test_the_trainings_that_are_resumed_and_recorded_have_every_one_of_the_settings():
    names = {field.name for field in dataclasses.fields(Regularizers)} - {"elastic_sigma"}
    assert set(REGULARIZED) == names
