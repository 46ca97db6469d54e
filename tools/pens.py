"""What draws: a pen along skeletons, and fonts; and what is done to ink: turned, slanted, stretched, softened."""

from functools import lru_cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageFont

from digitlab.reading.preprocessing import Prepared, prepare
from digitlab.reading.strokes import draw
from tools.shapes import Stroke, curve

Ink = NDArray[np.uint8]  # a canvas (H, W), bright on 0
Matrix = NDArray[np.float64]  # (2, 2), of (x, y)
FONT_SIZE = 64
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
TRAIN_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic"),
    *("DejaVuSansMono-Oblique", "STIXGeneralItalic", "cmr10", "cmti10", "cmtt10"),
)
TEST_FONTS = (
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralBolIta", "DejaVuSansMono", "DejaVuSansMono-Bold"),
    *("cmss10", "cmb10"),
)


def matrix(rng: np.random.Generator, turn: float = 0.2, slant: float = 0.25, stretch: float = 0.25) -> Matrix:
    """A random one that stretches, slants, then turns, each by at most so much."""
    t, s, g = rng.uniform(-1, 1, 3) * (turn / 2, slant, stretch)
    cos, sin = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)  # no library's sine: it differs between machines
    turned = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, s], [0.0, 1.0]])
    return turned * (1 + g, 1 / (1 + g))


def pen_width(rng: np.random.Generator, span: float = 16.0) -> float:
    """From a fine pen to a marker, fine and usual ones more often than thick ones."""
    return float(span * 0.015 * 16.0 ** rng.uniform())


def drawn(strokes: list[Stroke], rng: np.random.Generator, jitter: float = 0.5, width: float | None = None) -> Ink:
    """Strokes as one hand draws them: points moved a little, all of it turned and slanted, with some pen."""
    how = matrix(rng)
    lines = [
        (curve(moved) if one.curved else moved) @ how.T
        for one in strokes
        for moved in [_moved(one.points, rng, jitter)]
    ]
    return draw([line.tolist() for line in lines], width=width or pen_width(rng))


def _moved(points: NDArray[np.float64], rng: np.random.Generator, jitter: float) -> NDArray[np.float64]:
    moved = points + rng.normal(0, jitter, points.shape)
    if (points[0] == points[-1]).all() and len(points) > 1:
        moved[-1] = moved[0]
    return moved


@lru_cache(maxsize=4096)
def glyphs(text: str, font: str) -> Ink | None:
    """A text in a font, black and white; None where the font lacks one of the characters."""
    if not all(_has(font, one) for one in text):
        return None
    face = _face(font)
    left, top, right, bottom = face.getbbox(text)
    if right <= left or bottom <= top:
        return None
    mask, _ = face.getmask2(text, mode="L")
    return np.asarray(mask, dtype=np.uint8).reshape(mask.size[::-1])


@lru_cache(maxsize=64)
def _face(font: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"{font}.ttf", FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)


def _has(font: str, one: str) -> bool:
    """Whether a font has a character. Computer Modern keeps others than letters at places of its own."""
    own = font.startswith("cm") and not (one.isascii() and one.isalnum())
    return not own and ord(one) in _known(font)


@lru_cache(maxsize=64)
def _known(font: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(FONTS / f"{font}.ttf")).get_charmap())


def bent(ink: Ink, rng: np.random.Generator) -> Ink:
    """A canvas turned, slanted and stretched at random, its strokes sometimes made thicker or thinner."""
    kind = rng.integers(6)
    margin = 4
    picture = Image.fromarray(np.pad(ink, margin))
    if kind == 0:
        picture = picture.filter(ImageFilter.MaxFilter(3))
    elif kind == 1 and min(ink.shape) > 40:
        picture = picture.filter(ImageFilter.MaxFilter(5))
    elif kind == 2 and min(ink.shape) > 40:
        thinner = picture.filter(ImageFilter.MinFilter(3))
        picture = thinner if np.asarray(thinner).any() else picture
    how = matrix(rng, turn=0.2)
    height, width = ink.shape[0] + 2 * margin, ink.shape[1] + 2 * margin
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ how.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    back = np.linalg.inv(how)
    at = back @ low
    size = tuple(np.ceil(high - low).astype(int).tolist())
    data = (back[0, 0], back[0, 1], at[0], back[1, 0], back[1, 1], at[1])
    return np.asarray(picture.transform(size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR))


def patchy(ink: Ink, rng: np.random.Generator) -> Ink:
    """Ink with gaps, as a dry pen or a bad threshold leaves them."""
    coarse = rng.random((ink.shape[0] // 3 + 1, ink.shape[1] // 3 + 1)) < rng.uniform(0.03, 0.25)
    holes = coarse.repeat(3, axis=0).repeat(3, axis=1)[: ink.shape[0], : ink.shape[1]]
    left = np.where(holes, np.uint8(0), ink)
    return left if left.any() else ink


def soft(ink: Ink, rng: np.random.Generator) -> Ink:
    """One canvas in three with soft edges, as a camera has them."""
    if rng.random() > 0.35:
        return ink
    reach = float(rng.uniform(0.01, 0.05)) * max(ink.shape)
    blurred = np.asarray(Image.fromarray(np.pad(ink, 4)).filter(ImageFilter.BoxBlur(reach)))
    return np.where(blurred >= blurred.max() // 5, blurred, np.uint8(0))


def texture(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    """Random numbers of about unit size, smoothed more or less."""
    noise = rng.normal(0, 1, (height, width))
    reach = int(rng.integers(0, 5))
    if reach:
        grey = Image.fromarray(np.clip(noise * 40 + 128, 0, 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(reach))
        noise = (np.asarray(grey) - 128.0) / 40 * (2 * reach + 1)
    return noise


def on_paper(ink: Ink, rng: np.random.Generator) -> Prepared:
    """What a reader gets of ink on rough paper, whose grain is some of the ink then."""
    room = int(rng.integers(2, 3 + max(ink.shape) // 6))
    ink = np.pad(ink, room)
    grain = texture(rng, *ink.shape) * rng.uniform(0.5, 6)
    sheet = rng.uniform(180, 240) + grain - ink * (rng.uniform(90, 180) / 255)
    return prepare(np.clip(sheet, 0, 255).astype(np.uint8))
