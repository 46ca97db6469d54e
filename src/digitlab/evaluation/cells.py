"""One cell of a confusion matrix, opened: the pictures of class t that were taken for class p, and why.

The last layer adds up what its inputs say, so the lead of p over t on one picture is a sum over the units before it:

    z_p - z_t = sum_h a_h (W_hp - W_ht)  +  b_p - b_t

and each term is how far one unit pushed from t towards p. Many units push so on every picture of t, also where it is
read rightly. What is special about the pictures of the cell is how much further a unit pushed there than it does on the
average over all pictures of t: units are sorted by that difference. All differences together are the difference of the
mean leads, so they say exactly how the lead came about. What made a unit speak is a matter of the layers before it.

Letters for shapes: N samples, P pixels, H units of the last hidden layer, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE, Digits
from digitlab.errors import InputError, describe, require_kind
from digitlab.evaluation.neighbours import Neighbour, nearest_digits
from digitlab.evaluation.predictions import Predictions
from digitlab.network.card import are_numbers
from digitlab.network.network import BEYOND, BLOCK, Network

PICTURES = 8  # whose nearest training digits are looked up
NEIGHBOURS = 3  # of each side
UNITS = 10  # that are named
MOST_CELLS = 5  # that an error names


@dataclass(frozen=True)
class Push:
    """What one unit said, as a mean over pictures, in logits: ``a_h (W_hp - W_ht)``.

    Attributes:
        unit: its number in the last hidden layer, from 0; in a network without one, the number of a pixel.
        push: on the pictures of the cell; above 0 towards the answer, below 0 towards the label.
        usual: on all pictures of the label.
    """

    unit: int
    push: float
    usual: float

    @property
    def special(self) -> float:
        """How much further it pushed towards the answer than it usually does."""
        return self.push - self.usual

    def to_dict(self) -> dict[str, object]:
        """Plain numbers, ready for JSON."""
        return {"unit": self.unit, "push": self.push, "usual": self.usual, "special": self.special}


@dataclass(frozen=True, eq=False)
class Opened:
    """A picture of a cell, and the training digits nearest to it on both sides, by their pixels.

    Attributes:
        index: of the picture, in the test set.
        picture: ``(28, 28) uint8``.
        confidence: the probability of its answer.
        of_true: the nearest training digits of its label, nearest first.
        of_predicted: those of the class it was taken for; on the diagonal, of any other class than its label.
    """

    index: int
    picture: NDArray[np.uint8]
    confidence: float
    of_true: tuple[Neighbour, ...]
    of_predicted: tuple[Neighbour, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON; pictures by their indices alone."""
        return {
            "index": self.index,
            "confidence": self.confidence,
            "of_true": [near.to_dict() for near in self.of_true],
            "of_predicted": [near.to_dict() for near in self.of_predicted],
        }


