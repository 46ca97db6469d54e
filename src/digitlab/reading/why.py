"""Why a digit is read as it is: its picture after each step of preparing it, and after one change; an answer for each.

The first picture is what a script that prepares nothing shows to a network: the whole photograph, squashed into 28x28.
Each step after it does one thing more (`STEPS`), and the last one is what digitlab reads. Each of the `CHANGES` is made
to that last picture alone. Where the answer becomes another one, that step or change is the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.data.deskew import deskew
from digitlab.data.digits import SIDE
from digitlab.errors import PictureError
from digitlab.network.network import Network
from digitlab.network.shipped import STANDARD, load_shipped
from digitlab.reading.find import Piece, find
from digitlab.reading.line import around, cell
from digitlab.reading.pictures import Picture
from digitlab.reading.reader import page_of, place_of, read
from digitlab.reading.reject import verdict
from digitlab.reading.results import Box

Pixels = NDArray[np.uint8]


class _Seen(NamedTuple):
    """What steps are made of: the picture as grey and as ink ``(H, W)``, the ink of the digit, and its 28x28 pixels."""

    grey: Pixels
    ink: Pixels
    digit: Pixels
    prepared: Pixels


class Kind(NamedTuple):
    """A step or a change: its name, what it does, how a sentence says it, and the doing."""

    name: str
    what: str
    said: str
    make: Callable[[Any], Pixels]


def _squashed(levels: Pixels) -> Pixels:
    """As `Image.resize((28, 28))` makes it."""
    from PIL import Image

    return np.asarray(Image.fromarray(levels).resize((SIDE, SIDE)))


def _centred_box(pixels: Pixels) -> Pixels:
    """The box of the ink in the middle, instead of its centre of mass."""
    for axis in (0, 1):
        inked = np.flatnonzero(pixels.any(axis=1 - axis))
        pixels = np.roll(pixels, (SIDE - int(inked[0]) - int(inked[-1]) - 1) // 2, axis) if len(inked) else pixels
    return pixels


def _thinner(pixels: Pixels) -> Pixels:
    from scipy import ndimage

    return np.asarray(ndimage.grey_erosion(pixels, size=(2, 2)))


def _thicker(pixels: Pixels) -> Pixels:
    from scipy import ndimage

    return np.asarray(ndimage.grey_dilation(pixels, size=(2, 2)))


def _smooth(pixels: Pixels) -> Pixels:
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(pixels, 0.8))


STEPS = (
    Kind("as it is", "the whole picture, squashed to 28x28", "", lambda seen: _squashed(seen.grey)),
    Kind("polarity", "ink bright on black, the paper gone", "bright on black", lambda seen: _squashed(seen.ink)),
    Kind("crop", "cut to the digit", "cut out", lambda seen: _squashed(seen.digit)),
    Kind("scale", "20 pixels long, in its own shape", "in its own shape", lambda seen: _centred_box(seen.prepared)),
    Kind("centring", "its centre of mass in the middle", "centred", lambda seen: seen.prepared),
)
CHANGES = (
    Kind("slant", "made upright", "made upright", deskew),
    Kind("thinner", "strokes a pixel thinner", "with thinner strokes", _thinner),
    Kind("thicker", "strokes a pixel thicker", "with thicker strokes", _thicker),
    Kind("smoothing", "blurred a little", "smoothed", _smooth),
)


@dataclass(frozen=True, eq=False)
class Step:
    """A picture on the way, and what is read from it.

    Attributes:
        kind: what was done.
        pixels: ``(28, 28) uint8``, as the network saw it.
        digit: the most probable one.
        probability: its own.
        rejected: it would be taken for no digit.
        changes: the digit is another one than before.
    """

    kind: Kind
    pixels: Pixels
    digit: int
    probability: float
    rejected: bool
    changes: bool

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        told = {"digit": self.digit, "probability": self.probability, "rejected": self.rejected}
        return {
            "name": self.kind.name,
            "what": self.kind.what,
            **told,
            "changes": self.changes,
            "pixels": self.pixels.ravel().tolist(),
        }


@dataclass(frozen=True, eq=False)
class Why:
    """Why one digit is read as it is.

    Attributes:
        steps: from the picture as it is to the one that digitlab reads; each does one thing more than the one before.
        changes: each does one thing to the last of the steps.
        box: where the digit is in the picture: left, top, width, height.
    """

    steps: tuple[Step, ...]
    changes: tuple[Step, ...]
    box: Box

    @property
    def answer(self) -> Step:
        """The picture that digitlab reads."""
        return self.steps[-1]

    @property
    def sentence(self) -> str:
        """What decides, in one line, such as ``read as 7; centred it is a 1``: the first step with the last answer."""
        digit, first = self.answer.digit, self.steps[0].digit
        others = [f"; {change.kind.said} it would be {_a(change.digit)}" for change in self.changes if change.changes]
        words = f"read as {first}"
        if first != digit:
            decided = next(step for step in self.steps if step.digit == digit)
            words += f"; {decided.kind.said} it is {_a(digit)}"
        elif not others:
            words += ", prepared or not" if any(step.changes for step in self.steps) else ", whatever is done to it"
        return words + "".join(others) + ("; digitlab takes it for no digit" if self.answer.rejected else "")

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; the pictures as lists of 784 whole numbers."""
        return {
            "sentence": self.sentence,
            "digit": self.answer.digit,
            "probability": self.answer.probability,
            "rejected": self.answer.rejected,
            "box": self.box,
            "steps": [step.to_dict() for step in self.steps],
            "changes": [change.to_dict() for change in self.changes],
        }


