"""Robustness: how much of a network's accuracy is left where pictures are spoiled, turned, or attacked.

Letters for shapes: N samples, P pixels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE, Digits
from digitlab.evaluation.attacks import fgsm, pgd
from digitlab.evaluation.corruptions import CORRUPTIONS, corrupt, spoiled
from digitlab.evaluation.metrics import wilson_interval
from digitlab.evaluation.predictions import predict_all
from digitlab.evaluation.spoiling.chance import Bytes
from digitlab.evaluation.spoiling.noise import gaussian_noise
from digitlab.evaluation.spoiling.places import turned
from digitlab.network.activations import Floats, softmax
from digitlab.network.network import Network

DEVIATIONS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)  # of the noise
TURNS = tuple(range(-90, 91, 15))  # in degrees
EPSILONS = (0.0, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3)
PARTS = 1 + len(CORRUPTIONS) + len(DEVIATIONS) + len(TURNS) + len(EPSILONS)  # of the work

_STEPS = 6  # of PGD for each epsilon: begun where the last one ended, they find as much as 100 begun at the picture
_LOOKED_AT = 1000  # pictures, by `attack_examples`


@dataclass(frozen=True)
class Corrupted:
    """Accuracy under one corruption.

    Attributes:
        name: of `CORRUPTIONS`.
        accuracy: share of right answers, 0 to 1.
        interval: its 95 % Wilson interval.
        approximated: how this corruption differs from MNIST-C's; empty where it does not.
    """

    name: str
    accuracy: float
    interval: tuple[float, float]
    approximated: str


@dataclass(frozen=True)
class Curve:
    """Accuracy for each of some strengths ``x``, given in ``unit``."""

    x: list[float]
    accuracy: list[float]
    unit: str


@dataclass(frozen=True)
class Robustness:
    """What `measure_robustness` measured, all accuracies from 0 to 1.

    Attributes:
        source: which digits.
        count: how many, N.
        seed: of all that was drawn by chance.
        clean: accuracy on the digits as they are.
        corruptions: under each corruption of MNIST-C.
        mean_accuracy: of these, the mean.
        noise: with normal noise added to each pixel.
        rotation: with all digits turned.
        fgsm: with each pixel changed by up to epsilon as the gradient says: of those that stood all smaller epsilons.
        pgd: likewise, but many steps along it. An upper bound of the accuracy under the worst change.
    """

    source: str
    count: int
    seed: int
    clean: float
    corruptions: list[Corrupted]
    mean_accuracy: float
    noise: Curve
    rotation: Curve
    fgsm: Curve
    pgd: Curve

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, ready for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, eq=False)
class Attacked:
    """One picture that a network read, and no longer reads once it was attacked.

    Attributes:
        index: of the picture in its test set.
        label: its true class.
        predicted: what the network takes the attacked one for.
        confidence: how sure it is of that, 0 to 1.
        epsilon: the most by which a pixel was changed.
        before: ``(28, 28)``, as the network sees it, 0..1.
        after: likewise, attacked.
    """

    index: int
    label: int
    predicted: int
    confidence: float
    epsilon: float
    before: NDArray[np.float32]
    after: NDArray[np.float32]


def measure_robustness(
    network: Network, digits: Digits, *, seed: int = 0, progress: Callable[[], object] | None = None
) -> Robustness:
    """Measure what is left of a network's accuracy under corruptions, noise, rotation and attacks.

    Args:
        network: any that reads these digits.
        digits: a test set.
        seed: of all that is drawn by chance.
        progress: called `PARTS` times, after each part of the work.

    Raises:
        InputError, PictureError: as `digitlab.evaluate`; a seed that is not a whole number from 0.
    """
    tell = progress or (lambda: None)
    labels = digits.labels
    right = predict_all(network, digits).right  # with all its checks
    tell()

    def accuracy(images: Bytes) -> float:
        share = float((network.predict(images) == labels).mean())
        tell()
        return share

    corruptions = []
    for corruption in CORRUPTIONS.values():
        share = accuracy(corrupt(digits.images, corruption.name, seed=seed))
        interval = wilson_interval(share * len(labels), len(labels))
        corruptions.append(Corrupted(corruption.name, share, interval, corruption.approximated))
    noisy = [
        accuracy(spoiled(digits.images, partial(gaussian_noise, deviation=deviation), "gaussian_noise", seed=seed))
        for deviation in DEVIATIONS
    ]
    turns = [accuracy(np.rint(turned(digits.images, degrees)).astype(np.uint8)) for degrees in TURNS]
    attacked = []
    for both in _standing_shares(network, network.inputs(digits.images.reshape(len(labels), -1)), labels):
        attacked.append(both)
        tell()
    by_fgsm, by_pgd = (list(shares) for shares in zip(*attacked, strict=True))
    epsilon = "epsilon: the most by which a pixel changes, as a share of full ink"
    return Robustness(
        source=digits.source,
        count=len(digits),
        seed=seed,
        clean=float(right.mean()),
        corruptions=corruptions,
        mean_accuracy=float(np.mean([one.accuracy for one in corruptions])),
        noise=Curve(list(DEVIATIONS), noisy, "standard deviation of the noise, as a share of full ink"),
        rotation=Curve(list(map(float, TURNS)), turns, "degrees to the left"),
        fgsm=Curve(list(EPSILONS), by_fgsm, epsilon),
        pgd=Curve(list(EPSILONS), by_pgd, epsilon),
    )


def attack_examples(network: Network, digits: Digits, epsilon: float = 0.1, count: int = 8) -> list[Attacked]:
    """The first pictures, ``count`` of them at most, that a network reads and that `pgd` makes it misread.

    Among the first thousand: of fewer that fall there, fewer are told.

    Raises:
        InputError, PictureError: as `measure_robustness`; an epsilon out of bounds.
    """
    right = np.flatnonzero(predict_all(network, digits[:_LOOKED_AT]).right)
    x, labels = network.inputs(digits.images[right].reshape(-1, SIDE * SIDE)), digits.labels[right]
    attacked = pgd(network, x, labels, epsilon)
    probabilities = softmax(network.logits(attacked, preprocessed=True), network.card.temperature or 1.0)
    answers = probabilities.argmax(axis=1)
    return [
        Attacked(
            index=int(right[place]),
            label=int(labels[place]),
            predicted=int(answers[place]),
            confidence=float(probabilities[place].max()),
            epsilon=epsilon,
            before=x[place].reshape(SIDE, SIDE),
            after=attacked[place].reshape(SIDE, SIDE),
        )
        for place in np.flatnonzero(answers != labels)[:count]
    ]


def _standing_shares(network: Network, x: Floats, labels: NDArray[np.integer]) -> Iterator[tuple[float, float]]:
    """For each epsilon, the share of pictures ``x (N, P)`` that stand FGSM, and that stand PGD as well.

    What a smaller epsilon allowed, a larger one allows, too: a picture that fell stays fallen. For the same reason PGD
    need not try what FGSM did, and begins where it came to with the smaller epsilon, as much farther as is allowed now.
    """

    def stand(which: NDArray[np.intp], pictures: Floats) -> NDArray[np.bool_]:
        answers = network.logits(pictures, preprocessed=True).argmax(axis=1)
        return np.asarray(answers == labels[which])

    by_fgsm = by_pgd = np.flatnonzero(stand(np.arange(len(x)), x))
    reached, before = x[by_pgd], 0.0
    for epsilon in EPSILONS:
        if epsilon:
            by_fgsm = by_fgsm[stand(by_fgsm, fgsm(network, x[by_fgsm], labels[by_fgsm], epsilon))]
            left = np.isin(by_pgd, by_fgsm)
            by_pgd, reached = by_pgd[left], reached[left]
            farther = x[by_pgd] + (reached - x[by_pgd]) * np.float32(epsilon / before if before else 1)
            reached = pgd(network, x[by_pgd], labels[by_pgd], epsilon, _STEPS, start=farther)
            left = stand(by_pgd, reached)
            by_pgd, reached, before = by_pgd[left], reached[left], epsilon
        yield len(by_fgsm) / len(x), len(by_pgd) / len(x)
