"""How figures look, how they are saved and shown. Matplotlib is imported only when one is drawn.

They are `matplotlib.figure.Figure` objects made directly, never through pyplot: no global state, no leak in loops,
and they work without any screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.data.files import check_place
from digitlab.durable import write_durably
from digitlab.errors import FileError, InputError, printable, refuse, system_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

INK, SOFT, MUTED, ACCENT = "#1f2933", "#52606d", "#9aa5b1", "#2b6cb0"
RIGHT, WRONG = "#2b6cb0", "#c05621"  # blue and orange: told apart by every kind of colour vision
GRID = "#e4e7eb"
# Of curves laid over each other, in their order; by M. Okabe and K. Ito, "Color universal design" (2008), darkened
SERIES = (ACCENT, WRONG, "#117a65", "#8e44ad", "#7d6608", "#5d6d7e")
SIGNED = "RdBu_r"  # the colour map of numbers around 0: blue below, red above
MANY = "viridis"  # of numbers from 0 on
GAP = 2  # pixels between pictures in a mosaic, and cells in the terminal
ROW_INCHES = 0.62  # height of a row of pictures
LONGEST_CLASS = 14  # letters of a class in a figure
LONGEST_MODEL = 34  # of a model
MOST_NUMBERED = 16  # classes whose cells have room for a number
FORMATS = (".png", ".svg", ".pdf", ".jpg", ".webp")


def new_figure(width: float, height: float, title: str = "", look: str = "") -> Figure:
    """An empty figure, in inches, which shows itself in a notebook.

    Args:
        width: in inches.
        height: likewise.
        title: what it shows, above it.
        look: one sentence of what to look at, below it.
    """
    from digitlab.figures.notebook_figure import NotebookFigure

    figure = NotebookFigure(figsize=(width, height), layout="constrained", facecolor="white")
    if title:
        figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=13, fontweight="bold")
    if look:
        figure.supxlabel(look, x=0.01, ha="left", color=SOFT, fontsize=9.5, wrap=True)
    return figure


def plain_axes(axes: Axes, x: str = "", y: str = "", title: str = "") -> None:
    """Axes as all figures have them: no box around them, a grid that stands back, what is measured beside them."""
    axes.set_title(title, color=INK, fontsize=11, loc="left")
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    axes.tick_params(colors=INK, length=3)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def cut(name: str, longest: int) -> str:
    """A name, shortened to so many letters where it has more.

    >>> cut("Ankle boot", 6)
    'Ankle…'
    """
    return name if len(name) <= longest else name[: longest - 1] + "…"


def cut_model(name: str, longest: int = LONGEST_MODEL) -> str:
    """The name of a model, mostly a path, shortened to its end, where runs differ."""
    return name if len(name) <= longest else f"…{name[1 - longest :]}"


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
    from digitlab.figures.notebook_figure import render

    path = Path(path)
    check_figure_path(path)
    with system_errors(FileError, f"{printable(str(path))}: the figure cannot be written"):
        write_durably(path, render(figure, path.suffix.lower().removeprefix(".")))


def draw_picture(
    axes: Axes,
    picture: NDArray[Any],
    above: str = "",
    below: str = "",
    *,
    colours: str = "gray",
    limits: tuple[float, float] | None = None,
) -> AxesImage:
    """A picture in a thin frame, with a few words above and below; by default of bytes, or of floats 0 to 1."""
    low, high = limits or (0, 255 if picture.dtype == np.uint8 else 1)
    image = axes.imshow(picture, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color=MUTED, linewidth=0.5)
    axes.set_title(above, color=INK, fontsize=10)
    axes.set_xlabel(below, color=INK, fontsize=9)
    return image


def name_columns(axes: Axes, names: Sequence[str], most: int) -> tuple[range, list[str]]:
    """Classes below columns 0, 1, 2, ...: of very many, some. Which ones, and what is written."""
    ticks = range(0, len(names), -(-len(names) // most))
    labels = [cut(names[tick], LONGEST_CLASS) for tick in ticks]
    axes.set_xticks(ticks, labels, rotation=90 if max(map(len, labels)) > 2 else 0)
    return ticks, labels


def draw_mosaic(
    axes: Axes, pictures: NDArray[np.floating], colours: str = "gray", limits: tuple[float, float] = (0, 1)
) -> AxesImage:
    """Pictures ``(rows, columns, 28, 28)`` as one image: so many axes would take minutes."""
    rows, columns = pictures.shape[:2]
    apart = np.pad(pictures, ((0, 0), (0, 0), (0, GAP), (0, GAP)), constant_values=np.nan)
    mosaic = apart.swapaxes(1, 2).reshape(rows * (SIDE + GAP), columns * (SIDE + GAP))
    low, high = limits
    image = axes.imshow(mosaic[:-GAP, :-GAP], cmap=colours, vmin=low, vmax=high, interpolation="nearest", aspect="auto")
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image
