"""The outline of a digit, in place of it.

Letters for shapes: N pictures, M steep pixels.
"""

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.evaluation.spoiling.chance import Bytes, Keys, Numbers

_SIGMA = 1.0  # how far to smooth, in pixels
_LOW, _HIGH = 0.1, 0.2  # how steep an edge must be everywhere, and how steep somewhere


def canny_edges(images: Bytes, _: Keys) -> Numbers:
    """MNIST-C: full ink on the edges, paper elsewhere; as scikit-image finds them. Nothing is drawn by chance.

    After smoothing, a pixel is on an edge if its gradient (Sobel's) is 0.1 or more and not smaller than the gradients
    on either side across the edge; an edge is kept if its gradient is 0.2 or more somewhere. The outermost pixels
    belong to none.

    Source: J. Canny, "A computational approach to edge detection" (1986).
    """
    from scipy.ndimage import correlate1d, gaussian_filter, label

    smooth = gaussian_filter(images / 255, (0, _SIGMA, _SIGMA), mode="constant")
    smooth /= gaussian_filter(np.ones((SIDE, SIDE)), _SIGMA, mode="constant")  # outside the picture there is nothing
    down, right = (
        correlate1d(correlate1d(smooth, [-1, 0, 1], axis=along), [1, 2, 1], axis=3 - along) for along in (1, 2)
    )
    gradient = np.hypot(down, right)
    inner = np.zeros((SIDE, SIDE), bool)
    inner[1:-1, 1:-1] = True
    steep = np.flatnonzero((gradient >= _LOW) & inner)  # (M,), places in all pictures
    ridge = np.zeros(images.shape, bool)
    ridge.ravel()[steep[_is_highest(gradient.ravel(), down.ravel()[steep], right.ravel()[steep], steep)]] = True
    touching = np.zeros((3, 3, 3), bool)
    touching[1] = True  # within a picture, also at a corner
    edges, count = label(ridge, touching)
    kept = np.zeros(count + 1, bool)
    kept[edges[ridge & (gradient >= _HIGH)]] = True
    outline: Numbers = 255.0 * kept[edges]
    return outline


def _is_highest(gradient: Numbers, down: Numbers, right: Numbers, places: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which pixels ``(M,)`` have no larger gradient on either side across the edge.

    Straight across lies between two neighbours: a straight one in the direction of the larger part of the gradient, and
    the diagonal one beside it; the gradient there is between theirs, too.

    Args:
        gradient: how steep all pixels are, flat.
        down: of these pixels, ``(M,)``.
        right: likewise.
        places: where they are in ``gradient``.
    """
    mostly_down = np.abs(down) >= np.abs(right)
    straight = np.where(mostly_down, SIDE, 1)
    beside = np.where(mostly_down, 1, SIDE) * np.where(down * right >= 0, 1, -1)
    small, large = np.minimum(np.abs(down), np.abs(right)), np.maximum(np.abs(down), np.abs(right))
    share = small / large
    highest = np.ones(len(places), bool)
    for way in (-1, 1):
        across = (1 - share) * gradient[places + way * straight] + share * gradient[places + way * (straight + beside)]
        highest &= gradient[places] >= across
    return highest
