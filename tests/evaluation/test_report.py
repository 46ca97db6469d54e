"""The report's numbers: against scikit-learn, on the real test set. How it is printed: tests/display/test_report.py."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss

import digitlab as dl
from digitlab.data.catalogue import CATALOGUE, Group
from digitlab.errors import InputError
from digitlab.evaluation import calibration_error, predict_all, report_of
from digitlab.evaluation.metrics import wilson_interval


@pytest.fixture(scope="module")
def trained(mnist):
    """A network that has learnt a little."""
    recipe = dl.recipe("minibatch", epochs=1)
    network = recipe.new_network()
    dl.fit(network, mnist[0][:10_000], recipe)
    return network


def test_accuracy_and_cross_entropy_equal_scikit_learns(trained, mnist):
    test = mnist[1]
    predictions = predict_all(trained, test)
    report = report_of(predictions)
    assert report.accuracy == accuracy_score(test.labels, trained.predict(test.images))
    assert report.cross_entropy == pytest.approx(log_loss(test.labels, predictions.probabilities), abs=1e-12)
    assert np.array_equal(report.confusion, confusion_matrix(test.labels, trained.predict(test.images)))
    np.testing.assert_allclose(predictions.probabilities, trained.probabilities(test.images), atol=1e-6)
    assert report.accuracy_interval[0] < report.accuracy < report.accuracy_interval[1]
    assert report.confusion.sum() == report.count == 10_000
    assert report.confusion.trace() / 10_000 == report.accuracy


def test_both_groups_of_writers_are_measured(trained, mnist):
    test = mnist[1]
    right = trained.predict(test.images) == test.labels
    pupils, employees = dl.evaluate(trained, test).groups
    for group, part in ((pupils, right[:5000]), (employees, right[5000:])):
        interval = wilson_interval(int(part.sum()), 5000)
        assert (group.count, group.accuracy, group.accuracy_interval) == (5000, part.mean(), interval)
    assert dl.evaluate(trained, test[:500]).groups == []
    assert pupils.accuracy < employees.accuracy  # their digits are harder to read
    copy = dl.Digits(test.images, test.labels, "known by its bytes, wherever it came from")
    assert dl.evaluate(trained, copy).groups == [pupils, employees]


def test_the_groups_are_those_of_the_catalogue(few, monkeypatch):
    thirds = tuple(Group("pen", name, slice(start, 1000, 3)) for start, name in enumerate(("fine", "broad", "brush")))
    entry = replace(CATALOGUE["kmnist"], groups=thirds, test_sha256=few.sha256())
    monkeypatch.setitem(CATALOGUE, "kmnist", entry)
    network = dl.Network([784, 10])
    report = dl.evaluate(network, few)
    hits = network.predict(few.images) == few.labels
    assert [(group.by, group.name, group.count, group.accuracy) for group in report.groups] == [
        ("pen", "fine", 334, hits[::3].mean()),
        ("pen", "broad", 333, hits[1::3].mean()),
        ("pen", "brush", 333, hits[2::3].mean()),
    ]


def test_the_report_is_json(trained, mnist):
    report = dl.evaluate(trained, mnist[1])
    answer = json.loads(json.dumps(report.to_dict()))
    assert list(answer) == [
        "source", "count", "accuracy", "accuracy_interval", "accuracy_without_label_errors", "cross_entropy", "brier",
        "calibration_error", "calibration_error_interval", "reliability", "sure", "confusion", "per_digit",
        "label_errors", "halves",
    ]  # fmt: skip
    assert answer["per_digit"][3]["digit"] == 3
    assert np.shape(answer["confusion"]) == (10, 10)
    assert [list(half) for half in answer["halves"]] == [["writers", "count", "accuracy", "accuracy_interval"]] * 2
    assert list(answer["label_errors"][0]) == ["index", "given", "voted", "note", "predicted", "confidence"]
    assert [half["writers"] for half in answer["halves"]] == ["high-school pupils", "census employees"]


def test_label_errors_are_told_with_what_it_says_and_left_out(trained, mnist):
    test = mnist[1]
    report = dl.evaluate(trained, test)
    probabilities, right = trained.probabilities(test.images), trained.predict(test.images) == test.labels
    disputed = [one.error.index for one in report.label_errors]
    assert len(disputed) == 15
    for one in report.label_errors:
        assert one.predicted == probabilities[one.error.index].argmax()
        assert one.confidence == pytest.approx(probabilities[one.error.index].max(), abs=1e-6)
    others = [index for index in range(10_000) if index not in disputed]
    assert report.accuracy_without_label_errors == right[others].mean()
    half = dl.evaluate(trained, test[:5000])
    assert (half.label_errors, half.accuracy_without_label_errors) == ([], None)


def test_an_untrained_network_guesses(mnist):
    report = dl.evaluate(dl.Network([784, 64, 10]), mnist[1])
    assert report.accuracy < 0.25
    assert report.cross_entropy == pytest.approx(np.log(10), abs=0.4)


def test_what_cannot_be_measured_is_refused(few):
    with pytest.raises(InputError, match="the test set is empty"):
        dl.evaluate(dl.Network([784, 10]), few[:0])
    with pytest.raises(InputError, match="9 outputs cannot tell 10 classes apart"):
        dl.evaluate(dl.Network([784, 9]), few)


def _named(few, classes):
    return dl.Digits(few.images, few.labels, "drawn", classes)


def test_programs_get_the_names_of_the_classes(few):
    names = tuple("abcdefghij")
    answer = dl.evaluate(dl.Network([784, 10]), _named(few, names)).to_dict()
    assert tuple(score["name"] for score in answer["per_digit"]) == names
    assert "names" not in answer


@pytest.mark.parametrize("temperature", [0.25, 4])
def test_the_temperature_is_in_the_cross_entropy_and_the_calibration_alone(trained, mnist, temperature):
    test = mnist[1][:2000]
    calibrated = trained.copy()
    calibrated.card = replace(trained.card, temperature=temperature)
    plain, report = dl.evaluate(trained, test), dl.evaluate(calibrated, test)
    probabilities = calibrated.probabilities(test.images).astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert report.cross_entropy == pytest.approx(log_loss(test.labels, probabilities), rel=1e-4)
    assert abs(report.cross_entropy - plain.cross_entropy) > 0.01
    assert report.calibration_error == pytest.approx(calibration_error(probabilities, test.labels), abs=1e-6)
    assert report.calibration_error > plain.calibration_error + 0.05
    assert report.accuracy == plain.accuracy


def test_a_network_that_knows_other_classes_is_refused(few):
    network = dl.Network([784, 10])
    network.card = replace(network.card, labels=tuple("abcdefghij"))
    assert dl.evaluate(network, _named(few, tuple("abcdefghij"))).names == tuple("abcdefghij")
    for classes in (few.classes, tuple("jihgfedcba")):
        with pytest.raises(InputError, match="knows other classes"):
            dl.evaluate(network, _named(few, classes))
