"""Pixels that come from other places: digits leaned, scaled and turned about the middle of the picture, or shifted.

Places are rounded to 1/256 pixel, so that every product and sum is exact in float32 and all machines give the same
bytes.

Letters for shapes: N pictures.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import SIDE
from digitlab.evaluation.spoiling.chance import Bytes, Keys, whole

Pixels = NDArray[np.float32]  # (N, 28, 28)

_MIDDLE = (SIDE - 1) / 2
_FINE = 256  # places in a pixel


def moved(images: Bytes, matrix: ArrayLike) -> Pixels:
    """Each pixel from its place in the source, between the four pixels there; what lies beyond is paper.

    Args:
        images: ``(N, 28, 28)``.
        matrix: ``(2, 2)``: the place ``(x, y)`` of the source, seen from the middle, that a pixel's own is turned into.
    """
    own = np.arange(SIDE) - _MIDDLE
    x, y = np.meshgrid(own, own)  # columns and rows
    source = np.tensordot(np.asarray(matrix), np.stack([x, y]), axes=1) + _MIDDLE
    source = np.clip(np.rint(source * _FINE), -_FINE, SIDE * _FINE).astype(np.intp)
    (column, row), (right, below) = source // _FINE + 1, (source % _FINE / _FINE).astype(np.float32)
    around = np.pad(images, ((0, 0), (1, 2), (1, 2))).reshape(len(images), (SIDE + 3) ** 2)
    found = np.zeros(images.shape, np.float32)
    for down, across, share in (
        (0, 0, (1 - below) * (1 - right)),
        (0, 1, (1 - below) * right),
        (1, 0, below * (1 - right)),
        (1, 1, below * right),
    ):
        found += share * around[:, (row + down) * (SIDE + 3) + column + across]
    return found


def turned(images: Bytes, degrees: float) -> Pixels:
    """Turned to the left by so many degrees."""
    return moved(images, _rotation(math.radians(degrees)))


def shear(images: Bytes, keys: Keys) -> Pixels:
    """MNIST-C: leaning by 0.4 rad to the left or to the right, by chance.

    The vertical axis leans and keeps its length, as the affine map of that time's scikit-image had it:
    x' = x - sin(s) y, y' = cos(s) y.
    """
    return _either_way(images, keys, lambda angle: [[1, -math.sin(angle)], [0, math.cos(angle)]])


def rotate(images: Bytes, keys: Keys) -> Pixels:
    """MNIST-C: turned by 0.4 rad (22.9 degrees) to the left or to the right, by chance."""
    return _either_way(images, keys, _rotation)


def scale(images: Bytes, _: Keys) -> Pixels:
    """MNIST-C: shrunk to 0.7 of its size. Nothing is drawn by chance."""
    return moved(images, np.eye(2) / 0.7)


def translate(images: Bytes, keys: Keys) -> Bytes:
    """MNIST-C: shifted by 3 pixels along both axes, each to one side or the other, by chance."""
    far = 3
    around = np.pad(images, ((0, 0), (far, far), (far, far)))
    windows = np.lib.stride_tricks.sliding_window_view(around, (SIDE, SIDE), axis=(1, 2))
    shifted: Bytes = windows[np.arange(len(images)), 2 * far * whole(keys, 0, 2), 2 * far * whole(keys, 1, 2)]
    return shifted


def _rotation(angle: float) -> list[list[float]]:
    cos, sin = math.cos(angle), math.sin(angle)
    return [[cos, -sin], [sin, cos]]


def _either_way(images: Bytes, keys: Keys, matrix: Callable[[float], ArrayLike]) -> Pixels:
    """Some pictures by 0.4 rad, the others by -0.4."""
    changed = np.empty(images.shape, np.float32)
    for way in (0, 1):
        chosen = whole(keys, 0, 2) == way
        changed[chosen] = moved(images[chosen], matrix(0.4 - 0.8 * way))
    return changed
