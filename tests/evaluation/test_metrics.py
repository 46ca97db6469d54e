"""Metrics: against SciPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, precision_recall_fscore_support
from sklearn.metrics import confusion_matrix as sklearn_confusion

from digitlab.evaluation.metrics import brier_score, confusion_matrix, digit_scores, wilson_interval


@given(st.integers(1, 100_000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_wilson_interval_equals_scipys(pair):
    hits, count = pair
    low, high = wilson_interval(hits, count)
    expected = scipy.stats.binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= hits / count <= high <= 1


def test_confusion_and_scores_equal_scikit_learns(rng):
    labels = rng.integers(0, 10, 500).astype(np.uint8)
    predicted = np.where(rng.random(500) < 0.7, labels, rng.integers(0, 10, 500))
    confusion = confusion_matrix(labels, predicted, 10)
    np.testing.assert_array_equal(confusion, sklearn_confusion(labels, predicted))
    theirs = precision_recall_fscore_support(labels, predicted)
    for number, score in enumerate(digit_scores(confusion)):
        assert (score.precision, score.recall, score.f1, score.count) == pytest.approx(
            tuple(column[number] for column in theirs)
        )


def test_a_digit_that_never_occurs_scores_zero():
    scores = digit_scores(confusion_matrix(np.array([0, 0]), np.array([0, 0]), 3))
    assert (scores[0].precision, scores[0].recall, scores[0].f1) == (1, 1, 1)
    assert (scores[2].count, scores[2].precision, scores[2].recall, scores[2].f1) == (0, 0, 0, 0)


def test_the_brier_score_is_the_squared_distance_and_scikit_learns(rng):
    probabilities = rng.dirichlet(np.full(10, 0.3), 500)
    labels = rng.integers(0, 10, 500)
    expected = np.square(probabilities - np.eye(10)[labels]).sum(axis=1).mean()
    assert brier_score(probabilities, labels) == pytest.approx(expected, abs=1e-12)
    try:
        theirs = brier_score_loss(labels, probabilities, labels=range(10))
    except (TypeError, ValueError):
        pytest.skip("scikit-learn before 1.7 scores two classes alone")
    assert brier_score(probabilities, labels) == pytest.approx(theirs, abs=1e-12)
