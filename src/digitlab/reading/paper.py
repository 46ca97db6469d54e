"""From a photograph to its ink: shadows, vignettes and the table beyond the page are light, not ink.

Digits are dark lines on something brighter, and narrow. So the paper under them is what closing gives: each pixel is
the largest level around it, and then the least of those (Serra, "Image Analysis and Mathematical Morphology", 1982).
Edges of shadows stay where they are, since what is wider than the window stays. Ink is how much less light comes from
a pixel than from its paper, as a share: in a shadow it is as dark as beside it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.reading.ink import border_of

Levels = NDArray[np.uint8]
COARSE = 160  # pixels: the shorter side of the small picture that light is measured on
WINDOW = 6  # the window of the closing is a sixth of the shorter side: wider than strokes, narrower than shadows
SMALL_WINDOW = 3  # ... a third in a small picture, which a digit may fill
SOLID = 0.5  # of the light around it: what lies in a ring of ink and is darker is ink, too
EVEN = 8  # levels: a border that differs no more is plain paper
DARKEST = 32  # a paper's level counts at least as this: of less, noise would become ink
FAINT = 0.05  # share of light: ink that is fainter is not seen
BLOCK = 16  # pixels, of every other: grain is measured on these
APART = 3  # pixels: grain is alike in those next to each other
LESSER = 0.325  # the mean of the smaller half of |x|, where x is normal with variance 1
NOISE = 5.2  # standard deviations of the noise that ink must exceed
OF_STROKE = 0.35  # ... and of the strongest ink around it: less is a stroke's blurred edge


class Ink(NamedTuple):
    """What is written on a picture.

    Attributes:
        levels: ``(H, W) uint8``, how dark the ink is; 0 is paper.
        mask: ``(H, W) bool``, where there is ink.
    """

    levels: Levels
    mask: NDArray[np.bool_]


def is_light_on_dark(grey: Levels) -> bool:
    """Whether what stands out of a picture is brighter than what it stands out of.

    That is the border where it is even, else the light nearby. Cubes have the sign of what is rare and far from it.
    """
    from scipy import ndimage

    border = border_of(grey).astype(np.float64)
    paper = np.median(border)
    if (np.abs(border - paper) <= EVEN).mean() >= 0.9:
        difference = grey - paper
    else:
        small = _coarse(grey)
        difference = small - ndimage.gaussian_filter(small, min(small.shape) / 14, mode="nearest")
    return bool((difference**3).sum() > 0)


def ink_of(grey: Levels) -> Ink:
    """The ink of dark strokes on brighter paper."""
    from scipy import ndimage

    paper = _paper(grey)
    share = ((paper - grey) / np.maximum(paper, DARKEST)).astype(np.float32)
    if min(grey.shape) >= COARSE:
        smooth = ndimage.gaussian_filter(share, 0.7)
        grain = _grain(smooth)
    else:
        smooth, grain = share, np.zeros((1, 1), dtype=np.float32)
    around = max(15, min(grey.shape) // 64 | 1)
    strongest = ndimage.grey_dilation(smooth, size=(around, around)) if around < min(grey.shape) else smooth.max()
    mask = smooth > np.maximum(np.maximum(FAINT, NOISE * grain), OF_STROKE * strongest)
    solid = _solid(mask, paper)
    levels = np.where(solid, 255, np.clip(share * 255, 0, 255)).astype(np.uint8)
    return Ink(levels, mask | solid)


def _solid(mask: NDArray[np.bool_], paper: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where ink is wider than the window of the closing: in a ring of ink, and much darker than what is around that."""
    from scipy import ndimage

    n = max(1, min(mask.shape) // COARSE)
    light = shrunk(paper, n)
    holes, _ = ndimage.label(shrunk(mask, n) < 0.5)
    reach = min(light.shape) // WINDOW
    filled = np.zeros(light.shape, dtype=np.bool_)
    for number, (rows, columns) in enumerate(ndimage.find_objects(holes), 1):
        if min(rows.stop - rows.start, columns.stop - columns.start) < reach / 2:
            continue
        top, left = max(rows.start - reach, 0), max(columns.start - reach, 0)
        bottom, right = min(rows.stop + reach, light.shape[0] - 1), min(columns.stop + reach, light.shape[1] - 1)
        row, column = (rows.start + rows.stop) // 2, (columns.start + columns.stop) // 2
        sides = light[top, column], light[bottom, column], light[row, left], light[row, right]
        if np.median(light[holes == number]) < SOLID * min(sides):
            filled |= holes == number
    found = np.zeros(mask.shape, dtype=np.bool_)
    large_again = filled.repeat(n, axis=0).repeat(n, axis=1)
    found[: large_again.shape[0], : large_again.shape[1]] = large_again
    return found


def shrunk(levels: NDArray[Any], n: int) -> NDArray[np.float32]:
    """A picture made small by a whole number: the means of squares. What is over at the right and below is left out."""
    height, width = (side // n * n for side in levels.shape)
    squares = levels[:height, :width].reshape(height // n, n, width // n, n)
    small: NDArray[np.float32] = squares.mean(axis=(1, 3), dtype=np.float32)
    return small


def _coarse(grey: Levels) -> NDArray[np.float32]:
    return shrunk(grey, max(1, min(grey.shape) // COARSE))


def _paper(grey: Levels) -> NDArray[np.float32]:
    """The level of the paper at each pixel."""
    from PIL import Image
    from scipy import ndimage

    small = _coarse(grey)
    window = max(3, min(small.shape) // (WINDOW if min(grey.shape) >= COARSE else SMALL_WINDOW) | 1)
    even = ndimage.median_filter(small, 3, mode="nearest")
    wide = np.pad(even, window, mode="edge")
    if window < min(even.shape):  # beyond the edge light goes on falling as it does within, but does not rise
        wide = np.minimum(wide, np.pad(even, window, mode="reflect", reflect_type="odd"))
    closed = ndimage.grey_closing(wide, size=(window, window))[window:-window, window:-window]
    closed = ndimage.gaussian_filter(closed, 1, mode="nearest")
    return np.asarray(Image.fromarray(closed).resize(grey.shape[::-1], Image.Resampling.BILINEAR))


def _grain(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """The standard deviation of the paper's grain at each place.

    In a block, half of the differences between pixels a little apart are grain alone, as strokes fill less than half of
    it: these have a mean of `LESSER` standard deviations, if they are normal.
    """
    from PIL import Image

    differences = np.abs(share[:, APART:] - share[:, :-APART])[::2, ::2]
    rows, columns = (side // BLOCK for side in differences.shape)
    blocks = differences[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    each = np.sort(blocks.swapaxes(1, 2).reshape(rows, columns, -1), axis=-1)
    grain = each[:, :, : BLOCK * BLOCK // 2].mean(axis=-1) / (LESSER * 2**0.5)
    return np.asarray(Image.fromarray(grain).resize(share.shape[::-1], Image.Resampling.BILINEAR))
