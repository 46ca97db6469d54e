"""The curves of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digitlab.figures.style import ACCENT, new_figure, plain_axes
from digitlab.training.events import EpochDone

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_history(epochs: Sequence[EpochDone]) -> Figure:
    """Loss and accuracy of the training set, epoch by epoch."""
    figure = new_figure(8, 3.4)
    numbers = [event.epoch for event in epochs]
    panels = [
        ("training loss (cross-entropy)", ".4f", [event.loss for event in epochs]),
        ("training accuracy (%)", ".2f", [100 * event.accuracy for event in epochs]),
    ]
    for axes, (title, form, values) in zip(figure.subplots(1, 2), panels, strict=True):
        marker = "o" if len(epochs) < 20 else None
        axes.plot(numbers, values, color=ACCENT, linewidth=1.8, marker=marker, markersize=4)
        last = f": {values[-1]:{form}} at epoch {numbers[-1]}" if values else ""
        plain_axes(axes, "epoch", title=title + last)
        axes.xaxis.get_major_locator().set_params(integer=True)
    return figure
