"""Deskewing belongs to the network: training does it once, and whoever asks the network later need not know."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import digitlab as dl
from digitlab.cli import main
from digitlab.data.deskew import deskew
from digitlab.network import Preprocessing
from digitlab.runs import Branch
from digitlab.runs.run import Run
from digitlab.training import EpochDone, Started
from digitlab.training.batches import split
from tests.training.small_training import HELD_OUT, RECIPE, SAMPLES, train_small

UPRIGHT = replace(RECIPE, preprocessing="deskew")


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


def test_it_is_the_training_on_digits_that_were_deskewed_before(digits):
    network, history = train_small(UPRIGHT, digits)
    before = dl.Digits(deskew(digits.images), digits.labels, "deskewed")
    other, otherwise = train_small(RECIPE, before)
    assert np.array_equal(network.parameters, other.parameters)
    for one, two in zip(history.epochs, otherwise.epochs, strict=True):
        assert (one.loss, one.validation_loss) == (two.loss, two.validation_loss)
    assert np.array_equal(network.logits(digits.images), other.logits(before.images))
    assert network.card.preprocessing == Preprocessing(28, kind="deskew")
    assert other.card.preprocessing == Preprocessing(28)


def test_it_is_in_the_card_from_the_beginning_to_the_end(digits, tmp_path):
    wanted = Preprocessing(28, kind="deskew")
    assert UPRIGHT.new_network().card.preprocessing == wanted
    assert dl.recipe("minibatch").new_network().card.preprocessing == Preprocessing(28)
    network = dl.Network(RECIPE.layers, activation=RECIPE.activation)
    for event in dl.train(network, digits, UPRIGHT, out=tmp_path / "run", snapshot_every=1, checkpoint_every=0):
        assert network.card.preprocessing == wanted
        if isinstance(event, EpochDone):
            run = Run(tmp_path / "run")
            assert run.network().card.preprocessing == wanted  # what the newest checkpoint knows
            assert run.network_at(event.epoch).card.preprocessing == wanted


def test_evaluate_gives_the_accuracy_that_training_promised(digits, tmp_path, capsys):
    _, history = train_small(UPRIGHT, digits, out=tmp_path / "run")
    held_out = digits[split(SAMPLES, HELD_OUT, UPRIGHT.seed)[1]]
    files = {"x_train": held_out.images, "y_train": held_out.labels}
    np.savez(tmp_path / "held_out.npz", **files, x_test=held_out.images, y_test=held_out.labels)
    call = ["evaluate", "--model", str(tmp_path / "run"), "--data", str(tmp_path / "held_out.npz"), "--json"]
    assert main(call) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["accuracy"] == history.epochs[-1].validation_accuracy
    assert answer["cross_entropy"] == pytest.approx(history.epochs[-1].validation_loss, rel=1e-6)


@pytest.mark.parametrize(("before", "after"), [(RECIPE, UPRIGHT), (UPRIGHT, RECIPE)])
def test_a_branch_to_other_preprocessing_says_what_that_means(digits, tmp_path, before, after):
    train_small(before, digits, out=tmp_path / "run", snapshot_every=2)
    branch = Branch(tmp_path / "run", 2)
    network, history = train_small(after, digits, branch=branch, out=tmp_path / "branch")
    assert any("get used to them" in words for words in history.warnings)
    assert network.card == dl.load(tmp_path / "branch").card
    assert network.card.preprocessing == after.new_card().preprocessing
    _, history = train_small(before, digits, branch=branch)
    assert history.warnings == ()


def test_a_trained_network_that_goes_on_with_other_pictures_says_so(digits):
    network, history = train_small(UPRIGHT, digits)
    assert history.warnings == ()
    again = next(dl.train(network, digits, UPRIGHT))
    assert isinstance(again, Started)
    assert again.warnings == ()
    otherwise = next(dl.train(network, digits, RECIPE))
    assert isinstance(otherwise, Started)
    assert len(otherwise.warnings) == 1
    assert "slanted digits made upright, and goes on with slanted digits as they are" in otherwise.warnings[0]
