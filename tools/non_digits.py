"""Pictures of what is no digit, drawn by a seeded script, of many kinds; each as a reader would get it, 28x28.

`KINDS` is the table. A kind is a function of `Things` to draw from: random numbers, fonts, and digits for what is made
of them, such as two digits in one picture. Marks, which need random numbers alone, are drawn in `marks.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.reading.preprocessing import Prepared, prepare_ink
from tools import marks, shapes
from tools.many_digits import RADII, large, redrawn
from tools.pens import TEST_FONTS, TRAIN_FONTS, Ink, bent, drawn, glyphs, on_paper, patchy, pen_width, soft
from tools.shapes import skeleton


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


def _mark(mark: Callable[[np.random.Generator], Ink | Prepared]) -> Callable[[Things], Ink | Prepared]:
    """What needs random numbers alone."""
    return lambda things: mark(things.rng)


KINDS: dict[str, Callable[[Things], Ink | Prepared]] = {
    "paper": _mark(marks.paper),
    "noise": _mark(marks.noise),
    "stain": _mark(marks.stain),
    "dash": _mark(marks.dash),
    "dot": _mark(marks.dot),
    "dots in a row": _mark(marks.dots),
    "scribble": _mark(marks.scribble),
    "made-up sign": _mark(marks.sign),
    "letter, pen": pen_letter,
    "symbol, pen": pen_symbol,
    "letter, font": font_letter,
    "symbol, font": font_symbol,
    "word": word,
    "two digits": pair,
    "three or four digits": triple,
    "digit and piece of another": with_piece,
    "digits above one another": pile,
    "grid": _mark(marks.grid),
    "form cell": _mark(marks.cell),
    "ruled lines": _mark(marks.rules),
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
    """As a reader would have it: sometimes with soft edges, with gaps, or on rough paper."""
    if isinstance(found, Prepared):
        return found
    ink = soft(patchy(found, rng) if rng.random() < 0.1 else np.ascontiguousarray(found), rng)
    return on_paper(ink, rng) if rng.random() < 0.1 else prepare_ink(ink)
