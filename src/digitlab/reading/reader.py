"""Reading a picture of any number of digits, and saying when in doubt.

Paper becomes ink (`paper.py`, `rules.py`), ink becomes pieces in lines (`find.py`), and pieces digits (`line.py`).
"""

from itertools import chain
from typing import Any

import numpy as np

from digitlab.errors import PictureError, describe
from digitlab.network.network import Network
from digitlab.network.shipped import STANDARD, load_shipped
from digitlab.reading.find import Found, find
from digitlab.reading.ink import on_paper
from digitlab.reading.line import NOT_A_DIGIT, cell, look, read_line
from digitlab.reading.paper import Ink, ink_of, is_light_on_dark
from digitlab.reading.pictures import Grey, Picture, grey_and_alpha
from digitlab.reading.results import Box, ReadDigit, Reading, ReadLine, Rejected
from digitlab.reading.rules import without_rules

LONGEST = 2048  # pixels: a larger picture is made small
TURNS = (0, 90, 180, 270)
LEAST_GAIN = 6.0  # how much better a page must be read turned than as it is, as a logarithm
READABLE = -0.7  # ... and how well each of its digits, in the mean


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
    if turn != "auto" and turn not in TURNS:
        raise PictureError("a picture cannot be turned so", must_be='"auto", 0, 90, 180 or 270', got=describe(turn))
    network = network or load_shipped(STANDARD)
    opened = grey_and_alpha(picture, LONGEST)
    grey = on_paper(opened.levels, opened.alpha)
    ink = ink_of(255 - grey if is_light_on_dark(grey) else grey)
    ink = ink._replace(mask=without_rules(ink.mask))
    found = find(ink)
    turned = best_turn(found, ink, network) if turn == "auto" else turn
    if turned:
        quarters = -turned // 90  # NumPy turns the other way round
        ink = Ink(np.rot90(ink.levels, quarters).copy(), np.rot90(ink.mask, quarters).copy())
        found = find(ink)
    lines, rejected = [], []
    for line in found.lines:
        digits, left_out = read_line(line, found, ink, network, expect)
        if digits:
            lines.append(
                ReadLine(
                    tuple(ReadDigit(*digit[:2], _back(digit.box, turned, opened), digit.doubtful) for digit in digits)
                )
            )
        rejected += [Rejected(_back(box, turned, opened), NOT_A_DIGIT) for box in left_out]
    rejected += [Rejected(_back(piece.box, turned, opened), reason) for piece, reason in found.left_out]
    return Reading(tuple(lines), tuple(rejected), turned, opened.size)


def best_turn(found: Found, ink: Ink, network: Network) -> int:
    """By how many degrees clockwise a page is turned best: 0, unless another way is clearly better to read.

    Each piece is looked at in all four ways. A one is no evidence, since any dash becomes one.
    """
    pieces = [piece for piece in chain(*found.lines) if piece.size >= found.height / 2]
    if len(pieces) < 2:
        return 0
    upright = np.stack([cell(ink, found, [piece]) for piece in pieces])
    seen = [look(network, np.rot90(upright, -turn // 90, axes=(1, 2))) for turn in TURNS]
    best, gain = 0, LEAST_GAIN
    for turn, one in zip(TURNS, seen, strict=True):
        counts = one.digits.argmax(axis=1) != 1
        gained = float((one.score - seen[0].score)[counts].sum())
        if counts.sum() >= 2 and gained > gain and one.score[counts].mean() > READABLE:
            best, gain = turn, gained
    return best


def _back(box: tuple[int, int, int, int], turned: int, opened: Grey) -> Box:
    """A box of the small, turned page (top, bottom, left, right) as it lies in the picture."""
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
