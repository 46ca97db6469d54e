"""What a network gets wrong, picture by picture; and labels that are suspected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.evaluation.mislabels import Mislabels
from digitlab.evaluation.mistakes import mistakes
from digitlab.evaluation.predictions import Predictions
from digitlab.figures.style import INK, SERIES, SOFT, cut, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 40  # pictures in a gallery
_ACROSS = 8
_TILE = SIDE + 10, SIDE + 18  # width and height of a picture with what is written below it, in its pixels
_LONGEST = 12  # letters of a class's name
_DOUBT = SERIES[3]


@dataclass(frozen=True)
class _Tile:
    """A picture in a gallery: what is written above it, and in two lines below."""

    picture: NDArray[np.uint8]
    above: str
    below: tuple[str, str]
    in_doubt: bool


def draw_mistakes(predictions: Predictions, most: int = MOST) -> Figure:
    """The mistakes of which a network was surest, as a gallery; known label errors are framed."""
    found = mistakes(predictions)
    names = predictions.names
    tiles = [
        _Tile(
            predictions.digits.images[one.index],
            f"{one.index}",
            (
                f"{cut(names[one.label], _LONGEST)}, read as {cut(names[one.predicted], _LONGEST)}",
                _percent(one.confidence),
            ),
            one.label_error is not None,
        )
        for one in found[:most]
    ]
    shown = "" if len(found) <= most else f", the {most} of which it was surest"
    look = (
        "Above each picture: its number. Below: its label, what it was read as, and how sure the network was. Would you"
        " have read it?"
    )
    return _gallery(tiles, f"{_counted(len(found), 'mistake')} on {predictions.digits.source}{shown}", look)


def draw_mislabels(found: Mislabels, most: int = MOST) -> Figure:
    """The most suspected labels, as a gallery; known label errors are framed."""
    tiles = [
        _Tile(
            one.picture,
            f"{one.part} {one.index}",
            (
                f"{cut(found.names[one.label], _LONGEST)}, or {cut(found.names[one.predicted], _LONGEST)}?",
                _percent(one.confidence),
            ),
            one.label_error is not None,
        )
        for one in found.suspects[:most]
    ]
    shown = "" if len(found.suspects) <= most else f", the first {most}"
    look = "Below each picture: its label, and what a network sees that was not trained on it. Whom do you believe?"
    return _gallery(tiles, f"{_counted(len(found.suspects), 'suspected label')} in {found.source}{shown}", look)


def _gallery(tiles: Sequence[_Tile], title: str, look: str) -> Figure:
    """The pictures in rows; all in one image, as so many axes would take seconds."""
    width, height = _TILE
    rows = max(-(-len(tiles) // _ACROSS), 1)
    if any(tile.in_doubt for tile in tiles):
        look += " Framed: a known label error."
    figure = new_figure(10, 0.9 + 1.4 * rows, title, look)
    axes = figure.subplots()
    canvas = np.full((rows * height, _ACROSS * width), np.nan)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, _ACROSS)
        top, left = row * height + 6, column * width + (width - SIDE) // 2
        canvas[top : top + SIDE, left : left + SIDE] = tile.picture
        _write(axes, tile, left + SIDE / 2 - 0.5, top)
    axes.imshow(canvas, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_axis_off()
    return figure


def _write(axes: Axes, tile: _Tile, middle: float, top: float) -> None:
    colour = _DOUBT if tile.in_doubt else INK
    axes.text(middle, top - 1, tile.above, va="bottom", fontsize=7, color=SOFT, ha="center")
    for line, (words, size) in enumerate(zip(tile.below, (9, 8), strict=True)):
        axes.text(middle, top + SIDE + 1.5 + 5 * line, words, va="top", fontsize=size, color=colour, ha="center")
    if tile.in_doubt:
        from matplotlib.patches import Rectangle

        corner = (middle - SIDE / 2 - 0.5, top - 1)
        axes.add_patch(Rectangle(corner, SIDE + 1, SIDE + 1, fill=False, edgecolor=_DOUBT, linewidth=2))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} % sure"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
