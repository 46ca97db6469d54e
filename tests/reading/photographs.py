"""Photographs of numbers whose text is known: digits of MNIST's test set on paper, under a lamp, in a camera.

A number has 1 to 8 digits, each 40 to 120 pixels high, written in pencil, black or blue, from nearly touching to wide
apart; about one gap in 30 is none at all, so that digits touch. The paper is white, grey or yellowish, with a grain, at
times with fibres, rules or squares. Light falls off to a side and to the corners, and at times a shadow with a soft
edge lies over it. The camera turns the page by up to 8 degrees, is out of focus, adds noise and writes a JPEG.

Picture `k` of a seed is always the same, whatever was made before it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from scipy import ndimage

import digitlab as dl

__all__ = ["Photograph", "page", "photograph", "photographs"]

Plane: TypeAlias = NDArray[np.float32]  # (H, W), mostly 0..1
Generator: TypeAlias = np.random.Generator

DIGITS = (1, 8)  # of a number
HEIGHT = (40, 120)  # of a digit, in pixels
WIDTH = (600, 1600)  # of the picture, in pixels
TURN = 8.0  # degrees, at most
TOUCHING = 1 / 30  # of the gaps between two digits
PAPERS = ((250, 250, 248), (225, 226, 228), (196, 198, 199), (247, 240, 214), (236, 222, 190))
PENS = ((88, 88, 92), (112, 112, 116), (28, 28, 32), (52, 48, 50), (24, 40, 122), (48, 78, 168))
PENCILS = 2  # the first of these leave a grain
RULES = ((150, 178, 214), (176, 178, 182), (226, 158, 164), (120, 150, 200))


class Photograph(NamedTuple):
    """One picture and what is written on it."""

    jpeg: bytes
    text: str


def photographs(seed: int) -> Iterator[Photograph]:
    """Photographs without end."""
    return (photograph(seed, number) for number in count())


def photograph(seed: int, number: int) -> Photograph:
    """Photograph `number` of a seed."""
    rng = np.random.default_rng([seed, number])
    return _photographed(*_number(rng), rng)


def page(seed: int, lines: int, digits: int, height: float, size: tuple[int, int]) -> Photograph:
    """A page ``size`` (width, height) with as many `lines`, each of as many `digits` of about this `height`."""
    rng = np.random.default_rng([seed, lines, digits])
    sheet, texts = Image.new("L", size), []
    for k in range(lines):
        line, text = _line(_chosen(digits, rng), height, rng)
        if line.width > 0.9 * size[0]:
            line = line.resize((int(0.9 * size[0]), line.height))
        left, middle = (size[0] - line.width) / 2, size[1] * (k + 0.5) / lines
        sheet.paste(line, (int(left), int(middle - 1.7 * height)), line)
        texts.append(text)
    return _photographed(np.asarray(sheet, np.float32) / 255, "/".join(texts), height, rng, most_turn=2)


def _photographed(ink: Plane, text: str, height: float, rng: Generator, most_turn: float = TURN) -> Photograph:
    turn = rng.uniform(-most_turn, most_turn)
    ink = _turned(ink, turn)
    page = _paper(ink.shape, rng)
    if rng.random() < 0.5:
        _lay(page, _rules(ink.shape, height, turn, rng) * rng.uniform(0.2, 0.7), RULES[rng.integers(len(RULES))])
    pen = int(rng.integers(len(PENS)))
    if pen < PENCILS:
        ink = ink * (1 - rng.uniform(0.1, 0.45) * rng.random(ink.shape, np.float32))
    pressure = _stretched(rng.uniform(0.7, 1, (4, 12)), ink.shape)
    _lay(page, ink * pressure * rng.uniform(0.75, 1), PENS[pen])
    page *= _light(ink.shape, rng)[..., None]
    return Photograph(_camera(page, height, rng), text)


# --- the writing ---


@cache
def _test_digits() -> dl.Digits:
    return dl.load_mnist()[1]


def _chosen(many: int, rng: Generator) -> NDArray[np.int64]:
    return rng.integers(len(_test_digits()), size=many)


def _number(rng: Generator) -> tuple[Plane, str, float]:
    """How much ink is where, before the page is turned; the text, and how high its digits are."""
    chosen = _chosen(int(rng.integers(DIGITS[0], DIGITS[1] + 1)), rng)
    width = int(rng.integers(WIDTH[0], WIDTH[1] + 1))
    height = min(rng.uniform(*HEIGHT), 0.8 * width / len(chosen))
    line, text = _line(chosen, height, rng)
    width = max(width, int(line.width * rng.uniform(1.1, 1.25) + height))
    fall = np.sin(np.radians(TURN)) * line.width + 1.6 * height  # what the line needs from top to bottom, turned
    sheet = Image.new("L", (width, int(max(fall * rng.uniform(1.05, 1.6), width * rng.uniform(0.25, 0.55)))))
    spare = ((sheet.width - line.width) / 2 - 0.2 * height, (sheet.height - fall) / 2)
    left, top = (sheet.width - line.width) / 2, sheet.height / 2 - 1.7 * height
    sheet.paste(line, (int(left + rng.uniform(-1, 1) * spare[0]), int(top + rng.uniform(-1, 1) * spare[1])))
    return np.asarray(sheet, np.float32) / 255, text, height


def _line(chosen: NDArray[np.int64], height: float, rng: Generator) -> tuple[Image.Image, str]:
    """These digits of the test set beside each other, 3 of their heights high and cut to their width; and their text.

    Their feet stand 2.2 heights below its top. How far apart two of them are is measured row by row, as a person does.
    """
    digits = _test_digits()
    edge = rng.uniform(0.35, 0.8)  # the grey where ink ends: thick strokes or thin ones
    glyphs = [_glyph(digits.images[k], height * rng.uniform(0.88, 1.1), edge) for k in chosen]
    spacing = height * np.exp(rng.uniform(np.log(0.06), np.log(0.7)))
    line = Image.new("L", (int(3 * height * len(chosen)), int(3 * height)))
    reach = np.full(line.height, -np.inf)  # how far to the right ink goes, for each row
    x, end, gap = 0, 0, 0.0
    for glyph in glyphs:
        top = int(2.2 * height + rng.normal(0, 0.04) * height) - len(glyph)
        rows = slice(top, top + len(glyph))
        inked = glyph > 100
        left = np.where(inked.any(1), inked.argmax(1), 10_000)
        right = np.where(inked.any(1), glyph.shape[1] - inked[:, ::-1].argmax(1), -10_000)
        near = ndimage.maximum_filter1d(reach, 2 * int(max(gap, 2)) + 1)[rows]
        meets = float(np.max(near - left))
        x = int(max(end - 0.12 * height, meets + gap)) if np.isfinite(meets) else x
        end = x + glyph.shape[1]
        line.paste(255, (x, top), Image.fromarray(glyph))
        reach[rows] = np.maximum(reach[rows], x + right)
        gap = spacing * rng.uniform(0.6, 1.5) if rng.random() > TOUCHING else -0.04 * height
    return line.crop((0, 0, end, line.height)), "".join(str(digits.labels[k]) for k in chosen)


def _glyph(image: NDArray[np.uint8], height: float, edge: float) -> NDArray[np.uint8]:
    """A digit of MNIST as smooth ink, cut out, about `height` pixels high; one that is wide is a little less so."""
    rows = np.flatnonzero(image.max(1) > 60)
    scale = height / max(rows[-1] + 1 - rows[0], 16)
    side = round(28 * scale)
    near = ndimage.maximum_filter(image, 3)
    image = np.uint8(255.0 * image / np.maximum(near, 80))  # a faint stroke is as good as a dark one
    grey = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255
    ink = np.clip((grey - edge) * min(scale, 4) + 0.5, 0, 1)
    lit = np.argwhere(ink > 0.4)
    (top, left), (bottom, right) = lit.min(0), lit.max(0) + 1
    return (ink[top:bottom, left:right] * 255).astype(np.uint8)


def _turned(ink: Plane, degrees: float) -> Plane:
    return np.asarray(Image.fromarray(ink).rotate(degrees, Image.Resampling.BILINEAR))


# --- the paper ---


def _paper(shape: tuple[int, ...], rng: Generator) -> Plane:
    """Paper ``(H, W, 3)``, 0..1."""
    coarse = rng.standard_normal((shape[0] // 3 + 1, shape[1] // 3 + 1), np.float32)
    grain = 1 + rng.uniform(0.003, 0.02) * _stretched(coarse, shape)
    if rng.random() < 0.4:
        fibres = Image.new("L", shape[::-1])
        draw = ImageDraw.Draw(fibres)
        for _ in range(rng.integers(20, 150)):
            start = rng.uniform(0, 1, 2) * shape[::-1]
            bend = np.cumsum(rng.normal(0, 7, (5, 2)), axis=0)
            draw.line([tuple(start + step) for step in bend], fill=int(rng.integers(60, 256)), width=1)
        grain -= rng.uniform(0.04, 0.15) * np.asarray(fibres, np.float32) / 255
    colour = np.array(PAPERS[rng.integers(len(PAPERS))], np.float32) / 255
    page: Plane = grain[..., None] * colour
    return page


def _rules(shape: tuple[int, ...], height: float, turn: float, rng: Generator) -> Plane:
    """Lines or squares, printed on the page and so turned with it, 0..1."""
    squared = rng.random() < 0.4
    spacing = height * (rng.uniform(0.5, 1.2) if squared else rng.uniform(1.1, 2.4))
    half = rng.uniform(0.5, 1.4)
    y, x = np.ogrid[: shape[0], : shape[1]]
    sine, cosine = np.float32(np.sin(np.radians(turn))), np.float32(np.cos(np.radians(turn)))
    lines = _lines(x.astype(np.float32) * sine + y.astype(np.float32) * cosine, spacing, half, rng)
    if squared:
        across = x.astype(np.float32) * cosine - y.astype(np.float32) * sine
        lines = np.maximum(lines, _lines(across, spacing, half, rng))
    return lines


def _lines(place: Plane, spacing: float, half: float, rng: Generator) -> Plane:
    distance = np.abs((place + np.float32(rng.uniform(0, spacing))) % np.float32(spacing) - np.float32(spacing / 2))
    lines: Plane = np.clip(np.float32(half + 0.5) - distance, 0, 1)
    return lines


def _lay(page: Plane, alpha: Plane, colour: tuple[int, int, int]) -> None:
    """A colour over the page, as much of it as `alpha` says."""
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    here = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    page[here] += alpha[here][..., None] * (np.array(colour, np.float32) / 255 - page[here])


# --- the light and the camera ---


def _light(shape: tuple[int, ...], rng: Generator) -> Plane:
    """How much light falls where, 0..1: worked out small, as it is smooth."""
    small = (54, max(54 * shape[1] // shape[0], 54))
    y, x = np.mgrid[-1 : 1 : small[0] * 1j, -1 : 1 : small[1] * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - rng.uniform(0, 0.22) * (1 + x * np.cos(angle) + y * np.sin(angle))
    light *= 1 - rng.uniform(0, 0.2) * (x**2 + y**2)
    if rng.random() < 0.5:  # of a hand, a phone or a head
        middle = rng.uniform(-1.2, 1.2, 2)
        size = rng.uniform(0.4, 1.1, 2)
        power = rng.choice([2, 8])  # round, or with corners
        inside = np.abs((x - middle[0]) / size[0]) ** power + np.abs((y - middle[1]) / size[1]) ** power < 1
        soft = ndimage.gaussian_filter(inside.astype(np.float32), rng.uniform(1.2, 6))
        light *= 1 - rng.uniform(0.2, 0.6) * soft
    return _stretched(light * rng.uniform(0.8, 1.05), shape)


def _camera(page: Plane, height: float, rng: Generator) -> bytes:
    """The page as a JPEG: its colours cast by the lamp, out of focus, with the noise of a sensor."""
    page *= (rng.uniform(0.95, 1.03, 3) * 255).astype(np.float32)
    image = Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.03 * height)))
    noise = 128 + rng.standard_normal(page.shape[:2], np.float32) * np.float32(rng.uniform(0.5, 5))
    grains = Image.merge("RGB", [Image.fromarray(noise.astype(np.uint8))] * 3)
    file = io.BytesIO()
    ImageChops.add(image, grains, offset=-128).save(file, "JPEG", quality=int(rng.integers(40, 96)))
    return file.getvalue()


def _stretched(small: NDArray[np.floating], shape: tuple[int, ...]) -> Plane:
    """A smooth plane of this shape."""
    stretched = Image.fromarray(small.astype(np.float32)).resize(shape[::-1], Image.Resampling.BICUBIC)
    return np.asarray(stretched)
