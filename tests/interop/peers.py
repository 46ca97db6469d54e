"""Other tools that compute what digitlab computes, where they are installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitlab as dl

__all__ = ["in_pytorch", "pytorch", "pytorch_probabilities"]


def pytorch() -> Any:
    """PyTorch, with one thread: with more, the first tanh of a process is at times off by 7e-5 (seen in 2.13)."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is no part of the tests' needs")
    torch.set_num_threads(1)
    return torch


def in_pytorch(network: dl.Network, path: Path) -> Any:
    """The module of PyTorch that export's words describe, with the numbers of the file."""
    nn = pytorch().nn
    from safetensors.torch import load_file

    modules = {
        "sigmoid": nn.Sigmoid(),
        "tanh": nn.Tanh(),
        "relu": nn.ReLU(),
        "leaky_relu": nn.LeakyReLU(0.01),
        "gelu": nn.GELU("tanh"),
    }
    layers: list[Any] = []
    for inputs, outputs in network.architecture.pairs:
        layers += [nn.Linear(inputs, outputs), modules[network.architecture.activation]]
    module = nn.Sequential(*layers[:-1])
    module.load_state_dict(load_file(path))
    return module


def pytorch_probabilities(module: Any, network: dl.Network, images: np.ndarray) -> np.ndarray:
    torch = pytorch()
    with torch.no_grad():
        logits = module(torch.from_numpy(network.inputs(images.reshape(len(images), -1))))
        found: np.ndarray = torch.softmax(logits / (network.card.temperature or 1), 1).numpy()
    return found
