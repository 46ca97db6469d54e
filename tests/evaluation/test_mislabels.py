"""Suspected label errors: planted ones are found, each by a network that never saw the picture, the same every time."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError, RecipeError
from digitlab.evaluation.cross_validation import cross_validated
from digitlab.evaluation.mislabels import find_mislabels
from digitlab.runs.options import TrainOptions

RECIPE = dl.recipe("quick", layers=(784, 32, 10), epochs=5)
PLANTED = np.arange(0, 2000, 100)  # of the first 2,000: twenty


@pytest.fixture(scope="module")
def spoiled(mnist):
    """A training part of 2,000 and a test part of 1,000; twenty labels of the first are wrong."""
    images, labels = mnist[0].images[:3000], mnist[0].labels[:3000].copy()
    labels[PLANTED] = (labels[PLANTED] + 3) % 10
    return dl.Digits(images[:2000], labels[:2000], "some"), dl.Digits(images[2000:], labels[2000:], "others")


@pytest.fixture(scope="module")
def found(spoiled):
    return find_mislabels(*spoiled, RECIPE, folds=4, seed=3)


def test_planted_errors_come_first(found, spoiled):
    train, test = spoiled
    first = {(suspect.part, suspect.index) for suspect in found.suspects[:60]}  # by chance, not one
    assert len(first & {("train", index) for index in PLANTED.tolist()}) >= 12
    margins = [suspect.confidence - suspect.probability_of_label for suspect in found.suspects]
    assert margins == sorted(margins, reverse=True)
    assert (found.count, found.source, found.known) == (3000, "some and others", 0)
    assert found.accuracy == pytest.approx(1 - len(found.suspects) / 3000)
    for suspect in found.suspects:
        part = train if suspect.part == "train" else test
        assert suspect.label == part.labels[suspect.index] != suspect.predicted
        np.testing.assert_array_equal(suspect.picture, part.images[suspect.index])


def test_each_picture_is_judged_by_a_network_that_was_trained_on_the_others(spoiled):
    train, calls = spoiled[0], []
    p = cross_validated(train, RECIPE, TrainOptions(), folds=3, progress=lambda: calls.append(1))
    assert len(calls) == 3 * RECIPE.epochs
    fold = np.array_split(np.random.default_rng(RECIPE.seed).permutation(2000), 3)[1]
    network = RECIPE.new_network()
    dl.fit(network, train[np.setdiff1d(np.arange(2000), fold)], RECIPE)
    np.testing.assert_array_equal(p[fold], network.probabilities(train.images[fold]))


def test_what_is_confident_is_as_sure_as_pictures_with_that_label(found, spoiled):
    both = dl.Digits(*(np.concatenate([getattr(one, name) for one in spoiled]) for name in ("images", "labels")), "")
    p = cross_validated(both, replace(RECIPE, seed=3), TrainOptions(), folds=4, progress=lambda: None)
    confident = 0
    for suspect in found.suspects:
        threshold = p[both.labels == suspect.predicted, suspect.predicted].mean()
        assert suspect.confident == (suspect.confidence >= threshold)
        confident += suspect.confident
    assert 0 < found.confident == confident < len(found.suspects)


def test_the_same_seed_gives_the_same_list_and_a_part_is_a_part_of_it(found, spoiled):
    again = find_mislabels(*spoiled, RECIPE, folds=4, seed=3, part="test")
    of_test = [suspect.to_dict() for suspect in found.suspects if suspect.part == "test"]
    assert [suspect.to_dict() for suspect in again.suspects] == of_test
    assert (again.count, again.source) == (1000, "others")
    assert json.loads(json.dumps(again.to_dict()))["confident"] == again.confident


def test_known_label_errors_are_marked(mnist, monkeypatch):
    def by_ink(digits, *_arguments, **_options):  # a judge that takes no time
        return np.tile(np.linspace(0, 1, 10), (len(digits), 1))

    monkeypatch.setattr("digitlab.evaluation.mislabels.cross_validated", by_ink)
    found = find_mislabels(mnist[0][:100], mnist[1], RECIPE)
    marked = [suspect for suspect in found.suspects if suspect.label_error]
    assert found.known == 15
    assert {suspect.part for suspect in marked} == {"test"}
    assert 947 in {suspect.index for suspect in marked}
    assert found.known_among_first(len(found.suspects)) == len(marked)
    assert find_mislabels(mnist[0][:100], mnist[1], RECIPE, part="train").known == 0


def test_what_cannot_be_is_refused(spoiled):
    train, test = spoiled
    for arguments, words in (
        ({"folds": 1}, "folds must be a whole number from 2 to 100"),
        ({"folds": True}, "folds must be a whole number"),
        ({"part": "training"}, "there is no part 'training'"),
        ({"seed": -1}, "seed"),
    ):
        with pytest.raises(InputError, match=words):
            find_mislabels(train, test, RECIPE, **arguments)
    with pytest.raises(InputError, match="each fold needs a picture"):
        find_mislabels(train[:2], test[:1], RECIPE)
    with pytest.raises(InputError, match="there is no label to judge"):
        find_mislabels(train, test[:0], RECIPE, part="test")
    with pytest.raises(InputError, match="the same classes"):
        find_mislabels(train, replace(test, classes=tuple("abcdefghij")), RECIPE)
    with pytest.raises(RecipeError, match="validation takes"):
        find_mislabels(train, test, dl.recipe("quick", validation=2900))
