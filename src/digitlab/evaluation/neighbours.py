"""The training digits nearest to a picture: what a network that only compares pixels would go by.

Letters for shapes: M pictures, N training digits, P pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits

BLOCK = 4096  # training digits at a time, so that memory stays small


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A training digit near a picture.

    Attributes:
        index: in the training part.
        label: what it shows.
        distance: Euclidean, of pixels from 0 (paper) to 1 (ink).
        picture: ``(28, 28) uint8``.
    """

    index: int
    label: int
    distance: float
    picture: NDArray[np.uint8]

    def to_dict(self) -> dict[str, object]:
        """Plain numbers, ready for JSON; the picture by its index alone."""
        return {"index": self.index, "label": self.label, "distance": self.distance}


def nearest_digits(
    pictures: NDArray[np.uint8], train: Digits, chosen: NDArray[np.bool_], most: int
) -> list[tuple[Neighbour, ...]]:
    """For each picture the nearest of the chosen training digits, nearest first; of equally near ones the first.

    By ``|x - y|^2 = |x|^2 + |y|^2 - 2 x y`` all distances come of one matrix product. Bytes in float64: it is exact.

    Args:
        pictures: ``(M, 28, 28)``.
        train: the training part.
        chosen: ``(N,)``, which of them may be neighbours.
        most: how many for each picture; fewer where fewer are chosen.
    """
    places = np.flatnonzero(chosen)
    x = pictures.reshape(len(pictures), -1).astype(np.float64)  # (M, P)
    squared = np.empty((len(x), len(places)))
    for begin, end in pairwise([*range(0, len(places), BLOCK), len(places)]):
        y = train.images[places[begin:end]].reshape(end - begin, -1).astype(np.float64)
        squared[:, begin:end] = (x * x).sum(axis=1)[:, np.newaxis] + (y * y).sum(axis=1) - 2 * (x @ y.T)
    nearest = np.argsort(squared, axis=1, kind="stable")[:, :most]
    return [
        tuple(
            Neighbour(
                index=int(places[near]),
                label=int(train.labels[places[near]]),
                distance=float(np.sqrt(squared[row, near])) / 255,
                picture=train.images[places[near]],
            )
            for near in nears
        )
        for row, nears in enumerate(nearest)
    ]
