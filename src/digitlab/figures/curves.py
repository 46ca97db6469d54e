"""Learning curves, laid over each other. A branch begins on the curve of its parent, where it left it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digitlab.errors import InputError
from digitlab.evaluation.curves import LearningCurve
from digitlab.figures.style import MUTED, SERIES, cut_model, new_figure, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = ("-", "--", ":", "-.")  # one after the other, where there are more curves than colours


def draw_curves(curves: Sequence[LearningCurve]) -> Figure:
    """Loss and accuracy, epoch by epoch: of the digits held out, where all runs have some; else of those trained on.

    Raises:
        InputError: no curve has an epoch.
    """
    drawn = [curve for curve in curves if curve.own]
    if not drawn:
        raise InputError("there is no curve to draw", got="no epoch of any run")
    held_out = all(epoch.validation_loss is not None for curve in drawn for epoch in curve.own)
    of, prefix = ("held-out digits", "validation_") if held_out else ("training digits", "")
    look = (
        "Where a curve is level, little more is learnt. A loss of held-out digits that rises again: learning by heart."
    )
    if any(curve.branched_at for curve in drawn):
        look = "Look at how a branch goes on from its dot, where it left the curve of its parent."
    figure = new_figure(9, 4, f"Learning curves, of the {of}", look)
    panels = (("loss", "cross-entropy", 1), ("accuracy", "%", 100))
    for axes, (name, unit, scale) in zip(figure.subplots(1, 2), panels, strict=True):
        _draw(axes, drawn, prefix + name, scale)
        plain_axes(axes, "epoch", f"{name} ({unit})")
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.axes[0].legend(frameon=False, fontsize=9)
    return figure


def _draw(axes: Axes, curves: Sequence[LearningCurve], name: str, scale: float) -> None:
    number = 0
    for curve in curves:
        color, style = MUTED, "-"
        if not curve.beside:
            color, style = SERIES[number % len(SERIES)], STYLES[number // len(SERIES) % len(STYLES)]
            number += 1
        x, y = [epoch.epoch for epoch in curve.own], [scale * getattr(epoch, name) for epoch in curve.own]
        label = f" {cut_model(curve.name)}"  # a name that begins with _ would not be in the legend
        axes.plot(x, y, style, color=color, linewidth=1.8, marker="o" if len(x) == 1 else None, label=label)
        if curve.branched_at:
            axes.plot(x[:1], y[:1], "o", color=color, markersize=6)
