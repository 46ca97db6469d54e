"""Which classes are taken for which: the confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digitlab.evaluation.report import Report
from digitlab.figures.style import GRID, INK, MOST_NUMBERED, MUTED, name_columns, new_figure, plain_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_confusion(report: Report) -> Figure:
    """The confusion matrix; the darker a cell, the more errors, as shares of the true class."""
    confusion, classes = report.confusion, len(report.names)
    side = min(3 + 0.36 * classes, 11)
    figure = new_figure(
        side + 0.4,
        side,
        "What is taken for what?",
        "Each row is a true class, each column an answer: the darkest cell is the most frequent error.",
    )
    axes = figure.subplots()
    wrong = confusion - np.diag(confusion.diagonal())
    shares = wrong / confusion.sum(axis=1, keepdims=True).clip(min=1)
    axes.imshow(np.where(wrong, shares, np.nan), cmap="Oranges", vmin=0, vmax=1.6 * shares.max() or 1)
    plain_axes(axes, "read as", "true class" if report.named else "true digit")
    axes.set_yticks(*name_columns(axes, report.names, 50))
    axes.grid(visible=False)
    axes.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=GRID, linewidth=0.8)
    axes.spines[:].set_visible(False)
    axes.tick_params(which="both", length=0)
    if classes <= MOST_NUMBERED:
        for (true, taken), count in np.ndenumerate(confusion):
            if count:
                colour = MUTED if true == taken else INK
                axes.text(taken, true, f"{count}", ha="center", va="center", color=colour, fontsize=9)
    return figure
