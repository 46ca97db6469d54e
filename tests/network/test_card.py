"""The card of a network: what it may say, and what the network does with it."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest
import scipy.special

import digitlab as dl
from digitlab.data.deskew import deskew
from digitlab.errors import InputError, PictureError
from digitlab.network import Architecture, Card, Preprocessing, TrainingSummary
from digitlab.network.card import MAX_TEXT_LENGTH, names_of_outputs, new_card, plain_text

TINY = Architecture((4, 3, 2))


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ()},
        {"labels": "no"},
        {"labels": ("no", "no")},
        {"labels": ("no", 1)},
        {"labels": ("no", "\x1b[2J")},
        {"labels": None},
        {"preprocessing": {"side": 28}},
        {"preprocessing": Preprocessing(2, kind="deskew")},
        {"training": {"epochs": 3}},
        {"temperature": 0},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"temperature": "1"},
        {"temperature": True},
        {"recipe": dl.Recipe()},
        {"recipe": {"epochs": float("nan")}},
        {"recipe": {1: 2}},
    ],
)
def test_a_card_with_a_wrong_value_cannot_be_made(changes):
    with pytest.raises(InputError, match="got: "):
        dataclasses.replace(new_card(TINY), **changes)


@pytest.mark.parametrize(
    ("card", "complaint"),
    [
        (None, "must be a Card"),
        ("no", "must be a Card"),
        (Card(("no",)), "2 outputs needs 2 labels"),
        (Card(("no", "yes"), Preprocessing(3)), "4 inputs cannot take pictures of 3 x 3"),
    ],
)
def test_a_network_takes_no_card_of_another_one(card, complaint):
    network = dl.Network([4, 3, 2])
    with pytest.raises(InputError, match=complaint):
        network.card = card
    assert network.card == new_card(TINY)


def test_the_temperature_divides_the_logits_before_softmax_and_nothing_else(few):
    network = dl.Network([784, 8, 10], seed=1)
    plain, logits, predicted = (
        network.probabilities(few.images),
        network.logits(few.images),
        network.predict(few.images),
    )
    for temperature in (0.001, 0.5, 1, 2.5, 1000):
        network.card = dataclasses.replace(network.card, temperature=temperature)
        expected = scipy.special.softmax(logits.astype(np.float64) / temperature, axis=1)
        np.testing.assert_allclose(
            network.probabilities(few.images), expected, atol=3e-4 if temperature < 0.01 else 1e-6
        )
        np.testing.assert_array_equal(network.probabilities(few.images[3]), network.probabilities(few.images[3:4])[0])
        np.testing.assert_array_equal(network.logits(few.images), logits)
        np.testing.assert_array_equal(network.predict(few.images), predicted)
    network.card = dataclasses.replace(network.card, temperature=1)
    assert network.probabilities(few.images).tobytes() == plain.tobytes()


def test_the_largest_logits_stay_finite_at_the_lowest_temperature():
    network = dl.Network([4, 2])
    network.parameters[:] = 1e38
    network.b1[1] = -1e38
    network.card = dataclasses.replace(network.card, temperature=0.001)
    assert network.probabilities(np.ones(4) / 4).tolist() == [1, 0]


def test_a_network_that_wants_deskewed_pictures_makes_them_of_what_it_is_given(few):
    plain = dl.Network([784, 8, 10], seed=1)
    network = plain.copy()
    network.card = dataclasses.replace(network.card, preprocessing=Preprocessing(28, kind="deskew"))
    upright = deskew(few.images)
    floats = few.images / np.float32(255)
    assert np.array_equal(network.inputs(few.images.reshape(-1, 784)), upright.reshape(-1, 784) / np.float32(255))
    for answer in ("logits", "probabilities", "predict"):
        expected = getattr(plain, answer)(upright)
        for images in (few.images, few.images.reshape(-1, 784), few.images[..., None], floats, floats.astype(float)):
            np.testing.assert_array_equal(getattr(network, answer)(images), expected)
        for image in (few.images[5], few.images[5].reshape(-1), floats[5]):
            alone = getattr(network, answer)(image)
            np.testing.assert_allclose(alone, expected[5], rtol=1e-4, atol=1e-6)
    assert not np.array_equal(network.logits(few.images), plain.logits(few.images))
    assert np.array_equal(network.logits(upright, preprocessed=True), plain.logits(upright))
    assert network.logits(few.images[:0]).shape == (0, 10)


@pytest.mark.parametrize("wrong", [np.full((28, 28), 2.0), np.full((28, 28), np.nan), np.ones((28, 28), int)])
def test_what_is_no_picture_is_refused_before_it_is_deskewed(wrong):
    network = dl.recipe("seed", preprocessing="deskew").new_network()
    with pytest.raises(PictureError, match="uint8"):
        network.predict(wrong)


def test_copies_and_pickles_keep_the_card(tmp_path):
    network = dl.Network([4, 3, 2])
    network.card = dataclasses.replace(network.card, labels=["no", "yes"], temperature=2)
    network.save(tmp_path / "model")
    for other in (
        network.copy(),
        copy.deepcopy(network),
        pickle.loads(pickle.dumps(network)),
        dl.load(tmp_path / "model"),
    ):
        assert other.card == network.card
        assert other.card.labels == ("no", "yes")


def test_a_new_network_calls_its_outputs_by_their_numbers():
    assert dl.Network([784, 10]).card == Card(tuple("0123456789"), Preprocessing(28))
    assert dl.Network([5, 12]).card == Card(tuple(map(str, range(12))), None)  # five inputs are no square picture


@pytest.mark.parametrize(
    ("classes", "labels"),
    [
        (["circle", "cross"], ("circle", "cross", "unused 2", "unused 3")),
        (["0", "1", "2", "3"], ("0", "1", "2", "3")),
        (["3", "5"], ("3", "5", "unused 2", "unused 3")),
        (["unused 3", "unused 3'"], ("unused 3", "unused 3'", "unused 2", "unused 3''")),
    ],
)
def test_outputs_beyond_the_classes_are_called_unused(classes, labels):
    assert new_card(Architecture((784, 4)), classes).labels == labels


def test_more_classes_than_outputs_and_names_that_cannot_be_kept_are_refused():
    for classes in (["a", "b", "c"], ["a", "\n"], ["a", "x" * 256], ["a", "\ud800"]):
        with pytest.raises(InputError):
            new_card(TINY, classes)


def test_names_beat_numbers_and_other_names_are_refused():
    named, numbered = Card(("no", "yes")), Card(("0", "1"))
    assert names_of_outputs(named, ("no", "yes")) == ("no", "yes")
    assert names_of_outputs(numbered, ("no", "yes")) == ("no", "yes")
    assert names_of_outputs(numbered, ("no",)) == ("no", "unused 1")
    trained = dataclasses.replace(named, training=TrainingSummary("finished", 3, 30, 100, 0, "drawn", "numpy"))
    for classes in (("yes", "no"), ("yes",), ("no",), ("0", "1"), tuple("0123456789")):
        with pytest.raises(InputError, match=r"knows other classes(.|\n)*it was trained on drawn"):
            names_of_outputs(trained, classes)


def test_words_are_made_plain():
    assert plain_text("MNIST train") == "MNIST train"
    assert plain_text("a\x1b[2J\nb") == "a\\x1b[2J\\nb"
    assert len(plain_text("x" * 5000)) == MAX_TEXT_LENGTH
    assert plain_text("\ud800") == "\\ud800"
