"""What is left where pictures are spoiled, turned or attacked: the pictures, and the accuracy of networks on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from digitlab.evaluation.corruptions import CORRUPTIONS, corrupt
from digitlab.evaluation.robustness import Attacked, Curve, Robustness
from digitlab.evaluation.spoiling.chance import Bytes
from digitlab.figures.style import (
    INK,
    MUTED,
    SERIES,
    SIGNED,
    SOFT,
    WRONG,
    cut_model,
    draw_picture,
    new_figure,
    plain_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ACROSS = 8  # pictures in a row


def draw_corruptions(images: Bytes, index: int = 0, *, seed: int = 0, measured: Robustness | None = None) -> Figure:
    """One digit as it is, and under each corruption.

    Args:
        images: of a test set, ``(N, 28, 28) uint8``.
        index: which of them.
        seed: of all that is drawn by chance.
        measured: of a network, whose accuracy is written below each, if given.
    """
    shares = {one.name: one.accuracy for one in measured.corruptions} if measured else {}
    look = "Which of them can you still read? " + (
        "Below each: how many of all test pictures the network reads rightly under it." if shares else ""
    )
    figure = new_figure(10, 3.8, "A digit under each corruption of MNIST-C", look.strip())
    picture = np.asarray(images[index : index + 1])
    places = iter(figure.subplots(2, _ACROSS).ravel())
    clean = f"{100 * measured.clean:.1f} %" if measured else ""
    draw_picture(next(places), picture[0], "as it is", clean)
    for name in CORRUPTIONS:
        below = f"{100 * shares[name]:.1f} %" if name in shares else ""
        spoiled = corrupt(picture, name, seed=seed, numbers=[index])
        draw_picture(next(places), spoiled[0], name.replace("_", " "), below)
    return figure


def draw_robustness(measured: Mapping[str, Robustness]) -> Figure:
    """Networks, each by its name: accuracy under each corruption, and along noise, rotation and attacks."""
    look = (
        "The longer a bar and the higher a line, the less harm is done; a change that people hardly notice can do much."
    )
    figure = new_figure(11, 7.6, "What is left of the accuracy", look)
    grid = figure.add_gridspec(3, 2, width_ratios=(1.15, 1))
    _draw_bars(figure.add_subplot(grid[:, 0]), measured)
    noise, rotation, attack = (figure.add_subplot(grid[row, 1]) for row in range(3))
    for colour, (model, one) in zip(_colours(measured), measured.items(), strict=True):
        name = cut_model(model)
        _draw_curve(noise, one.noise, colour, name)
        _draw_curve(rotation, one.rotation, colour, name)
        _draw_curve(attack, one.fgsm, colour, f"{name}, FGSM", "--")
        _draw_curve(attack, one.pgd, colour, f"{name}, PGD")
    plain_axes(noise, "standard deviation (1 is full ink)", "accuracy (%)", "with noise")
    plain_axes(rotation, "degrees to the left", "accuracy (%)", "turned")
    plain_axes(attack, "epsilon: how much a pixel may change (1 is full ink)", "accuracy (%)", "attacked")
    rotation.set_xticks(range(-90, 91, 30))
    attack.legend(frameon=False, fontsize=8.5, labelcolor=INK, handlelength=3)
    for axes in (noise, rotation, attack):
        axes.set_ylim(0, 102)
    return figure


def draw_attacks(attacked: Sequence[Attacked], names: Sequence[str]) -> Figure:
    """Digits as a network sees them, what an attack changes, and what the network then reads.

    Args:
        attacked: what `attack_examples` found.
        names: what the classes are called, K of them.
    """
    epsilon = attacked[0].epsilon if attacked else 0
    look = "The last row is as easy to read as the first one, but not for the network (red: more ink; blue: less)."
    title = f"A change of at most {epsilon:g} of full ink for each pixel"
    figure = new_figure(1.15 * max(len(attacked), 4) + 0.6, 4.6, title, look)
    rows = figure.subplots(3, max(len(attacked), 1), squeeze=False)
    for column, one in enumerate(attacked):
        read = f"read as {names[one.predicted]}"
        draw_picture(rows[0, column], one.before, names[one.label])
        draw_picture(rows[1, column], one.after - one.before, colours=SIGNED, limits=(-2 * epsilon, 2 * epsilon))
        draw_picture(rows[2, column], one.after, "", f"{read}\n{100 * one.confidence:.0f} %")
        rows[2, column].xaxis.label.set_color(WRONG)
    for axes, words in zip(rows[:, 0], ("as it is", "the change", "attacked"), strict=True):
        axes.set_ylabel(words, color=INK)
    return figure


def _draw_bars(axes: Axes, measured: Mapping[str, Robustness]) -> None:
    """A group of bars for each corruption, from the top down, and one for the digits as they are."""
    names = ["as they are", *(one.name.replace("_", " ") for one in next(iter(measured.values())).corruptions)]
    height = 0.8 / len(measured)
    for number, (colour, (name, one)) in enumerate(zip(_colours(measured), measured.items(), strict=True)):
        shares = [100 * share for share in (one.clean, *(each.accuracy for each in one.corruptions))]
        places = np.arange(len(names)) + (number - (len(measured) - 1) / 2) * height
        bars = axes.barh(places, shares, height * 0.92, color=colour, label=f" {cut_model(name)}")
        if len(measured) <= 2:  # more would be too small to read
            axes.bar_label(bars, [f"{share:.1f}" for share in shares], padding=5, fontsize=7.5, color=SOFT)
        low, high = zip(*(each.interval for each in one.corruptions), strict=True)
        axes.hlines(places[1:], 100 * np.array(low), 100 * np.array(high), color=INK, linewidth=0.8)
    plain_axes(axes, "accuracy (%)", title="under each corruption of MNIST-C")
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=MUTED, alpha=0.3)
    axes.set_yticks(range(len(names)), names, color=INK)
    axes.set(xlim=(0, 108), ylim=(len(names) - 0.5, -0.5), xticks=range(0, 101, 20))
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, loc="upper center", bbox_to_anchor=(0.5, -0.07), ncols=3)


def _draw_curve(axes: Axes, curve: Curve, colour: str, name: str, style: str = "-") -> None:
    shares = [100 * share for share in curve.accuracy]
    axes.plot(
        curve.x, shares, style, color=colour, linewidth=1.8, marker="o", markersize=3, label=f" {name}"
    )  # one that begins with _ would not be told


def _colours(measured: Mapping[str, Robustness]) -> list[str]:
    return [SERIES[number % len(SERIES)] for number in range(len(measured))]
