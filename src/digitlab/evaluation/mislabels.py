"""Suspected label errors, found by cross-validation: pictures whose label networks confidently disagree with.

A network that was trained on a picture has learnt its label, be it wrong. So each picture is judged by a network that
was trained on others alone. Where its answer j is not the label, the label is suspected: the more, the further the
probability of j is above that of the label. The disagreement is called confident where the network is as sure as such
networks are of the pictures of j on the average:

    p_j >= t_j,   t_j = mean of p_j over all pictures with label j

How many there are of those estimates how many labels are wrong. A suspect is a picture to be looked at: it may as well
be a digit that is hard to read.

Source: C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident learning: estimating uncertainty in dataset labels"
(2021): the confident joint (equations 1 and 2), and the margin of "prune by noise rate".

Letters for shapes: N pictures, K classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.data.label_errors import LabelError, label_errors_of
from digitlab.engines import AUTO, Engine
from digitlab.errors import InputError, require_kind, require_name
from digitlab.evaluation.cross_validation import cross_validated
from digitlab.network.card import are_numbers
from digitlab.runs.options import TrainOptions
from digitlab.training.recipe import Recipe

FOLDS = 5
PARTS = ("train", "test", "both")


@dataclass(frozen=True, eq=False)
class Suspect:
    """A picture whose label is suspected.

    Attributes:
        part: of the data set, ``train`` or ``test``.
        index: in that part.
        label: what it is said to be.
        predicted: what a network that was not trained on it says.
        confidence: the probability of that.
        probability_of_label: what was left for the label.
        confident: whether it is as sure as of pictures that do have this label.
        picture: ``(28, 28) uint8``.
        label_error: what is known of the label where it is one of the known errors of the test set.
    """

    part: str
    index: int
    label: int
    predicted: int
    confidence: float
    probability_of_label: float
    confident: bool
    picture: NDArray[np.uint8]
    label_error: LabelError | None = None

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON; the picture by its part and index alone."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "picture"}


@dataclass(frozen=True, eq=False)
class Mislabels:
    """What cross-validation says of the labels of a data set.

    Attributes:
        source: whose labels were judged, in words.
        names: what the classes are called, K of them.
        folds: how many.
        seed: of the folds and of the trainings.
        count: how many labels were judged.
        accuracy: of those, the share that a network that was not trained on the picture agrees with.
        suspects: most suspected first.
        known: how many label errors are known among those that were judged.
    """

    source: str
    names: tuple[str, ...]
    folds: int
    seed: int
    count: int
    accuracy: float
    suspects: list[Suspect]
    known: int

    @property
    def confident(self) -> int:
        """How many of the disagreements are confident."""
        return sum(suspect.confident for suspect in self.suspects)

    def known_among_first(self, most: int) -> int:
        """How many of the known label errors are among the first so many suspects."""
        return sum(suspect.label_error is not None for suspect in self.suspects[:most])

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, ready for JSON; names where the classes are called anything but numbers."""
        answer = vars(self) | {
            "confident": self.confident,
            "suspects": [suspect.to_dict() for suspect in self.suspects],
        }
        names = answer.pop("names")
        return answer if are_numbers(names) else answer | {"names": list(names)}


def find_mislabels(
    train: Digits,
    test: Digits,
    recipe: Recipe,
    *,
    part: str = "both",
    folds: int = FOLDS,
    seed: int = 0,
    engine: str | Engine = AUTO,
    threads: int | None = None,
    progress: Callable[[], object] = lambda: None,
) -> Mislabels:
    """Suspected label errors of a data set, by networks that were not trained on the pictures that they judge.

    Both parts are always learnt from, in folds that are drawn from all pictures together. The same seed gives the same
    list, on the same machine and engine.

    Args:
        train: the training part.
        test: the test part.
        recipe: of each training, but for its seed.
        part: whose labels are judged: ``train``, ``test`` or ``both``.
        folds: 2 to 100; as many networks are trained.
        seed: of the folds and of the trainings.
        engine: see `digitlab.train`.
        threads: likewise.
        progress: called after each epoch of each training.

    Raises:
        InputError: parts or folds that cannot be; parts with different classes.
        RecipeError: a seed that cannot be, or the recipe does not fit the pictures.
        DivergenceError: a training left the finite numbers.
    """
    require_kind(recipe, Recipe, "the recipe", 'dl.recipe("quick")')
    count = _count(train, test, part)
    images, labels = np.concatenate([train.images, test.images]), np.concatenate([train.labels, test.labels])
    together = Digits(images, labels, f"{train.source} and {test.source}", train.classes)
    recipe, options = dataclasses.replace(recipe, seed=seed), TrainOptions(engine=engine, threads=threads)
    p = cross_validated(together, recipe, options, folds=folds, progress=progress)  # (N, K)
    known = {("test", error.index): error for error in label_errors_of(test)} if part != "train" else {}
    everyone = _suspects(p, together, len(train))
    suspects = [suspect for suspect in everyone if part in (suspect.part, "both")]
    return Mislabels(
        source={"train": train.source, "test": test.source, "both": together.source}[part],
        names=train.classes,
        folds=folds,
        seed=seed,
        count=count,
        accuracy=1 - len(suspects) / count,
        suspects=[
            dataclasses.replace(suspect, label_error=known.get((suspect.part, suspect.index))) for suspect in suspects
        ],
        known=len(known),
    )


def _count(train: Digits, test: Digits, part: str) -> int:
    """How many labels are judged; what is no part, or has none, is refused."""
    for digits in (train, test):
        require_kind(digits, Digits, "each part", "train, test = dl.load_mnist()")
    require_name(part, PARTS, "part")
    if train.classes != test.classes:
        got = f"{', '.join(train.classes)}; and {', '.join(test.classes)}"
        raise InputError("the two parts must have the same classes", got=got)
    count = {"train": len(train), "test": len(test), "both": len(train) + len(test)}[part]
    if not count:
        raise InputError("there is no label to judge", got=f"part {part}, which is empty")
    return count


def _suspects(p: NDArray[np.float64], digits: Digits, in_train: int) -> list[Suspect]:
    """Those whose label is not the answer, most suspected first; the first so many digits are the training part."""
    labels, taken = digits.labels, p.argmax(axis=1)  # (N,)
    own = p[np.arange(len(p)), labels]  # (N,)
    wrong = np.flatnonzero(taken != labels)
    wrong = wrong[np.argsort(own[wrong] - p.max(axis=1)[wrong], kind="stable")]
    thresholds = _thresholds(p, labels)
    return [
        Suspect(
            part="train" if place < in_train else "test",
            index=place if place < in_train else place - in_train,
            label=int(labels[place]),
            predicted=int(taken[place]),
            confidence=float(p[place, taken[place]]),
            probability_of_label=float(own[place]),
            confident=bool(p[place, taken[place]] >= thresholds[taken[place]]),
            picture=digits.images[place],
        )
        for place in wrong.tolist()
    ]


def _thresholds(p: NDArray[np.float64], labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How sure networks are of each class on the pictures that have its label, ``(K,)``; infinite where none has."""
    return np.array([p[labels == j, j].mean() if (labels == j).any() else np.inf for j in range(p.shape[1])])
