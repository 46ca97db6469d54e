"""Reading a picture of any number of digits, and saying when in doubt.

Paper becomes ink (`paper.py`, `rules.py`), ink becomes pieces in lines (`find.py`), and pieces digits (`line.py`).
"""

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import DIGIT_NAMES, SIDE
from digitlab.errors import InputError, PictureError, describe
from digitlab.network.network import Network
from digitlab.network.shipped import STANDARD, load_shipped
from digitlab.reading.find import Edges, Found, find
from digitlab.reading.ink import on_paper
from digitlab.reading.line import LineDigit, around, cell, look, read_line
from digitlab.reading.paper import Ink, ink_of, is_light_on_dark
from digitlab.reading.pictures import Grey, Picture, grey_and_alpha
from digitlab.reading.preprocessing import prepare
from digitlab.reading.reject import OPERATING_POINT
from digitlab.reading.results import Box, ReadDigit, Reading, ReadLine, Rejected
from digitlab.reading.rules import without_rules

LONGEST = 2048  # pixels: a larger picture is made small
TURNS = (0, 90, 180, 270)
SMALL = 300  # pixels: a picture that is no larger may show a single, broken digit
MOST_EXPECTED = 1000
BARS = 3  # so many ones in a line, and nothing else, may be no digits
NOT_A_DIGIT = "not a digit"
LEAST_GAIN = 6.0  # how much better a page must be read turned than as it is, as a logarithm
MOST_TURNED = 300  # pieces that are looked at for it
READABLE = -0.7  # ... how well each of its digits then, in the mean
UNREADABLE = -1.5  # ... and how badly before


class Page(NamedTuple):
    """A picture on its way.

    Attributes:
        opened: as it was opened.
        grey: ``(H, W) uint8``, on paper where it is transparent.
        light_on_dark: its ink is brighter than its paper.
        ink: without the rules of the paper.
    """

    opened: Grey
    grey: NDArray[np.uint8]
    light_on_dark: bool
    ink: Ink


def read(picture: Picture, network: Network | None = None, *, turn: Any = "auto", expect: int | None = None) -> Reading:
    """The digits of a picture: of one digit, a number, or a page of them; a drawing, a scan or a photograph.

    Args:
        picture: an array, a Pillow image, or an image file as bytes or as a path, as `prepare` takes it.
        network: who reads; without one the model that ships.
        turn: by how many degrees clockwise the picture must be turned to be upright: 0, 90, 180 or 270; "auto" finds
            out, where there are digits enough to tell.
        expect: how many digits each line has, where that is known.

    Raises:
        PictureError: this is not a picture, or too large, or one of the settings is none.
        InputError: the network does not tell the ten digits apart.
    """
    network = network or load_shipped(STANDARD)
    check_reader(network)
    _check_settings(turn, expect)
    page = page_of(picture)
    ink = page.ink
    found = find(ink)
    turned = best_turn(found, ink, network) if turn == "auto" else int(turn)
    if turned:
        quarters = -turned // 90  # NumPy turns the other way round
        ink = Ink(np.rot90(ink.levels, quarters).copy(), np.rot90(ink.mask, quarters).copy())
        found = find(ink)
    read_lines, left_out = [], [*found.left_out]
    for line in found.lines:
        digits, no_digits = read_line(line, found, ink, network, expect)
        read_lines += [digits] if digits else []
        left_out += [(box, NOT_A_DIGIT) for box in no_digits]
    if not read_lines and found.lines and max(page.grey.shape) <= SMALL:
        read_lines = _as_one(page.grey, found, network)
    place = partial(place_of, opened=page.opened, turned=turned)
    return Reading(
        tuple(_line(digits, place, alone=len(read_lines) == 1) for digits in read_lines),
        tuple(Rejected(place(box), reason) for box, reason in left_out),
        turned,
        page.opened.size,
        page.light_on_dark,
    )


def page_of(picture: Picture) -> Page:
    """A picture, made small where it is large, and its ink without the rules of the paper.

    Raises:
        PictureError: this is not a picture, or too large, or there is nothing in it.
    """
    opened = grey_and_alpha(picture, LONGEST)
    if not opened.levels.size:
        raise PictureError("there is nothing in the picture", got=f"shape {opened.levels.shape}")
    grey = on_paper(opened.levels, opened.alpha)
    light_on_dark = is_light_on_dark(grey)
    ink = ink_of(255 - grey if light_on_dark else grey)
    return Page(opened, grey, light_on_dark, ink._replace(mask=without_rules(ink.mask)))


