"""The report: against scikit-learn, on the real test set."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len
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


def _named(few, classes):
    return dl.Digits(few.images, few.labels, "drawn", classes)


def test_named_classes_are_called_by_their_names(few):
    names = (
        "a",
        "名前",
        *("x" * width for width in range(2, 9)),
        "a name that is much longer than a table has room for",
    )
    report = dl.evaluate(dl.Network([784, 10]), _named(few, names))
    text = str(report)
    assert text.startswith("drawn: 1,000 pictures")
    for number, name in enumerate(names[:-1]):
        assert f"{number:5d} {name} " in text
    assert "a name that is much longer th…" in text
    assert max(map(cell_len, text.splitlines())) <= 80
    scores = text[text.index("class") : text.index("how often")].strip().splitlines()
    assert len({cell_len(line) for line in scores}) == 1  # the columns stand below each other
    assert [score["name"] for score in report.to_dict()["per_digit"]] == list(names)
    assert "names" not in report.to_dict()


@pytest.mark.parametrize("names", [tuple(f"class {k}" for k in range(40)), tuple(map(str, range(40)))])
def test_of_many_classes_the_pairs_confused_most_often_are_named(few, names):
    network = dl.Network([784, 40])
    digits = _named(few, names)
    text = str(dl.evaluate(network, digits))
    confusion = dl.evaluate(network, digits).confusion.copy()
    np.fill_diagonal(confusion, 0)
    true, taken = np.unravel_index(confusion.argmax(), confusion.shape)
    pairs = text[text.index("what was confused most often") :].splitlines()
    assert pairs[1] == f"{confusion.max():6d}  {names[true]}, taken for {names[taken]}"
    assert len(pairs) == 16
    assert max(map(len, text.splitlines())) <= 80


def test_where_nothing_is_confused_nothing_is_named(few):
    digits = dl.Digits(few.images[:1], np.zeros(1, np.uint8), "one", tuple(map(str, range(13))))
    network = dl.Network([784, 13])
    network.parameters[:] = 0
    network.b1[0] = 1
    assert str(dl.evaluate(network, digits)).endswith("what was confused most often\n  nothing")


@pytest.mark.parametrize("temperature", [0.25, 4])
def test_the_temperature_is_in_the_cross_entropy_alone(trained, mnist, temperature):
    test = mnist[1][:2000]
    calibrated = trained.copy()
    calibrated.card = replace(trained.card, temperature=temperature)
    plain, report = dl.evaluate(trained, test), dl.evaluate(calibrated, test)
    probabilities = calibrated.probabilities(test.images).astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert report.cross_entropy == pytest.approx(log_loss(test.labels, probabilities), rel=1e-4)
    assert abs(report.cross_entropy - plain.cross_entropy) > 0.01
    assert report.accuracy == plain.accuracy


def test_a_network_that_knows_other_classes_is_refused(few):
    network = dl.Network([784, 10])
    network.card = replace(network.card, labels=tuple("abcdefghij"))
    assert dl.evaluate(network, _named(few, tuple("abcdefghij"))).names == tuple("abcdefghij")
    for classes in (few.classes, tuple("jihgfedcba")):
        with pytest.raises(InputError, match="knows other classes"):
            dl.evaluate(network, _named(few, classes))
