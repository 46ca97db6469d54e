"""Marks that are no digits and no writing: blank paper, noise, stains, dashes, dots, scribbles, signs, grids and forms.

Each is drawn from random numbers alone.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from digitlab.reading.preprocessing import Prepared, prepare
from digitlab.reading.strokes import draw
from tools.pens import Ink, drawn, matrix, pen_width, texture
from tools.shapes import Stroke, curve

Points = NDArray[np.float64]


# Nothing, or nearly


def paper(rng: np.random.Generator) -> Prepared:
    """A sheet with its texture and somewhat uneven light, and nothing on it."""
    height, width = (int(side) for side in rng.integers(28, 120, 2))
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = (x * rng.normal() + y * rng.normal()) * rng.uniform(0, 4)
    sheet = rng.uniform(150, 245) + light + texture(rng, height, width) * rng.uniform(1, 12)
    return prepare(np.clip(sheet, 0, 255).astype(np.uint8))


def stain(rng: np.random.Generator) -> Ink:
    """A shadow or a stain: a soft patch with a few corners, smooth or with the paper's texture."""
    corners = rng.uniform(8, 56, (int(rng.integers(3, 7)), 2))
    if np.ptp(corners[:, 1]) > 1.5 * np.ptp(corners[:, 0]):
        corners = corners[:, ::-1]  # none that stands as a one does
    picture = Image.new("L", (64, 64))
    ImageDraw.Draw(picture).polygon([tuple(corner) for corner in corners.tolist()], fill=255)
    patch = np.asarray(picture.filter(ImageFilter.BoxBlur(float(rng.uniform(0, 6)))), dtype=np.float64)
    patch = patch * (1 - np.linspace(0, rng.uniform(0, 0.8), 64)[:: int(rng.choice([-1, 1]))])
    ink = np.clip(patch + texture(rng, 64, 64) * rng.uniform(0, 50) * (patch > 0), 0, 255)
    return np.where(ink >= ink.max() / 4, ink, 0).astype(np.uint8)


def noise(rng: np.random.Generator) -> Ink:
    """Specks: few or many, small or large."""
    height, width = (int(side) for side in rng.integers(20, 90, 2))
    ink = texture(rng, height, width) > rng.uniform(0.3, 2.6)
    return ink * np.uint8(255) if ink.any() else np.full((1, 1), 255, np.uint8)


# Marks


def dash(rng: np.random.Generator) -> Ink:
    """A line that lies, or rises or falls by up to about 45 degrees, at least half as long again as it is thick."""
    rise = rng.choice([rng.uniform(0, 0.2), rng.uniform(0, 0.95), rng.uniform(0.7, 0.95)]) * rng.choice([-1, 1])
    length = 16.0
    width = length / rng.choice([rng.uniform(1.2, 4), rng.uniform(3, 40)])
    reach = max(length - width, 1.0)
    x = np.linspace(0, 1, 5)
    bend = (x - x * x) * rng.normal(0, 0.25) + rng.normal(0, 0.01, 5)
    run = reach / (1 + rise * rise) ** 0.5
    points = np.stack([x * run + bend * rise * reach, -x * run * rise + bend * reach], axis=1)
    return draw([curve(points).tolist()], width=width)


def dot(rng: np.random.Generator) -> Ink:
    """A round dot, or a blot about as wide as high, as a pen leaves it that is turned on the spot."""
    if rng.random() < 0.5:
        around = curve(rng.uniform(-1, 1, (int(rng.integers(3, 9)), 2)))
        around = around / np.ptp(around, axis=0) * (2, rng.uniform(1.2, 2))
        return draw([around.tolist()], width=float(rng.uniform(1.6, 5)))
    corners = np.stack(_circle(12), axis=1) * (1 + rng.normal(0, rng.uniform(0, 0.15), (12, 1)))
    corners = corners * (1, rng.uniform(0.75, 1.25))
    points = np.concatenate([corners * r for r in (1.0, 0.7, 0.4, 0.1)])
    return draw([points.tolist()], width=float(rng.uniform(0.5, 3)))


def _circle(count: int) -> tuple[Points, Points]:
    """The columns and rows of points around a circle of radius 1."""
    angle = 2 * np.pi * np.arange(count) / count
    return np.round(np.cos(angle), 9), np.round(np.sin(angle), 9)


