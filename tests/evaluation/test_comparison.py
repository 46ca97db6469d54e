"""Comparisons of two networks: McNemar's test and its interval against SciPy's and against drawing pictures."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

import digitlab as dl
from digitlab.errors import InputError
from digitlab.evaluation import Predictions, compare, mcnemar
from digitlab.evaluation.comparison import difference_interval, in_points

NAMES = tuple(map(str, range(10)))


def answers(digits: dl.Digits, said: np.ndarray) -> Predictions:
    """Predictions that say so."""
    return Predictions(digits, NAMES, np.eye(10)[said] * 5)


def sides(digits: dl.Digits, *, only_a: int, only_b: int, neither: int = 0) -> tuple[Predictions, Predictions]:
    """Two that are right on all pictures but the first ones."""
    wrong = (digits.labels.astype(int) + 1) % 10
    place = np.arange(len(digits))
    a = np.where((place >= only_a) & (place < only_a + only_b + neither), wrong, digits.labels)
    b = np.where(
        (place < only_a) | ((place >= only_a + only_b) & (place < only_a + only_b + neither)), wrong, digits.labels
    )
    return answers(digits, a), answers(digits, b)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_scipys_binomial_test(only_a, only_b):
    if only_a + only_b:
        expected = binomtest(only_a, only_a + only_b).pvalue
        assert abs(mcnemar(only_a, only_b) - expected) <= 1e-12 * max(expected, 1e-3)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (1, 0), (5, 5), (3000, 3100), (10_000, 9_000), (0, 10_000)])
def test_mcnemar_at_the_ends(only_a, only_b):
    expected = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-9, abs=1e-300)
    assert mcnemar(only_a, only_b) == mcnemar(only_b, only_a)


def test_mcnemar_counts_from_0():
    with pytest.raises(InputError, match="counted from 0"):
        mcnemar(-1, 3)


@pytest.mark.parametrize("expected", [2, 4, 6])
def test_the_interval_holds_the_truth_where_few_pictures_tell(expected):
    """B alone is right on so many of a thousand pictures, on average; how often is that within the interval?"""
    held = [low <= expected / 1000 <= high for low, high in (difference_interval(0, n, 1000) for n in range(21))]
    assert binom.pmf(range(21), 1000, expected / 1000) @ held > 0.94
    low, high = difference_interval(0, 4, 1000)
    assert low <= 0 < high  # as McNemar's test says: p = 0.125


def test_the_interval_is_that_of_drawing_pictures(rng):
    """Two thousand times a thousand pictures are drawn, one by one."""
    change = np.repeat([-1, 1, 0], [30, 60, 910])
    drawn = change[rng.integers(0, 1000, size=(2000, 1000))].mean(axis=1)
    assert difference_interval(30, 60, 1000) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.003)
    assert difference_interval(30, 60, 1000, seed=1) == difference_interval(30, 60, 1000, seed=1)
    low, high = difference_interval(0, 0, 1000)
    assert -0.004 < low < 0 < high < 0.004  # of a thousand pictures without a difference, three more may hide one


def test_the_counts_are_those_of_the_pictures(few):
    result = compare(*sides(few, only_a=10, only_b=31, neither=9))
    assert (result.both, result.only_a, result.only_b, result.neither) == (950, 10, 31, 9)
    assert result.accuracy == (0.96, 0.981)
    assert result.difference == pytest.approx(0.021)
    assert result.same_answers == 959
    assert [one.index for one in result.changed] == list(range(41))
    for one in result.changed:
        right, wrong = int(few.labels[one.index]), (int(few.labels[one.index]) + 1) % 10
        assert (one.label, one.answers) == (right, (right, wrong) if one.index < 10 else (wrong, right))


@pytest.mark.parametrize(
    ("counts", "better", "sentence"),
    [
        ({"only_a": 10, "only_b": 31}, "B", "B is better than A: +2.10 points, 95 % interval 0.80 to 3.40"),
        ({"only_a": 31, "only_b": 10}, "A", "A is better than B: +2.10 points, 95 % interval 0.80 to 3.30"),
        (
            {"only_a": 10, "only_b": 12},
            None,
            "from A to B this difference is noise, as far as 1,000 pictures can tell: ",
        ),
        ({"only_a": 5, "only_b": 5}, None, "from A to B this difference is noise"),
        ({"only_a": 0, "only_b": 0}, None, "A and B give the same answers"),
        ({"only_a": 0, "only_b": 0, "neither": 7}, None, "A and B give the same answers"),
    ],
)
def test_the_sentence(few, counts, better, sentence):
    result = compare(*sides(few, **counts))
    assert result.better == better
    assert result.sentence.startswith(sentence)


def test_other_wrong_answers_are_told(few):
    a, b = sides(few, only_a=0, only_b=0, neither=3)
    said = b.predicted.copy()
    said[0] = (few.labels[0] + 2) % 10
    assert compare(a, answers(few, said)).sentence == "A and B read the same pictures rightly; 1 wrong ones differ"


def test_of_many_comparisons_each_has_to_be_surer(few):
    a, b = sides(few, only_a=10, only_b=24)
    assert 0.02 < compare(a, b).p < 0.03
    assert compare(a, b).better == "B"
    assert compare(a, b, level=0.05 / 4).better is None


def test_known_label_errors_are_marked(mnist):
    test = mnist[1]
    a, b = answers(test, test.labels), test.labels.astype(int)
    b[[5, 6651]] = [0, 6]
    first, second = compare(a, answers(test, b)).changed
    assert first.label_error is None
    assert second.label_error is not None
    assert (second.index, second.label_error.voted) == (6651, 6)


def test_it_is_ready_for_json(few):
    result = compare(*sides(few, only_a=3, only_b=1), names=("one", "other"))
    told = json.loads(json.dumps(result.to_dict()))
    assert told["names"] == ["one", "other"]
    assert told["sentence"] == result.sentence
    assert told["changed"][0] == {"index": 0, "label": 5, "answers": [5, 6], "label_error": None}


def test_other_pictures_or_classes_cannot_be_compared(few, mnist):
    a, b = sides(few, only_a=3, only_b=1)
    with pytest.raises(InputError, match="only answers to the same pictures"):
        compare(a, answers(mnist[0][1000:2000], b.predicted))
    same = dl.Digits(few.images.copy(), few.labels.copy(), "copied")
    assert compare(a, answers(same, b.predicted)).only_a == 3
    letters = Predictions(few, tuple("abcdefghij"), b.logits)
    with pytest.raises(InputError, match="know the same classes"):
        compare(a, letters)
    with pytest.raises(InputError, match="the answers must be a Predictions"):
        compare(a, b.predicted)  # type: ignore[arg-type]


def test_points_have_no_minus_0():
    assert in_points(-0.000001, (-0.00001, 0.5)) == "+0.00 points, 95 % interval 0.00 to 50.00"
