"""Maps of a layer: they are scikit-learn's."""

from __future__ import annotations

import json

import numpy as np
import pytest

import digitlab as dl
from digitlab.inside import project

sklearn_decomposition = pytest.importorskip("sklearn.decomposition", reason="scikit-learn is not installed")


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_a_map_is_scikit_learns(layer, few):
    network = dl.Network([784, 30, 20, 10], activation="tanh", seed=2)
    found = project(network, few[:400], layer)
    x = network.inputs(few.images[:400].reshape(400, 784))
    numbers = np.asarray([x, *network.activations(x)][layer], dtype=np.float64)
    pca = sklearn_decomposition.PCA(n_components=2, svd_solver="full").fit(numbers)
    np.testing.assert_allclose(found.explained, pca.explained_variance_ratio_, rtol=1e-9)
    np.testing.assert_allclose(np.abs(found.axes @ pca.components_.T), np.eye(2), atol=1e-9)
    wanted = pca.transform(numbers) * np.sign((found.axes * pca.components_).sum(axis=1))
    np.testing.assert_allclose(found.points, wanted, atol=1e-6)
    assert (found.axes[[0, 1], np.abs(found.axes).argmax(axis=1)] > 0).all()
    np.testing.assert_array_equal(found.labels, few.labels[:400])
    assert found.what == ["the pixels", "hidden layer 1", "hidden layer 2", "the logits"][layer]


def test_any_picture_has_a_place_on_it(few):
    network = dl.Network([784, 30, 10])
    for layer in (0, 1, 2):
        found = project(network, few[:100], layer)
        np.testing.assert_allclose(found.place(network, few.images[7]), found.points[7], atol=1e-5)


def test_it_has_the_same_bits_each_time(few):
    network = dl.Network([784, 30, 10])
    one, other = (project(network, few[:100], 1) for _ in range(2))
    assert one.points.tobytes() == other.points.tobytes()


def test_the_record_is_ready_for_json(few):
    found = project(dl.Network([784, 30, 10]), few[:50], 1)
    answer = json.loads(json.dumps(found.to_dict()))
    np.testing.assert_allclose(answer["points"], found.points, atol=1e-4)
    assert answer["labels"] == few.labels[:50].tolist()


def test_pictures_that_are_all_the_same_lie_in_one_place(few):
    same = dl.Digits(few.images[[3] * 5], few.labels[[3] * 5], "five times the same")
    found = project(dl.Network([784, 30, 10]), same, 1)
    np.testing.assert_allclose(found.points, 0, atol=1e-9)
    assert np.isfinite(found.explained).all()


@pytest.mark.parametrize("layer", [-1, 3, 1.0, 1.5, "hidden", True, None])
def test_a_layer_that_is_not_there_is_refused(layer, few):
    with pytest.raises(dl.errors.InputError, match=r"no such layer\n.*0 \(the picture\) to 2 \(the logits\)"):
        project(dl.Network([784, 30, 10]), few[:50], layer)


def test_a_map_has_two_axes(few):
    with pytest.raises(dl.errors.InputError, match="two units"):
        project(dl.Network([784, 1, 10]), few[:50], 1)
    with pytest.raises(dl.errors.InputError, match="two digits"):
        project(dl.Network([784, 3, 10]), few[:1], 1)
    with pytest.raises(dl.errors.InputError, match="empty"):
        project(dl.Network([784, 3, 10]), few[:0], 1)
