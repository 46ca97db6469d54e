"""The network: its one flat vector and the views, the forward pass, and what it refuses."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

import digitlab as dl
from digitlab.errors import ArchitectureError, DivergenceError, PictureError
from digitlab.network import INITIALIZERS, Architecture

CLASSIC = [784, 64, 10]


def test_parameters_are_one_vector_and_the_rest_are_views():
    network = dl.Network(CLASSIC)
    assert network.parameters.shape == (784 * 64 + 64 + 64 * 10 + 10,)
    assert network.parameters.dtype == np.float32
    for name, shape in {"W1": (784, 64), "b1": (64,), "W2": (64, 10), "b2": (10,)}.items():
        view = getattr(network, name)
        assert view.shape == shape
        assert np.shares_memory(view, network.parameters)
    network.parameters[:] = np.arange(len(network.parameters))
    assert network.b2[-1] == len(network.parameters) - 1
    assert network.W2[0, 0] == 784 * 64 + 64


def test_assigning_a_view_copies_into_the_vector():
    network = dl.Network([784, 3, 10])
    before = network.parameters
    network.b1 = [1, 2, 3]
    assert network.parameters is before
    assert network.parameters[784 * 3 : 784 * 3 + 3].tolist() == [1, 2, 3]
    with pytest.raises(ArchitectureError, match="b1 has shape"):
        network.b1 = [1, 2]


@pytest.mark.parametrize("name", ["W3", "b3", "W0", "weights"])
def test_unknown_attributes_are_an_attribute_error(name):
    with pytest.raises(AttributeError, match=name):
        getattr(dl.Network(CLASSIC), name)


def test_the_seed_decides_the_first_weights():
    first, same, other = (dl.Network(CLASSIC, seed=seed).parameters for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("name", "variance"), [("lecun", 1 / 784), ("glorot", 2 / (784 + 300)), ("he", 2 / 784), ("plain", 0.0025)]
)
def test_initializers_have_their_variance_and_biases_are_zero(name, variance):
    network = dl.Network([784, 300, 10], initializer=name)
    assert network.W1.var() == pytest.approx(variance, rel=0.02)  # 235,200 draws
    assert abs(network.W1.mean()) < 4 * np.sqrt(variance / network.W1.size)
    assert not network.b1.any()
    assert not network.b2.any()
    assert name in INITIALIZERS


@pytest.mark.parametrize(("ours", "theirs"), [("sigmoid", "logistic"), ("tanh", "tanh"), ("relu", "relu")])
@pytest.mark.parametrize("hidden", [(5,), (8, 6, 4)])
def test_probabilities_equal_scikit_learns(ours, theirs, hidden, few):
    x = few.images[:100].reshape(-1, 784) / 255
    peer = MLPClassifier(hidden, activation=theirs, max_iter=1, solver="sgd", batch_size=100)
    peer.partial_fit(x, few.labels[:100], classes=range(10))
    network = dl.Network([784, *hidden, 10], activation=ours)
    for layer, W, b in zip(network.layers, peer.coefs_, peer.intercepts_, strict=True):
        layer.W[...], layer.b[...] = W, b
    np.testing.assert_allclose(network.probabilities(x), peer.predict_proba(x), atol=2e-6)


def test_every_way_to_pass_pictures_gives_the_same_answer(few):
    network, images = dl.Network(CLASSIC), few.images[:3]
    expected = network.probabilities(images)
    assert expected.shape == (3, 10)
    for form in (images.reshape(3, 784), images / 255, (images / 255).reshape(3, 784)):
        np.testing.assert_allclose(network.probabilities(form), expected, atol=1e-7)
    for form in (images[0], images[0].ravel(), images[0] / 255, images[0].ravel() / 255):
        assert network.probabilities(form).shape == (10,)
        np.testing.assert_allclose(network.probabilities(form), expected[0], atol=1e-7)
    assert network.predict(images).shape == (3,)
    assert int(network.predict(images[0])) == network.predict(images)[0]


def test_blocks_do_not_show(mnist):
    _, test = mnist
    network = dl.Network(CLASSIC)
    whole = network.logits(test.images[:4100])  # more than two blocks
    parts = np.concatenate([network.logits(test.images[:2000]), network.logits(test.images[2000:4100])])
    np.testing.assert_allclose(whole, parts, atol=1e-5)
    assert network.probabilities(test.images[:0]).shape == (0, 10)


@pytest.mark.parametrize(
    "picture", [np.zeros((28, 27)), np.zeros(783), np.full(784, np.nan), np.full(784, 1.5), np.zeros(784, int)]
)
def test_wrong_pictures_are_refused(picture):
    with pytest.raises(PictureError, match=r"must be|got"):
        dl.Network(CLASSIC).probabilities(picture)


@pytest.mark.parametrize("sizes", [[784], [], [784, 0, 10], [784, -1], [784.5, 10], "784", [784, True], [10**9, 10], 7])
def test_wrong_sizes_are_refused(sizes):
    with pytest.raises(ArchitectureError, match="2 to 33 whole numbers"):
        Architecture(sizes)


def test_too_many_parameters_are_refused_before_they_are_allocated():
    with pytest.raises(ArchitectureError, match="at most 100,000,000 parameters"):
        dl.Network([16_384, 16_384, 16_384])


@pytest.mark.parametrize("wrong", [{"activation": "swish"}, {"initializer": "magic"}, {"seed": -1}, {"seed": 1.5}])
def test_wrong_names_and_seeds_are_refused(wrong):
    with pytest.raises(ArchitectureError, match="must be"):
        dl.Network(CLASSIC, **wrong)


def test_copies_are_independent():
    network = dl.Network(CLASSIC)
    copy = network.copy()
    copy.parameters[:] = 0
    assert network.parameters.any()
    assert repr(copy) == "Network(784-64-10, sigmoid, 50,890 parameters)"


def test_sums_that_are_no_longer_finite_are_no_answer(few):
    network = dl.Network(CLASSIC, activation="relu")
    network.W1 *= 1e30
    network.W2 *= 1e30
    with pytest.raises(DivergenceError, match="the network has no answer"):
        network.probabilities(few.images[:3])


def test_the_parameters_can_be_changed_in_place_as_a_whole():
    """``*=`` computes in place, and then assigns the same array once more."""
    network = dl.Network([784, 10])
    W1 = network.W1
    before = W1.copy()
    network.parameters *= 2
    assert np.array_equal(W1, 2 * before)
    assert np.shares_memory(W1, network.parameters)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_a_network_copied_or_pickled_after_use_still_has_views(again, few):
    """The views are kept once made; a copy must make its own, or changing its vector would change no answer."""
    network = dl.Network(CLASSIC)
    network.probabilities(few.images[0])
    other = again(network)
    other.parameters *= 2
    assert np.shares_memory(other.layers[0].W, other.parameters)
    fresh = dl.Network.from_parameters(other.architecture, other.parameters)
    assert np.array_equal(other.probabilities(few.images[0]), fresh.probabilities(few.images[0]))


def test_changed_parameters_change_the_next_answer(few):
    network = dl.Network(CLASSIC)
    before = network.probabilities(few.images[0])
    network.layers.clear()  # a list of one's own
    network.parameters[:] = 0
    assert not np.array_equal(network.probabilities(few.images[0]), before)
    assert network.probabilities(few.images[0]) == pytest.approx(0.1)
    network.b2 = np.log(np.arange(1, 11))
    assert network.probabilities(few.images[0]) == pytest.approx(np.arange(1, 11) / 55)


def test_numpys_own_error_settings_do_not_show(few):
    """Powers that vanish and sums that overflow are right answers here; and the caller's settings come back."""
    network = dl.Network(CLASSIC)
    network.W1 *= 1e4
    network.W2 *= 1e4
    expected = network.probabilities(few.images[:3])
    with np.errstate(all="raise"):
        before = np.geterr()
        assert np.array_equal(network.probabilities(few.images[:3]), expected)
        np.testing.assert_allclose(network.probabilities(few.images[0]), expected[0], atol=1e-6)
        assert np.isfinite(network.logits(few.images[:3])).all()
        assert np.array_equal(network.predict(few.images[:3]), expected.argmax(axis=1))
        assert np.geterr() == before


def test_one_picture_without_an_answer_is_counted_as_one(few):
    network = dl.Network([784, 10])
    network.b1 = np.full(10, np.inf)
    with pytest.raises(DivergenceError, match="no answer to 1 of the pictures"):
        network.probabilities(few.images[0])
    with pytest.raises(DivergenceError, match="no answer to 3 of the pictures"):
        network.probabilities(few.images[:3])
