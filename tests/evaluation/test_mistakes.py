"""Mistakes and the cells of the confusion matrix: against sums made by hand, and SciPy's distances."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import digitlab as dl
from digitlab.data.label_errors import label_errors_of
from digitlab.errors import InputError
from digitlab.evaluation.cells import cell_of
from digitlab.evaluation.mistakes import mistakes
from digitlab.evaluation.predictions import predict_all


@pytest.fixture(scope="module")
def network(few):
    """A network that has learnt a little, with fewer units than a cell names."""
    recipe = dl.recipe("quick", layers=(784, 8, 10), epochs=2)
    network = recipe.new_network()
    dl.fit(network, few, recipe)
    return network


@pytest.fixture(scope="module")
def predictions(network, mnist):
    return predict_all(network, mnist[1])


def _largest_cell(predictions):
    wrong = np.zeros((10, 10), int)
    np.add.at(wrong, (predictions.labels[~predictions.right], predictions.predicted[~predictions.right]), 1)
    return divmod(int(wrong.argmax()), 10)


def test_mistakes_are_all_that_are_wrong_surest_first(network, predictions, mnist):
    found = mistakes(predictions)
    test, p = mnist[1], network.probabilities(mnist[1].images)
    assert {one.index for one in found} == set(np.flatnonzero(p.argmax(axis=1) != test.labels).tolist())
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
    for one in found[:20]:
        assert (one.label, one.predicted) == (test.labels[one.index], p[one.index].argmax())
        assert one.confidence == pytest.approx(p[one.index].max(), rel=1e-4)
        assert one.probability_of_label == pytest.approx(p[one.index, one.label], rel=1e-3, abs=1e-6)
    json.dumps([one.to_dict() for one in found])


def test_known_label_errors_are_marked(predictions, few):
    marked = {one.index for one in mistakes(predictions) if one.label_error}
    known = {error.index for error in label_errors_of(predictions.digits)}
    assert marked == known - set(np.flatnonzero(predictions.right).tolist())
    assert len(marked) > 5
    assert all(one.label_error is None for one in mistakes(predict_all(dl.Network([784, 10]), few)))


def test_a_cell_holds_its_pictures_their_average_and_the_sums_that_decided(network, predictions, mnist):
    train, test = mnist
    true, taken = _largest_cell(predictions)
    cell = cell_of(network, predictions, train, true, taken)
    inside = (test.labels == true) & (predictions.predicted == taken)
    assert sorted(cell.indices) == np.flatnonzero(inside).tolist()
    sureness = predictions.confidence[cell.indices]
    assert (np.diff(sureness) <= 0).all()
    np.testing.assert_allclose(cell.mean, test.images[inside].mean(axis=0) / 255)
    z = network.logits(test.images).astype(np.float64)
    leads = z[:, taken] - z[:, true]
    assert cell.lead == pytest.approx(leads[inside].mean(), abs=1e-4)
    assert cell.usual_lead == pytest.approx(leads[test.labels == true].mean(), abs=1e-4)
    a = next(network.activations(network.inputs(test.images.reshape(-1, 784))))
    for push in cell.units:
        terms = a[:, push.unit] * (network.W2[push.unit, taken] - network.W2[push.unit, true])
        assert push.push == pytest.approx(terms[inside].mean(), abs=1e-4)
        assert push.usual == pytest.approx(terms[test.labels == true].mean(), abs=1e-4)
    specials = [push.special for push in cell.units]
    assert specials == sorted(specials, reverse=True)
    assert sum(specials) == pytest.approx(cell.lead - cell.usual_lead)  # all eight are named
    assert cell.explained == pytest.approx(1)
    assert json.loads(json.dumps(cell.to_dict()))["units"][0]["special"] == pytest.approx(specials[0])


def test_the_nearest_training_digits_are_scipys(network, predictions, mnist):
    train, test = mnist[0][:10_000], mnist[1]
    true, taken = _largest_cell(predictions)
    cell = cell_of(network, predictions, train, true, taken, pictures=3)
    assert [one.index for one in cell.nearest] == cell.indices[:3]
    for one in cell.nearest:
        for label, near in ((true, one.of_true), (taken, one.of_predicted)):
            of_class = np.flatnonzero(train.labels == label)
            picture = test.images[one.index].reshape(1, 784) / 255
            distances = cdist(picture, train.images[of_class].reshape(-1, 784) / 255)[0]
            order = np.argsort(distances, kind="stable")[:3]
            assert [neighbour.index for neighbour in near] == of_class[order].tolist()
            np.testing.assert_allclose([neighbour.distance for neighbour in near], distances[order])
            assert all(neighbour.label == label for neighbour in near)


def test_on_the_diagonal_are_the_right_ones_least_sure_first(network, predictions, mnist):
    train, test = mnist
    cell = cell_of(network, predictions, train[:500], 4, 4)
    inside = (test.labels == 4) & predictions.right
    assert sorted(cell.indices) == np.flatnonzero(inside).tolist()
    assert (np.diff(predictions.confidence[cell.indices]) >= 0).all()
    z = network.logits(test.images).astype(np.float64)
    leads = z[:, 4] - np.delete(z, 4, axis=1).mean(axis=1)
    assert cell.lead == pytest.approx(leads[inside].mean(), abs=1e-4)
    assert cell.usual_lead == pytest.approx(leads.mean(), abs=1e-4)
    assert all(near.label != 4 for one in cell.nearest for near in one.of_predicted)
    assert all(near.label == 4 for one in cell.nearest for near in one.of_true)


def test_without_a_hidden_layer_pixels_push(few):
    network = dl.Network([784, 10], seed=0)
    predictions = predict_all(network, few)
    true, taken = _largest_cell(predictions)
    cell = cell_of(network, predictions, few, true, taken)
    x = few.images.reshape(-1, 784)[cell.indices].mean(axis=0) / 255
    assert cell.of_pixels
    assert cell.units[0].push == pytest.approx(
        x[cell.units[0].unit] * (network.W1[:, taken] - network.W1[:, true])[cell.units[0].unit], abs=1e-6
    )


def test_classes_with_names_are_called_by_them(network, few):
    named = replace(few, classes=tuple("abcdefghij"))
    predictions = predict_all(network, named)
    true, taken = _largest_cell(predictions)
    told = cell_of(network, predictions, named, true, taken).to_dict()
    assert (told["true_name"], told["predicted_name"]) == ("abcdefghij"[true], "abcdefghij"[taken])


def test_an_empty_cell_says_so_and_where_the_others_are(network, few):
    predictions = predict_all(network, few)
    wrong = predictions.predicted[(few.labels == 4) & ~predictions.right]
    empty = next(digit for digit in range(10) if digit not in {4, *wrong})
    largest = int(np.bincount(wrong).argmax())
    with pytest.raises(InputError, match=f"the cell is empty: no picture of 4 was taken for {empty}") as error:
        cell_of(network, predictions, few, 4, empty)
    assert f"were taken for {largest} ({np.bincount(wrong).max()})" in error.value.help
    fours = few[np.flatnonzero((few.labels == 4) & predictions.right)]
    for true, words in ((4, "every one of them was read rightly"), (3, "there is none in the test set")):
        with pytest.raises(InputError) as error:
            cell_of(network, predict_all(network, fours), few, true, empty)
        assert error.value.help == words
    with pytest.raises(InputError, match="there is no such class"):
        cell_of(network, predictions, few, 4, 10)
