"""A figure as part of a page: its words for the page to write, the drawing without them as an SVG or a PNG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SVG_BYTES = 80_000  # of lines and letters; what has more of them is smaller as a PNG
EDGE = 0.06  # inches
COLOURS = 256  # of a PNG: nobody sees the difference, and the file is a third


@dataclass(frozen=True)
class Embedded:
    """What a page needs of a figure.

    Attributes:
        title: what it shows.
        look: one sentence of what to look at.
        kind: ``svg+xml`` or ``png``.
        content: the file.
        width: as it is meant to be seen, in CSS pixels of 1/96 inch.
        height: likewise.
    """

    title: str
    look: str
    kind: str
    content: bytes
    width: int
    height: int


def embed(figure: Figure) -> Embedded:
    """Take the words out of a figure, and draw what is left: curves as an SVG, pictures and crowds as a PNG."""
    import matplotlib as mpl
    from matplotlib.image import AxesImage

    from digitlab.figures.notebook_figure import missing_letters_are_boxes

    title, look = figure.get_suptitle(), figure.get_supxlabel()
    figure.suptitle("").set_in_layout(False)
    figure.supxlabel("").set_in_layout(False)
    with missing_letters_are_boxes():
        figure.draw_without_rendering()
        box = figure.get_tightbbox().padded(EDGE)  # without the room that the words had
    kind, content = "svg+xml", b""
    if not figure.findobj(AxesImage):
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "digitlab"}):
            content = _render(figure, "svg", bbox_inches=box, metadata={"Date": None})
    if not 0 < len(content) <= MOST_SVG_BYTES:
        kind, content = "png", _fewer_colours(_render(figure, "png", bbox_inches=box))
    return Embedded(title, look, kind, content, round(96 * box.width), round(96 * box.height))


def _render(figure: Figure, kind: str, **options: object) -> bytes:
    from digitlab.figures.notebook_figure import render

    return render(figure, kind, **options)


def _fewer_colours(png: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, "png", optimize=True)
    return buffer.getvalue()
