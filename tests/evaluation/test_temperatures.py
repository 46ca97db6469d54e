"""What a temperature does: scikit-learn's log loss, and a network that has it on its card."""

from __future__ import annotations

import dataclasses
import json

import pytest

import digitlab as dl
from digitlab.evaluation import temperature_curve

sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")


def test_each_temperature_is_a_network_that_has_it(few):
    network = dl.load("standard")
    curve = temperature_curve(network, few, [0.5, 1, 3])
    assert curve.own == network.card.temperature
    for place, temperature in enumerate(curve.temperatures):
        network.card = dataclasses.replace(network.card, temperature=temperature)
        report = dl.evaluate(network, few)
        assert curve.accuracy == report.accuracy
        assert curve.cross_entropy[place] == pytest.approx(report.cross_entropy, abs=1e-9)
        assert curve.calibration_error[place] == pytest.approx(report.calibration_error, abs=1e-9)
        probabilities = network.probabilities(few.images).astype(float)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        loss = sklearn_metrics.log_loss(few.labels, probabilities, labels=range(10))
        assert curve.cross_entropy[place] == pytest.approx(loss, rel=1e-3)
    assert json.loads(json.dumps(curve.to_dict()))["temperatures"] == [0.5, 1, 3]
