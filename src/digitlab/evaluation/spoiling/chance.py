"""Random numbers that belong to pictures: what is drawn for one does not depend on the others in its batch.

Letters for shapes: N pictures.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.engines.randomness import word

Keys = NDArray[np.uint64]  # (N,)
Bytes = NDArray[np.uint8]  # (N, 28, 28)
Numbers = NDArray[np.float64]


def evenly(keys: Keys, purpose: int, places: NDArray[Any]) -> Numbers:
    """Between 0 and 1 (neither of them), one for each key and place: ``(N, *places.shape)``.

    Each ``purpose`` has numbers of its own.
    """
    own = word(keys, purpose).reshape(-1, *[1] * places.ndim)
    return ((word(own, places) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def whole(keys: Keys, purpose: int, count: int) -> NDArray[np.intp]:
    """A whole number from 0 to ``count - 1`` for each key, ``(N,)``."""
    return (evenly(keys, purpose, np.arange(1))[:, 0] * count).astype(np.intp)


def normal(keys: Keys, purpose: int, places: NDArray[Any]) -> Numbers:
    """Normally distributed, with mean 0 and standard deviation 1: ``(N, *places.shape)``."""
    from scipy.special import ndtri

    drawn: Numbers = ndtri(evenly(keys, purpose, places))
    return drawn
