"""Networks in few bytes: what is unpacked by hand is what was said, and the most precise that fits is taken."""

from __future__ import annotations

import itertools
import zlib

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError
from digitlab.interop.packing import PRECISIONS, pack, pack_all

KINDS = {"float32": "<f4", "float16": "<f2", "int8": "<i1"}


def unpack(content: bytes, precision: str, sizes: tuple[int, ...]) -> np.ndarray:
    """All parameters, by the description in words of the module."""
    raw, parts = zlib.decompress(content), []

    def take(count: int, kind: str) -> np.ndarray:
        nonlocal raw
        size = np.dtype(kind).itemsize
        planes, raw = raw[: count * size], raw[count * size :]
        one_by_one = b"".join(planes[i::count] for i in range(count))
        return np.frombuffer(one_by_one, kind).astype(np.float32)

    for inputs, units in itertools.pairwise(sizes):
        W = take(inputs * units, KINDS[precision]).reshape(inputs, units)
        parts += [W * (take(units, "<f4") if precision == "int8" else np.float32(1)), take(units, "<f4")]
    assert raw == b""
    return np.concatenate([part.reshape(-1) for part in parts])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_is_unpacked_is_what_was_said(precision):
    network = dl.Network([20, 9, 4], seed=1)
    network.b1 = np.linspace(-2, 2, 9)
    network.W1[:, 3] = 0  # a unit without weights has no scale
    packed = pack(network, precision, 10_000)
    assert packed is not None
    np.testing.assert_array_equal(unpack(packed.content, precision, (20, 9, 4)), packed.network.parameters)
    off = np.abs(packed.network.parameters - network.parameters).max()
    assert off <= {"float32": 0, "float16": 2**-12, "int8": np.abs(network.parameters).max() / 254 + 1e-7}[precision]
    assert (off == 0) == (precision == "float32")


def test_the_first_network_is_as_precise_as_there_is_room_for():
    networks = [dl.Network([100, 50, 10], seed=seed) for seed in (0, 1)]
    sizes = [{one: len(pack(network, one, 10**6).content) for one in PRECISIONS} for network in networks]
    for wanted in [("float32", "float32"), ("float32", "int8"), ("float16", "int8"), ("int8", "int8")]:
        most = sum(size[one] for size, one in zip(sizes, wanted, strict=True))
        assert tuple(one.precision for one in pack_all(networks, most)) == wanted
    with pytest.raises(InputError, match="5,560 parameters is too large"):
        pack_all(networks, most - 1)


def test_a_precision_that_cannot_hold_the_weights_is_passed_over():
    network = dl.Network([30, 10], seed=0)
    network.W1[0, 0] = 1e6  # beyond float16
    assert pack(network, "float16", 10_000) is None
    size = len(pack(network, "float32", 10_000).content)
    assert pack_all([network], size - 1)[0].precision == "int8"


def test_a_network_that_is_far_too_large_is_refused_at_once():
    with pytest.raises(InputError, match="too large"):
        pack_all([dl.Network([784, 100, 10])], 1000)
