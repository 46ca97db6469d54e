"""Random numbers that belong to samples: whoever asks for the same ones gets the same ones, in any order and anywhere.

A generator that is drawn from step by step would give a sample other numbers as soon as a batch is cut differently.
Here a number is a function of a key and of its place. A number may be a key itself, so that one seed has a key for each
purpose, for each epoch in it, and for each sample in that:

>>> key = word(word(word(7, DROPOUT), 3), np.arange(4))  # seed 7, epoch 3, the samples 0 to 3
>>> word(key[:, None], np.arange(2)).shape  # two random numbers for each of them
(4, 2)

Source: G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators" (2014): SplitMix64.
The same formula in C++: ``cpp/random.h``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

DROPOUT, DISTORTION, CORRUPTION = 1, 2, 3  # purposes

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def word(key: int | NDArray[np.uint64], place: int | NDArray[Any]) -> NDArray[np.uint64]:
    """64 random bits for each key and place (from 0); the two are broadcast."""
    places = np.asarray(place, np.uint64)
    with np.errstate(over="ignore"):  # modulo 2^64 is meant
        z = np.asarray(key, np.uint64) + (places + np.uint64(1)) * _GAMMA
        z = (z ^ (z >> np.uint64(30))) * _FIRST
        z = (z ^ (z >> np.uint64(27))) * _SECOND
    bits: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return bits


def keys_of_samples(seed: int, purpose: int, epoch: int, numbers: NDArray[Any]) -> NDArray[np.uint64]:
    """The key of each sample ``(N,)`` in an epoch, for one purpose."""
    return word(word(word(seed, purpose), epoch), numbers)
