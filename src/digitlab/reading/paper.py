"""From a photograph to its ink: shadows, vignettes and the table beyond the page are light, not ink.

Digits are dark lines on something brighter, and narrow. So the paper under them is what closing gives: each pixel is
the largest level around it, and then the least of those (Serra, "Image Analysis and Mathematical Morphology", 1982).
Edges of shadows stay where they are, since what is wider than the window stays. Ink is how much less light comes from
a pixel than from its paper, as a share: in a shadow it is as dark as beside it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.uint8]
COARSE = 160  # pixels: the shorter side of the small picture that light is measured on
WINDOW = 4  # the window of the closing is a 4th of the shorter side: wider than any stroke
DARKEST = 32  # a paper's level counts at least as this: of less, noise would become ink
FAINT = 0.05  # share of light: ink that is fainter is not seen
NOISE = 5.0  # standard deviations of the noise that ink must exceed
OF_STROKE = 0.4  # ... and of the strongest ink around it: less is a stroke's blurred edge


class Ink(NamedTuple):
    """What is written on a picture.

    Attributes:
        levels: ``(H, W) uint8``, how dark the ink is; 0 is paper.
        mask: ``(H, W) bool``, where there is ink.
    """

    levels: Levels
    mask: NDArray[np.bool_]


def is_light_on_dark(grey: Levels) -> bool:
    """Whether the narrow things in a picture are brighter than what is around them."""
    from scipy import ndimage

    small = shrunk(grey, COARSE)
    difference = small - ndimage.gaussian_filter(small, min(small.shape) / 4, mode="nearest")
    return bool((difference**3).sum() > 0)


def ink_of(grey: Levels) -> Ink:
    """The ink of dark strokes on brighter paper."""
    from scipy import ndimage

    paper = np.maximum(_paper(grey), DARKEST)
    share = np.maximum(1 - grey / paper, 0).astype(np.float32)
    noise = _noise(share)
    smooth = ndimage.gaussian_filter(share, 0.7) if noise > 0.003 else share
    around = max(15, min(grey.shape) // 16 | 1)
    strongest = ndimage.grey_dilation(smooth, size=(around, around)) if around < min(grey.shape) else smooth.max()
    mask = smooth > np.maximum(max(FAINT, NOISE * noise), OF_STROKE * strongest)
    levels = np.clip(share * 255, 0, 255).astype(np.uint8)
    return Ink(levels, mask)


def shrunk(grey: Levels, shorter: int) -> NDArray[np.float32]:
    """The picture made small by a whole number, means of squares, so that its shorter side is about ``shorter``."""
    n = max(1, min(grey.shape) // shorter)
    height, width = (side // n * n for side in grey.shape)
    small: NDArray[np.float32] = (
        grey[:height, :width].reshape(height // n, n, width // n, n).mean(axis=(1, 3), dtype=np.float32)
    )
    return small


def _paper(grey: Levels) -> NDArray[np.float32]:
    """The level of the paper at each pixel."""
    from scipy import ndimage

    small = shrunk(grey, COARSE)
    window = max(3, min(small.shape) // WINDOW | 1)
    even = ndimage.median_filter(small, 3, mode="nearest")
    wide = (
        np.pad(even, window, mode="reflect", reflect_type="odd")
        if window < min(even.shape)
        else np.pad(even, window, "edge")
    )
    wide = np.minimum(
        wide, np.pad(even, window, mode="edge")
    )  # light goes on falling beyond the edge, but does not rise
    closed = ndimage.grey_closing(wide, size=(window, window))[window:-window, window:-window]
    closed = ndimage.gaussian_filter(closed, window / 8, mode="nearest")
    from PIL import Image

    large = Image.fromarray(closed).resize(grey.shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(large)


def _noise(share: NDArray[np.float32]) -> float:
    """The standard deviation of the grain: of what differs between neighbours."""
    part = share[::2, 1:] - share[::2, :-1]
    return float(np.median(np.abs(part)) * 1.4826 / 2**0.5)
