"""In which order the samples of an epoch are met, and how they are cut into batches.

The order is a function of the seed and the epoch alone, so any epoch can be met again without the ones before it.
"""

import numpy as np
from numpy.typing import NDArray

from digitlab.engines import Batch

_ORDER, _HELD_OUT = 1, 2  # streams of their own, beside the one that draws the first weights


def sample_order(count: int, seed: int, epoch: int) -> NDArray[np.intp]:
    """A random order of ``count`` samples: ``(count,)`` indices, each once.

    Sorting random 64-bit keys gives every order the same chance. The keys are the raw stream of PCG64, which NumPy
    promises never to change, unlike its ``permutation`` (NEP 19): the same seed gives the same order for good.
    """
    return _shuffled(count, seed, _ORDER, epoch)


def split(count: int, held_out: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which of ``count`` samples to train on, and which to hold out for validation: both in their natural order."""
    order = _shuffled(count, seed, _HELD_OUT)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def _shuffled(count: int, seed: int, *stream: int) -> NDArray[np.intp]:
    return order_of(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=stream)).random_raw(count))


def order_of(keys: NDArray[np.uint64]) -> NDArray[np.intp]:
    """The order that sorts the keys, and leaves the same ones as they stand.

    NumPy's quickest sort does so in a fifth of the time, if no two are the same; and hardly ever are two.
    """
    order = np.argsort(keys)
    in_order = keys[order]
    return np.argsort(keys, kind="stable") if np.any(in_order[1:] == in_order[:-1]) else order


def batches_of_epoch(count: int, batch_size: int, seed: int, epoch: int) -> list[Batch]:
    """The batches of one epoch; the last one may be smaller. ``batch_size`` 0 means one batch of all samples.

    A full batch keeps the natural order: its sums do not depend on it.
    """
    if batch_size == 0 or batch_size >= count:
        return [slice(0, count)]
    order = sample_order(count, seed, epoch)
    return [order[start : start + batch_size] for start in range(0, count, batch_size)]