def _a(digit: int) -> str:
    return f"an {digit}" if digit == 8 else f"a {digit}"


def why(picture: Picture, network: Network | None = None) -> Why:
    """Why the digit of a picture is read as it is: what each step of preparing it changes, and what else would.

    Args:
        picture: of one digit; an array, a Pillow image, or an image file as bytes or as a path.
        network: who reads; without one the model that ships.

    Raises:
        PictureError: this is not a picture, or there is no ink in it, or there are several digits.
        InputError: the network does not tell the ten digits apart.
    """
    network = network or load_shipped(STANDARD)
    seen, box = _seen(picture, network)
    steps = list[Step]()
    for kind in STEPS:
        steps.append(_step(kind, kind.make(seen), network, steps[-1].digit if steps else None))
    changes = (_step(kind, kind.make(seen.prepared), network, steps[-1].digit) for kind in CHANGES)
    return Why(tuple(steps), tuple(changes), box)


def _step(kind: Kind, pixels: Pixels, network: Network, before: int | None) -> Step:
    probabilities = network.probabilities(pixels[None])[0]
    digit = int(probabilities.argmax())
    rejected = verdict(network, pixels, probabilities).rejected
    return Step(kind, pixels, digit, float(probabilities[digit]), rejected, before not in {None, digit})


def _seen(picture: Picture, network: Network) -> tuple[_Seen, Box]:
    """The one digit of a picture, and its box; where all is rejected, the largest piece of ink."""
    reading = read(picture, network, turn=0)
    boxes = [digit.box for line in reading.lines for digit in line.digits]
    if len(boxes) > 1:
        help = "`digitlab read` reads them; for one of them cut it out"
        raise PictureError(f"there are {len(boxes)} digits in it", must_be="one", help=help)
    page = page_of(picture)
    found = find(page.ink)
    pieces = [piece for piece in chain(*found.lines) if not boxes or _is_in(boxes[0], piece, page.opened.factor)]
    if not pieces:
        raise PictureError("there is no digit in it", help="`digitlab read` says what it found")
    pieces = pieces if boxes else [max(pieces, key=lambda piece: piece.size)]
    top, bottom, left, right = edges = around(pieces)
    box = boxes[0] if boxes else place_of(edges, page.opened)
    levels = page.ink.levels
    return _Seen(page.grey, levels, levels[top:bottom, left:right], cell(page.ink, found, pieces)), box


def _is_in(box: Box, piece: Piece, factor: int) -> bool:
    """Whether a piece begins in a box, whose pixels are smaller by ``factor`` than those of the piece."""
    left, top, width, height = box
    return left <= piece.left * factor < left + width and top <= piece.top * factor < top + height
