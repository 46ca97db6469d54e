"""Pictures of what is no digit, drawn by a seeded script, of many kinds; each as a reader would get it, 28x28.

`KINDS` is the table. A kind is a function of `Things` to draw from: random numbers, fonts, and digits for what is made
of them, such as two digits in one picture.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from digitlab.data.digits import Digits
from digitlab.reading.preprocessing import Prepared, prepare, prepare_ink
from digitlab.reading.strokes import draw
from tools import shapes
from tools.many_digits import RADII, large, redrawn
from tools.pens import TEST_FONTS, TRAIN_FONTS, Ink, bent, drawn, glyphs, matrix, patchy, pen_width, soft
from tools.shapes import Stroke, curve, skeleton

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Things:
    """What there is to draw from.

    Attributes:
        rng: random numbers.
        digits: large digits as ink, and what they show; in groups, each drawn with one kind of pen.
        fonts: by name.
        new: draw the letters and symbols that are kept from training, instead of the others.
    """

    rng: np.random.Generator
    digits: list[list[tuple[Ink, int]]]
    fonts: tuple[str, ...]
    new: bool = False

    def some_digits(self, count: int) -> list[tuple[Ink, int]]:
        """Digits of one pen, cut out, with their labels."""
        group = self.digits[self.rng.integers(len(self.digits))]
        return [(cut_out(ink), label) for ink, label in (group[k] for k in self.rng.integers(len(group), size=count))]


def cut_out(ink: Ink) -> Ink:
    """The box of what is inked."""
    return ink[np.ix_(ink.max(axis=1) >= 64, ink.max(axis=0) >= 64)]


# Nothing, or nearly


def paper(things: Things) -> Prepared:
    """A sheet with its texture and somewhat uneven light, and nothing on it."""
    rng = things.rng
    height, width = (int(side) for side in rng.integers(28, 120, 2))
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = (x * rng.normal() + y * rng.normal()) * rng.uniform(0, 8)
    sheet = rng.uniform(150, 245) + light + _texture(rng, height, width) * rng.uniform(1, 12)
    return prepare(np.clip(sheet, 0, 255).astype(np.uint8))


def stain(things: Things) -> Ink:
    """A shadow or a stain: a soft patch with a few corners, smooth or with the paper's texture."""
    rng = things.rng
    corners = rng.uniform(8, 56, (int(rng.integers(3, 7)), 2))
    if np.ptp(corners[:, 1]) > 1.5 * np.ptp(corners[:, 0]):
        corners = corners[:, ::-1]  # none that stands as a one does
    picture = Image.new("L", (64, 64))
    ImageDraw.Draw(picture).polygon([tuple(corner) for corner in corners.tolist()], fill=255)
    patch = np.asarray(picture.filter(ImageFilter.BoxBlur(float(rng.uniform(0, 6)))), dtype=np.float64)
    patch = patch * (1 - np.linspace(0, rng.uniform(0, 0.8), 64)[:: int(rng.choice([-1, 1]))])
    ink = np.clip(patch + _texture(rng, 64, 64) * rng.uniform(0, 50) * (patch > 0), 0, 255)
    return np.where(ink >= ink.max() / 4, ink, 0).astype(np.uint8)


