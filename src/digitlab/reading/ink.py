"""From any picture to its ink: which level is the paper, and which side of it is written on.

A picture becomes grey bytes first (`reading/pictures.py`). Alpha: where all visible pixels have one grey, the alpha is
the picture; else the picture lies on paper: `(grey * alpha + paper * (255 - alpha) + 127) // 255`. Opaque is what has
at least half of the largest alpha; its outline is the opaque pixels at the picture's border, and those with one beside
them (of four) that is not opaque. `paper` is

- of a sheet that is written on, its own: the (lower) median of its outline. It is a sheet where some opaque pixel is at
  least 16 levels away from that, and four times as far as three quarters of the outline.
- of strokes alone, what they stand out from: white (255) if the visible is dark in the mean (below 128), else black.

1. Paper: the (lower) median of the outermost pixels of all four sides.
2. Side: the sum of squared distances from the paper, of the darker pixels and of the lighter; the larger one is ink
   (dark where they are equal). A pixel's ink is its distance from the paper on this side, else 0.
3. The strongest ink `top`: below 16 the picture is blank.
4. Noise: `floor` is the least level that 90 % of the outermost pixels do not exceed, but at most `top // 2`. A digit
   may touch the border: if the paper is quiet (on its other side 90 % of them are less than a tenth of `top` from it),
   only those with less than a quarter of `top` are asked. With `floor = 0` nothing changes. Ink becomes
   `(max(0, ink - floor) * 255) // (top - floor)`.
5. Ink counts for the box from 64 on, a quarter.

So every step after the grey bytes is a table of 256 entries.
"""

import numpy as np
from numpy.typing import NDArray

from digitlab.reading.pictures import Bytes, Picture, grey_and_alpha

LEAST_CONTRAST = 16
FAINTEST = 64


def find_ink(picture: Picture) -> Bytes:
    """The ink ``(H, W) uint8``, bright on 0; it counts from `FAINTEST` on. ``(1, 1)`` where there is none.

    Raises:
        PictureError: this is not a picture.
    """
    seen = grey_and_alpha(picture)
    grey = on_paper(seen.levels, seen.alpha)
    if not grey.size:
        return np.zeros((1, 1), dtype=np.uint8)
    border = border_of(grey)
    levels = np.arange(256)
    paper = int(np.sort(border)[(len(border) - 1) // 2])
    counts = np.bincount(grey.ravel(), minlength=256) if grey.size < 2**20 else _histogram(grey)
    squares = counts * (levels - paper) ** 2
    sign = 1 if squares[paper:].sum() > squares[:paper].sum() else -1
    ink = np.maximum(sign * (levels - paper), 0)
    top = int(ink[counts > 0].max())
    if top < LEAST_CONTRAST:
        return np.zeros((1, 1), dtype=np.uint8)
    outermost = ink[border]
    if 10 * _ninety_percent(np.maximum(sign * (paper - levels), 0)[border]) < top:
        outermost = outermost[4 * outermost < top]
    floor = min(_ninety_percent(outermost), top // 2)
    table = np.clip(np.maximum(ink - floor, 0) * 255 // (top - floor), 0, 255).astype(np.uint8)
    inked: Bytes = table[grey]
    return inked


def border_of(grey: Bytes) -> Bytes:
    """The outermost pixels of a picture, each once, but for one of a single row or column."""
    return np.concatenate((grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]))


def _ninety_percent(levels: NDArray[np.int64]) -> int:
    """The least level that 90 % of these do not exceed."""
    return int(np.sort(levels)[(9 * len(levels) - 1) // 10])


def _histogram(grey: NDArray[np.uint8]) -> NDArray[np.int64]:
    from PIL import Image

    return np.array(Image.fromarray(grey).histogram(), dtype=np.int64)


def on_paper(grey: Bytes, alpha: Bytes | None) -> Bytes:
    """What is seen where the picture lies on paper."""
    if alpha is None or alpha.min() == 255:
        return grey
    visible = grey[alpha > 0]
    if not len(visible) or visible.min() == visible.max():
        return alpha
    paper = _paper_of_sheet(grey, alpha)
    weight = alpha.astype(np.uint16)  # holds all that follows: at most 255 * 255 + 127
    weighted = grey * weight
    if paper is None:
        paper = 255 if int(weighted.sum()) < 128 * int(weight.sum()) else 0
    return ((weighted + paper * (255 - weight) + 127) // 255).astype(np.uint8)


def _paper_of_sheet(grey: Bytes, alpha: Bytes) -> int | None:
    """The level of a sheet's paper. None where the opaque is strokes alone: these have ink at their edges, too."""
    opaque = alpha >= (int(alpha.max()) + 1) // 2
    outline = opaque.copy()
    middle = opaque[1:-1]
    outline[1:-1, 1:-1] &= ~(opaque[:-2, 1:-1] & opaque[2:, 1:-1] & middle[:, :-2] & middle[:, 2:])
    edge = np.sort(grey[outline]).astype(np.int16)
    paper = int(edge[(len(edge) - 1) // 2])
    spread = int(np.sort(np.abs(edge - paper))[(3 * len(edge) - 1) // 4])
    written = grey[opaque]
    contrast = max(int(written.max()) - paper, paper - int(written.min()))
    return paper if contrast >= max(LEAST_CONTRAST, 4 * spread) else None
