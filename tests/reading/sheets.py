"""Sheets with digits at known places: what a photograph should have been, before light and camera."""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import digitlab as dl
from digitlab.reading.results import Box

Plane: TypeAlias = NDArray[np.float64]

PAPER, INK = 225.0, 45.0  # grey levels


def blank(width: int, height: int, paper: float = PAPER) -> Plane:
    """A sheet without anything."""
    return np.full((height, width), paper)


def write(sheet: Plane, text: str, left: int, top: int, height: int, gap: int = 20, nth: int = 10) -> list[Box]:
    """Digits of MNIST's test set, the `nth` of each kind, from `left` on; where each of them is."""
    boxes = []
    for digit in text:
        ink = _glyph(int(digit), nth)
        width = max(round(height * ink.shape[1] / ink.shape[0]), 1)
        ink = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC)) / 255
        place = sheet[top : top + height, left : left + width]
        place += ink[: place.shape[0], : place.shape[1]] * (INK - place)
        boxes.append((left, top, width, height))
        left += width + gap
    return boxes


def page(text: str, height: int = 60, gap: int = 20, nth: int = 10) -> Plane:
    """Lines of digits (``/`` between them) with paper around."""
    lines = text.split("/")
    sheet = blank(int(max(map(len, lines)) * (height + gap) + 2 * height), int((2 * len(lines) + 1) * height))
    for n, line in enumerate(lines):
        write(sheet, line, height, (2 * n + 1) * height, height, gap, nth)
    return sheet


def grey(sheet: Plane) -> NDArray[np.uint8]:
    """As bytes."""
    return np.clip(sheet, 0, 255).astype(np.uint8)


@cache
def _glyph(digit: int, nth: int) -> NDArray[np.uint8]:
    """A digit of the test set, cut out."""
    _, test = dl.load_mnist()
    image = test.images[np.flatnonzero(test.labels == digit)[nth]]
    lit = np.argwhere(image > 60)
    (top, left), (bottom, right) = lit.min(0), lit.max(0) + 1
    cut: NDArray[np.uint8] = image[top:bottom, left:right]
    return cut
