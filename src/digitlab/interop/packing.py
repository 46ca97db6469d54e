"""Networks in few bytes, as a page carries them: as precise as there is room for.

Of each layer the weights ``W (inputs, units)``, then the biases, which are always float32. Numbers are written by
planes (all first bytes, then all second ones, ...), little end first: the exponents of weights are much alike, and
deflate makes fewer bytes of them when they stand together. In int8 each unit has a scale (float32, before its biases):
``W = int8 * scale``, with the largest weight of the unit at 127.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import InputError
from digitlab.network.architecture import Layer
from digitlab.network.network import Network

HOPELESS = 4  # deflate does not make weights so many times smaller: it is not even tried


def _as_float(kind: str) -> Callable[[NDArray[np.float32]], tuple[NDArray[Any], NDArray[np.float32] | None]]:
    def rounded(W: NDArray[np.float32]) -> tuple[NDArray[Any], None]:
        with np.errstate(over="ignore"):  # whoever packs refuses what is not finite
            return W.astype(kind), None

    return rounded


def as_int8(W: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights ``(inputs, units)`` as whole numbers of -127 to 127, and what 1 of each unit is worth."""
    scales = (np.abs(W).max(axis=0) / np.float32(127)).astype(np.float32)
    levels = np.divide(W, scales, out=np.zeros_like(W), where=scales > 0)
    return np.rint(np.clip(levels, -127, 127)).astype(np.int8), scales


PRECISIONS = {"float32": _as_float("<f4"), "float16": _as_float("<f2"), "int8": as_int8}  # the widest first


@dataclass(frozen=True, eq=False)
class Packed:
    """A network in few bytes.

    Attributes:
        precision: of its weights, one of `PRECISIONS`.
        network: as whoever unpacks it will have it, its weights rounded.
        content: the bytes, deflated (zlib).
    """

    precision: str
    network: Network
    content: bytes


def pack_all(networks: Sequence[Network], most: int) -> tuple[Packed, ...]:
    """Networks in at most ``most`` bytes together: the first as precise as there is room for, then the next one.

    Raises:
        InputError: there is no room for them, however they are rounded.
    """
    packed = cache(lambda number, precision: pack(networks[number], precision, most))
    for precisions in product(PRECISIONS, repeat=len(networks)):
        found = [one for number, precision in enumerate(precisions) if (one := packed(number, precision)) is not None]
        if len(found) == len(networks) and sum(len(one.content) for one in found) <= most:
            return tuple(found)
    what = f"a network of {networks[0].architecture.parameter_count:,} parameters is too large for this"
    raise InputError(what, must_be=f"at most {most:,} bytes, when its weights are int8 and packed")


def pack(network: Network, precision: str, most: int) -> Packed | None:
    """One network; None where its weights are beyond what the precision can hold, or where it is by far too large."""
    rounded = network.copy()
    raw = b"".join(part for layer in rounded.layers for part in _pack_layer(layer, precision))
    if len(raw) > HOPELESS * most or not np.isfinite(rounded.parameters).all():
        return None
    return Packed(precision, rounded, zlib.compress(raw))


def _pack_layer(layer: Layer, precision: str) -> Iterator[bytes]:
    """The bytes of a layer, whose weights are rounded in place."""
    levels, scales = PRECISIONS[precision](layer.W)
    layer.W[...] = levels if scales is None else levels * scales
    yield _planes(levels)
    if scales is not None:
        yield _planes(scales)
    yield _planes(layer.b.astype("<f4"))


def _planes(numbers: NDArray[Any]) -> bytes:
    flat = np.ascontiguousarray(numbers).reshape(-1)
    return flat.view(np.uint8).reshape(-1, flat.itemsize).T.tobytes()
