"""Keras files: those that Keras made, and ours in Keras itself where it is installed."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digitlab as dl
from digitlab.errors import DigitlabError, ModelFileError
from digitlab.interop import understand
from digitlab.network import ACTIVATIONS, Network

pytest.importorskip("h5py")
FILES = Path(__file__).parent / "keras"  # by tools/make_keras_files.py
ANSWERS = json.loads((FILES / "answers.json").read_text())
PIXELS = np.array(ANSWERS["pixels"], np.uint8)
LAYERS = {
    "sequential": ("4-3-2", "relu", "0..255"),
    "functional": ("4-3-3-2", "tanh", "0..1"),
    "leaky": ("4-3-2", "leaky_relu", "0..255"),
    "gelu": ("4-3-2", "gelu", "0..255"),
    "exact_gelu": ("4-3-2", "gelu", "0..1"),
}
IN_KERAS = """
import sys
import zipfile
import keras, numpy
pixels = numpy.load(sys.argv[1])
for name in sys.argv[2:]:
    model = keras.models.load_model(name)
    numpy.save(name + ".npy", model.predict(pixels, verbose=0, batch_size=1000))
"""


@pytest.mark.parametrize("name", LAYERS)
def test_what_keras_wrote_gives_what_keras_gives(name):
    network, taken_for, _ = understand(FILES / f"{name}.keras")
    layers, activation, inputs = LAYERS[name]
    assert (str(network.architecture), network.architecture.activation) == (layers, activation)
    assert taken_for["inputs"].startswith(f"pixels {inputs}")
    assert taken_for["file"] == f"a model of Keras {ANSWERS['keras']}"
    expected = np.array(ANSWERS[name])
    logits = name == "leaky"
    found = network.logits(PIXELS) if logits else network.probabilities(PIXELS)
    np.testing.assert_allclose(found, expected, atol=2e-4 if name == "exact_gelu" else 1e-6)
    assert ("logits" in taken_for.get("notes", "")) == logits
    assert ("gelu" in taken_for.get("notes", "")) == (name == "exact_gelu")


def test_the_temperature_is_read():
    assert dl.import_model(FILES / "functional.keras").card.temperature == 2
    assert dl.import_model(FILES / "sequential.keras").card.temperature is None


def test_layers_that_are_not_in_a_row_are_refused():
    with pytest.raises(ModelFileError, match=r"Add|row"):
        dl.import_model(FILES / "branch.keras")


def test_a_relu_that_begins_above_0_is_another_function(tmp_path):
    with zipfile.ZipFile(FILES / "leaky.keras") as old, zipfile.ZipFile(tmp_path / "a.keras", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = re.sub(rb'"negative_slope": ?[0-9.]+', b'"threshold": 0.5', content)
                assert b"threshold" in content
            new.writestr(name, content)
    with pytest.raises(ModelFileError, match=r"relu\(above 0.5\)"):
        dl.import_model(tmp_path / "a.keras")


@pytest.mark.soak  # Keras takes seconds to come
@pytest.mark.skipif(not (find_spec("keras") and find_spec("torch")), reason="Keras and PyTorch are not installed here")
def test_keras_gives_what_we_give(mnist, tmp_path):
    """On all 10,000 test digits, from the model that ships and from each activation."""
    networks = {"standard": dl.load("standard")}
    for activation in ACTIVATIONS:
        network = Network([784, 12, 8, 10], activation=activation, seed=1)
        network.parameters[:] += np.random.default_rng(0).normal(0, 0.05, network.parameters.shape)
        network.card = dataclasses.replace(network.card, temperature=1.3)
        networks[activation] = network
    networks["no hidden layer"] = Network([784, 10], seed=2)
    for name, network in networks.items():
        dl.export_model(network, tmp_path / f"{name}.keras")
    np.save(tmp_path / "pixels.npy", mnist[1].images)
    command = [sys.executable, "-c", IN_KERAS, "pixels.npy", *(f"{name}.keras" for name in networks)]
    environment = {"KERAS_BACKEND": "torch", "KERAS_HOME": str(tmp_path), "PATH": "", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300, capture_output=True)
    for name, network in networks.items():
        found = np.load(tmp_path / f"{name}.keras.npy")
        most = 2e-6 if name == "standard" else 1e-6  # 9.5e-7; where sums are made without AVX2 both round more: 1.7e-6
        np.testing.assert_allclose(found, network.probabilities(mnist[1].images), atol=most, rtol=0, err_msg=name)
        assert found.shape == (10_000, 10)


@settings(max_examples=60)
@given(data=st.data(), way=st.sampled_from(["config", "numbers"]))
def test_damage_is_refused_or_does_no_harm(data, way):
    """A byte or a few changed behind right checksums: never anything but an error of ours, or a network of numbers."""
    from tests.hostile.keras_files import KERAS, keras, layers, sequential, weights

    content = bytearray(sequential(layers()) if way == "config" else weights())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    changed = keras(**{way: bytes(content)})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(changed)
        try:
            network = dl.import_model(path)
        except DigitlabError:
            return
    assert KERAS.is_true(changed, network)
