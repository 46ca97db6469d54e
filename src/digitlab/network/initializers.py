"""The first weights: random, small enough that units start in their responsive range. Biases start at zero.

All of them draw ``W ~ Normal(0, std)`` and differ in the standard deviation alone, which is chosen so that
signals keep their size from layer to layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import ArchitectureError, describe, require_name
from digitlab.network.architecture import Architecture


@dataclass(frozen=True)
class Initializer:
    """The standard deviation of a layer's first weights, from its numbers of inputs and outputs."""

    standard_deviation: Callable[[int, int], float]
    in_words: str


INITIALIZERS = {
    # LeCun, Bottou, Orr and Mueller, "Efficient BackProp" (1998), equation 16
    "lecun": Initializer(lambda inputs, _: 1 / sqrt(inputs), "std 1/sqrt(inputs): the classic, for sigmoid"),
    # Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), eq. 12
    "glorot": Initializer(lambda inputs, outputs: sqrt(2 / (inputs + outputs)), "std sqrt(2/(inputs+outputs)): tanh"),
    # Simard, Steinkraus and Platt, "Best practices for convolutional neural networks" (2003)
    "plain": Initializer(lambda *_: 0.05, "std 0.05 whatever the size: how it was done before the others"),
    # He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015), equation 10
    "he": Initializer(lambda inputs, _: sqrt(2 / inputs), "std sqrt(2/inputs): for ReLU"),
}


def first_parameters(architecture: Architecture, initializer: str, seed: int) -> NDArray[np.float32]:
    """A new flat vector ``(parameter_count,)``: the same seed always gives the same numbers.

    Raises:
        ArchitectureError: an unknown initializer, or a seed that is not a whole number from 0.
    """
    require_name(initializer, INITIALIZERS, "initializer", ArchitectureError)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ArchitectureError("a seed must be a whole number from 0", got=describe(seed))
    generator = np.random.default_rng(seed)
    parameters = np.zeros(architecture.parameter_count, dtype=np.float32)
    for W, _ in architecture.layers(parameters):
        W[...] = generator.normal(0, INITIALIZERS[initializer].standard_deviation(*W.shape), W.shape)
    return parameters
