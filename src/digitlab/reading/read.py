"""Reading a picture of any number of digits, and saying when in doubt."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.network.network import Network
from digitlab.network.shipped import STANDARD, load_shipped
from digitlab.reading.find import Found, Piece, find
from digitlab.reading.ink import _on_paper
from digitlab.reading.paper import Ink, ink_of, is_light_on_dark
from digitlab.reading.pictures import Picture, grey_and_alpha
from digitlab.reading.preprocessing import prepare_ink
from digitlab.reading.results import Reading, ReadDigit, ReadLine, Rejected

LONGEST = 2048


def read(picture: Picture, network: Network | None = None, *, turn: Any = "auto", expect: int | None = None) -> Reading:
    """The digits of a picture."""
    from PIL import Image

    network = network or load_shipped(STANDARD)
    grey = _on_paper(*grey_and_alpha(picture))
    size = grey.shape[::-1]
    factor = -(-max(grey.shape) // LONGEST)
    if factor > 1:
        grey = np.asarray(Image.fromarray(grey).reduce(factor))
    if is_light_on_dark(grey):
        grey = 255 - grey
    ink = ink_of(grey)
    found = find(ink)
    lines = []
    for line in found.lines:
        pixels = np.stack([_cell(ink, found, [piece]) for piece in line])
        probabilities = network.probabilities(pixels)
        digits = [
            ReadDigit(int(p.argmax()), float(p.max()), _box([piece], factor), bool(p.max() < 0.9))
            for piece, p in zip(line, probabilities, strict=True)
        ]
        lines.append(ReadLine(tuple(digits)))
    rejected = tuple(Rejected(_box([piece], factor), reason) for piece, reason in found.left_out)
    return Reading(tuple(lines), rejected, 0, size)


def _box(pieces: list[Piece], factor: int) -> tuple[int, int, int, int]:
    top, left = min(piece.top for piece in pieces), min(piece.left for piece in pieces)
    bottom, right = max(piece.bottom for piece in pieces), max(piece.right for piece in pieces)
    return left * factor, top * factor, (right - left) * factor, (bottom - top) * factor


def _cell(ink: Ink, found: Found, pieces: list[Piece]) -> NDArray[np.uint8]:
    """The pieces as MNIST would have them, ``(28, 28)``."""
    from scipy import ndimage

    top, left = min(piece.top for piece in pieces), min(piece.left for piece in pieces)
    bottom, right = max(piece.bottom for piece in pieces), max(piece.right for piece in pieces)
    place = slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1)
    mask = np.isin(found.labels[place], [piece.label for piece in pieces])
    mask = ndimage.binary_dilation(mask, structure=np.ones((3, 3)))
    return prepare_ink(np.where(mask, ink.levels[place], 0)).pixels
