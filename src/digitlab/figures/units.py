"""Units: their weights as pictures, what they hand on, and what they push to each class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from digitlab.data.digits import SIDE
from digitlab.errors import InputError
from digitlab.figures.style import (
    GAP,
    INK,
    LONGEST_CLASS,
    MANY,
    MOST_NUMBERED,
    SIGNED,
    cut,
    draw_mosaic,
    name_columns,
    new_figure,
    plain_axes,
)
from digitlab.inside.contributions import Contributions
from digitlab.network.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_UNITS, IN_A_ROW = 64, 8  # whose weights are drawn
MOST_PUSHING = 20  # units whose pushes are drawn
NAMED = 5  # strongest units of a layer whose number is written


def draw_weights(network: Network) -> Figure:
    """The weights of the first layer, a picture for each unit: of all, or of the 64 whose weights are the largest.

    Raises:
        InputError: the network's inputs are no pictures of 28 x 28 pixels.
    """
    W = network.layers[0].W  # (P, H)
    pixels, units = W.shape
    if pixels != SIDE * SIDE:
        raise InputError("weights are drawn of networks that take 28 x 28 pixels", got=f"{pixels} inputs")
    sizes = np.linalg.norm(W.astype(np.float64), axis=0)
    shown = np.sort(np.argsort(-sizes, kind="stable")[:MOST_UNITS])
    rows = -(-len(shown) // IN_A_ROW)
    which = (
        f"all {units} units" if units <= MOST_UNITS else f"the {MOST_UNITS} of {units:,} units with the largest weights"
    )
    figure = new_figure(
        7.6,
        1.4 + 0.8 * rows,
        "What does the first layer look for?",
        "Ink on red pixels makes a unit stronger, ink on blue ones weaker: look for strokes and edges.",
    )
    axes = figure.subplots()
    pictures = np.full((rows * IN_A_ROW, SIDE, SIDE), np.nan)
    pictures[: len(shown)] = W[:, shown].T.reshape(-1, SIDE, SIDE)
    limit = float(np.percentile(np.abs(W[:, shown]), 99.5)) or 1.0
    mosaic = draw_mosaic(axes, pictures.reshape(rows, IN_A_ROW, SIDE, SIDE), SIGNED, (-limit, limit))
    for place, unit in enumerate(shown):
        row, column = divmod(place, IN_A_ROW)
        axes.text(column * (SIDE + GAP), row * (SIDE + GAP) + 1, f"{unit}", va="top", color=INK, fontsize=7)
    axes.set_yticks([])
    axes.set_aspect("equal")
    axes.set_xlabel(f"{which}; each square has the weights of one, and its number", color=INK, fontsize=9)
    bar = figure.colorbar(mosaic, ax=axes, shrink=0.6, aspect=30, extend="both")
    bar.set_label("weight of a pixel", color=INK)
    return figure


def draw_activations(found: Contributions) -> Figure:
    """What the units of each hidden layer hand on, a cell for each unit.

    Raises:
        InputError: there is no hidden layer.
    """
    from matplotlib.patheffects import AbstractPathEffect, withStroke

    if not found.activations:
        raise InputError("there are no activations to draw: the network has no hidden layer")
    shapes = [(math.ceil(len(a) / _columns(len(a))), _columns(len(a))) for a in found.activations]
    heights = [max(0.5, 0.13 * rows) for rows, _ in shapes]
    figure = new_figure(
        8.2,
        1.4 + sum(heights) + 0.75 * len(heights),
        f"What do the units hand on? Read as {cut(found.names[found.digit], LONGEST_CLASS)}",
        "Each cell is a unit: look at how many are at work, and at the numbers of the strongest.",
    )
    outline: list[AbstractPathEffect] = [withStroke(linewidth=2.5, foreground="white")]
    panels = figure.subplots(len(shapes), 1, squeeze=False, height_ratios=heights)[:, 0]
    for number, (axes, a, (rows, columns)) in enumerate(zip(panels, found.activations, shapes, strict=True), start=1):
        cells = np.full(rows * columns, np.nan)
        cells[: len(a)] = a
        signed, limit = bool(a.min() < 0), float(np.abs(a).max()) or 1.0
        low, colours = (-limit, SIGNED) if signed else (0.0, MANY)
        grid = axes.imshow(cells.reshape(rows, columns), cmap=colours, vmin=low, vmax=limit, aspect="auto")
        title = f"hidden layer {number}: {np.count_nonzero(a):,} of {len(a):,} units are not 0"
        plain_axes(axes, "unit, counted on from the left", "row begins with", title)
        axes.grid(visible=False)
        ticks = range(0, rows, max(1, rows // 4))
        axes.set_yticks(ticks, [f"{row * columns}" for row in ticks])
        for unit in np.argsort(-np.abs(a), kind="stable")[: min(NAMED, np.count_nonzero(a))]:
            row, column = divmod(int(unit), columns)
            end = column > 0.95 * columns
            written = axes.text(
                column + end / 2, row, f"{unit}", ha="right" if end else "center", va="center", color=INK, fontsize=8
            )
            written.set_path_effects(outline)
        figure.colorbar(grid, ax=axes, aspect=12, pad=0.01).set_label("activation", color=INK)
    return figure


def draw_contributions(found: Contributions) -> Figure:
    """What the units of the last hidden layer push to each class: the strongest by themselves, the others together."""
    order = np.argsort(-np.abs(found.pushes).max(axis=1), kind="stable")
    strongest, others = order[:MOST_PUSHING], order[MOST_PUSHING:]
    what = "unit" if found.activations else "pixel"
    rows = {f"{what} {unit}": found.pushes[unit] for unit in strongest}
    if len(others):
        rows[f"{len(others):,} others"] = found.pushes[others].sum(axis=0)
    rows |= {"bias": found.bias, "sum: the logits": found.sums}
    answer, classes = found.digit, len(found.names)
    figure = new_figure(
        max(7.2, 3 + 0.2 * classes),
        1.8 + 0.24 * len(rows),
        f"What pushes to each class? Read as {cut(found.names[answer], LONGEST_CLASS)}",
        "Each column adds up to the score of its class, the logit, and the largest wins. Compare it with its rivals.",
    )
    axes = figure.subplots()
    numbers = np.array(list(rows.values()))  # (rows, K)
    limit = float(np.abs(found.pushes[strongest]).max()) or 1.0
    cells = axes.imshow(numbers, cmap=SIGNED, vmin=-limit, vmax=limit, aspect="auto")
    plain_axes(axes, "class", f"{what} of the last hidden layer" if found.activations else what)
    axes.grid(visible=False)
    axes.set_yticks(range(len(rows)), rows)
    name_columns(axes, found.names, 30)
    axes.axhline(len(rows) - 1.5, color=INK, linewidth=1.2)
    axes.axvspan(answer - 0.5, answer + 0.5, fill=False, edgecolor=INK, linewidth=1.8)
    if classes <= MOST_NUMBERED:
        for (row, column), push in np.ndenumerate(numbers):
            colour = "white" if abs(push) > 0.6 * limit else INK
            axes.text(column, row, f"{push:.2f}", ha="center", va="center", color=colour, fontsize=7.5)
    figure.colorbar(cells, ax=axes, aspect=40, extend="both", pad=0.01).set_label("push", color=INK)
    return figure


def _columns(units: int) -> int:
    """So many cells in a row that there are a few rows, and a round number in each."""
    for columns in (10, 20, 50, 100):
        if units <= 10 * columns:
            return columns
    return 200
