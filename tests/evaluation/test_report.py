"""The report: against scikit-learn, on the real test set."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

import digitlab as dl
from digitlab.errors import InputError


@pytest.fixture(scope="module")
def trained(mnist):
    """A network that has learnt a little."""
    recipe = dl.recipe("minibatch", epochs=1)
    network = recipe.new_network()
    dl.fit(network, mnist[0][:10_000], recipe)
    return network


def test_accuracy_and_cross_entropy_equal_scikit_learns(trained, mnist):
    test = mnist[1]
    report = dl.evaluate(trained, test)
    assert report.accuracy == accuracy_score(test.labels, trained.predict(test.images))
    probabilities = trained.probabilities(test.images).astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert report.cross_entropy == pytest.approx(log_loss(test.labels, probabilities), rel=1e-5)
    assert report.accuracy_interval[0] < report.accuracy < report.accuracy_interval[1]
    assert report.confusion.sum() == report.count == 10_000
    assert report.confusion.trace() / 10_000 == report.accuracy


def test_both_halves_of_the_test_set_are_told(trained, mnist):
    test = mnist[1]
    report = dl.evaluate(trained, test)
    pupils, employees = report.halves
    assert pupils.accuracy == dl.evaluate(trained, test[:5000]).accuracy
    assert employees.accuracy == dl.evaluate(trained, test[5000:]).accuracy
    assert pupils.accuracy < employees.accuracy  # the first half is the harder one
    assert dl.evaluate(trained, test[:5000]).halves == []


def test_the_report_is_json_and_fits_a_terminal(trained, mnist):
    report = dl.evaluate(trained, mnist[1])
    answer = json.loads(json.dumps(report.to_dict()))
    assert {"count", "accuracy", "accuracy_interval", "cross_entropy", "confusion", "per_digit", "halves"} <= set(
        answer
    )
    assert answer["per_digit"][3]["digit"] == 3
    assert np.shape(answer["confusion"]) == (10, 10)
    text = str(report)
    assert max(map(len, text.splitlines())) <= 80
    assert f"{100 * report.accuracy:.2f} %" in text


def test_an_untrained_network_guesses(mnist):
    report = dl.evaluate(dl.Network([784, 64, 10]), mnist[1])
    assert report.accuracy < 0.25
    assert report.cross_entropy == pytest.approx(np.log(10), abs=0.4)


def test_what_cannot_be_measured_is_refused(few):
    with pytest.raises(InputError, match="at least one digit"):
        dl.evaluate(dl.Network([784, 10]), few[:0])
    with pytest.raises(InputError, match="at least 10 outputs"):
        dl.evaluate(dl.Network([784, 9]), few)
