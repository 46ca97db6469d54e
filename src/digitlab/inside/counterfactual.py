"""Counterfactuals: the smallest change of a picture that makes its answer flip.

"It would be a 9 if these pixels were so." Small is meant as the Euclidean length of the change, and a picture is meant
as the network sees it. Borders between answers are curved, so it is sought in rounds. Where the search stands, the
leads of the wanted class w over all others are taken for linear; the next place is the nearest to the picture at which
w leads, with every pixel between paper and ink:

    x' = clip(x0 + sum_k lambda_k g_k, 0, 1),   g_k = d/dx (z_w - z_k)  at x,   lambda_k >= 0

What is beyond the border is shortened along the line back to the picture until it is just over it; the shortest of all
rounds is the answer. From the fourth round on a step goes half of its way: between two straight pieces of a ReLU
network whole steps would jump to and fro. A class that was not reached so is far away: then steps are added up, each
from where the last one ended, as DeepFool does.

The length is an upper bound: gradients lead to a near border, and nobody can tell whether another one is nearer.

Source: S. Moosavi-Dezfooli, A. Fawzi and P. Frossard, "DeepFool: a simple and accurate method to fool deep neural
networks" (2016), algorithm 2. What it is good for: S. Wachter, B. Mittelstadt and C. Russell, "Counterfactual
explanations without opening the black box" (2018).

Letters for shapes: M wanted classes, P pixels, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.errors import InputError, describe
from digitlab.inside.picture import as_square, forward_one
from digitlab.network.activations import Floats, softmax
from digitlab.network.backward import forward, input_gradient
from digitlab.network.card import are_numbers
from digitlab.network.network import Network

ROUNDS = 16
NEAR = 8  # rounds whose steps begin at the picture; later ones do where the class was reached
WHOLE = 3  # rounds whose steps go all of their way
FACTORS = 6  # that are set in a step
HALVINGS = 20  # of the line back to the picture: to a millionth of the change
BEYOND = 1.02  # a step goes a little too far, as DeepFool's do: the border is curved
MARGIN = 1e-3  # in logits, by which the wanted class must lead: rounding does not flip the answer back


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """A picture, and the nearest one that was found whose answer is another one.

    Attributes:
        before: ``(28, 28)``, the picture as the network sees it, 0 paper and 1 ink.
        after: ``(28, 28)``, what it would have to be.
        digit: what it is read as.
        becomes: what it would be read as.
        distance: the Euclidean length of the change; between two digits of MNIST it is about 10.
        greatest: the greatest change of a pixel, 0 to 1.
        probabilities_before: ``(K,)``.
        probabilities_after: ``(K,)``: just over the border, where two classes are as good as equally probable.
        names: what the classes are called, K of them.
    """

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    digit: int
    becomes: int
    distance: float
    greatest: float
    probabilities_before: NDArray[np.float64]
    probabilities_after: NDArray[np.float64]
    names: tuple[str, ...]

    @property
    def change(self) -> NDArray[np.float64]:
        """``(28, 28)``: ink that is added above 0, ink that is taken away below."""
        difference: NDArray[np.float64] = self.after - self.before
        return difference

    def to_dict(self) -> dict[str, object]:
        """Plain lists and numbers, ready for JSON; names where the classes are called anything but numbers."""
        answer: dict[str, object] = {
            "before": self.before.tolist(),
            "after": self.after.tolist(),
            "change": self.change.tolist(),
            "digit": self.digit,
            "becomes": self.becomes,
            "distance": self.distance,
            "greatest": self.greatest,
            "probabilities_before": self.probabilities_before.tolist(),
            "probabilities_after": self.probabilities_after.tolist(),
        }
        return answer if are_numbers(self.names) else answer | {"names": list(self.names)}


def find_counterfactual(network: Network, image: ArrayLike, becomes: int | None = None) -> Counterfactual | None:
    """The smallest change of ``image`` that makes ``network`` read it as ``becomes``.

    Args:
        network: any.
        image: one picture, bytes or floats 0..1, ``(28, 28)`` or ``(784,)``.
        becomes: the number of the wanted class; None for whichever is nearest.

    Returns:
        What was found; None where no change within 0..1 was found that flips the answer.

    Raises:
        InputError: there is no such class, or the picture is read as it already.
        PictureError: not one picture, or pixels that cannot be.
        DivergenceError: the network has no answer to it.
    """
    before = forward_one(network, image)
    digit = int(before.logits.argmax())
    wanted = _wanted(becomes, digit, before.logits.shape[1])
    x0 = before.inputs[0].astype(np.float32)  # (1, P)
    found, lengths = _search(network, x0, wanted)
    if not np.isfinite(lengths).any():
        return None
    x = found[[lengths.argmin()]]
    if becomes is None:  # the way to the nearest class may lead through another one

        def is_another(pictures: Floats) -> NDArray[np.bool_]:
            return _lead(forward(network, pictures).logits, np.array([digit])) <= -MARGIN

        x = _shorten(x0, x, is_another)
    change = (x - x0)[0]
    after = forward(network, np.clip(before.inputs[0] + change, 0, 1))
    temperature = network.card.temperature or 1.0
    return Counterfactual(
        before=as_square(before.inputs[0][0]),
        after=as_square(after.inputs[0][0]),
        digit=digit,
        becomes=int(after.logits.argmax()),
        distance=float(np.linalg.norm(change)),
        greatest=float(np.abs(change).max()),
        probabilities_before=np.asarray(softmax(before.logits[0], temperature)),
        probabilities_after=np.asarray(softmax(after.logits[0], temperature)),
        names=network.card.labels,
    )


def _wanted(becomes: int | None, digit: int, classes: int) -> NDArray[np.intp]:
    """The classes that are sought."""
    if becomes is None:
        return np.delete(np.arange(classes), digit)
    if isinstance(becomes, bool) or not (isinstance(becomes, int | np.integer) and 0 <= becomes < classes):
        raise InputError("there is no such class", must_be=f"0 to {classes - 1}", got=describe(becomes))
    if becomes == digit:
        raise InputError("the picture is read so already: there is nothing to change", got=describe(becomes))
    return np.array([becomes])


def _search(network: Network, x0: Floats, wanted: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """For each wanted class the nearest picture that was found to be read so, ``(M, P)``, and how far it is, ``(M,)``.

    Where none was found it is infinitely far. ``x0`` is ``(1, P)``.
    """
    x = np.repeat(x0, len(wanted), axis=0)
    best, shortest = x.copy(), np.full(len(wanted), np.inf, x.dtype)
    for turn in range(ROUNDS):
        near = (turn < NEAR) | np.isfinite(shortest)[:, np.newaxis]  # (M, 1)
        stepped = _step(np.where(near, x0, x), x, *_leads(network, x, wanted))
        x = np.where(near & (turn >= WHOLE), (x + stepped) / 2, stepped)
        over = _lead(forward(network, x).logits, wanted) >= MARGIN  # (M,)

        def is_wanted(pictures: Floats, these: NDArray[np.intp] = wanted[over]) -> NDArray[np.bool_]:
            return _lead(forward(network, pictures).logits, these) >= MARGIN

        x[over] = _shorten(x0, x[over], is_wanted)
        length = np.linalg.norm(x - x0, axis=1)
        better = over & (length < shortest)
        best[better], shortest[better] = x[better], length[better]
    return best, shortest


def _lead(logits: Floats, wanted: NDArray[np.intp]) -> Floats:
    """How far the wanted class leads the strongest other one, in logits: ``(M,)``."""
    rows, others = np.arange(len(wanted)), logits.copy()
    others[rows, wanted] = -np.inf
    lead: Floats = logits[rows, wanted] - others.max(axis=1)
    return lead


def _leads(network: Network, x: Floats, wanted: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """How far the wanted class leads each class, ``(M, K)``, and the gradients of that, ``(M, K, P)``."""
    passed, rows = forward(network, x), np.arange(len(wanted))
    slopes = np.stack(
        [input_gradient(network, passed, one) for one in np.eye(passed.logits.shape[1], dtype=x.dtype)], axis=1
    )
    leads = passed.logits[rows, wanted][:, np.newaxis] - passed.logits
    leads[rows, wanted] = np.inf
    return leads, slopes[rows, wanted][:, np.newaxis] - slopes


def _step(begin: Floats, x: Floats, leads: Floats, gradients: Floats) -> Floats:
    """The nearest picture to ``begin`` where no linear lead is below `MARGIN`, and a little beyond: ``(M, P)``.

    Of its factors lambda, that of the rival that is furthest ahead is set so that the two are level, again and again
    (the method of Hildreth for quadratic programs).
    """
    rows = np.arange(len(x))
    g = gradients.astype(np.float64)
    factors = np.zeros(leads.shape)
    needed = np.einsum("mkp,mp->mk", g, x.astype(np.float64)) - leads + MARGIN  # (M, K), of g_k x'
    needed[np.isinf(leads)] = -np.inf
    pushed = begin.astype(np.float64)
    for _ in range(FACTORS):
        worst = (np.einsum("mkp,mp->mk", g, np.clip(pushed, 0, 1)) - needed).argmin(axis=1)
        rest = pushed - factors[rows, worst][:, np.newaxis] * g[rows, worst]
        factors[rows, worst] = _factor(rest, g[rows, worst], needed[rows, worst])
        pushed = rest + factors[rows, worst][:, np.newaxis] * g[rows, worst]
    stepped: Floats = np.clip(begin + BEYOND * (pushed - begin), 0, 1).astype(x.dtype)
    return stepped


def _factor(rest: Floats, g: Floats, needed: Floats) -> Floats:
    """The smallest ``lambda >= 0`` for which ``g clip(rest + lambda g, 0, 1)`` is what is needed: ``(M,)``.

    By lambda it is a rising line that bends wherever a pixel leaves one end of 0..1 or arrives at the other; lambda is
    read off it. Where even the end of it is not enough, it is the end.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.concatenate([((g < 0) - rest) / g, ((g > 0) - rest) / g], axis=1)  # (M, 2 P)
    bends = np.where(np.concatenate([g, g], axis=1) == 0, 0, np.maximum(ends, 0))
    order = bends.argsort(axis=1)
    bends = np.take_along_axis(bends, order, 1)
    slopes = np.cumsum(np.take_along_axis(np.concatenate([g * g, -g * g], axis=1), order, 1), axis=1)
    risen = np.cumsum(slopes[:, :-1] * np.diff(bends, axis=1), axis=1)
    heights = (g * np.clip(rest, 0, 1)).sum(axis=1, keepdims=True) + np.insert(risen, 0, 0, 1)
    heights = np.maximum.accumulate(heights, axis=1)  # rounding may dip
    return np.array([np.interp(*one) for one in zip(needed, heights, bends, strict=True)])


def _shorten(x0: Floats, x: Floats, is_over: Callable[[Floats], NDArray[np.bool_]]) -> Floats:
    """Pictures ``(M, P)`` beyond a border, brought back along the line to ``x0`` until they are just over it."""
    low, high = np.zeros((len(x), 1), x.dtype), np.ones((len(x), 1), x.dtype)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        over = is_over(x0 + middle * (x - x0))[:, np.newaxis]
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return x0 + high * (x - x0)
