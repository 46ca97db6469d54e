"""Counterfactuals: the answer flips, just so; in closed form where there is one, by SciPy's minimizer elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

import digitlab as dl
from digitlab.data.deskew import deskew
from digitlab.errors import InputError, PictureError
from digitlab.inside.counterfactual import MARGIN, find_counterfactual
from digitlab.network.activations import ACTIVATIONS
from digitlab.network.card import Preprocessing

GREY = np.full((28, 28), 0.5)
PIXELS = [100, 200, 300, 400, 500, 600]  # of `few_pixels`


@pytest.fixture
def few_pixels():
    """A curved network that looks at six pixels alone, so that another minimizer can keep up."""
    network = dl.Network([784, 12, 3], activation="tanh", seed=5)
    weights = np.zeros((784, 12))
    weights[PIXELS] = np.random.default_rng(7).standard_normal((6, 12))
    network.W1 = weights
    return network


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_answer_flips_and_with_a_little_less_it_does_not(name, few):
    network = dl.Network([784, 20, 8, 10], activation=name, seed=2)
    network.parameters[:] *= 3  # untrained, but no longer undecided
    for image in few.images[:2]:
        found = find_counterfactual(network, image)
        assert network.predict(found.before) == found.digit == network.predict(image)
        assert network.predict(found.after) == found.becomes != found.digit
        for share in (0.25, 0.5, 0.75, 0.995):
            assert network.predict(found.before + share * found.change) == found.digit
        assert found.distance == pytest.approx(np.linalg.norm(found.change), rel=1e-5)
        assert found.greatest == pytest.approx(np.abs(found.change).max(), rel=1e-5)
        np.testing.assert_allclose(found.probabilities_before, network.probabilities(image), rtol=1e-5)
        np.testing.assert_allclose(found.probabilities_after, network.probabilities(found.after), rtol=1e-5)


def test_in_a_linear_network_it_is_the_distance_to_the_nearest_hyperplane():
    network = dl.Network([784, 6], seed=1)
    z = network.logits(GREY).astype(np.float64)
    first = int(z.argmax())
    W = network.W1.astype(np.float64)
    distances = {
        other: (z[first] - z[other] + MARGIN) / np.linalg.norm(W[:, other] - W[:, first])
        for other in set(range(6)) - {first}
    }
    found = find_counterfactual(network, GREY)
    assert found.becomes == min(distances, key=distances.get)
    assert found.distance == pytest.approx(min(distances.values()), rel=1e-4)
    assert find_counterfactual(network, GREY, found.becomes).distance == pytest.approx(found.distance, rel=1e-4)


def _smallest(network, start, sign, others):
    """By SciPy, over the six pixels: the length of the smallest change with which ``sign`` leads the others."""

    def lead(x, other):
        picture = start.copy()
        picture[PIXELS] = x
        *_, z = network.activations(picture)
        return z[sign] - z[other] - MARGIN

    rules = [{"type": "ineq", "fun": lead, "args": (other,)} for other in others]
    x0, lengths = start[PIXELS], []
    for begin in np.random.default_rng(0).random((8, 6)):
        answer = minimize(
            lambda x: ((x - x0) ** 2).sum(), begin, bounds=[(0, 1)] * 6, constraints=rules, method="SLSQP"
        )
        if answer.success:
            lengths.append(np.sqrt(answer.fun))
    return min(lengths, default=np.inf)


def test_no_other_minimizer_finds_a_smaller_one(few_pixels, rng):
    for picture in rng.random((4, 784)):
        digit = int(few_pixels.predict(picture))
        found = find_counterfactual(few_pixels, picture)
        others = {0, 1, 2} - {digit}
        best = {becomes: _smallest(few_pixels, picture, becomes, {0, 1, 2} - {becomes}) for becomes in others}
        assert found.distance == pytest.approx(min(best.values()), rel=0.01)
        assert np.flatnonzero(found.change).tolist() == PIXELS
        for becomes in others:  # the far one, too, though its border may have corners
            chosen = find_counterfactual(few_pixels, picture, becomes)
            assert chosen.becomes == becomes
            assert 0.99 * best[becomes] < chosen.distance < 1.3 * best[becomes]


def test_pixels_stay_between_paper_and_ink(few_pixels):
    corner = np.zeros(784)
    corner[PIXELS[::2]] = 1
    found = [find_counterfactual(few_pixels, corner, k) for k in {0, 1, 2} - {int(few_pixels.predict(corner))}]
    found = [one for one in found if one is not None]
    assert found
    assert all(one.after.min() >= 0 and one.after.max() <= 1 for one in found)


def test_where_nothing_flips_the_answer_nothing_is_made_up():
    network = dl.Network([784, 16, 3], seed=0)
    network.b2 = [0, 1e6, 0]
    assert find_counterfactual(network, GREY) is None
    assert find_counterfactual(network, GREY, 2) is None


def test_it_is_about_what_the_network_sees(few):
    network = dl.Network([784, 10], seed=0)
    network.card = replace(network.card, preprocessing=Preprocessing(28, kind="deskew"))
    found = find_counterfactual(network, few.images[0])
    np.testing.assert_allclose(found.before, deskew(few.images[:1].reshape(1, 784))[0].reshape(28, 28) / 255, atol=1e-6)


def test_it_is_the_same_every_time_and_plain(few):
    network = dl.Network([784, 10], seed=0)
    first, again = (find_counterfactual(network, few.images[0]).to_dict() for _ in range(2))
    assert json.loads(json.dumps(first)) == again
    assert "names" not in first
    network.card = replace(network.card, labels=tuple("abcdefghij"), temperature=2.0)
    named = find_counterfactual(network, few.images[0])
    assert named.to_dict()["names"] == list("abcdefghij")
    np.testing.assert_allclose(named.probabilities_after, network.probabilities(named.after), rtol=1e-5)


def test_what_cannot_be_is_refused(few):
    network = dl.Network([784, 10], seed=0)
    image = few.images[0]
    for number in (10, -1, 1.5, True):
        with pytest.raises(InputError, match="there is no such class"):
            find_counterfactual(network, image, number)
    with pytest.raises(InputError, match="read so already"):
        find_counterfactual(network, image, int(network.predict(image)))
    with pytest.raises(PictureError, match="one picture"):
        find_counterfactual(network, few.images[:2])
    with pytest.raises(PictureError, match="wrong shape"):
        find_counterfactual(dl.Network([100, 10]), image)
    with pytest.raises(InputError, match="the network must be a Network"):
        find_counterfactual("standard", image)
