"""Fog: a landscape of random heights, denser and thinner, over a digit that loses its contrast.

Letters for shapes: N pictures, S x S points of a landscape.
"""

import numpy as np

from digitlab.data.digits import SIDE
from digitlab.evaluation.spoiling.chance import Bytes, Keys, Numbers, evenly

_SIZE = 256  # points along each side of the landscape; its edges meet
_DECAY = 1.4**2  # of chance, where the mesh becomes half as wide: the authors' code multiplies by its wibble twice
_STRENGTH = 3  # in full inks
_COARSE = 8  # points from each to the next of those that the highest and the lowest are looked for among


def fog(images: Bytes, keys: Keys) -> Numbers:
    """MNIST-C, severity 5: fog of strength 3 from a landscape of roughness 1.4 (plasma fractal).

    The landscape, 256 x 256, is brought to 0..1. Three times its corner of 28 x 28 is added to the digit, and the
    contrast is lowered so that the brightest pixel of the digit under the thickest fog would stay as bright as it was.

    Approximated: the highest and the lowest place are those of every eighth point along both axes. What chance adds
    between them is a fiftieth of what it adds at first. The corner has all of its points.
    """
    mesh, heights = _SIZE, np.zeros((len(images), 1, 1))
    while mesh > _COARSE:
        heights, mesh = _refined(heights, keys, mesh, 0), mesh // 2
    low, high = (edge(heights, axis=(1, 2), keepdims=True) for edge in (np.min, np.max))
    for axis in (1, 2):  # from here on the corner alone, with one point before it; 6 x 8 reach beyond 28
        heights = np.take(heights, np.arange(-1, 6), axis, mode="wrap")
    while mesh > 1:
        # What would have to know more of the landscape is wrong, one point at the start and two at the end; cut off.
        heights, mesh = _refined(heights, keys, mesh, -1)[:, 1:-2, 1:-2], mesh // 2
    corner = heights[:, 1 : 1 + SIDE, 1 : 1 + SIDE]
    density = np.clip((corner - low) / (high - low), 0, 1)
    brightest = images.max(axis=(1, 2), keepdims=True) / 255
    foggy: Numbers = (images + 255 * _STRENGTH * density) * (brightest / (brightest + _STRENGTH))
    return foggy


def _refined(heights: Numbers, keys: Keys, mesh: int, first: int) -> Numbers:
    """A landscape, or a piece of it, ``(N, S, S)``, with a mesh half as wide: ``(N, 2 S, 2 S)``.

    The middle of each square is the mean of its four corners, and the middle of each side that of its two ends and of
    the middles of the two squares there; chance is added to both (diamond-square algorithm).

    Source: A. Fournier, D. Fussell and L. Carpenter, "Computer rendering of stochastic models" (1982).

    Args:
        heights: whose edges are taken to meet.
        keys: ``(N,)``.
        mesh: from one point to the next.
        first: the place of the first point along both axes, in meshes.
    """
    own = np.arange(first, first + heights.shape[1]) * mesh % _SIZE
    amount = _DECAY ** -np.log2(_SIZE // mesh)

    def chance(down: int, right: int) -> Numbers:
        places = (own[:, None] + down) * _SIZE + own + right
        drawn: Numbers = amount * (2 * evenly(keys, 0, places) - 1)
        return drawn

    refined = np.empty((len(heights), 2 * len(own), 2 * len(own)))
    refined[:, ::2, ::2] = heights
    below, beside = np.roll(heights, -1, 1), np.roll(heights, -1, 2)
    middle = (heights + below + beside + np.roll(below, -1, 2)) / 4 + chance(mesh // 2, mesh // 2)
    refined[:, 1::2, 1::2] = middle
    refined[:, ::2, 1::2] = (heights + beside + middle + np.roll(middle, 1, 1)) / 4 + chance(0, mesh // 2)
    refined[:, 1::2, ::2] = (heights + below + middle + np.roll(middle, 1, 2)) / 4 + chance(mesh // 2, 0)
    return refined