@dataclass(frozen=True, eq=False)
class Cell:
    """The pictures of one class that were taken for one class, and what decided it.

    On the diagonal, where both are the same, they were read rightly: pushes are then from the mean of all other classes
    towards this one, and usual is what a unit does on pictures of any class.

    Attributes:
        true: the class of the pictures.
        predicted: what they were taken for.
        names: what the K classes are called.
        source: which test set.
        indices: of the pictures, surest first; on the diagonal, the least sure first.
        mean: ``(28, 28)``, their average, 0 paper and 1 ink.
        lead: the mean over the pictures of ``z_p - z_t``, before any temperature.
        usual_lead: the same over the pictures that `Push.usual` is about.
        of_pixels: whether the units are pixels, as the network has no hidden layer.
        units: those that pushed furthest beyond what they usually do. The special pushes of all units together are
            ``lead - usual_lead``.
        nearest: for the first few of the pictures, the nearest training digits.
    """

    true: int
    predicted: int
    names: tuple[str, ...]
    source: str
    indices: list[int]
    mean: NDArray[np.float64]
    lead: float
    usual_lead: float
    of_pixels: bool
    units: list[Push]
    nearest: list[Opened]

    @property
    def explained(self) -> float:
        """Which part of ``lead - usual_lead`` the units that are named make up; may be above 1, as others push back."""
        difference = self.lead - self.usual_lead
        return sum(push.special for push in self.units) / difference if difference else 0.0

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, ready for JSON; pictures by their indices alone, but for the average."""
        answer: dict[str, object] = {
            "true": self.true,
            "predicted": self.predicted,
            "source": self.source,
            "indices": self.indices,
            "mean": self.mean.tolist(),
            "lead": self.lead,
            "usual_lead": self.usual_lead,
            "of_pixels": self.of_pixels,
            "units": [push.to_dict() for push in self.units],
            "explained": self.explained,
            "nearest": [one.to_dict() for one in self.nearest],
        }
        if not are_numbers(self.names):
            answer |= {"true_name": self.names[self.true], "predicted_name": self.names[self.predicted]}
        return answer


def cell_of(
    network: Network, predictions: Predictions, train: Digits, true: int, predicted: int, *, pictures: int = PICTURES
) -> Cell:
    """Open the cell of the pictures of class ``true`` that were taken for class ``predicted``.

    Args:
        network: the one that made the predictions.
        predictions: of a test set.
        train: the training part of the same data set, for neighbours.
        true: the number of the class that they are.
        predicted: the number of the class that they were taken for.
        pictures: for how many of them neighbours are looked up.

    Raises:
        InputError: there is no such class; or the cell is empty: then the largest cells of its row are named.
    """
    require_kind(train, Digits, "the training part", "train, test = dl.load_mnist()")
    for number in (true, predicted):
        if not (isinstance(number, int | np.integer) and 0 <= number < len(predictions.names)):
            must_be = f"0 to {len(predictions.names) - 1}"
            raise InputError("there is no such class", must_be=must_be, got=describe(number))
    of_true = predictions.labels == true  # (N,)
    indices = np.flatnonzero(of_true & (predictions.predicted == predicted))
    if not len(indices):
        raise _empty(predictions, true, predicted)
    diagonal = true == predicted
    sureness = predictions.confidence[indices]
    indices = indices[np.argsort(sureness if diagonal else -sureness, kind="stable")]
    chosen = predictions.digits.images[indices]
    W, b = network.layers[-1]
    direction, bias = (_direction(part.astype(np.float64), true, predicted) for part in (W, b))
    usual = predictions.digits.images if diagonal else predictions.digits.images[of_true]
    # (H,); a unit that is silent pushes 0, not -0
    push, usually = (_mean_inputs_of_last(network, images) * direction + 0.0 for images in (chosen, usual))
    units = np.argsort(usually - push, kind="stable")[:UNITS]
    return Cell(
        true=int(true),
        predicted=int(predicted),
        names=predictions.names,
        source=predictions.digits.source,
        indices=indices.tolist(),
        mean=chosen.mean(axis=0) / 255,
        lead=float(push.sum() + bias),
        usual_lead=float(usually.sum() + bias),
        of_pixels=len(network.layers) == 1,
        units=[Push(int(unit), float(push[unit]), float(usually[unit])) for unit in units],
        nearest=_open(predictions, train, indices[:pictures], true, predicted),
    )


def _empty(predictions: Predictions, true: int, predicted: int) -> InputError:
    """Nothing is in the cell: the error says so, and where the pictures of this row are."""
    names, of_true = predictions.names, predictions.labels == true
    row = np.bincount(predictions.predicted[of_true & ~predictions.right], minlength=len(names))
    largest = [number for number in np.argsort(-row, kind="stable")[:MOST_CELLS] if row[number]]
    taken = f"those of {names[true]} that were not read rightly were taken for "
    help = taken + ", ".join(f"{names[number]} ({row[number]})" for number in largest) if largest else ""
    if not largest:
        help = "every one of them was read rightly" if of_true.any() else "there is none in the test set"
    what = f"the cell is empty: no picture of {names[true]} was taken for {names[predicted]}"
    return InputError(what, help=help)


def _direction(values: NDArray[np.float64], true: int, predicted: int) -> NDArray[np.float64]:
    """Of ``(..., K)``, what a class says beyond another one; on the diagonal, beyond the mean of all others."""
    if true != predicted:
        difference: NDArray[np.float64] = values[..., predicted] - values[..., true]
        return difference
    classes = values.shape[-1]
    others = (values.sum(axis=-1) - values[..., true]) / max(classes - 1, 1)
    return np.asarray(values[..., true] - others)


@np.errstate(**BEYOND)
def _mean_inputs_of_last(network: Network, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What the last layer takes, ``(H,)``, as a mean over pictures ``(N, 28, 28)``."""
    total = np.zeros(network.architecture.sizes[-2])
    for begin in range(0, len(images), BLOCK):
        x = network.inputs(images[begin : begin + BLOCK].reshape(-1, SIDE * SIDE))
        *hidden, _ = network.activations(x)
        total += (hidden[-1] if hidden else x).sum(axis=0, dtype=np.float64)
    return total / len(images)


def _open(
    predictions: Predictions, train: Digits, indices: NDArray[np.intp], true: int, predicted: int
) -> list[Opened]:
    images = predictions.digits.images[indices]
    theirs = train.labels != true if true == predicted else train.labels == predicted
    sides = (nearest_digits(images, train, chosen, NEIGHBOURS) for chosen in (train.labels == true, theirs))
    return [
        Opened(int(index), image, float(predictions.confidence[index]), of_true, of_predicted)
        for index, image, of_true, of_predicted in zip(indices, images, *sides, strict=True)
    ]
