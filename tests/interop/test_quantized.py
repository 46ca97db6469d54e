"""A network of bytes, against whole numbers of Python and against the bound that rounding has."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitlab.errors import InputError, PictureError
from digitlab.interop.quantized import LARGEST, quantize
from digitlab.network import Network


def test_one_example_by_hand():
    network = Network([2, 1, 2], activation="relu")
    network.W1, network.b1 = [[1.0], [-0.5]], [0.25]
    network.W2, network.b2 = [[2.0, -1.0]], [0.0, 0.5]
    found = quantize(network)
    assert found.layers[0].W.tolist() == [[127, -64]]  # -0.5 / (1 / 127) = -63.5, to the even one
    assert found.layers[1].W.tolist() == [[127], [-127]]
    z1 = (127 * 200 - 64 * 100) / 127 / 255 + 0.25  # the only unit, so it is the largest: nothing of it is lost
    np.testing.assert_allclose(found.logits(np.array([200, 100], np.uint8))[0], [2 * z1, 0.5 - z1], rtol=1e-6)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-20, 1e-3, 1.0, 1e6]))
def test_a_layer_is_off_by_no_more_than_rounding_can_be(seed, size):
    """Each weight by half a scale, so a sum by half a scale times the ink."""
    rng = np.random.default_rng(seed)
    network = Network([16, 5])
    network.parameters[:] = rng.normal(0, size, network.parameters.shape)
    pixels = rng.integers(0, 256, (4, 16), np.uint8)
    off = np.abs(quantize(network).logits(pixels) - network.logits(pixels))
    scales = np.abs(network.W1).max(axis=0) / LARGEST
    bound = 0.5 * pixels.sum(axis=1, keepdims=True) / 255 * scales
    assert (off <= bound * 1.001 + 1e-4 * np.abs(network.parameters).max()).all()


def test_no_sum_leaves_32_bits():
    for inputs in (2, 784, 16_384):
        first, second = quantize(Network([inputs, inputs, 2] if inputs < 1000 else [2, inputs, 2])).layers
        assert LARGEST * first.level * first.W.shape[1] < 2**31
        assert LARGEST * second.level * second.W.shape[1] < 2**31
        assert second.level <= 2**15 - 1


def test_units_that_are_all_silent_and_weights_that_are_all_nothing():
    network = Network([4, 3, 2], activation="relu")
    network.parameters[:] = 0
    network.b1, network.b2 = [-1, -1, -1], [1, 2]
    assert quantize(network).logits(np.full((1, 4), 255, np.uint8)).tolist() == [[1, 2]]


def test_numbers_that_could_leave_float32_are_refused():
    network = Network([4, 3, 2], activation="relu")
    for first, second in ((1e16, 1e16), (1e32, 1e-30)):
        network.W1[:], network.W2[:] = first, second
        with pytest.raises(InputError, match="so large"):
            quantize(network)
    network.parameters[:] = 1e14
    assert np.isfinite(quantize(network).logits(np.full((1, 4), 255, np.uint8))).all()


def test_what_is_no_picture_is_refused():
    with pytest.raises(PictureError):
        quantize(Network([4, 3, 2])).logits(np.zeros((2, 5), np.uint8))


def test_many_pictures_are_as_each_by_itself(rng):
    found, pixels = quantize(Network([4, 3, 2])), rng.integers(0, 256, (2001, 4), np.uint8)
    one_by_one = np.concatenate([found.logits(row) for row in pixels[-2:]])
    assert found.logits(pixels)[-2:].tolist() == one_by_one.tolist()
    assert found.logits(pixels).shape == (2001, 2)
    assert math.isfinite(found.logits(pixels / 255).sum())
