"""Optimizers: against their published formulas, worked in float64; and against PyTorch, where it is installed."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from digitlab.engines.optimizer import Hyperparameters
from digitlab.training.optimizers import OPTIMIZERS

VALUES = Hyperparameters(learning_rate=0.01, momentum=0.9, beta1=0.9, beta2=0.99, weight_decay=0.02)
STEPS = 100


@pytest.fixture
def problem(rng):
    """First parameters, and a hundred gradients."""
    return rng.normal(size=50).astype(np.float32), rng.normal(size=(STEPS, 50)).astype(np.float32)


def _ours(name: str, values: Hyperparameters, parameters, gradients, factor=lambda _: 1.0):
    parameters, optimizer = parameters.copy(), OPTIMIZERS[name](values, factor)
    for gradient in gradients:
        optimizer.step(parameters, gradient)
    assert optimizer.taken == len(gradients)
    assert set(optimizer.memory) == set(optimizer.kept)
    return parameters


def _published(name: str, values: Hyperparameters, parameters, gradients):
    """The algorithms in the documentation of torch.optim.SGD, Adam and AdamW, line by line."""
    theta = parameters.astype(np.float64)
    b = np.zeros_like(theta)
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    lr, lam = values.learning_rate, values.weight_decay
    mu, beta1, beta2 = values.momentum, values.beta1, values.beta2
    for t, gradient in enumerate(gradients.astype(np.float64), start=1):
        g = gradient if name == "adamw" else gradient + lam * theta
        if name == "adamw":
            theta = theta - lr * lam * theta
        if name == "sgd":
            theta = theta - lr * g
        elif name in {"momentum", "nesterov"}:
            b = g if t == 1 else mu * b + g
            theta = theta - lr * (g + mu * b if name == "nesterov" else b)
        else:
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
            theta = theta - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
    return theta


@pytest.mark.parametrize("decay", [0.0, 0.02])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_steps_follow_the_published_formula(name, decay, problem):
    """In float64, so that nothing hides behind rounding."""
    values, (parameters, gradients) = replace(VALUES, weight_decay=decay), problem
    ours = _ours(name, values, parameters.astype(np.float64), gradients.astype(np.float64))
    np.testing.assert_allclose(ours, _published(name, values, parameters, gradients), rtol=1e-12)


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed; the formulas above are its"
)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_steps_equal_pytorchs(name, problem):
    import torch

    parameters, gradients = problem
    theta = torch.tensor(parameters)
    common = {"lr": VALUES.learning_rate, "weight_decay": VALUES.weight_decay}
    heavy = {"momentum": VALUES.momentum, "nesterov": name == "nesterov"} if name in {"momentum", "nesterov"} else {}
    betas = {"betas": (VALUES.beta1, VALUES.beta2)} if "adam" in name else {}
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}.get(name, torch.optim.SGD)
    theirs = kind([theta], **common, **heavy, **betas)
    for gradient in gradients:
        theta.grad = torch.tensor(gradient)
        theirs.step()
    ours = _ours(name, VALUES, *problem)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theta.numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_first_step_is_down_the_gradient(name):
    parameters = np.zeros(2, dtype=np.float32)
    OPTIMIZERS[name](Hyperparameters(0.5)).step(parameters, np.array([1, -2], dtype=np.float32))
    assert parameters[0] < 0 < parameters[1]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_schedule_multiplies_the_rate(name, problem):
    parameters, gradients = problem
    halved = _ours(name, VALUES, parameters, gradients, factor=lambda _: 0.5)
    np.testing.assert_array_equal(halved, _ours(name, replace(VALUES, learning_rate=0.005), parameters, gradients))
    still = _ours(name, VALUES, parameters, gradients, factor=lambda t: float(t < 50))
    np.testing.assert_array_equal(still, _ours(name, VALUES, parameters, gradients[:50]))
