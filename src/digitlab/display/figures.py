"""Figures: how they look, how they are saved and shown. Matplotlib is imported only when one is drawn.

They are `matplotlib.figure.Figure` objects made directly, never through pyplot: no global state, no leak in loops,
and they work without any screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.data.files import check_place
from digitlab.durable import write_durably
from digitlab.errors import FileError, InputError, printable, refuse, system_errors
from digitlab.training.events import EpochDone

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, ACCENT = "#1f2933", "#9aa5b1", "#2b6cb0"
RIGHT, WRONG = "#2b6cb0", "#c05621"  # blue and orange: told apart by every kind of colour vision
GAP = 2  # pixels between pictures in a mosaic, and cells in the terminal
ROW_INCHES = 0.62  # height of a row of pictures
FORMATS = (".png", ".svg", ".pdf", ".jpg", ".webp")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, which shows itself in a notebook."""
    from digitlab.display.notebook_figure import NotebookFigure

    return NotebookFigure(figsize=(width, height), layout="constrained", facecolor="white")


def check_figure_path(path: str | Path) -> None:
    """Refuse a place that no figure can be written to, before any work is done for it.

    Raises:
        InputError: an ending that is not a known format, or a folder that does not exist.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        refuse(InputError, path, f"the name of a figure must end in one of {', '.join(FORMATS)}")
    check_place(path, "a figure")


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure; the ending of ``path`` chooses the format.

    Raises:
        InputError: as `check_figure_path`.
        FileError: the file cannot be written.
    """
    from digitlab.display.notebook_figure import render

    path = Path(path)
    check_figure_path(path)
    with system_errors(FileError, f"{printable(str(path))}: the figure cannot be written"):
        write_durably(path, render(figure, path.suffix.lower().removeprefix(".")))


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
        axes.set_title(title + last, color=INK, fontsize=11, loc="left")
        axes.set_xlabel("epoch", color=INK)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e4e7eb", linewidth=0.8)
        axes.set_axisbelow(True)
    return figure


def draw_mosaic(axes: Axes, pictures: NDArray[np.floating]) -> None:
    """Pictures ``(rows, columns, 28, 28)`` as one image: so many axes would take minutes."""
    rows, columns = pictures.shape[:2]
    apart = np.pad(pictures, ((0, 0), (0, 0), (0, GAP), (0, GAP)), constant_values=np.nan)
    mosaic = apart.swapaxes(1, 2).reshape(rows * (SIDE + GAP), columns * (SIDE + GAP))
    axes.imshow(mosaic[:-GAP, :-GAP], cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
