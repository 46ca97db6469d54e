"""The loss: against scikit-learn's, by hand, and at the extremes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from sklearn.metrics import log_loss

from digitlab.network import softmax_cross_entropy


def test_total_equals_scikit_learns_log_loss(rng):
    z, labels = rng.normal(0, 3, (200, 10)), rng.integers(0, 10, 200)
    expected = log_loss(labels, scipy.special.softmax(z, axis=1), labels=range(10), normalize=False)
    assert softmax_cross_entropy(z.copy(), labels).total == pytest.approx(expected, rel=1e-12)


def test_delta_is_probabilities_minus_one_hot(rng):
    z, labels = rng.normal(0, 3, (20, 10)), rng.integers(0, 10, 20)
    expected = scipy.special.softmax(z, axis=1) - np.eye(10)[labels]
    np.testing.assert_allclose(softmax_cross_entropy(z.copy(), labels).delta, expected, atol=1e-15)


def test_hits_count_the_largest_logit():
    z = np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 5.0]])
    assert softmax_cross_entropy(z, np.array([1, 1, 1])).hits == 2


@pytest.mark.parametrize("size", [1e4, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_give_a_finite_loss(size, dtype):
    z = np.array([[size, -size, 0], [-size, size, 0]], dtype=dtype)
    loss = softmax_cross_entropy(z, np.array([0, 0]))
    assert loss.total == pytest.approx(2 * size, rel=1e-6)  # certain and right: 0; certain and wrong: the distance
    assert np.isfinite(loss.delta).all()
