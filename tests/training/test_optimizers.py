"""Optimizers: against their published formulas, worked in float64."""

from __future__ import annotations

import numpy as np
import pytest

from digitlab.training.optimizers import OPTIMIZERS


def _published(name, rate, momentum, parameters, gradients):
    """torch.optim.SGD as its documentation gives it: b_t = mu b_(t-1) + g_t; theta_t = theta_(t-1) - lr b_t."""
    mu = momentum if name == "momentum" else 0.0
    theta, b = parameters.astype(np.float64), np.zeros(parameters.shape)
    for g in gradients:
        b = mu * b + g
        theta = theta - rate * b
    return theta


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_steps_follow_the_published_formula(name, rng):
    parameters = rng.normal(size=50).astype(np.float32)
    gradients = rng.normal(size=(100, 50)).astype(np.float32)
    expected = _published(name, 0.01, 0.9, parameters, gradients)
    optimizer = OPTIMIZERS[name].make(0.01, 0.9)
    for gradient in gradients:
        optimizer.step(parameters, gradient)
    np.testing.assert_allclose(parameters, expected, rtol=2e-5, atol=2e-6)
    assert parameters.dtype == np.float32


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_first_step_is_down_the_gradient(name):
    parameters = np.zeros(3, dtype=np.float32)
    OPTIMIZERS[name].make(0.5, 0.9).step(parameters, np.array([1, -2, 0], dtype=np.float32))
    assert parameters.tolist() == [-0.5, 1, 0]
