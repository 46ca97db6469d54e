"""The sample order: every sample once, a function of seed and epoch, and the same for good."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitlab.training.batches import batches_of_epoch, order_of, sample_order


@given(st.integers(1, 500), st.integers(0, 600), st.integers(0, 2**32 - 1), st.integers(1, 1000))
def test_an_epoch_meets_every_sample_once(count, batch_size, seed, epoch):
    batches = batches_of_epoch(count, batch_size, seed, epoch)
    met = np.concatenate([np.arange(count)[batch] for batch in batches])
    assert sorted(met) == list(range(count))
    if 0 < batch_size < count:
        assert {len(batch) for batch in batches[:-1]} <= {batch_size}


def test_seed_and_epoch_decide_the_order():
    base = sample_order(1000, 3, 1)
    assert np.array_equal(base, sample_order(1000, 3, 1))
    assert not np.array_equal(base, sample_order(1000, 4, 1))
    assert not np.array_equal(base, sample_order(1000, 3, 2))


def test_the_order_is_the_same_for_good():
    """NumPy promises PCG64's raw stream; a change here would break every recorded run."""
    assert sample_order(10, 0, 1).tolist() == [3, 9, 7, 0, 2, 4, 1, 6, 8, 5]


@pytest.mark.parametrize("different", [3, 2**64 - 1])
def test_keys_that_are_the_same_stay_as_they_stand(rng, different):
    keys = rng.integers(0, different, 5000, dtype=np.uint64)
    assert order_of(keys).tolist() == sorted(range(5000), key=keys.tolist().__getitem__)


def test_every_place_is_equally_likely():
    """Where sample 0 ends up, over many epochs: chi-squared with 9 degrees of freedom."""
    places = np.array([int(np.flatnonzero(sample_order(10, 0, epoch) == 0)[0]) for epoch in range(2000)])
    counts = np.bincount(places, minlength=10)
    assert ((counts - 200) ** 2 / 200).sum() < 27.9  # p = 0.001


@pytest.mark.parametrize("batch_size", [0, 100, 1000])
def test_a_full_batch_keeps_the_natural_order(batch_size):
    assert batches_of_epoch(100, batch_size, 0, 1) == [slice(0, 100)]
