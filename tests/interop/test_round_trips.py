"""The model that ships, in each form, answers the same to all 10,000 test digits: within 1e-6, by other tools."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import softmax

import digitlab as dl
from tests.interop.peers import in_pytorch, pytorch_probabilities

MOST_APART = 1e-6


@pytest.fixture(scope="module")
def network() -> dl.Network:
    return dl.load("standard")


@pytest.fixture(scope="module")
def images(mnist) -> np.ndarray:
    images: np.ndarray = mnist[1].images
    return images


@pytest.fixture(scope="module")
def expected(network, images) -> np.ndarray:
    probabilities: np.ndarray = network.probabilities(images)
    return probabilities


def test_numpy(network, images, expected, tmp_path):
    dl.export_model(network, tmp_path / "a.npz")
    arrays = np.load(tmp_path / "a.npz", allow_pickle=False)
    told = json.loads(arrays["digitlab"].tobytes())
    assert told["activation"] == "relu"
    a = images.reshape(-1, 784) / np.float32(255)
    for number in (1, 2):
        a = np.maximum(a @ arrays[f"W{number}"] + arrays[f"b{number}"], 0)
    found = softmax((a @ arrays["W3"] + arrays["b3"]) / told["temperature"], axis=1)
    assert np.abs(found - expected).max() < MOST_APART


def test_pytorch(network, images, expected, tmp_path):
    dl.export_model(network, tmp_path / "a.safetensors")
    found = pytorch_probabilities(in_pytorch(network, tmp_path / "a.safetensors"), network, images)
    assert np.abs(found - expected).max() < MOST_APART


def test_onnxruntime(network, images, expected, tmp_path):
    """Sums in float32 are themselves that far from exact ones: 784 terms in the first layer."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    dl.export_model(network, tmp_path / "a.onnx")
    session = runtime.InferenceSession(tmp_path / "a.onnx")
    (found,) = session.run(None, {"pixels": network.inputs(images.reshape(len(images), -1))})
    assert np.abs(found - expected).max() < 2 * MOST_APART
