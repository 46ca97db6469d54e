"""A photograph with what was read drawn on it: whoever looks at it sees at once what to correct.

A digit has a blue box and stands above it, or below where there is no room. A doubtful one has an orange box of dashes
and a question mark: told apart by its form too, and by every kind of colour vision. What was taken for no digit has a
thin grey box.
"""

from __future__ import annotations

import io
import math
import os
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from digitlab.data.files import check_place, named, read_file
from digitlab.data.picture_file import open_picture
from digitlab.data.pixels import as_bytes
from digitlab.durable import make_durably, write_durably
from digitlab.errors import FileError, InputError, PictureError, printable, refuse, system_errors
from digitlab.reading.pictures import MAX_PICTURE_BYTES, SIXTEEN_BITS, Picture, check_size, grey_and_alpha
from digitlab.reading.results import Box, Reading, ReadLine

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

SURE, DOUBTFUL, REJECTED, HALO = "#0072b2", "#d55e00", "#8c8c8c", "#ffffff"  # of Okabe and Ito (2008)
ENLARGED = 500  # pixels: how long the longer side of a small picture may become, so that its labels can be read
LABEL = 0.5  # of the height of the writing
LEAST_LABEL, MOST_LABEL = 1 / 40, 1 / 10  # of the longer side of the picture
LINE = 1 / 400  # likewise
DASH = 4  # widths of a line
FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
QUALITY = 90


class Label(NamedTuple):
    """What stands beside a box: its colour, the middle of the side that it has in common with the box, and which."""

    words: str
    colour: str
    x: float
    y: float
    below: bool

    @property
    def anchor(self) -> str:
        """Which point of the text is there, as Pillow says it."""
        return "ma" if self.below else "md"


def annotate(picture: Picture, reading: Reading) -> Image.Image:
    """The picture, upright as viewers show it, with boxes, digits and doubts drawn on it.

    Args:
        picture: as `digitlab.read` takes it.
        reading: what it gave.

    Returns:
        An image in colours, of the picture's own size. A small picture is enlarged by a whole factor, to at most
        `ENLARGED` pixels a side. There is a margin below it where labels would have no place.

    Raises:
        PictureError: as `digitlab.read`.
    """
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    image = _in_colours(picture)
    factor = max(1, ENLARGED // max(image.size))
    if factor > 1:
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    longest = max(image.size)
    width = max(2, round(LINE * longest))
    digits = [digit for line in reading.lines for digit in line.digits]
    height = factor * median([digit.box[3] for digit in digits] or [1])
    size = min(max(LABEL * height, LEAST_LABEL * longest), MOST_LABEL * longest)
    font = ImageFont.load_default(size)
    labels = [label for line in reading.lines for label in _labels(line, factor, 2 * width, size)]
    lowest = max((math.ceil(label.y + size) + width for label in labels if label.below), default=0)
    if lowest > image.height:  # a margin for the labels that stand below
        image = ImageOps.expand(image, (0, 0, 0, lowest - image.height), HALO)
    draw = ImageDraw.Draw(image)
    for one in reading.rejected:
        draw.rectangle(_corners(one.box, factor, 0), outline=REJECTED, width=max(1, width // 2))
    for digit in digits:
        corners = _corners(digit.box, factor, width)
        draw.rectangle(corners, outline=HALO, width=2 * width)
        _draw_box(draw, corners, DOUBTFUL if digit.doubtful else SURE, width, dashed=digit.doubtful)
    for label in labels:  # over the boxes of all
        x = min(max(label.x, size / 2), image.width - size / 2)
        draw.text((x, label.y), label.words, label.colour, font, label.anchor, stroke_width=width, stroke_fill=HALO)
    return image


def check_annotated_path(path: Path) -> None:
    """Refuse a place that no annotated picture can be written to, before any work is done for it.

    Raises:
        InputError: an ending that is not a known format, or a folder that does not exist.
    """
    if path.suffix.lower() not in FORMATS:
        refuse(InputError, path, f"the name of an annotated picture must end in one of {', '.join(FORMATS)}")
    check_place(path, "a picture")


def save_annotated(image: Image.Image, path: Path) -> None:
    """Write an annotated picture; the ending of ``path`` chooses the format. A folder that is missing is made.

    Raises:
        FileError: the file cannot be written.
    """
    content = io.BytesIO()
    image.save(content, FORMATS[path.suffix.lower()], quality=QUALITY)
    with system_errors(FileError, f"{printable(str(path))}: the picture cannot be written"):
        make_durably(path.parent)
        write_durably(path, content.getvalue())


def _in_colours(picture: Picture) -> Image.Image:
    """Any picture as RGB, upright; what is see-through lies on white if the visible is dark, else on black."""
    from PIL import Image, ImageStat

    if isinstance(picture, (str, os.PathLike)):
        path = Path(os.fsdecode(picture))
        content = read_file(path, MAX_PICTURE_BYTES, PictureError)
        with named(path, PictureError):
            return _in_colours(content)
    if isinstance(picture, np.ndarray):
        pixels = as_bytes(picture)
        picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2:] == (1,) else pixels)
    with open_picture(picture, check_size, any_form=True) as opened:
        image = opened.image
        if image.mode in SIXTEEN_BITS:
            return Image.fromarray(grey_and_alpha(image).levels).convert("RGB")
        if not image.has_transparency_data:
            return image.convert("RGB")
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        dark = alpha.getbbox() is None or ImageStat.Stat(image.convert("L"), alpha).mean[0] < 128
        paper = Image.new("RGBA", image.size, "white" if dark else "black")
        return Image.alpha_composite(paper, image).convert("RGB")


def _corners(box: Box, factor: int, margin: int) -> tuple[int, int, int, int]:
    """The first and the last pixels of a box that is larger by a ``margin`` on each side."""
    left, top, width, height = (factor * side for side in box)
    return left - margin, top - margin, left + width - 1 + margin, top + height - 1 + margin


def _labels(line: ReadLine, factor: int, margin: int, size: float) -> list[Label]:
    """The labels of a line: above its boxes, or below where one of them would not be in the picture."""
    places = [_corners(digit.box, factor, margin) for digit in line.digits]
    below = any(top < size for _, top, _, _ in places)
    return [
        Label(
            f"{digit.digit}?" if digit.doubtful else str(digit.digit),
            DOUBTFUL if digit.doubtful else SURE,
            (left + right) / 2,
            bottom if below else top,
            below,
        )
        for digit, (left, top, right, bottom) in zip(line.digits, places, strict=True)
    ]


def _draw_box(draw: ImageDraw.ImageDraw, corners: Box, colour: str, width: int, *, dashed: bool) -> None:
    if not dashed:
        draw.rectangle(corners, outline=colour, width=width)
        return
    left, top, right, bottom = corners
    dash = DASH * width
    for x in range(left, right, 2 * dash):
        for y in (top, bottom - width + 1):
            draw.rectangle((x, y, min(x + dash, right), y + width - 1), fill=colour)
    for y in range(top, bottom, 2 * dash):
        for x in (left, right - width + 1):
            draw.rectangle((x, y, x + width - 1, min(y + dash, bottom)), fill=colour)
