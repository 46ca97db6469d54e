"""Backpropagation to the pixels: against PyTorch, and against differences of the logits."""

from __future__ import annotations

import numpy as np
import pytest

from digitlab.network.activations import ACTIVATIONS
from digitlab.network.backward import deltas, forward, input_gradient
from digitlab.network.network import Network


@pytest.fixture(params=ACTIVATIONS)
def network(request):
    return Network([12, 7, 5, 3], activation=request.param, seed=3)


@pytest.fixture
def x():
    return np.random.default_rng(1).random((4, 12))


def test_the_forward_pass_is_the_networks(network, x):
    *hidden, logits = network.activations(x)
    passed = forward(network, x)
    for mine, theirs in zip(passed.inputs, [x, *hidden], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)
    np.testing.assert_allclose(passed.logits, logits, atol=1e-12)


def test_the_gradient_is_where_differences_of_the_logits_lead(network, x):
    weights = np.random.default_rng(2).standard_normal((4, 3))
    direction = np.random.default_rng(3).standard_normal((4, 12))
    h = 1e-6
    ahead, behind = ((forward(network, x + step * direction).logits * weights).sum(axis=1) for step in (h, -h))
    gradient = input_gradient(network, forward(network, x), weights)
    np.testing.assert_allclose((gradient * direction).sum(axis=1), (ahead - behind) / (2 * h), rtol=1e-5, atol=1e-7)


def test_one_row_of_weights_is_meant_for_all_samples(network, x):
    passed = forward(network, x)
    for one, many in zip(
        deltas(network, passed, np.eye(3)[1]), deltas(network, passed, np.eye(3)[[1] * 4]), strict=True
    ):
        np.testing.assert_array_equal(one, many)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_it_is_pytorchs(name, x):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    network = Network([12, 7, 3], activation=name, seed=3)
    inputs = torch.tensor(x, requires_grad=True)
    W1, b1, W2, b2 = (torch.tensor(getattr(network, one).astype(np.float64)) for one in ("W1", "b1", "W2", "b2"))
    logits = getattr(torch, name)(inputs @ W1 + b1) @ W2 + b2
    logits[:, 2].sum().backward()
    mine = input_gradient(network, forward(network, x), np.eye(3)[2])
    np.testing.assert_allclose(mine, inputs.grad.numpy(), atol=1e-12)
