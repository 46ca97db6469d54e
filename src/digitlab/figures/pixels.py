"""Which pixels speak for a class, and which against it: the picture beside its attributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from digitlab.figures.style import MUTED, SIGNED, draw_picture, new_figure
from digitlab.inside.attribution import Attribution

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_attributions(attributions: Sequence[Attribution], names: Sequence[str] | None = None) -> Figure:
    """The picture, and beside it what each method says of its pixels.

    Args:
        attributions: of one picture and one class, by one method or several.
        names: what the classes are called; by default by their numbers.
    """
    digit = attributions[0].digit
    name = f"{digit}" if names is None else names[digit]
    figure = new_figure(
        2.35 * (1 + len(attributions)),
        3.6,
        f"Which pixels speak for {name}?",
        "Red pixels speak for it, blue ones against it; a gradient alone also says where missing ink would. Below:"
        " does it add up to what the logit, the score of the digit, rises by from an empty picture?",
    )
    first, *others = figure.subplots(1, 1 + len(attributions))
    draw_picture(first, attributions[0].seen, "the picture", "as the network sees it")
    for axes, one in zip(others, attributions, strict=True):
        limit = float(np.abs(one.pixels).max()) or 1.0
        told = f"from -{limit:.2g} to {limit:.2g}"
        if one.expected is not None:
            told = f"sum {one.sum:.3f}, logit rose {one.expected:.3f}"
        draw_picture(axes, one.pixels, one.method, told, colours=SIGNED, limits=(-limit, limit))
        axes.contour(one.seen, levels=[0.5], colors=MUTED, linewidths=0.7)
    return figure
