"""Attributions: they add up, whatever the network, and are what PyTorch's gradients give."""

from __future__ import annotations

import json

import numpy as np
import pytest

import digitlab as dl
from digitlab.inside import attribute
from digitlab.inside.attribution import GRADIENT, METHODS, TIMES_INPUT
from digitlab.network.activations import ACTIVATIONS
from digitlab.network.card import new_card

INITIALIZERS = {"relu": "he", "leaky_relu": "he"}


def _network(activation: str, sizes=(784, 40, 30, 20, 10), steeper: float = 3) -> dl.Network:
    network = dl.Network(sizes, activation=activation, initializer=INITIALIZERS.get(activation, "lecun"), seed=5)
    network.parameters[:] *= steeper
    network.parameters[:] += np.random.default_rng(6).normal(0, 0.1, network.parameters.size)  # biases, too
    return network


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_integrated_gradients_add_up_to_the_rise_of_the_logit(activation, mnist):
    network, image = _network(activation), mnist[1].images[8]
    for digit in (2, 7):
        found = attribute(network, image, digit)
        rise = network.logits(image)[digit] - network.logits(np.zeros(784))[digit]
        assert found.sum == pytest.approx(float(rise), abs=1e-4)
        assert found.expected == pytest.approx(float(rise), abs=1e-4)
        assert found.off_by <= 1e-4
        assert found.pixels.sum() == pytest.approx(found.sum)
        assert np.abs(attribute(network, image, digit, TIMES_INPUT).sum - rise) > 1e-2  # it does not


def test_of_the_model_that_ships_they_add_up_to_the_last_bits(mnist):
    network = dl.load("standard")
    for index in (0, 8, 115):
        found = attribute(network, mnist[1].images[index])
        assert found.digit == network.predict(mnist[1].images[index])
        assert found.off_by < 1e-9
        assert found.places < 2000
        assert found.pixels[mnist[1].images[index] == 0].any() == 0  # no ink, nothing to attribute


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_integrated_gradients_are_what_very_many_equal_steps_give(activation, mnist):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    network, image = _network(activation, (784, 16, 12, 10)), mnist[1].images[4]
    parts = [torch.tensor(part.astype(np.float64)) for layer in network.layers for part in layer]
    x = torch.tensor(image.reshape(784) / 255)
    places = ((torch.arange(2_000, dtype=torch.float64) + 0.5) / 2_000)[:, None] * x
    places.requires_grad_()
    a = places
    for W, b in zip(parts[::2], parts[1::2], strict=True):
        z = a @ W + b
        a = torch.relu(z) if activation == "relu" else torch.nn.functional.gelu(z, approximate="tanh")
    z[:, 3].sum().backward()
    wanted = (x * places.grad.mean(dim=0)).numpy().reshape(28, 28)
    np.testing.assert_allclose(attribute(network, image, 3).pixels, wanted, atol=1e-3)  # as far as equal steps go


def test_the_gradient_is_where_differences_of_the_logit_lead(mnist):
    network, image = dl.Network([784, 20, 10], activation="tanh"), mnist[1].images[4] / 255
    gradient = attribute(network, image, 3, GRADIENT)
    h, pixel = 1e-2, (14, 14)
    ahead, behind = image.copy(), image.copy()
    ahead[pixel], behind[pixel] = 0.5 + h, 0.5 - h
    image[pixel] = 0.5
    rise = network.logits(ahead)[3] - network.logits(behind)[3]
    assert attribute(network, image, 3, GRADIENT).pixels[pixel] == pytest.approx(rise / (2 * h), rel=1e-2)
    assert gradient.expected is None
    assert gradient.off_by is None


def test_gradient_times_input_is_that(mnist):
    network, image = _network("sigmoid"), mnist[1].images[4]
    gradient, times_input = (attribute(network, image, method=method) for method in (GRADIENT, TIMES_INPUT))
    np.testing.assert_allclose(times_input.pixels, gradient.pixels * image / 255)


def test_it_is_about_what_the_network_sees(mnist):
    """A network that wants upright digits is asked about the upright one."""
    image = mnist[1].images[15]
    upright = dl.Network([784, 20, 10])
    as_it_is = upright.copy()
    upright.card = new_card(upright.architecture, kind="deskew")
    seen = upright.card.preprocess(image.reshape(784))
    assert (seen != image.reshape(784)).any()
    np.testing.assert_array_equal(attribute(upright, image, 3).pixels, attribute(as_it_is, seen, 3).pixels)


@pytest.mark.parametrize("method", METHODS)
def test_the_record_is_ready_for_json(method, mnist):
    found = attribute(dl.Network([784, 5, 10]), mnist[1].images[3], 4, method)
    answer = json.loads(json.dumps(found.to_dict()))
    assert np.shape(answer["pixels"]) == (28, 28)
    assert (answer["method"], answer["digit"], answer["sum"]) == (method, 4, found.sum)


def test_a_network_whose_inputs_make_no_square_can_be_asked_too():
    found = attribute(dl.Network([12, 5, 3]), np.full(12, 0.5))
    assert found.pixels.shape == (1, 12)
    assert found.off_by < 1e-4


def test_what_cannot_be_asked_is_refused(mnist):
    network, image = dl.Network([784, 10]), mnist[1].images[3]
    with pytest.raises(dl.errors.InputError, match=r"no method 'integrated'\n.*\n.*did you mean integrated gradients"):
        attribute(network, image, method="integrated")
    with pytest.raises(dl.errors.PictureError, match="not a digit"):
        attribute(network, image, 10)
