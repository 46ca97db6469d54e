"""What damage costs: units off, weights pruned, weights with noise, and other temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from digitlab.evaluation.temperatures import TemperatureCurve
from digitlab.figures.style import ACCENT, MUTED, SERIES, WRONG, new_figure, plain_axes
from digitlab.inside.ablated import Ablation
from digitlab.inside.damage import DamageCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_damage(ablation: Ablation, pruning: DamageCurve, noise: DamageCurve, temperature: TemperatureCurve) -> Figure:
    """Accuracy without each hidden unit, with weights pruned, with noise; and what a temperature changes instead."""
    figure = new_figure(
        9,
        6.6,
        "How much can be taken from it?",
        "While a curve keeps the level of the intact network (dashed, or at its left end), nothing needed is gone.",
    )
    outer = figure.add_gridspec(2, 2)
    _draw_ablation(figure.add_subplot(outer[0, 0]), ablation)
    _draw_curve(figure.add_subplot(outer[0, 1]), pruning, "smallest weights set to 0, % of each layer", 100, "pruning")
    of = "noise, in standard deviations of a layer's weights"
    _draw_curve(figure.add_subplot(outer[1, 0]), noise, of, 1, "noise")
    upper, lower = np.asarray(outer[1, 1].subgridspec(2, 1).subplots(sharex=True))
    title = f"temperature: accuracy stays {100 * temperature.accuracy:.2f} %"
    _draw_temperature(upper, temperature, temperature.cross_entropy, "cross-entropy", title)
    errors = [100 * error for error in temperature.calibration_error]
    _draw_temperature(lower, temperature, errors, "calibration\nerror, %", "")
    lower.set_xlabel("temperature; dashed: the network's own")
    return figure


def _draw_ablation(axes: Axes, ablation: Ablation) -> None:
    for number, (accuracies, colour) in enumerate(zip(ablation.without, SERIES * 6, strict=False), start=1):
        shares = np.arange(len(accuracies)) / max(len(accuracies) - 1, 1) * 100
        label = f"layer {number}, {len(accuracies):,} units"
        axes.plot(shares, 100 * np.sort(accuracies), color=colour, linewidth=1.8, label=label)
    axes.axhline(100 * ablation.accuracy, color=MUTED, linestyle="--", linewidth=1.2)
    plain_axes(axes, "unit that is off, the most missed first, % of the layer", "accuracy, %", "one unit off at a time")
    if ablation.without:
        axes.legend(frameon=False, fontsize=9, loc="lower right")


def _draw_curve(axes: Axes, curve: DamageCurve, x: str, scale: float, title: str) -> None:
    amounts = [scale * amount for amount in curve.amounts]
    axes.plot(amounts, [100 * one for one in curve.accuracy], color=ACCENT, linewidth=1.8, marker="o", markersize=4)
    axes.set_ylim(0, 102)
    plain_axes(axes, x, "accuracy, %", title)


def _draw_temperature(axes: Axes, curve: TemperatureCurve, values: Sequence[float], y: str, title: str) -> None:
    axes.plot(curve.temperatures, values, color=WRONG, linewidth=1.8)
    axes.axvline(curve.own, color=MUTED, linestyle="--", linewidth=1.2)
    plain_axes(axes, "", y, title)
    axes.set_ylim(bottom=0)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
