"""Features as bytes: to the nearest step, in their order, whatever their range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from digitlab.errors import InputError
from digitlab.interop.features import as_bytes, check_bounds, find_bounds, other_pixels

MATRICES = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64]),
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.integers(-(2**20), 2**20) | st.sampled_from([0, 1]),
)


@given(MATRICES)
def test_each_feature_to_the_nearest_step_between_its_own_bounds(X):
    low, high = bounds = find_bounds(X)
    found = as_bytes(X, bounds)
    exact = 255 * (X.astype(float) - low) / np.maximum(np.asarray(high, float) - low, 1)
    assert np.abs(found - exact).max() <= 0.5 + 1e-9
    assert np.array_equal(as_bytes(X[:1], bounds), found[:1])


@given(hnp.arrays(np.float64, (4, 2), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_no_range_is_too_wide_or_too_narrow(X):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = as_bytes(X, find_bounds(X))
    for column, steps in zip(X.T, found.T, strict=True):
        order = np.argsort(column, kind="stable")
        assert np.all(np.diff(steps[order].astype(int)) >= 0)


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.float64])
def test_bytes_stay_as_they_are(kind):
    X = np.arange(256, dtype=kind)[:, np.newaxis]
    assert find_bounds(X) == (0, 255)
    assert np.array_equal(as_bytes(X, (0, 255)), X)
    divided = X / 255 if kind == np.float64 else (X / 255).astype(np.float32)
    assert find_bounds(divided) == (0, 1)
    assert np.array_equal(as_bytes(divided, (0, 1)), X)


def test_what_is_beyond_is_at_the_bound():
    X = np.array([[-9.0, 9.0], [0.5, 0.5], [1e308, -1e308]])
    assert as_bytes(X, (0, 1)).tolist() == [[0, 255], [128, 128], [255, 0]]
    assert as_bytes(X, (np.array([0, 0]), np.array([1, 2]))).tolist() == [[0, 255], [128, 64], [255, 0]]
    assert as_bytes(np.full((2, 1), 7, np.uint8), find_bounds(np.full((2, 1), 7, np.uint8))).tolist() == [[0], [0]]


@pytest.mark.parametrize(
    "wrong", [255, "ab", (0, 1, 2), (1, 0), (0, 0), (0, np.nan), (0, [1, 2]), ([0, 0, 0], [1, 1, 1]), (None, 1)]
)
def test_other_bounds_are_refused(wrong):
    with pytest.raises(InputError, match="feature_range"):
        check_bounds(wrong, 2)


def test_bounds_of_all_and_of_each():
    assert check_bounds((-1, 1.5), 2) == (-1, 1.5)
    low, high = check_bounds(([0, 1], (2, 3)), 2)
    assert (low.tolist(), high.tolist()) == ([0, 1], [2, 3])


def test_only_pixels_can_be_strange():
    X = np.array([[0.0, 300.0]])
    assert not other_pixels(X, (0, 255))
    assert other_pixels(X, (0, 1))
    assert not other_pixels(X, (0, 100))
    assert not other_pixels(X, (np.zeros(2), np.ones(2)))
    assert not other_pixels(X * 0, (0, 255))
