"""What training does to samples, answers and weights so that a network does not learn its digits by heart.

Each of these belongs to a sample and an epoch, or to the parameters, never to an array: however a batch is cut,
wherever a training is gone on with, a sample meets the same distortion and goes without the same units.

Epoch 0 is nobody's: the digits as they are, with all units and the labels as they stand.

Letters for shapes: B samples of a batch, H units of a hidden layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digitlab.engines.randomness import DROPOUT, keys_of_samples, word
from digitlab.errors import InputError
from digitlab.network.activations import Floats
from digitlab.network.architecture import Layer

PARTS = 65536  # dropout is a whole number of these


class Distort(Protocol):
    """A way to distort pictures, such as `digitlab.training.augment.distort` for one seed."""

    def __call__(
        self, images: NDArray[np.uint8], numbers: NDArray[np.int64], *, epoch: int, threads: int
    ) -> NDArray[np.uint8]:
        """Other pictures ``(B, 28, 28)`` of the samples with these ``numbers (B,)``: for an epoch always the same."""


@dataclass(frozen=True)
class Regularization:
    """What is done, by default nothing.

    Attributes:
        seed: of the random numbers.
        distort: what makes an epoch's pictures of the digits; None for the digits as they are.
        dropout: the share of hidden units that a sample goes without. The others count for as much more.
        label_smoothing: the share of a label that is spread over all classes.
        max_norm: what the 2-norm of a unit's incoming weights may be after a step; 0 for anything.
        first: the number of the session's first sample: a shard's samples keep the numbers that they have in the whole.

    Sources: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014), also of
    max-norm; C. Szegedy et al., "Rethinking the Inception architecture for computer vision" (2016), section 7.

    Raises:
        InputError: a share that is not from 0 below 1, or a negative norm.
    """

    seed: int = 0
    distort: Distort | None = None
    dropout: float = 0.0
    label_smoothing: float = 0.0
    max_norm: float = 0.0
    first: int = 0

    def __post_init__(self) -> None:
        for name in ("dropout", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} must be a share from 0 below 1", got=getattr(self, name))
        if not self.max_norm >= 0:
            raise InputError("max_norm must be 0 or above", got=self.max_norm)

    @property
    def dropped_parts(self) -> int:
        """Dropout in 65,536ths, below all of them."""
        return min(round(self.dropout * PARTS), PARTS - 1)

    @property
    def dropout_scale(self) -> float:
        """What a unit that stays counts for, so that the next layer's sums are as large as with all units."""
        return float(np.float32(PARTS / (PARTS - self.dropped_parts)))

    def smoothing(self, epoch: int) -> float:
        """Of the labels, in this epoch."""
        return self.label_smoothing if epoch else 0.0

    def dropout_factors(self, numbers: NDArray[np.int64], epoch: int, layer: int, units: int) -> Floats:
        """What the outputs of a hidden layer (from 0) are multiplied by: ``(B, H)``, 0 or the scale.

        A sample has a key for each layer, and four units share the 64 bits of one of its words.
        """
        keys = word(keys_of_samples(self.seed, DROPOUT, epoch, numbers), layer)  # (B,)
        words = word(keys[:, None], np.arange((units + 3) // 4))
        stays = words.astype("<u8").view("<u2")[:, :units] >= self.dropped_parts
        factors: Floats = stays * np.float32(self.dropout_scale)
        return factors

    def limit_norms(self, layers: Sequence[Layer]) -> None:
        """Shrink, in place, the incoming weights of each unit that are longer than `max_norm`; biases do not count."""
        for layer in layers:
            with np.errstate(all="ignore"):  # a length of 0 needs no limit; whoever took the step looks at its result
                squares = np.square(layer.W, dtype=np.float64)
                lengths = np.sqrt(np.add.accumulate(squares, axis=0, out=squares)[-1])  # (H,), added in order
                factors = np.where(lengths > self.max_norm, self.max_norm / lengths, 1.0)
                np.multiply(layer.W, factors.astype(layer.W.dtype), out=layer.W)


NONE = Regularization()
