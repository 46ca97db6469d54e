"""One cell of a confusion matrix, opened; and the smallest change that makes an answer flip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digitlab.data.digits import SIDE
from digitlab.evaluation.cells import Cell
from digitlab.figures.style import GAP, INK, MUTED, RIGHT, SIGNED, SOFT, WRONG, draw_picture, new_figure, plain_axes
from digitlab.inside.counterfactual import Counterfactual

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_cell(cell: Cell) -> Figure:
    """The average of the cell's pictures, what pushed the answer, and some pictures with what is nearest to them."""
    true, taken = cell.names[cell.true], cell.names[cell.predicted]
    diagonal = cell.true == cell.predicted
    count = f"{len(cell.indices):,} picture{'s' * (len(cell.indices) != 1)}"
    title = f"{true} read rightly: {count}, the least sure" if diagonal else f"{true} taken for {taken}: {count}"
    kind = "pixel" if cell.of_pixels else "unit"
    look = (
        f"Left: which {kind}s pushed further towards {taken} here, at the coloured dots, than they usually do?"
        " Right: which training pictures look most like each of these?"
    )
    figure = new_figure(11, max(4.6, 1.1 + 0.62 * len(cell.nearest)), title, look)
    mean, pushes, nearest = figure.subplots(1, 3, width_ratios=(1, 1.5, 3.1))
    draw_picture(mean, cell.mean, "their average")
    _draw_pushes(pushes, cell)
    _draw_nearest(nearest, cell)
    return figure


def draw_counterfactual(found: Counterfactual) -> Figure:
    """The picture as the network sees it, what must change, and what it would be read as then."""
    look = (
        f"Red: ink that is added; blue: ink that is taken away. The change has a length of {found.distance:.2f} (two"
        f" digits of MNIST are about 10 apart), and no pixel changes by more than {100 * found.greatest:.0f} % of full"
        " ink."
    )
    names = found.names
    title = f"What would make the network read {names[found.becomes]} instead of {names[found.digit]}?"
    figure = new_figure(9, 3.9, title, look)
    before, change, after = figure.subplots(1, 3)
    for axes, pixels, words, digit, probabilities in (
        (before, found.before, "as the network sees it", found.digit, found.probabilities_before),
        (after, found.after, "with the change", found.becomes, found.probabilities_after),
    ):
        draw_picture(axes, pixels, words, f"read as {names[digit]} with {100 * probabilities[digit]:.1f} %")
    strongest = max(found.greatest, 1e-9)
    shown = draw_picture(change, found.change, "the change", colours=SIGNED, limits=(-strongest, strongest))
    figure.colorbar(shown, ax=change, shrink=0.7, label="change of ink")
    return figure


def _draw_pushes(axes: Axes, cell: Cell) -> None:
    """A line for each unit, from what it usually says to what it said of these pictures."""
    rows = np.arange(len(cell.units))
    said, usual = [unit.push for unit in cell.units], [unit.usual for unit in cell.units]
    axes.hlines(rows, usual, said, color=MUTED, linewidth=2)
    axes.plot(usual, rows, "o", color=MUTED, label="usually")
    axes.plot(said, rows, "o", color=WRONG if cell.true != cell.predicted else RIGHT, label="on these")
    axes.vlines(0, -0.5, len(rows) - 0.5, color=INK, linewidth=0.8)
    kind = "pixel" if cell.of_pixels else "unit"
    towards = f"push towards {cell.names[cell.predicted]}, in logits"
    plain_axes(axes, towards, title="what pushed")
    axes.set_yticks(rows, [f"{kind} {unit.unit}" for unit in cell.units], color=INK)
    axes.set_ylim(len(rows) - 0.5, -1.8)
    axes.grid(visible=False, axis="y")
    axes.legend(frameon=False, fontsize=8, labelcolor=INK, loc="upper left", ncols=2, handletextpad=0.1)


def _draw_nearest(axes: Axes, cell: Cell) -> None:
    """A row for each picture: itself, and the nearest training digits of both sides."""
    across = max((len(side) for one in cell.nearest for side in (one.of_true, one.of_predicted)), default=0)
    step, apart = SIDE + GAP, SIDE // 2
    begins = [0, step + apart, step + apart + across * step + apart]
    canvas = np.full((len(cell.nearest) * step, begins[2] + across * step), np.nan)
    for row, one in enumerate(cell.nearest):
        sides = ([one.picture], [near.picture for near in one.of_true], [near.picture for near in one.of_predicted])
        for begin, pictures in zip(begins, sides, strict=True):
            for place, picture in enumerate(pictures):
                left = begin + place * step
                canvas[row * step : row * step + SIDE, left : left + SIDE] = picture
    axes.imshow(canvas, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    labels = [f"{one.index}   {100 * one.confidence:.0f} %" for one in cell.nearest]
    axes.set_yticks(np.arange(len(cell.nearest)) * step + SIDE / 2, labels, color=SOFT, fontsize=8)
    true, taken = cell.names[cell.true], cell.names[cell.predicted]
    other = "other classes" if cell.true == cell.predicted else taken
    heads = ("picture", f"nearest training pictures of {true}", f"of {other}")
    middles = [begins[0] + SIDE / 2, *(begin + across * step / 2 for begin in begins[1:])]
    axes.set_xticks(middles, heads, color=INK, fontsize=9)
    axes.xaxis.tick_top()
    axes.set_xlabel(
        "at the left: the number of the picture, and how sure the network was of its answer", color=SOFT, fontsize=9
    )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
