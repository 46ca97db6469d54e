"""What a network looks like, without its numbers: layer sizes, activation, and where each parameter lies.

All parameters live in ONE flat vector, layer after layer: ``W1, b1, W2, b2, ...``. Optimizers, model files and
compiled engines handle that one buffer; ``W1`` and the others are views into it, so nothing is copied.

Letters for shapes: P inputs (pixels), H hidden units, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from digitlab.errors import ArchitectureError, describe, require_name
from digitlab.network.activations import ACTIVATIONS, Floats

MAX_LAYERS = 32  # weight layers
MAX_UNITS = 16_384  # in one layer
MAX_PARAMETERS = 100_000_000  # 400 MB; the record of a fully connected network on MNIST (2010) has 12 million


class Layer(NamedTuple):
    """One layer's parameters: views into a flat vector."""

    W: Floats  # (inputs, outputs)
    b: Floats  # (outputs,)


@dataclass(frozen=True)
class Architecture:
    """Layer sizes from input to output, and the activation of the hidden units.

    >>> Architecture((784, 64, 10)).parameter_count
    50890

    Raises:
        ArchitectureError: fewer than two layers, a size that is not a positive whole number, one of the limits
            above, or an unknown activation.
    """

    sizes: tuple[int, ...]
    activation: str = "sigmoid"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", _checked_sizes(self.sizes))
        require_name(self.activation, ACTIVATIONS, "activation", ArchitectureError)
        if self.parameter_count > MAX_PARAMETERS:
            what = f"layers {self} are too large: {self.parameter_count:,} parameters"
            raise ArchitectureError(what, must_be=f"at most {MAX_PARAMETERS:,} parameters")

    def __str__(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def parameter_count(self) -> int:
        """How many numbers the flat vector has."""
        return sum(inputs * outputs + outputs for inputs, outputs in self.pairs)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """``(inputs, outputs)`` of each weight layer."""
        return list(zip(self.sizes, self.sizes[1:], strict=False))

    def layers(self, flat: Floats) -> list[Layer]:
        """Views of a flat vector ``(parameter_count,)`` as one `Layer` after the other."""
        return [Layer(flat[W].reshape(shape), flat[b]) for W, b, shape in self._places]

    @cached_property
    def _places(self) -> list[tuple[slice, slice, tuple[int, int]]]:
        """Where each layer's W and b lie in the flat vector, and the shape of W."""
        found, start = [], 0
        for inputs, outputs in self.pairs:
            middle = start + inputs * outputs
            found.append((slice(start, middle), slice(middle, middle + outputs), (inputs, outputs)))
            start = middle + outputs
        return found

    def named(self, flat: Floats) -> dict[str, Floats]:
        """The same views under their names: ``W1``, ``b1``, ``W2``, ..."""
        views = {}
        for number, layer in enumerate(self.layers(flat), start=1):
            views[f"W{number}"], views[f"b{number}"] = layer
        return views


def _checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """The sizes as a tuple of plain ints, or an error."""
    is_list = isinstance(sizes, Sequence | np.ndarray) and not isinstance(sizes, str)
    whole = is_list and all(isinstance(size, int | np.integer) and not isinstance(size, bool) for size in sizes)
    if not whole or not 2 <= len(sizes) <= MAX_LAYERS + 1 or not all(1 <= size <= MAX_UNITS for size in sizes):
        raise ArchitectureError(
            "these layer sizes cannot make a network",
            must_be=f"2 to {MAX_LAYERS + 1} whole numbers from 1 to {MAX_UNITS:,}, from inputs to outputs",
            got=describe(sizes),
            help="such as [784, 64, 10]",
        )
    return tuple(int(size) for size in sizes)
