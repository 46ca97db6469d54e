"""Groups of runs that differ in their seed alone: means, spread, and Welch's test against SciPy's."""

from __future__ import annotations

import pytest
from scipy.stats import ttest_ind

from digitlab.evaluation.seeds import Group, compare_groups

A = Group("epochs 2", ("a", "b", "c"), (0.9410, 0.9403, 0.9432))
B = Group("epochs 3", ("d", "e", "f", "g"), (0.9535, 0.9478, 0.9521, 0.9513))
ALONE = Group("epochs 4", ("h",), (0.96,))


def test_mean_and_standard_deviation():
    assert A.mean == pytest.approx(0.9415)
    assert A.deviation == pytest.approx((((0.0005) ** 2 + 0.0012**2 + 0.0017**2) / 2) ** 0.5)
    assert A.sentence == (
        "epochs 2: 94.15 % on average of 3 seeds, which differ by 0.15 points from seed to seed (standard deviation)"
    )
    assert (ALONE.deviation, ALONE.sentence) == (None, "epochs 4: 96.00 % with one seed")


@pytest.mark.parametrize(("a", "b"), [(A, B), (B, A), (A, A)])
def test_welch_is_scipys(a, b):
    expected = ttest_ind(b.accuracies, a.accuracies, equal_var=False)
    result = compare_groups(a, b)
    assert result.p == pytest.approx(expected.pvalue, rel=1e-12)
    interval = expected.confidence_interval(0.95)
    assert result.interval == pytest.approx((interval.low, interval.high), rel=1e-9, abs=1e-15)
    assert result.difference == pytest.approx(b.mean - a.mean)


def test_the_better_group_is_named_and_few_seeds_are_said_to_be_few():
    for a, b in ((A, B), (B, A)):
        result = compare_groups(a, b)
        assert result.better == "epochs 3"
        assert result.sentence.startswith("epochs 3 is better than epochs 2: +0.97 points, 95 % interval 0.")
        assert result.sentence.endswith("(3 seeds are few: with other ones it may look otherwise)")
    many = [Group(group.title, group.names * 3, group.accuracies * 3) for group in (A, B)]
    assert "few" not in compare_groups(*many).sentence


def test_a_difference_within_the_spread_is_noise():
    other = Group("epochs 9", ("x", "y", "z"), (0.9421, 0.9408, 0.9431))
    result = compare_groups(A, other)
    assert result.better is None
    assert result.sentence.startswith("from epochs 2 to epochs 9 this difference is noise, as far as these seeds can")
    assert compare_groups(A, B, level=1e-9).better is None


def test_one_run_alone_cannot_tell():
    result = compare_groups(A, ALONE)
    assert (result.interval, result.p, result.better) == (None, None, None)
    assert result.sentence == (
        "from epochs 2 to epochs 4: +1.85 points, of which nobody can tell how much is luck with the seed: "
        "there is one run alone of epochs 4"
    )


def test_no_spread_at_all_cannot_tell_either():
    same = Group("one", ("a", "b"), (0.5, 0.5)), Group("other", ("c", "d"), (0.75, 0.75))
    assert compare_groups(*same).better is None
    assert compare_groups(*same).sentence.endswith("too few seeds, with no spread at all")