def check_reader(network: Any) -> None:
    """Refuse a network that reads no digits.

    Raises:
        InputError: it takes other pictures, or knows other classes, or is no network.
    """
    if not isinstance(network, Network):
        must_be = "a Network, as digitlab.load gives one; or None, for the one that ships"
        raise InputError("this is not a network", must_be=must_be, got=describe(network))
    if (inputs := network.architecture.sizes[0]) != SIDE * SIDE:
        raise InputError("this model takes other pictures", must_be=f"{SIDE * SIDE} inputs", got=f"{inputs}")
    if network.card.labels != DIGIT_NAMES:
        must_be, got = "the digits 0 to 9", ", ".join(network.card.labels)
        raise InputError("this model knows other classes", must_be=must_be, got=got)


def _check_settings(turn: Any, expect: Any) -> None:
    whole = type(turn) is not bool and isinstance(turn, (int, np.integer))
    if not (turn in TURNS if whole else isinstance(turn, str) and turn == "auto"):
        raise PictureError("a picture cannot be turned so", must_be='"auto", 0, 90, 180 or 270', got=describe(turn))
    whole = type(expect) is not bool and isinstance(expect, (int, np.integer))
    if expect is not None and not (whole and 1 <= expect <= MOST_EXPECTED):
        must_be = f"how many digits each line has, from 1 to {MOST_EXPECTED}, or None"
        raise PictureError("so many digits cannot be expected", must_be=must_be, got=describe(expect))


def _line(digits: list[LineDigit], place: Callable[[Edges], Box], *, alone: bool) -> ReadLine:
    """A line as it is told.

    Any bar looks like a one, so ones alone are in doubt: one in a line of several by itself, and many in a line, as of
    tally marks, rulers and bar codes.
    """
    ones = all(one.digit == 1 for one in digits)
    bars = ones and (len(digits) >= BARS or (len(digits) == 1 and not alone))
    return ReadLine(
        tuple(ReadDigit(one.digit, one.probability, place(one.box), one.doubtful or bars) for one in digits)
    )


def _as_one(grey: NDArray[np.uint8], found: Found, network: Network) -> list[list[LineDigit]]:
    """A small picture of which no piece is a digit, taken for one broken digit: in doubt."""
    seen = look(network, prepare(grey).pixels[None])
    if seen.is_digit[0] < OPERATING_POINT:
        return []
    box = around(list(chain(*found.lines)))
    return [[LineDigit(int(seen.digits[0].argmax()), float(seen.digits[0].max()), box, doubtful=True)]]


def best_turn(found: Found, ink: Ink, network: Network) -> int:
    """By how many degrees clockwise a page is turned best: 0, unless another way is clearly better to read.

    Each piece is looked at in all four ways. A one is no evidence, since any dash becomes one.
    """
    pieces = [piece for piece in chain(*found.lines) if piece.size >= found.height / 2]
    if len(pieces) < 2:
        return 0
    pieces = pieces[:: -(-len(pieces) // MOST_TURNED)]
    upright = np.stack([cell(ink, found, [piece]) for piece in pieces])
    seen = [look(network, np.rot90(upright, -turn // 90, axes=(1, 2))) for turn in TURNS]
    best, gain = 0, LEAST_GAIN
    for turn, one in zip(TURNS, seen, strict=True):
        counts = one.digits.argmax(axis=1) != 1
        if counts.sum() < 2 or one.score[counts].mean() < READABLE or seen[0].score[counts].mean() > UNREADABLE:
            continue
        if (gained := float((one.score - seen[0].score)[counts].sum())) > gain:
            best, gain = turn, gained
    return best


def place_of(box: Edges, opened: Grey, turned: int = 0) -> Box:
    """Where a box of the small, turned page lies in the picture."""
    top, bottom, left, right = box
    height, width = opened.levels.shape
    if turned == 90:  # clockwise: what is left now was at the bottom
        top, bottom, left, right = height - right, height - left, top, bottom
    elif turned == 180:
        top, bottom, left, right = height - bottom, height - top, width - right, width - left
    elif turned == 270:
        top, bottom, left, right = left, right, width - bottom, width - top
    n = opened.factor
    right, bottom = min(right * n, opened.size[0]), min(bottom * n, opened.size[1])
    return left * n, top * n, right - left * n, bottom - top * n
