"""`export_model` and `import_model`: what is common to all forms of file."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError, ModelFileError
from digitlab.interop import understand
from digitlab.interop.exchange import FORMATS
from digitlab.network import ACTIVATIONS, Network, Preprocessing


def with_card(activation: str = "relu", **changes: object) -> Network:
    """A small network whose card says as much as a card can."""
    network = Network([784, 12, 7, 3], activation=activation, seed=1)
    network.parameters[:] += np.random.default_rng(0).normal(0, 0.1, network.parameters.shape)  # biases, too
    told = {"labels": ("T-shirt", "ズボン", 'a "b"\\n'), "temperature": 1.25, "recipe": {"epochs": 3}}
    network.card = dataclasses.replace(network.card, **(told | changes))  # type: ignore[arg-type]
    return network


BOTH_WAYS = [ending for ending, form in FORMATS.items() if form.read]


@pytest.mark.parametrize("ending", BOTH_WAYS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_was_exported_comes_back_with_all_that_was_known_of_it(ending, activation, tmp_path):
    network = with_card(activation, preprocessing=Preprocessing(28, kind="deskew"))
    done = dl.export_model(network, tmp_path / f"a{ending}")
    assert any("upright" in line for line in done.words) != FORMATS[ending].deskews
    back = dl.import_model(tmp_path / f"a{ending}")
    assert (back.architecture, back.card) == (network.architecture, network.card)
    np.testing.assert_array_equal(back.parameters, network.parameters)


@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_network_gives_the_same_bytes(ending, tmp_path):
    for name in "ab":
        dl.export_model(with_card(), tmp_path / f"{name}{ending}")
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


@pytest.mark.parametrize("name", ["a.gguf", "a", "nowhere/a.npz", "."])
def test_a_place_that_cannot_be_is_refused(name, tmp_path):
    with pytest.raises(InputError):
        dl.export_model(with_card(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_network_that_is_not_finite_is_refused(tmp_path):
    network = with_card()
    network.W1[0, 0] = np.nan
    with pytest.raises(ModelFileError, match="1 of its numbers"):
        dl.export_model(network, tmp_path / "a.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.pt", "a.PTH", "a.pkl", "a.joblib"])
def test_a_pickle_is_not_even_looked_at(name, tmp_path):
    with pytest.raises(InputError, match=r"pickle(.|\n)*safetensors"):
        dl.import_model(tmp_path / name)


def test_pixels_that_were_scaled_otherwise_become_part_of_the_first_layer(mnist, tmp_path):
    """A network that saw ``(x - 0.1307) / 0.3081``, or bytes, gives the same answers to pixels 0 to 1."""
    network = Network([784, 8, 10], activation="tanh", seed=2)
    pixels = mnist[1].images[:100].reshape(-1, 784) / np.float32(255)
    dl.export_model(network, tmp_path / "a.npz")
    for inputs, seen in (("0.5,2", (pixels - 0.5) / 2), ("0..255", pixels * 255)):
        *_, expected = network.activations(seen)
        back = dl.import_model(tmp_path / "a.npz", inputs=inputs)
        np.testing.assert_allclose(back.logits(pixels), expected, atol=1e-5 * np.abs(expected).max())
    for wrong in ("0..2", "1", "nan,1", "0,0", "0,inf", "1,2,3", ""):
        with pytest.raises(InputError, match="inputs"):
            dl.import_model(tmp_path / "a.npz", inputs=wrong)


def test_an_activation_that_contradicts_the_file_is_refused(tmp_path):
    dl.export_model(with_card("tanh"), tmp_path / "a.npz")
    with pytest.raises(InputError, match="activation is tanh"):
        dl.import_model(tmp_path / "a.npz", activation="relu")
    assert dl.import_model(tmp_path / "a.npz", activation="tanh").architecture.activation == "tanh"
    with pytest.raises(InputError, match="sigmoid"):
        dl.import_model(tmp_path / "a.npz", activation="swish")


def test_what_it_was_taken_for_is_said(tmp_path):
    dl.export_model(with_card("tanh"), tmp_path / "a.npz")
    taken = understand(tmp_path / "a.npz").taken_for
    assert taken["layers"] == "784-12-7-3"
    assert taken["activation"] == "tanh, as the file says"
    assert "ズボン" in taken["classes"]
    assert taken["temperature"] == "1.25"
