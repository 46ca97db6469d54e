"""Hidden units and softmax: against SciPy where it has them, against numerical derivatives, and at the extremes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from digitlab.network.activations import ACTIVATIONS, softmax

ORACLES = {
    "sigmoid": scipy.special.expit,
    "tanh": np.tanh,
    "relu": lambda z: np.clip(z, 0, None),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "gelu": lambda z: z * scipy.special.ndtr(z),  # the exact one, from which the tanh form differs by up to 5e-4
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_function_equals_an_independent_one(name, rng):
    z = rng.normal(0, 4, (50, 7))
    close = {"rtol": 0, "atol": 5e-4} if name == "gelu" else {"rtol": 1e-14, "atol": 1e-15}
    np.testing.assert_allclose(ACTIVATIONS[name].function(z, None), ORACLES[name](z), **close)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivative_equals_the_numerical_one(name, rng):
    activation, step = ACTIVATIONS[name], 1e-6
    z = rng.normal(0, 2, 200)
    z = z[np.abs(z) > 1e-3]  # ReLU has no derivative at its corner
    numerical = (activation.function(z + step, None) - activation.function(z - step, None)) / (2 * step)
    a = activation.function(z, None)
    np.testing.assert_allclose(activation.derivative(z, a, None), numerical, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_writing_into_a_buffer_gives_the_same(name, rng):
    activation = ACTIVATIONS[name]
    z = rng.normal(0, 2, (5, 3)).astype(np.float32)
    expected = activation.function(z, None)
    slope = activation.derivative(z, expected, None)
    buffer = np.empty_like(z)
    assert activation.derivative(z, expected, buffer) is buffer
    np.testing.assert_array_equal(buffer, slope)
    in_place = z.copy()  # the engine keeps z there until the slope takes its place
    np.testing.assert_array_equal(activation.derivative(in_place, expected, in_place), slope)
    assert activation.function(z, z) is z
    np.testing.assert_array_equal(z, expected)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_extremes_are_finite_or_the_input_itself(name):
    z = np.array([-1e30, -1e4, -0.0, 0.0, 1e4, 1e30], dtype=np.float32)
    with np.errstate(over="ignore"):  # as whoever calls them does
        a = ACTIVATIONS[name].function(z, None)
    assert np.isfinite(a).all()
    assert np.isfinite(ACTIVATIONS[name].derivative(z, a, None)).all()


def test_softmax_equals_scipy_and_its_rows_add_up_to_one(rng):
    z = rng.normal(0, 10, (100, 10))
    np.testing.assert_allclose(softmax(z), scipy.special.softmax(z, axis=1), rtol=1e-13)
    np.testing.assert_allclose(softmax(z).sum(axis=1), 1, rtol=1e-14)


def test_softmax_of_one_sample_is_its_row(rng):
    z = rng.normal(0, 10, (20, 10)).astype(np.float32)
    for temperature in (1, 1.7):
        np.testing.assert_allclose([softmax(row, temperature) for row in z], softmax(z, temperature), rtol=1e-6)


@pytest.mark.parametrize("size", [1e4, -1e4, 1e30])
def test_softmax_of_huge_logits_is_finite(size):
    p = softmax(np.array([[size, 0, -size]], dtype=np.float32))
    assert np.isfinite(p).all()
    assert p.sum() == 1
