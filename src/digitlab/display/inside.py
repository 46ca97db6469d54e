"""What goes on in a network at one picture, in words, within 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from digitlab.figures.style import LONGEST_CLASS, cut
from digitlab.inside.attribution import INTEGRATED, TIMES_INPUT, Attribution
from digitlab.inside.contributions import Contributions
from digitlab.inside.counterfactual import Counterfactual

STRONGEST = 5  # units that are told of a layer
PUSHING = 8  # units that are told for the answer, and against it


def inside_text(
    found: Contributions, attributions: Sequence[Attribution], counterfactual: Counterfactual | None
) -> str:
    """The strongest units of each layer, what pushes to the answer and against it, whether all that adds up.

    Last, how small a change makes the answer flip; None where none was found.
    """
    pixels = _pixel_lines(found, attributions)
    return "\n".join([*_layer_lines(found), *_push_lines(found), "", *pixels, *_flip_lines(counterfactual)])


def _layer_lines(found: Contributions) -> Iterator[str]:
    for number, a in enumerate(found.activations, start=1):
        told = ", ".join(f"{unit} ({a[unit]:.2f})" for unit in np.argsort(-np.abs(a), kind="stable")[:STRONGEST])
        yield f"hidden layer {number}: {np.count_nonzero(a):,} of {len(a):,} units hand on something"
        yield f"  strongest: {told}"
    if found.activations:
        yield ""


def _push_lines(found: Contributions) -> Iterator[str]:
    """Units for the answer beside those against it, strongest first; then their sum, and what the network says."""
    bias, logit, pushes = found.bias[found.digit], found.logits[found.digit], found.towards(found.digit)
    layers = len(found.activations)
    what, where = ("unit", f"each unit of hidden layer {layers}") if layers else ("pixel", "each pixel")
    yield f"what {where} adds to the logit of {_answer(found)} (a times W)"
    yield from _in_columns("for it", "against it")
    order = np.argsort(-pushes, kind="stable")
    for pair in zip(order[:PUSHING], order[::-1][:PUSHING], strict=True):
        signs = zip(pair, (1, -1), strict=True)
        told = [f"{what} {unit:<6} {pushes[unit]:+.3f}" if sign * pushes[unit] > 0 else "" for unit, sign in signs]
        if any(told):
            yield from _in_columns(*told)
    sides = (pushes[pushes > 0], pushes[pushes < 0])
    yield from _in_columns(*(f"all {len(side):<7,} {side.sum():+.3f}" for side in sides))
    yield f"  with the bias of {bias:+.3f} they add up to {pushes.sum() + bias:.5f}; the network says {logit:.5f}"
    yield f"  (the other logits are right too, to {found.off_by:.0e})"


def _pixel_lines(found: Contributions, attributions: Sequence[Attribution]) -> Iterator[str]:
    """How well the attributions of the pixels add up."""
    for one in attributions:
        if one.expected is None or one.off_by is None:
            continue
        if one.method == TIMES_INPUT:
            yield f"the pixels: the logit of {_answer(found)} is {one.expected:+.4f} above that of black paper"
        note = f"off by {max(one.off_by, 1e-15):.0e}" if one.method == INTEGRATED else "exact if the network is linear"
        yield f"  {one.method}: their sum is {one.sum:+.4f} ({note})"


def _flip_lines(found: Counterfactual | None) -> Iterator[str]:
    if found is None:
        yield "  no change was found that flips the answer"
    else:
        becomes = cut(found.names[found.becomes], LONGEST_CLASS)
        yield f"  the smallest change found that flips the answer, to {becomes}: {found.distance:.2f} long"
        yield f"    (two digits of MNIST are about 10 apart), no pixel by more than {100 * found.greatest:.0f} % of ink"


def _answer(found: Contributions) -> str:
    return cut(found.names[found.digit], LONGEST_CLASS)


def _in_columns(left: str, right: str) -> Iterator[str]:
    yield f"  {left:<28}{right}".rstrip()
