"""What units push: against the network's own logits, and against a network without the unit."""

from __future__ import annotations

import json

import numpy as np
import pytest

import digitlab as dl
from digitlab.inside import contributions_of
from digitlab.network.activations import ACTIVATIONS


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_pushes_and_bias_add_up_to_the_logits(activation, mnist):
    network = dl.Network([784, 20, 12, 10], activation=activation, seed=1)
    network.b3 = np.arange(10) / 10
    found = contributions_of(network, mnist[1].images[3])
    np.testing.assert_allclose(found.sums, network.logits(mnist[1].images[3]), atol=1e-5)
    assert found.off_by < 1e-5
    assert found.digit == network.predict(mnist[1].images[3])
    assert [len(layer) for layer in found.activations] == [20, 12]
    hidden = list(network.activations(network.inputs(mnist[1].images[3].reshape(784))))[:-1]
    for mine, theirs in zip(found.activations, hidden, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_what_a_unit_pushes_is_missing_without_it(mnist):
    network, image = dl.load("standard"), mnist[1].images[8]
    found = contributions_of(network, image)
    unit = int(np.abs(found.towards(5)).argmax())
    without = network.copy()
    without.layers[-1].W[unit] = 0
    np.testing.assert_allclose(network.logits(image) - without.logits(image), found.pushes[unit], atol=1e-4)


def test_towards_one_rather_than_another():
    network = dl.Network([4, 3, 2])
    found = contributions_of(network, np.full(4, 0.5))
    np.testing.assert_array_equal(found.towards(1, over=0), found.pushes[:, 1] - found.pushes[:, 0])


def test_without_hidden_layers_the_pixels_push(mnist):
    network, image = dl.Network([784, 10], seed=2), mnist[1].images[3]
    found = contributions_of(network, image)
    assert found.activations == ()
    np.testing.assert_allclose(found.pushes, image.reshape(784, 1) / 255 * network.W1, atol=1e-7)


def test_the_record_is_ready_for_json(mnist):
    answer = json.loads(json.dumps(contributions_of(dl.Network([784, 5, 10]), mnist[1].images[3]).to_dict()))
    assert np.shape(answer["pushes"]) == (5, 10)
    assert answer["names"] == list("0123456789")


@pytest.mark.parametrize(
    ("network", "image", "words"),
    [
        ("standard", np.zeros((28, 28)), "the network must be a Network"),
        (dl.Network([784, 10]), np.zeros((2, 784)), "one picture"),
        (dl.Network([64, 10]), np.zeros((28, 28)), "wrong shape"),
        (dl.Network([784, 10]), np.full((28, 28), np.nan), "out of range"),
    ],
)
def test_what_cannot_be_looked_into_is_refused(network, image, words):
    with pytest.raises(dl.errors.InputError, match=words):
        contributions_of(network, image)


def test_a_network_beyond_the_finite_numbers_has_no_answer():
    network = dl.Network([4, 3, 2], activation="relu")
    network.parameters[:] = 3e38
    with pytest.raises(dl.errors.DivergenceError, match="no answer"):
        contributions_of(network, np.ones(4))
