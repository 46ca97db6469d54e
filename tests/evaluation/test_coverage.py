"""Coverage: against a sum by hand for every threshold."""

from __future__ import annotations

import numpy as np
import pytest

from digitlab.data import Digits
from digitlab.errors import InputError
from digitlab.evaluation import Predictions, coverage_curve, when_sure


def _predictions(logits, labels):
    images = np.zeros((len(labels), 28, 28), np.uint8)
    return Predictions(Digits(images, np.asarray(labels, np.uint8), "drawn"), tuple("0123456789"), logits)


@pytest.fixture
def drawn(rng):
    return _predictions(np.round(2 * rng.standard_normal((1000, 10)), 1), rng.integers(0, 3, 1000))


def test_each_point_is_what_its_threshold_gives(drawn):
    curve = coverage_curve(drawn)
    assert 100 < len(curve.share) <= 200
    assert curve.share == sorted(curve.share)
    assert curve.share[-1] == 1
    assert curve.accuracy[-1] == drawn.right.mean()
    for share, accuracy, threshold in zip(curve.share, curve.accuracy, curve.threshold, strict=True):
        answered = drawn.confidence >= threshold
        assert share == pytest.approx(answered.mean(), abs=1e-12)
        assert accuracy == pytest.approx(drawn.right[answered].mean(), abs=1e-12)
        sure = when_sure(drawn, threshold)
        assert (sure.share, sure.accuracy) == (share, accuracy)
        assert sure.count == answered.sum()
        assert sure.interval[0] <= sure.accuracy <= sure.interval[1]


def test_answers_that_are_equally_sure_are_never_told_apart():
    logits = np.zeros((6, 10))
    logits[:4, 0] = 5
    curve = coverage_curve(_predictions(logits, [0, 1, 0, 0, 0, 9]))
    assert curve.share == [4 / 6, 1]
    assert curve.accuracy == [3 / 4, 4 / 6]


def test_who_is_never_sure_has_no_accuracy():
    sure = when_sure(_predictions(np.zeros((3, 10)), [0, 1, 2]))
    assert (sure.count, sure.share, sure.accuracy, sure.interval) == (0, 0, None, None)
    with pytest.raises(InputError, match="is a probability"):
        when_sure(_predictions(np.zeros((3, 10)), [0, 1, 2]), 99)
