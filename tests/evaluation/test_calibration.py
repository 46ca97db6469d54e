"""Calibration: against an example by hand, scikit-learn's curve, SciPy's minimum, PyTorch's gradient, scaled logits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.calibration import calibration_curve

from digitlab.errors import InputError
from digitlab.evaluation import calibration_error, calibration_interval, fit_temperature, reliability
from digitlab.network.activations import softmax


@pytest.fixture(scope="module")
def sampled():
    """Logits ``(N, K)`` and classes that were drawn with just their probabilities: as well calibrated as can be."""
    rng = np.random.default_rng(7)
    logits = 3 * rng.standard_normal((20_000, 10))
    draws = rng.random((len(logits), 1))
    labels = (softmax(logits).cumsum(axis=1) < draws).sum(axis=1).clip(max=9)
    return logits, labels


def test_an_example_by_hand():
    """Of 2 bins, (0, 0.5] holds one sample and (0.5, 1] three: |0 - 0.5| / 4 + |2 - (0.75 + 0.75 + 1)| / 4."""
    probabilities = np.array([[0.5, 0.25, 0.25], [0.75, 0.25, 0], [0.25, 0.75, 0], [0, 0, 1]])
    assert calibration_error(probabilities, np.array([1, 0, 0, 2]), bins=2) == 0.125 + 0.125


def test_certain_and_right_is_no_error_and_certain_and_wrong_is_the_largest():
    certain = np.eye(3)[[0, 1, 2, 2]]
    assert calibration_error(certain, np.array([0, 1, 2, 2])) == 0
    assert calibration_error(certain, np.array([1, 2, 0, 0])) == 1
    assert calibration_error(certain.astype(np.float32) * np.float32(1 + 1e-7), np.array([0, 1, 2, 2])) < 1e-6


@pytest.mark.parametrize("scale", [0.3, 1, 2.5])
def test_it_is_the_distance_of_scikit_learns_curve(sampled, scale):
    logits, labels = sampled
    probabilities = softmax(logits * scale)
    surest, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    shares, means = calibration_curve(right, surest, n_bins=15)
    counts, _ = np.histogram(surest, np.linspace(0, 1, 16))
    expected = (np.abs(shares - means) * counts[counts > 0]).sum() / len(labels)
    assert calibration_error(probabilities, labels) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("scale", [0.4, 1, 3, 20])
def test_the_factor_of_scaled_logits_is_found_again(sampled, scale):
    logits, labels = sampled
    found = fit_temperature(logits * scale, labels)
    assert found == pytest.approx(scale, rel=0.02)
    calibrated = calibration_error(softmax(logits * scale, found), labels)
    assert calibrated < 0.01
    if scale != 1:
        assert calibrated < calibration_error(softmax(logits * scale), labels) / 3


@pytest.mark.parametrize("scale", [0.4, 3])
def test_the_temperature_is_where_scipy_finds_the_lowest_cross_entropy(sampled, scale):
    logits, labels = sampled

    def cross_entropy(log_temperature):
        return -log_softmax(scale * logits / np.exp(log_temperature), axis=1)[np.arange(len(labels)), labels].mean()

    lowest = minimize_scalar(cross_entropy, bounds=(-6, 6), method="bounded", options={"xatol": 1e-8})
    assert fit_temperature(scale * logits, labels) == pytest.approx(np.exp(lowest.x), abs=6e-4)


def test_the_temperature_is_where_pytorchs_gradient_is_0(sampled):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    logits, labels = sampled
    temperature = torch.tensor(fit_temperature(3 * logits, labels), dtype=torch.float64, requires_grad=True)
    torch.nn.functional.cross_entropy(torch.tensor(3 * logits) / temperature, torch.tensor(labels)).backward()
    assert abs(float(temperature.grad)) < 1e-3


def test_float32_gives_the_same_temperature_and_the_arrays_are_left_alone(sampled):
    logits, labels = sampled
    single = logits.astype(np.float32)
    before = single.copy()
    assert fit_temperature(single, labels) == fit_temperature(logits, labels)
    assert np.array_equal(single, before)


def test_the_temperature_stays_within_its_bounds():
    logits = np.array([[5.0, 0.0], [0.0, 5.0]])
    assert fit_temperature(logits, np.array([0, 1])) == 0.001  # always right: it cannot be sure enough
    assert fit_temperature(logits, np.array([1, 0])) == 1000  # always wrong


def test_what_is_no_sample_is_refused():
    for values, labels in (
        (np.empty((0, 10)), np.empty(0, int)),
        (np.ones((2, 3)), np.zeros(3, int)),
        (np.ones(3), np.zeros(3, int)),
    ):
        for function in (calibration_error, calibration_interval, fit_temperature, reliability):
            with pytest.raises(InputError, match="a row of numbers and a label"):
                function(values, labels)
    with pytest.raises(InputError, match="1 bin or more"):
        calibration_error(np.eye(2), np.array([0, 1]), bins=0)
    with pytest.raises(InputError, match="needs probabilities"):
        calibration_error(np.array([[5.0, 3.0]]), np.array([0]))  # logits


@pytest.mark.parametrize(
    ("values", "label", "words"),
    [([[0.5, 0.5]], 2, "labels are 0 to 1"), ([[0.5, 0.5]], -1, "labels are 0 to 1"), ([[np.nan, 1.0]], 0, "finite")],
)
def test_a_label_or_a_number_that_cannot_be_is_refused(values, label, words):
    for function in (calibration_error, fit_temperature):
        with pytest.raises(InputError, match=words):
            function(np.array(values), np.array([label]))


@pytest.mark.parametrize("scale", [0.3, 1, 2.5])
def test_the_bins_are_those_of_scikit_learns_curve(sampled, scale):
    logits, labels = sampled
    probabilities = softmax(logits * scale)
    surest, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    shares, means = calibration_curve(right, surest, n_bins=15)
    counts, edges = np.histogram(surest, np.linspace(0, 1, 16))
    bins = reliability(probabilities, labels)
    assert [one.accuracy for one in bins] == pytest.approx(shares, abs=1e-12)
    assert [one.confidence for one in bins] == pytest.approx(means, abs=1e-12)
    assert [one.count for one in bins] == counts[counts > 0].tolist()
    assert [one.low for one in bins] == pytest.approx(edges[:-1][counts > 0], abs=1e-12)
    gaps = sum(one.count * abs(one.accuracy - one.confidence) for one in bins)
    assert calibration_error(probabilities, labels) == pytest.approx(gaps / len(labels), abs=1e-12)


def test_a_bin_with_few_samples_says_so_by_its_interval():
    probabilities = np.array([[0.7, 0.3], [0.7, 0.3], *[[0.9, 0.1]] * 1000])
    few, many = reliability(probabilities, np.zeros(1002, int), bins=5)
    assert (few.count, few.accuracy, many.count, many.accuracy) == (2, 1, 1000, 1)
    assert few.interval[1] == many.interval[1] == 1
    assert few.interval[0] < 0.4
    assert many.interval[0] > 0.99


def test_the_interval_holds_the_true_error_and_begins_at_0_for_a_well_calibrated_network(sampled):
    """The true one is that of many samples. Percentiles alone would hold that of the calibrated ones never."""
    logits, labels = sampled
    for scale in (1, 1.5):
        probabilities = softmax(scale * logits)
        true = calibration_error(probabilities, labels) if scale != 1 else 0.0
        held = 0
        for part in range(10):
            few = slice(2000 * part, 2000 * part + 2000)
            low, high = calibration_interval(probabilities[few], labels[few])
            held += low <= true <= high
            assert low <= calibration_error(probabilities[few], labels[few]) <= high
        assert held >= 8


def test_the_interval_is_that_of_its_seed(sampled):
    probabilities, labels = softmax(sampled[0][:500]), sampled[1][:500]
    first = calibration_interval(probabilities, labels)
    assert calibration_interval(probabilities, labels) == first != calibration_interval(probabilities, labels, seed=1)
