"""`display_prediction`: one prediction, shown wherever this runs: in a notebook, in a terminal, or in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from digitlab.display.prediction import Prediction, examine
from digitlab.figures.notebook import notebook_shell
from digitlab.figures.style import INK, MUTED, RIGHT, WRONG, cut, new_figure, save_figure
from digitlab.network.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LONGEST_NAME = 24  # characters of a class's name in a figure


def display_prediction(
    network: Network, image: ArrayLike, label: ArrayLike | None = None, *, save: str | Path | None = None
) -> Figure:
    """Show a picture, the predicted digit, its ten probabilities and the true label, wherever this runs.

    What is not digits is called by its name, as the network's card has it.

    In a notebook the figure appears below the cell; elsewhere it is drawn with characters on standard output, unless
    it is saved. It never opens a window and needs no screen.

    Args:
        network: a trained one.
        image: ``(28, 28)`` or ``(784,)``; bytes 0..255 or floats 0..1.
        label: the true digit, as a number or a one-hot row; or None.
        save: a file to write the figure to, such as ``"prediction.png"``.

    Returns:
        The figure (matplotlib).

    Raises:
        PictureError: a picture or label of the wrong shape, type or range.
        FileError, InputError: the figure cannot be saved there.
    """
    prediction = examine(network, image, label)
    figure = draw_prediction(prediction)
    if save is not None:
        save_figure(figure, save)
    if notebook_shell() is not None:
        from IPython.display import display

        display(figure)  # type: ignore[no-untyped-call]
    elif save is None and not getattr(sys.stdout, "closed", False):
        from digitlab.display.terminal import print_prediction

        print_prediction(prediction)
    return figure


def draw_prediction(prediction: Prediction) -> Figure:
    """The figure of `display_prediction`."""
    figure = new_figure(7.2, 3.5)
    picture, bars = figure.subplots(1, 2, width_ratios=(1, 1.35))
    colour = {True: RIGHT, False: WRONG, None: INK}[prediction.right]
    picture.imshow(prediction.pixels, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    picture.set(xticks=[], yticks=[])
    picture.spines[:].set(color=colour, linewidth=2.5)
    picture.set_xlabel(prediction.verdict, color=colour, fontsize=12, labelpad=8)
    _draw_bars(bars, prediction, colour)
    title = f"{cut(prediction.name, LONGEST_NAME)}  with {100 * prediction.probability:.1f} %"
    bars.set_title(title, color=colour, fontsize=15, loc="left")
    return figure


def _draw_bars(axes: Axes, prediction: Prediction, colour: str) -> None:
    """One bar for each class, the predicted one in colour and the true one marked."""
    shown = prediction.shown
    rows, probabilities = range(len(shown)), prediction.probabilities[shown]
    colours = [colour if digit == prediction.digit else MUTED for digit in shown]
    axes.barh(rows, 100 * probabilities, color=colours, height=0.72)
    for row, digit, probability in zip(rows, shown, probabilities, strict=True):
        note = "  ← true" if digit == prediction.label and not prediction.right else ""
        emphasis = "bold" if digit == prediction.digit or note else "normal"
        text = f"{100 * probability:.1f} %{note}"
        axes.text(100 * probability + 1.5, row, text, va="center", fontsize=9, color=INK, fontweight=emphasis)
    axes.set_yticks(rows, [cut(prediction.names[digit], LONGEST_NAME) for digit in shown])
    axes.set_xlim(0, 124)  # room for the text beside a full bar
    axes.set_xticks([0, 50, 100], ["0", "50", "100 %"])
    axes.tick_params(length=0, colors=INK)
    axes.invert_yaxis()
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(MUTED)
