"""A comparison drawn: how large each difference is, with its interval, and the pictures that changed sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from digitlab.data.digits import SIDE, Digits
from digitlab.errors import InputError
from digitlab.evaluation.comparison import Changed, Comparison
from digitlab.figures.style import GAP, INK, MUTED, RIGHT, WRONG, cut, cut_model, draw_mosaic, new_figure, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 14  # pictures of each side
SHORT = 9  # letters of a class below a picture


def draw_comparison(pairs: Sequence[Comparison], digits: Digits) -> Figure:
    """The differences of all pairs, and, of the last one, pictures that only one of the two reads rightly.

    Args:
        pairs: each with the same first network.
        digits: the pictures that were compared on.

    Raises:
        InputError: there is no pair.
    """
    if not pairs:
        raise InputError("there is no comparison to draw")
    first, last = pairs[0].names[0], pairs[-1]
    title = f"How much better than {cut_model(first)}? On {last.source}"
    look = "Does the bar, the 95 % interval, lie on one side of 0? Where it touches 0, the difference may be luck."
    figure = new_figure(10, 4.2 + 0.35 * len(pairs), title, look)
    grid = figure.add_gridspec(2, 1, height_ratios=(1 + 0.35 * len(pairs), 2.8))
    above, below = (figure.add_subfigure(place) for place in (grid[0], grid[1]))
    _draw_differences(above.subplots(), pairs)
    for axes, side in zip(below.subplots(2, 1, gridspec_kw={"hspace": 0.1}), (1, 0), strict=True):
        _draw_side(axes, last, side, digits)
    return figure


def _draw_differences(axes: Axes, pairs: Sequence[Comparison]) -> None:
    for row, pair in enumerate(pairs):
        color = MUTED if pair.better is None else RIGHT if pair.difference > 0 else WRONG
        axes.plot(100 * np.array(pair.interval), [row, row], color=color, linewidth=5, solid_capstyle="butt")
        axes.plot(100 * pair.difference, row, "o", color=INK, markersize=5)
    plain_axes(axes, "percentage points more right, with 95 % interval")
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(range(len(pairs)), [cut_model(pair.names[1]) for pair in pairs], color=INK)
    axes.set_ylim(len(pairs) - 0.5, -0.5)


def _draw_side(axes: Axes, pair: Comparison, side: int, digits: Digits) -> None:
    """The first pictures that only this side reads rightly: what each is, and what the other side takes it for."""
    ours = [one for one in pair.changed if one.answers[side] == one.label]
    axes.set_title(
        f"only {cut_model(pair.names[side])} is right: {len(ours):,}",
        color=WRONG if side == 0 else RIGHT,
        fontsize=10,
        loc="left",
    )
    pictures = np.full((1, SHOWN, SIDE, SIDE), np.nan)
    for place, one in enumerate(ours[:SHOWN]):
        pictures[0, place] = digits.images[one.index] / 255
        words = _words(one, one.answers[1 - side], pair)
        x = place * (SIDE + GAP) + SIDE / 2
        axes.text(x, SIDE + 1, words, ha="center", va="top", fontsize=8, color=INK)
    draw_mosaic(axes, pictures)
    axes.set_aspect("equal", anchor="W")
    axes.set_yticks([])


def _words(one: Changed, taken: int, pair: Comparison) -> str:
    doubt = "\nlabel in doubt" if one.label_error else ""
    return f"{cut(pair.classes[one.label], SHORT)}, not {cut(pair.classes[taken], SHORT)}{doubt}"
