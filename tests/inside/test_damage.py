"""Damage: what is taken from a network, and what that costs; ablation against each unit really taken away."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import digitlab as dl
from digitlab.inside import Damage, ablation, damaged, noise_curve, pruning_curve
from digitlab.network.activations import ACTIVATIONS


@pytest.fixture
def network():
    return dl.Network([784, 12, 9, 10], activation="relu", seed=3)


def _accuracy(network: dl.Network, digits: dl.Digits) -> float:
    return float(np.mean(network.predict(digits.images) == digits.labels))


def test_no_damage_is_the_same_network(network):
    same = damaged(network, Damage())
    np.testing.assert_array_equal(same.parameters, network.parameters)
    assert same.card == network.card
    assert same.parameters is not network.parameters


def test_a_unit_that_is_off_hands_nothing_on(network, mnist):
    hurt = damaged(network, Damage(off=((1, 3), (2, 0))))
    assert not hurt.W2[3].any()
    assert not hurt.W3[0].any()
    changed = (hurt.parameters != network.parameters).sum()
    assert changed == 9 + 10
    *hidden, _ = network.activations(network.inputs(mnist[1].images[:5].reshape(5, 784)))
    hidden[1][:, 0] = 0
    only_last = damaged(network, Damage(off=((2, 0),)))
    np.testing.assert_allclose(only_last.logits(mnist[1].images[:5]), hidden[1] @ network.W3 + network.b3, atol=1e-5)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99, 1])
def test_pruning_takes_the_smallest_weights_of_each_layer(network, share):
    hurt = damaged(network, Damage(prune=share))
    for before, after in zip(network.layers, hurt.layers, strict=True):
        gone = after.W == 0
        assert gone.sum() == round(share * before.W.size)
        assert np.abs(before.W[gone]).max() <= np.abs(before.W[~gone]).min(initial=math.inf)
        np.testing.assert_array_equal(after.W[~gone], before.W[~gone])
        np.testing.assert_array_equal(after.b, before.b)


def test_noise_is_as_strong_as_it_says_and_seeded(network):
    hurt, again, other = (damaged(network, Damage(noise=0.5, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(hurt.parameters, again.parameters)
    assert (hurt.parameters != other.parameters).any()
    assert (hurt.W1 - network.W1).std() == pytest.approx(0.5 * network.W1.std(), rel=0.05)
    np.testing.assert_array_equal(hurt.b1, network.b1)


def test_a_temperature_changes_how_sure_it_is_and_no_answer(network, mnist):
    hurt = damaged(network, Damage(temperature=2.0))
    images = mnist[1].images[:50]
    assert hurt.card.temperature == 2
    np.testing.assert_array_equal(hurt.predict(images), network.predict(images))
    assert (hurt.probabilities(images).max(axis=1) < network.probabilities(images).max(axis=1)).all()


def test_curves_are_the_accuracies_of_damaged_networks(few):
    network, part = dl.load("standard"), few[:200]
    for curve, damage in (
        (pruning_curve(network, part, [0, 0.9, 0.99]), Damage(prune=0.9)),
        (noise_curve(network, part, [0, 1.5, 3], seed=4), Damage(noise=1.5, seed=4)),
    ):
        assert curve.accuracy[0] == _accuracy(network, part)
        assert curve.accuracy[1] == _accuracy(damaged(network, damage), part)
        assert curve.accuracy[0] > curve.accuracy[2]
        assert json.loads(json.dumps(curve.to_dict()))["damage"] == curve.damage
        assert curve.amounts[1] == getattr(damage, curve.damage)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(784, 8, 10), (784, 7, 6, 5, 10)])
def test_ablation_is_what_is_left_without_each_unit(activation, sizes, few):
    network, part = dl.Network(sizes, activation=activation, seed=1), few[:200]
    dl.fit(network, few, dl.recipe("minibatch", layers=sizes, activation=activation, epochs=3, learning_rate=0.2))
    found = ablation(network, part)
    assert found.count == 200
    assert found.accuracy == _accuracy(network, part)
    assert [len(one) for one in found.without] == list(sizes[1:-1])
    for layer, accuracies in enumerate(found.without, start=1):
        for unit, accuracy in enumerate(accuracies):
            assert accuracy == _accuracy(damaged(network, Damage(off=((layer, unit),))), part)
    assert np.ptp(found.without[0]) > 0
    layer, unit, accuracy = found.most_missed(1)[0]
    assert accuracy == found.without[layer - 1][unit] == min(map(min, found.without))
    assert json.loads(json.dumps(found.to_dict()))["without"][0] == found.without[0].tolist()


def test_ablation_of_the_model_that_ships(few):
    network, part = dl.load("standard"), few[:150]
    found = ablation(network, part)
    for layer, unit, accuracy in found.most_missed(3):
        assert accuracy == _accuracy(damaged(network, Damage(off=((layer, unit),))), part)


def test_without_hidden_layers_there_is_nothing_to_take_away(few):
    assert ablation(dl.Network([784, 10]), few[:20]).without == ()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"prune": 1.01}, "0 to 1"),
        ({"prune": math.nan}, "0 to 1"),
        ({"noise": -1}, "standard deviations"),
        ({"noise": math.inf}, "standard deviations"),
        ({"noise": 0.1, "seed": -1}, "whole number from 0"),
        ({"noise": 0.1, "seed": 1.5}, "whole number from 0"),
        ({"off": ((0, 1),)}, "units 0 to 11 of layer 1, units 0 to 8 of layer 2"),
        ({"off": ((3, 1),)}, "no such hidden unit"),
        ({"off": ((1, 12),)}, "unit 12 of layer 1"),
        ({"off": ((1, -1),)}, "no such hidden unit"),
        ({"temperature": 0}, "temperature"),
    ],
)
def test_damage_that_cannot_be_done_is_refused(network, damage, words):
    with pytest.raises(dl.errors.InputError, match=words):
        damaged(network, Damage(**damage))


@pytest.mark.parametrize("measure", [ablation, pruning_curve, noise_curve])
def test_what_cannot_be_measured_is_refused(measure, network, few):
    with pytest.raises(dl.errors.InputError, match="empty"):
        measure(network, few[:0])
    with pytest.raises(dl.errors.InputError, match="the test set must be"):
        measure(network, few.images)
    with pytest.raises(dl.errors.InputError, match="cannot tell 10 classes apart"):
        measure(dl.Network([784, 5, 3]), few)
    with pytest.raises(dl.errors.PictureError, match="wrong shape"):
        measure(dl.Network([64, 5, 10]), few)
    network.parameters[:] = math.nan
    with pytest.raises(dl.errors.DivergenceError, match="no answer"):
        measure(network, few[:10])


def test_noise_on_weights_beyond_reason_is_finite(recwarn):
    network = dl.Network([784, 8, 10])
    network.parameters[:] *= 1e25  # the squares of its weights are beyond float32
    hurt = damaged(network, Damage(noise=0.5))
    assert np.isfinite(hurt.parameters).all()
    assert (hurt.parameters != network.parameters).any()
    assert not recwarn.list
