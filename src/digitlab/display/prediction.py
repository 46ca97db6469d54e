"""One prediction: the picture, the probabilities, the answer, and whether it is right; as a figure or in a terminal."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import SIDE
from digitlab.data.pixels import as_label, as_rows, normalize
from digitlab.display.figures import INK, MUTED, RIGHT, WRONG, new_figure, notebook_shell, save_figure
from digitlab.errors import PictureError
from digitlab.network.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Prediction", "display_prediction", "draw_prediction", "examine"]


@dataclass(frozen=True)
class Prediction:
    """What a network says of one picture.

    Attributes:
        pixels: ``(28, 28)``, 0 is paper, 1 is ink.
        probabilities: ``(K,)``.
        digit: the most probable one.
        label: the true one, where it is known.
    """

    pixels: NDArray[np.floating]
    probabilities: NDArray[np.floating]
    digit: int
    label: int | None

    @property
    def probability(self) -> float:
        """Of the predicted digit."""
        return float(self.probabilities[self.digit])

    @property
    def right(self) -> bool | None:
        """Whether digit and label agree; None without a label."""
        return None if self.label is None else self.digit == self.label

    @property
    def verdict(self) -> str:
        """Right or wrong, in words."""
        if self.label is None:
            return "true label unknown"
        return f"true label {self.label}: {'right ✓' if self.right else 'wrong ✗'}"

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain numbers, ready for JSON."""
        return {
            "digit": self.digit,
            "probability": self.probability,
            "probabilities": [float(probability) for probability in self.probabilities],
            "label": self.label,
        }


def examine(network: Network, image: ArrayLike, label: ArrayLike | None = None) -> Prediction:
    """What ``network`` says of one picture. See `display_prediction` for the arguments and errors."""
    rows, _ = as_rows(image, SIDE * SIDE)
    if len(rows) != 1:
        raise PictureError(
            "this is not one picture",
            must_be=f"one picture, ({SIDE}, {SIDE}) or ({SIDE * SIDE},)",
            got=f"{len(rows)} pictures",
            help="choose one: digits.images[index]",
        )
    probabilities = network.probabilities(rows)[0]  # (K,)
    true = None if label is None else as_label(label, len(probabilities))
    return Prediction(normalize(rows[0]).reshape(SIDE, SIDE), probabilities, int(probabilities.argmax()), true)


def display_prediction(
    network: Network, image: ArrayLike, label: ArrayLike | None = None, *, save: str | Path | None = None
) -> Figure:
    """Show a picture, the predicted digit, its ten probabilities and the true label, wherever this runs.

    In a notebook the figure appears below the cell; in a terminal it is drawn with characters; anywhere it can be
    saved. It never opens a window and needs no screen.

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
    elif save is None and sys.stdout.isatty():
        from digitlab.display.terminal import print_prediction

        print_prediction(prediction)
    return figure


def draw_prediction(prediction: Prediction) -> Figure:
    """The figure of `display_prediction`."""
    figure = new_figure(7.2, 3.5)
    picture, bars = figure.subplots(1, 2, width_ratios=(1, 1.35))
    colour = {True: RIGHT, False: WRONG, None: INK}[prediction.right]
    picture.imshow(prediction.pixels, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    picture.set_xticks([])
    picture.set_yticks([])
    for spine in picture.spines.values():
        spine.set(color=colour, linewidth=2.5)
    picture.set_xlabel(prediction.verdict, color=colour, fontsize=12, labelpad=8)
    _draw_bars(bars, prediction, colour)
    bars.set_title(
        f"{prediction.digit}  with {100 * prediction.probability:.1f} %", color=colour, fontsize=15, loc="left"
    )
    return figure


def _draw_bars(axes: Axes, prediction: Prediction, colour: str) -> None:
    """One bar for each digit, the predicted one in colour and the true one marked."""
    digits = range(len(prediction.probabilities))
    colours = [colour if digit == prediction.digit else MUTED for digit in digits]
    axes.barh(digits, 100 * prediction.probabilities, color=colours, height=0.72)
    for digit, probability in enumerate(prediction.probabilities):
        note = "  ← true" if digit == prediction.label and not prediction.right else ""
        emphasis = "bold" if digit == prediction.digit or note else "normal"
        text = f"{100 * probability:.1f} %{note}"
        axes.text(100 * probability + 1.5, digit, text, va="center", fontsize=9, color=INK, fontweight=emphasis)
    axes.set_yticks(digits)
    axes.set_xlim(0, 124)  # room for the text beside a full bar
    axes.set_xticks([0, 50, 100], ["0", "50", "100 %"])
    axes.tick_params(length=0, colors=INK)
    axes.invert_yaxis()
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(MUTED)
