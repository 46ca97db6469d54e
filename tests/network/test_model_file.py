"""The model file: what is saved is what is loaded, to the bit."""

from __future__ import annotations

import dataclasses
import errno
import os
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import ModelFileError
from digitlab.network import Architecture, Card, Preprocessing, TrainingSummary
from digitlab.network.model_file import ModelFile, decode_model, encode_model

TINY = Architecture((4, 3, 2))  # W1 (4, 3), b1 (3,), W2 (3, 2), b2 (2,)
NUMBERS = np.linspace(-1, 1, 23, dtype=np.float32)
HERE = Path("model.safetensors")


def is_true(model: ModelFile) -> bool:
    return model.architecture == TINY and model.parameters.tobytes() == NUMBERS.tobytes()


@pytest.mark.parametrize(
    ("sizes", "activation"),
    [
        ([784, 64, 10], "sigmoid"),
        ([784, 10], "relu"),
        ([784, 30, 20, 10], "tanh"),
        ([1, 1], "relu"),
        ([2] * 33, "relu"),
    ],
)
def test_a_saved_network_is_loaded_to_the_bit(sizes, activation, tmp_path):
    network = dl.Network(sizes, activation=activation, seed=3)
    network.save(tmp_path / "model")
    loaded = dl.Network.load(tmp_path / "model")
    assert loaded.architecture == network.architecture
    assert loaded.parameters.tobytes() == network.parameters.tobytes()
    assert loaded.parameters.dtype == np.float32


CARD = Card(
    ("Ω ☃", 'a "quoted" one'),
    Preprocessing(2),
    temperature=1.25,
    recipe={"about": "ä ☃\n", "layers": [4, 3, 2], "learning_rate": 0.1, "epochs": 3, "activation": "sigmoid"},
    training=TrainingSummary("finished", 3, 30, 100, 20, "drawn", "numpy", 0.5, 0.75, 0.6, 0.7),
)


@pytest.mark.parametrize("card", [CARD, Card(("no", "yes")), dataclasses.replace(CARD, recipe=None, training=None)])
def test_what_the_file_tells_about_itself_is_read_back(card):
    again = decode_model(encode_model(TINY, NUMBERS, card), HERE).card
    assert again == dataclasses.replace(card, preprocessing=Preprocessing(2))  # the inputs are a square picture


@pytest.mark.parametrize(
    "source",
    [
        lambda flat: np.repeat(flat, 2)[::2],
        lambda flat: flat[::-1].copy()[::-1],
        lambda flat: np.asfortranarray(np.stack([flat, flat]))[1],
        lambda flat: flat.astype(">f4"),
        lambda flat: flat.astype(np.float64),
    ],
    ids=["strided", "reversed", "Fortran row", "big-endian", "float64"],
)
def test_numbers_survive_any_memory_order(source):
    assert is_true(decode_model(encode_model(TINY, source(NUMBERS)), HERE))


@pytest.mark.parametrize("view", [np.asfortranarray, lambda W: W.T.copy().T, lambda W: np.repeat(W, 2, axis=1)[:, ::2]])
def test_weights_survive_any_memory_order(view, tmp_path):
    network, weights = dl.Network([4, 3, 2]), np.arange(12, dtype=np.float32).reshape(4, 3)
    network.W1 = view(weights)
    network.save(tmp_path / "model")
    assert np.array_equal(dl.Network.load(tmp_path / "model").W1, weights)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_network_that_is_not_finite_is_not_saved(wrong, tmp_path):
    network = dl.Network([4, 3, 2])
    network.b2[1] = wrong
    with pytest.raises(ModelFileError, match="b2 cannot be saved: 1 of its numbers"):
        network.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore:overflow")
def test_numbers_that_float32_cannot_hold_are_not_saved():
    with pytest.raises(ModelFileError, match="cannot be saved"):
        encode_model(TINY, np.full(23, 1e300))


def test_a_header_too_long_to_be_read_back_is_not_saved():
    with pytest.raises(ModelFileError, match="cannot be saved"):
        encode_model(TINY, NUMBERS, dataclasses.replace(CARD, recipe={f"log{n}": "\0" * 10_000 for n in range(30)}))


def test_saving_where_there_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for folder in ("missing", "file"):
        with pytest.raises(ModelFileError, match="cannot be written"):
            dl.Network.from_parameters(TINY, NUMBERS).save(tmp_path / folder / "model")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_saving_without_permission_leaves_nothing_behind(tmp_path, as_nobody):
    tmp_path.chmod(0o500)
    try:
        with as_nobody(), pytest.raises(ModelFileError, match="Permission denied"):
            dl.Network.from_parameters(TINY, NUMBERS).save(tmp_path / "model")
    finally:
        tmp_path.chmod(0o700)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_model_as_it_was(tmp_path, monkeypatch):
    def fail(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    dl.Network.from_parameters(TINY, NUMBERS).save(tmp_path / "model")
    before = (tmp_path / "model").read_bytes()
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ModelFileError, match="No space left on device"):
        dl.Network.from_parameters(TINY, -NUMBERS).save(tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == before
    assert list(tmp_path.iterdir()) == [tmp_path / "model"]


def test_the_same_network_gives_the_same_bytes():
    architecture = Architecture((4, 3, 2))
    parameters = np.arange(architecture.parameter_count, dtype=np.float32)
    recipes = [{"b": 1, "a": 2}, {"a": 2, "b": 1}]  # the order of the settings is no part of the network
    cards = [dataclasses.replace(CARD, recipe=recipe) for recipe in recipes]
    files = {encode_model(architecture, parameters, card) for card in cards for _ in range(20)}
    assert len(files) == 1


@pytest.mark.parametrize("count", [22, 24, 0])
def test_parameters_of_another_architecture_are_not_saved(count):
    with pytest.raises(ModelFileError, match=r"shape \(23,\), for 4-3-2"):
        encode_model(Architecture((4, 3, 2)), np.zeros(count, dtype=np.float32))
