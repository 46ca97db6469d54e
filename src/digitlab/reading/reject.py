"""Not a digit, or in doubt: the one decision for a picture of 28x28, the same in library, command line and page.

A network that knows ten digits takes whatever it is shown for one of them, and is often sure. So a second one, which
ships with digitlab, too, tells digits from all else: it has learnt digits as varied as people write them, against
blanks, noise, dashes, dots, scribbles, letters, symbols, several digits in one picture. How well, and how it was made:
docs/reference/rejection.md.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import DIGIT_NAMES
from digitlab.network.network import Network
from digitlab.network.shipped import DIGIT_OR_NOT, load_shipped

CLASSES = ("not a digit", "digit")
FALSE_REJECTS = 0.01  # of the digits held out are below the operating point
OPERATING_POINT = 0.6620
DOUBTED = 0.9  # a digit that is less certainly one is in doubt
SURE = 0.95  # an answer that is less probable is in doubt


class Verdict(NamedTuple):
    """What is to be thought of an answer."""

    rejected: bool
    doubtful: bool


def digit_probabilities(pixels: ArrayLike) -> NDArray[np.float64]:
    """How probable it is that each picture is a digit at all.

    Args:
        pixels: ``(N, 28, 28)`` or ``(N, 784)`` bytes, prepared as MNIST's are.

    Returns:
        ``(N,)``, 0 to 1.

    Raises:
        PictureError: another shape or type.
        ModelFileError: the network that ships is missing or damaged.
    """
    found: NDArray[np.float64] = _network().probabilities(pixels)[:, 1].astype(np.float64)
    return found


def is_doubtful(digit_probability: float, probabilities: ArrayLike) -> bool:
    """The rule of doubt for a picture that was not rejected: whether a person should look at it.

    Args:
        digit_probability: of its being a digit at all.
        probabilities: ``(K,)``, of each class, as the network that reads has them.
    """
    return bool(are_doubtful(digit_probability, probabilities))


def are_doubtful(digit_probabilities: ArrayLike, probabilities: ArrayLike) -> NDArray[np.bool_]:
    """As `is_doubtful`, for N pictures at once: ``(N,)`` and ``(N, K)`` give ``(N,)``."""
    in_doubt: NDArray[np.bool_] = np.less(digit_probabilities, DOUBTED) | np.less(np.max(probabilities, axis=-1), SURE)
    return in_doubt


def verdict(network: Network, pixels: NDArray[np.uint8], probabilities: ArrayLike) -> Verdict:
    """Of one picture ``(28, 28)`` or ``(784,)`` that a network has read, with what it answered ``(K,)``.

    Where its classes are not the ten digits, nothing is known of what a picture should be: it is neither.

    Raises:
        ModelFileError: the network that ships is missing or damaged.
    """
    if network.card.labels != DIGIT_NAMES:
        return Verdict(rejected=False, doubtful=False)
    probability = float(digit_probabilities(pixels.reshape(1, -1))[0])
    rejected = probability < OPERATING_POINT
    return Verdict(rejected, not rejected and is_doubtful(probability, probabilities))


@cache
def _network() -> Network:
    return load_shipped(DIGIT_OR_NOT)
