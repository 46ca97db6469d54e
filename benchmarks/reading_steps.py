"""From a photograph to its digits, drawn step by step: the figure of docs/explanation/reading.md.

python -m benchmarks.reading_steps [--seed 3] [--number 14] [--figure docs/images/reading-steps.png]

The photograph is one of those that reading is tested with (`tests/reading/photographs.py`).
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import digitlab as dl
from digitlab.display.annotate import annotate
from digitlab.reading.cut import cut
from digitlab.reading.find import Found, Piece, find
from digitlab.reading.line import around, cell, look
from digitlab.reading.paper import Ink, ink_of
from digitlab.reading.rules import without_rules
from digitlab.reading.segments import candidates
from tests.reading.photographs import photograph

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # of Okabe and Ito (2008)
CELLS = 18  # of one row


def draw(jpeg: bytes, target: Path) -> None:
    """All six steps into a file."""
    from matplotlib.figure import Figure

    with Image.open(io.BytesIO(jpeg)) as image:
        grey = np.asarray(image.convert("L"))
    ink = ink_of(grey)
    clean = ink._replace(mask=without_rules(ink.mask))
    found = find(clean)
    line = max(found.lines, key=len)
    parts = sorted((part for piece in line for part in cut(piece, found)), key=Piece.middle)
    figure = Figure(figsize=(11, 6), layout="constrained")
    axes = figure.subplots(3, 2).ravel()
    show(axes[0], grey, "1. the photograph, grey")
    show(axes[1], 255 - ink.levels, "2. how much less light than from the paper around")
    show(axes[2], coloured_ink(ink, clean), "3. ink (black) and rules (orange)")
    show(axes[3], coloured_pieces(found, parts), "4. pieces, cut at seams")
    show(axes[4], tried(found, parts, clean), "5. what may be a digit; below, how far both networks believe it")
    show(axes[5], np.asarray(annotate(jpeg, dl.read(jpeg))), "6. the best way through the line")
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=110)
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(128).save(target, optimize=True)
    print(f"drawn: {target}: {dl.read(jpeg).text}")


def show(axes: Axes, picture: NDArray[np.uint8], title: str) -> None:
    """One step."""
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_axis_off()


def coloured_ink(ink: Ink, clean: Ink) -> NDArray[np.uint8]:
    """What was written black, what was printed orange."""
    picture = np.full((*ink.mask.shape, 3), 255, np.uint8)
    picture[ink.mask] = rgb(COLOURS[1])
    picture[clean.mask] = 0
    return picture


def coloured_pieces(found: Found, parts: list[Piece]) -> NDArray[np.uint8]:
    """Each part in a colour of its own, and what is around the line left out."""
    picture = np.full((*found.labels.shape, 3), 255, np.uint8)
    for n, part in enumerate(parts):
        picture[found.labels == part.label] = rgb(COLOURS[n % len(COLOURS)])
    top, bottom, left, right = around(parts)
    margin = (bottom - top) // 2
    return picture[max(top - margin, 0) : bottom + margin, max(left - margin, 0) : right + margin]


def tried(found: Found, parts: list[Piece], ink: Ink) -> NDArray[np.uint8]:
    """The runs of parts that were tried, each with a bar as long as both networks believe it."""
    runs = candidates(np.array([part.box for part in parts]), found.height)
    pixels = np.stack([cell(ink, found, parts[first:last]) for first, last in runs])
    believed = np.exp(look(dl.load("standard"), pixels).score)
    tiles = np.full((len(runs), 36, 32), 255, np.uint8)
    tiles[:, 2:30, 2:30] = 255 - pixels
    for tile, share in zip(tiles, believed, strict=True):
        tile[31:34, 2:30] = 215
        tile[31:34, 2 : 2 + round(28 * share)] = 0
    rows = -(-len(tiles) // CELLS)
    tiles = np.concatenate((tiles, np.full((rows * CELLS - len(tiles), 36, 32), 255, np.uint8)))
    return tiles.reshape(rows, CELLS, 36, 32).swapaxes(1, 2).reshape(rows * 36, CELLS * 32)


def rgb(colour: str) -> tuple[int, ...]:
    """Of a colour as pages write it."""
    return tuple(bytes.fromhex(colour[1:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--number", type=int, default=14, help="of the photographs of this seed")
    parser.add_argument("--figure", type=Path, default=Path("docs/images/reading-steps.png"))
    asked = parser.parse_args()
    draw(photograph(asked.seed, asked.number).jpeg, asked.figure)


if __name__ == "__main__":
    main()
