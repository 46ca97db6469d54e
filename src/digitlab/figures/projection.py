"""The map of a layer: every picture as the number of its class, so that colours need not be told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digitlab.figures.style import INK, new_figure, plain_axes
from digitlab.inside.projection import Projection
from digitlab.network.card import are_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_DRAWN = 1500  # pictures: more would hide each other
DARKER = 0.8  # than the colours as they come, for white paper
MOST_NAMED = 20  # classes whose names stand beside the map


def draw_projection(projection: Projection) -> Figure:
    """The map: a small number for each of up to 1,500 pictures, and a large one in the middle of each class."""
    from matplotlib import colormaps
    from matplotlib.patheffects import AbstractPathEffect, withStroke

    shares = 100 * projection.explained
    figure = new_figure(
        7.2,
        6.4,
        f"A map of the pictures, by {projection.what}",
        "A small number is a picture, a large one the middle of its class. Which classes lie on top of each other? The"
        f" map leaves out {100 - shares.sum():.0f} % of all differences.",
    )
    axes = figure.subplots()
    step = -(-len(projection.points) // MOST_DRAWN)
    points, labels = projection.points[::step], projection.labels[::step]
    classes = np.unique(labels)
    colours = DARKER * colormaps["turbo"](np.linspace(0.05, 0.95, len(projection.names)))[:, :3]  # (K, RGB)
    for label in classes:
        x, y = points[labels == label].T
        axes.scatter(
            x, y, s=22 * len(f"{label}"), marker=f"${label}$", color=[colours[label]], linewidths=0.1, alpha=0.75
        )
    outline: list[AbstractPathEffect] = [withStroke(linewidth=4, foreground="white")]
    for label in classes:
        x, y = projection.points[projection.labels == label].mean(axis=0)
        middle = axes.text(x, y, f"{label}", ha="center", va="center", color=INK, fontsize=20, fontweight="bold")
        middle.set_path_effects(outline)
    plain_axes(axes, f"first axis: {shares[0]:.1f} % of all differences", f"second axis: {shares[1]:.1f} %")
    axes.grid(visible=False)
    if not are_numbers(projection.names) and len(classes) <= MOST_NAMED:
        names = "\n".join(f"{label}  {projection.names[label]}" for label in classes)
        axes.annotate(names, (1.01, 1), xycoords="axes fraction", va="top", fontsize=9, color=INK)
    return figure