def dots(rng: np.random.Generator) -> Ink:
    """Two to seven dots in a row that lies or rises, or two or three above one another: more are a dotted one."""
    step = np.array([[1.0, 0.0], [0.0, 1.0], [0.7, -0.7]])[kind := rng.choice(3, p=[0.6, 0.2, 0.2])]
    count = int(rng.integers(2, 4 if kind == 1 else 8))
    points = np.arange(count)[:, None] * step + rng.normal(0, 0.08, (count, 2))
    return draw([[point] for point in points.tolist()], width=float(rng.uniform(0.15, 0.65)))


def scribble(rng: np.random.Generator) -> Ink:
    """A line to and fro, or round and round."""
    count = int(rng.integers(8, 30))
    if rng.random() < 0.5:
        points = rng.uniform(0, 16, (count, 2))
    else:
        fro = np.where(np.arange(count) % 2 == 0, 0.0, 16.0) + rng.normal(0, 1.5, count)
        upright = rng.random() < 0.5  # but no bar that stands, which is a one
        on = np.linspace(0, rng.uniform(10 if upright else 3, 20), count) + rng.normal(0, 0.5, count)
        points = np.stack([on, fro] if upright else [fro, on], axis=1)
    points = points @ matrix(rng, turn=0.6).T
    way = curve(points) if rng.random() < 0.7 else points
    return draw([way.tolist()], width=pen_width(rng))


def sign(rng: np.random.Generator) -> Ink:
    """Two to five strokes at random: what nobody has given a meaning."""
    strokes = [_stroke(rng) for _ in range(int(rng.integers(2, 6)))]
    return drawn(strokes, rng)


def _stroke(rng: np.random.Generator) -> Stroke:
    """A line, an angle, a bow or a ring somewhere on the grid."""
    count = int(rng.integers(2, 5))
    points = rng.integers(0, 16, (count, 2)).astype(np.float64)
    if rng.random() < 0.15:
        points = points[0] / 2 + 4 + np.stack(_circle(8), axis=1)[[*range(8), 0]] * rng.uniform(1, 6, 2)
    return Stroke(points, count > 2 and rng.random() < 0.6)


# Forms and rules


def grid(rng: np.random.Generator) -> Ink:
    """Squared paper: rules both ways."""
    across, down = (_places(rng, int(count)) for count in rng.integers(1, 5, 2))
    lines = [[[x, -1 - rng.random()], [x, 17 + rng.random()]] for x in across]
    lines += [[[-1 - rng.random(), y], [17 + rng.random(), y]] for y in down]
    return _ruled(rng, lines)


def _places(rng: np.random.Generator, count: int) -> list[float]:
    """Where rules are: evenly."""
    return ((np.arange(count) + rng.uniform(0.1, 0.9)) * 16 / count).tolist()


def cell(rng: np.random.Generator) -> Ink:
    """A cell of a form, or some in a row, empty or ticked."""
    count, high = int(rng.integers(1, 4)), rng.uniform(8, 20)
    wide = rng.uniform(8, 20)
    lines = [[[0, 0], [count * wide, 0]], [[0, high], [count * wide, high]]]
    lines += [[[k * wide, 0], [k * wide, high]] for k in range(count + 1)]
    kind = rng.integers(4)
    if kind == 0:
        lines += [[[2, 2], [wide - 2, high - 2]], [[wide - 2, 2], [2, high - 2]]]
    elif kind == 1:
        lines += [[[2, high / 2], [wide / 3, high - 2], [wide - 1, 1]]]
    return _ruled(rng, lines)


def rules(rng: np.random.Generator) -> Ink:
    """Fragments of ruled lines: two to four beside one another, with a margin's rule sometimes."""
    lines = [[[rng.uniform(0, 4), y], [rng.uniform(10, 24), y]] for y in _places(rng, int(rng.integers(2, 5)))]
    if rng.random() < 0.3:
        x = rng.uniform(3, 12)
        lines += [[[x, -2.0], [x, 18.0]]]
    return _ruled(rng, lines)


def _ruled(rng: np.random.Generator, lines: list[list[list[float]]]) -> Ink:
    how = matrix(rng, turn=0.12, slant=0.05, stretch=0.1)
    width = float(16 * 0.01 * 12 ** rng.uniform())
    return draw([(np.array(line) @ how.T).tolist() for line in lines], width=width)