def _texture(rng: np.random.Generator, height: int, width: int) -> Points:
    """Random numbers of about unit size, smoothed more or less."""
    noise = rng.normal(0, 1, (height, width))
    reach = int(rng.integers(0, 5))
    if reach:
        grey = Image.fromarray(np.clip(noise * 40 + 128, 0, 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(reach))
        noise = (np.asarray(grey) - 128.0) / 40 * (2 * reach + 1)
    return noise


def noise(things: Things) -> Ink:
    """Specks: few or many, small or large."""
    rng = things.rng
    height, width = (int(side) for side in rng.integers(20, 90, 2))
    ink = _texture(rng, height, width) > rng.uniform(0.3, 2.6)
    return ink * np.uint8(255) if ink.any() else np.full((1, 1), 255, np.uint8)


# Marks


def dash(things: Things) -> Ink:
    """A line that lies, or rises or falls by up to about 45 degrees, at least half as long again as it is thick."""
    rng = things.rng
    slope = rng.uniform(-0.95, 0.95) * rng.choice([0.2, 1.0])  # rise over run
    length = 16.0
    width = length / rng.choice([rng.uniform(1.2, 4), rng.uniform(3, 40)])
    reach = max(length - width, 1.0)
    x = np.linspace(0, 1, 5)
    bend = (x - x * x) * rng.normal(0, 0.25) + rng.normal(0, 0.01, 5)
    run = reach / (1 + slope * slope) ** 0.5
    points = np.stack([x * run + bend * slope * reach, -x * run * slope + bend * reach], axis=1)
    return draw([curve(points).tolist()], width=width)


def dot(things: Things) -> Ink:
    """A round dot, or a blot about as wide as high, as a pen leaves it that is turned on the spot."""
    rng = things.rng
    if rng.random() < 0.5:
        around = curve(rng.uniform(-1, 1, (int(rng.integers(3, 9)), 2)) * (1, 0.8))
        return draw([around.tolist()], width=float(rng.uniform(0.8, 3)))
    corners = np.stack(_circle(12), axis=1) * (1 + rng.normal(0, rng.uniform(0, 0.15), (12, 1)))
    corners = corners * (1, rng.uniform(0.75, 1.25))
    points = np.concatenate([corners * r for r in (1.0, 0.7, 0.4, 0.1)])
    return draw([points.tolist()], width=float(rng.uniform(0.5, 3)))


def _circle(count: int) -> tuple[Points, Points]:
    """The columns and rows of points around a circle of radius 1."""
    angle = 2 * np.pi * np.arange(count) / count
    return np.round(np.cos(angle), 9), np.round(np.sin(angle), 9)


def dots(things: Things) -> Ink:
    """Two to seven dots in a row, which may lie, rise or stand."""
    rng = things.rng
    count = int(rng.integers(2, 8))
    step = np.array([[1.0, 0.0], [0.0, 1.0], [0.7, -0.7]])[rng.choice(3, p=[0.6, 0.2, 0.2])]
    points = np.arange(count)[:, None] * step + rng.normal(0, 0.08, (count, 2))
    return draw([[point] for point in points.tolist()], width=float(rng.uniform(0.15, 0.75)))


def scribble(things: Things) -> Ink:
    """A line to and fro, or round and round."""
    rng = things.rng
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


def sign(things: Things) -> Ink:
    """Two to five strokes at random: what nobody has given a meaning."""
    rng = things.rng
    strokes = [_stroke(rng) for _ in range(int(rng.integers(2, 6)))]
    return drawn(strokes, rng)


def _stroke(rng: np.random.Generator) -> Stroke:
    """A line, an angle, a bow or a ring somewhere on the grid."""
    count = int(rng.integers(2, 5))
    points = rng.integers(0, 16, (count, 2)).astype(np.float64)
    if rng.random() < 0.15:
        points = points[0] / 2 + 4 + np.stack(_circle(8), axis=1)[[*range(8), 0]] * rng.uniform(1, 6, 2)
    return Stroke(points, count > 2 and rng.random() < 0.6)


# Letters and symbols


def pen_letter(things: Things) -> Ink:
    """A letter that a pen draws."""
    names = [name for name in shapes.LETTERS if (name in shapes.NEW_LETTERS) == things.new]
    return _by_pen(things, shapes.LETTERS, names)


def pen_symbol(things: Things) -> Ink:
    """A symbol that a pen draws."""
    names = [name for name in shapes.SYMBOLS if (name in shapes.NEW_SYMBOLS) == things.new]
    return _by_pen(things, shapes.SYMBOLS, names)


def _by_pen(things: Things, table: dict[str, list[str]], names: list[str]) -> Ink:
    ways = table[names[things.rng.integers(len(names))]]
    way = ways[things.rng.integers(len(ways))]
    return drawn(skeleton(way), things.rng, jitter=float(things.rng.uniform(0.2, 0.8)))


def font_letter(things: Things) -> Ink:
    """A letter of a font, bent."""
    letters = "".join(one for one in shapes.FONT_LETTERS if (one in shapes.NEW_LETTERS) == things.new)
    return _by_font(things, letters)


def font_symbol(things: Things) -> Ink:
    """A symbol or a Greek letter of a font, bent."""
    every = shapes.FONT_SYMBOLS + shapes.FONT_GREEK
    return _by_font(things, "".join(one for one in every if (one in shapes.NEW_FONT_SYMBOLS) == things.new))


def _by_font(things: Things, characters: str, count: int = 1) -> Ink:
    rng = things.rng
    while True:
        text = "".join(rng.choice(list(characters), count))
        found = glyphs(text, things.fonts[rng.integers(len(things.fonts))])
        if found is not None:
            return bent(found, rng)


def word(things: Things) -> Ink:
    """Two to six letters side by side, of a font or by pen."""
    rng = things.rng
    count = int(rng.integers(2, 7))
    if rng.random() < 0.5:
        return _by_font(things, shapes.FONT_LETTERS, count)
    width = pen_width(rng)
    every = [skeleton(ways[0]) for ways in shapes.LETTERS.values()]
    letters = [drawn(every[k], rng, width=width) for k in rng.integers(len(every), size=count)]
    return side_by_side(letters, rng.integers(-4, 25, count).tolist(), rng)


# What is made of digits


def side_by_side(inks: list[Ink], gaps: list[int], rng: np.random.Generator) -> Ink:
    """Canvases in a row, each somewhat higher or lower, with so many pixels between them (below 0: they overlap)."""
    tall = max(len(ink) for ink in inks)
    room = tall // 8 + 1
    canvas = np.zeros((tall + 2 * room, sum(ink.shape[1] for ink in inks) + sum(map(abs, gaps))), np.uint8)
    x = 0
    for ink, gap in zip(inks, gaps, strict=True):
        y = (tall - len(ink)) // 2 + room + int(rng.integers(-room, room + 1))
        place = canvas[y : y + len(ink), x : x + ink.shape[1]]
        np.maximum(place, ink, out=place)
        x = max(0, x + ink.shape[1] + gap)
    return canvas


def pair(things: Things) -> Ink:
    """Two digits that were taken for one."""
    return _in_a_row(things, 2)


def triple(things: Things) -> Ink:
    """Three or four digits that were taken for one."""
    return _in_a_row(things, int(things.rng.integers(3, 5)))


def _in_a_row(things: Things, count: int) -> Ink:
    found = things.some_digits(count)
    least = 2 if all(label == 1 for _, label in found) else -6  # ones on top of one another are a one
    return side_by_side([ink for ink, _ in found], things.rng.integers(least, 16, count).tolist(), things.rng)


def with_piece(things: Things) -> Ink:
    """A digit with a big piece of its neighbour."""
    rng = things.rng
    (one, _), (other, label) = things.some_digits(2)
    while label == 1:
        (one, _), (other, label) = things.some_digits(2)
    share = rng.uniform(0.4, 0.75)
    wide = max(3, int(other.shape[1] * share))
    if rng.random() < 0.5:
        return side_by_side([one, other[:, :wide]], [int(rng.integers(-3, 10)), 0], rng)
    return side_by_side([other[:, -wide:], one], [int(rng.integers(-3, 10)), 0], rng)


def pile(things: Things) -> Ink:
    """Digits above one another: of two lines, or written over."""
    rng = things.rng
    if rng.random() < 0.3:
        return _written_over(things)
    found = things.some_digits(int(rng.integers(2, 4)))
    while len({label for _, label in found}) == 1 or {label for _, label in found} <= {0, 6, 8, 9}:
        found = things.some_digits(len(found))  # two noughts above one another are an eight
    inks = [np.rot90(ink) for ink, _ in found]
    return np.ascontiguousarray(np.rot90(side_by_side(inks, rng.integers(-3, 12, len(inks)).tolist(), rng), -1))


def _written_over(things: Things) -> Ink:
    (one, first), (other, second) = things.some_digits(2)
    while first == second or 1 in {first, second} or 8 in {first, second}:
        (one, first), (other, second) = things.some_digits(2)
    overlap = int(min(one.shape[1], other.shape[1]) * things.rng.uniform(0.4, 0.8))
    return side_by_side([one, other], [-overlap, 0], things.rng)


# Forms and rules


def grid(things: Things) -> Ink:
    """Squared paper: rules both ways."""
    rng = things.rng
    across, down = (_places(rng, int(count)) for count in rng.integers(1, 5, 2))
    lines = [[[x, -1 - rng.random()], [x, 17 + rng.random()]] for x in across]
    lines += [[[-1 - rng.random(), y], [17 + rng.random(), y]] for y in down]
    return _ruled(things, lines)


def _places(rng: np.random.Generator, count: int) -> list[float]:
    """Where rules are: evenly."""
    return ((np.arange(count) + rng.uniform(0.1, 0.9)) * 16 / count).tolist()


def cell(things: Things) -> Ink:
    """A cell of a form, or some in a row, empty or ticked."""
    rng = things.rng
    count, high = int(rng.integers(1, 4)), rng.uniform(8, 20)
    wide = rng.uniform(8, 20)
    lines = [[[0, 0], [count * wide, 0]], [[0, high], [count * wide, high]]]
    lines += [[[k * wide, 0], [k * wide, high]] for k in range(count + 1)]
    kind = rng.integers(4)
    if kind == 0:
        lines += [[[2, 2], [wide - 2, high - 2]], [[wide - 2, 2], [2, high - 2]]]
    elif kind == 1:
        lines += [[[2, high / 2], [wide / 3, high - 2], [wide - 1, 1]]]
    return _ruled(things, lines)


def rules(things: Things) -> Ink:
    """Fragments of ruled lines: two to four beside one another, with a margin's rule sometimes."""
    rng = things.rng
    lines = [[[rng.uniform(0, 4), y], [rng.uniform(10, 24), y]] for y in _places(rng, int(rng.integers(2, 5)))]
    if rng.random() < 0.3:
        x = rng.uniform(3, 12)
        lines += [[[x, -2.0], [x, 18.0]]]
    return _ruled(things, lines)


def _ruled(things: Things, lines: list[list[list[float]]]) -> Ink:
    how = matrix(things.rng, turn=0.12, slant=0.05, stretch=0.1)
    width = float(16 * 0.01 * 12 ** things.rng.uniform())
    return draw([(np.array(line) @ how.T).tolist() for line in lines], width=width)


KINDS: dict[str, Callable[[Things], Ink | Prepared]] = {
    "paper": paper,
    "noise": noise,
    "stain": stain,
    "dash": dash,
    "dot": dot,
    "dots in a row": dots,
    "scribble": scribble,
    "made-up sign": sign,
    "letter, pen": pen_letter,
    "symbol, pen": pen_symbol,
    "letter, font": font_letter,
    "symbol, font": font_symbol,
    "word": word,
    "two digits": pair,
    "three or four digits": triple,
    "digit and piece of another": with_piece,
    "digits above one another": pile,
    "grid": grid,
    "form cell": cell,
    "ruled lines": rules,
}
OF_SHAPES = ("letter, pen", "symbol, pen", "letter, font", "symbol, font")


def things(digits: Digits, seed: int, *, train: bool, new: bool = False) -> Things:
    """What to draw from: digits as they are and redrawn, random numbers of a seed, and the fonts of one part."""
    rng = np.random.default_rng(seed)
    half = len(digits) // 2
    pens = np.arange(len(digits) - half) % len(RADII)
    inks = [*large(digits.images[:half]), *redrawn(digits.images[half:], np.array(RADII)[pens])]
    known = list(zip(inks, digits.labels.tolist(), strict=True))
    groups = [known[:half]] * len(RADII) + [known[half + pen :: len(RADII)] for pen in range(len(RADII))]
    return Things(rng, groups, TRAIN_FONTS if train else TEST_FONTS, new)


def non_digits(things: Things, kind: str, count: int) -> NDArray[np.uint8]:
    """So many of a kind ``(count, 28, 28)``, prepared."""
    return np.stack([_prepared(KINDS[kind](things), things.rng).pixels for _ in range(count)])


def _prepared(found: Ink | Prepared, rng: np.random.Generator) -> Prepared:
    """As a reader would have it: sometimes with soft edges, sometimes with gaps."""
    if isinstance(found, Prepared):
        return found
    return prepare_ink(np.ascontiguousarray(soft(patchy(found, rng) if rng.random() < 0.1 else found, rng)))
