"""``.npz``: NumPy reads what digitlab writes, and digitlab what others write with NumPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError, ModelFileError
from digitlab.interop import understand

RNG = np.random.default_rng(3)


def layers(*sizes: int) -> list[np.ndarray]:
    """Random weights ``(inputs, outputs)`` and biases, one after the other."""
    pairs = itertools.pairwise(sizes)
    return [RNG.normal(size=shape).astype(np.float32) for i, o in pairs for shape in ((i, o), (o,))]


def test_arrays_of_others_are_taken_in_the_order_of_their_names_either_way_round(tmp_path):
    sizes = (5, 4, 3, *8 * (6,), 2)
    arrays = layers(*sizes)
    for flipped in (False, True):
        named = {}
        for number, (W, b) in enumerate(zip(arrays[::2], arrays[1::2], strict=True), 1):
            named |= {f"bias{number}": b.astype(np.float64), f"coef{number}": W.T if flipped else W}
        np.savez_compressed(tmp_path / "a.npz", **dict(sorted(named.items())))
        with pytest.raises(InputError, match="does not tell the activation"):
            dl.import_model(tmp_path / "a.npz")
        network, taken_for, _ = understand(tmp_path / "a.npz", activation="gelu")
        shape = "(outputs, inputs)" if flipped else "(inputs, outputs)"
        assert taken_for["file"].startswith(f"NumPy arrays, weights {shape}: coef1, coef2")
        assert network.architecture.sizes == sizes
        np.testing.assert_array_equal(network.parameters, np.concatenate([array.ravel() for array in arrays]))


def test_names_in_no_order_are_taken_as_they_fit_and_biases_may_be_missing(tmp_path):
    first, _, second, _, third, _ = layers(9, 8, 7, 6)
    np.savez(tmp_path / "a.npz", output=third, input=first, middle=second)
    network = dl.import_model(tmp_path / "a.npz", activation="relu")
    np.testing.assert_array_equal(network.W2, second)
    assert not network.b3.any()


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, "not those of dense layers"),
        ({"W1": np.zeros((3, 2, 2))}, "not those of dense layers"),
        ({"W1": np.zeros((3, 2)), "b1": np.zeros(2), "scale": np.zeros(3)}, "not those of dense layers"),
        ({"W1": np.zeros((3, 2)), "b1": np.zeros(5)}, "do not fit each other"),
        ({"W1": np.zeros((3, 2)), "W2": np.zeros((3, 2))}, "do not fit each other"),
        ({"a": np.ones((4, 3)), "b": np.ones((2, 4)), "c": np.ones((3, 3)), "d": np.ones((3, 3))}, "fit each other"),
        ({"W1": np.zeros((3, 2), np.int64)}, "wrong type"),
        ({"W1": np.zeros((3, 2), object)}, "wrong type|header"),
        ({"W1": np.full((3, 2), np.nan)}, "6 numbers in W1 are NaN"),
        ({"W1": np.full((3, 2), 1e300)}, "too large"),
        ({"W1": np.zeros((0, 2))}, "layer sizes"),
        ({"W1": np.zeros((20000, 1))}, "layer sizes"),
        ({"W1": np.zeros((2, 2)), "digitlab": np.frombuffer(b'{"activation":"relu","x":1}', np.uint8)}, "version"),
        ({"W1": np.zeros((2, 2)), "digitlab": np.frombuffer(b'{"activation":"swish"}', np.uint8)}, "swish"),
        (
            {"W1": np.zeros((2, 2)), "digitlab": np.frombuffer(b'{"activation":"relu","labels":["a"]}', np.uint8)},
            "2 labels",
        ),
        ({"W1": np.zeros((2, 2)), "digitlab": np.zeros(2**20 + 1, np.uint8)}, "too long"),
    ],
)
def test_what_is_no_network_is_refused(arrays, words, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ModelFileError, match=words):
        dl.import_model(tmp_path / "a.npz", activation="relu" if "digitlab" not in arrays else None)
