"""Pictures that are transparent in places: what is opaque decides about the paper."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter

from digitlab.reading import prepare

COUNT = 40
MARGIN = 14
SIDE = 28 * 4 + 2 * MARGIN


def masked(draw: Callable[[np.ndarray], None]) -> Callable[[np.ndarray], np.ndarray]:
    """An alpha that is opaque but for what is drawn into it."""

    def alpha(ink: np.ndarray) -> np.ndarray:
        mask = np.full(ink.shape, 255, np.uint8)
        draw(mask)
        return mask

    return alpha


def edge(width: int, level: int = 0) -> Callable[[np.ndarray], np.ndarray]:
    def draw(mask: np.ndarray) -> None:
        mask[:width] = mask[-width:] = level
        mask[:, :width] = mask[:, -width:] = level

    return masked(draw)


def left(mask: np.ndarray) -> None:
    mask[:, :12] = 0


def dots(mask: np.ndarray) -> None:
    mask[2:14:4, 2::4] = 0


def feathered(mask: np.ndarray) -> None:
    mask[:9] = np.linspace(0, 255, 9)[:, np.newaxis]
    mask[:, :9] = np.minimum(mask[:, :9], np.linspace(0, 255, 9).astype(np.uint8))


def corners(ink: np.ndarray) -> np.ndarray:
    y, x = np.indices(ink.shape)
    beyond = np.maximum(np.abs(2 * y + 1 - SIDE), np.abs(2 * x + 1 - SIDE)) - SIDE + 32
    far = np.hypot(*(np.maximum(np.abs(2 * axis + 1 - SIDE) - SIDE + 32, 0) for axis in (y, x)))
    return np.where((beyond > 0) & (far > 32), 0, 255).astype(np.uint8)


def disc(ink: np.ndarray) -> np.ndarray:
    y, x = np.indices(ink.shape)
    return np.where(np.hypot(2 * y + 1 - SIDE, 2 * x + 1 - SIDE) > SIDE, 0, 255).astype(np.uint8)


def cut_out(ink: np.ndarray) -> np.ndarray:
    """Along the strokes, with some paper beside them, as a sticker is."""
    return np.array(Image.fromarray(ink).point(lambda level: 255 * (level > 0)).filter(ImageFilter.MaxFilter(9)))


SHEETS = {  # where a sheet that is written on can be seen, by its name
    "edge of one pixel": edge(1),
    "edge of one pixel, half": edge(1, 128),
    "wide edge": edge(8),
    "one side": masked(left),
    "corners": corners,
    "disc": disc,
    "holes": masked(dots),
    "soft edge": masked(feathered),
    "cut out": cut_out,
    "half everywhere": lambda ink: np.full(ink.shape, 128, np.uint8),
    "half, with an edge": lambda ink: edge(1)(ink) // 2,
}
LEVELS = {  # of the paper, and of the ink
    "black on white": (255, 0),
    "white on black": (0, 255),
    "pencil on cream": (235, 175),
    "chalk on slate": (60, 200),
}


@pytest.fixture(scope="module")
def inks(mnist) -> list[np.ndarray]:
    """Test digits, each pixel as a square of four by four, with paper around them."""
    return [np.pad(np.kron(image, np.ones((4, 4), np.uint8)), MARGIN) for image in mnist[1].images[:COUNT]]


def written(ink: np.ndarray, levels: str) -> np.ndarray:
    paper, stroke = LEVELS[levels]
    return (paper + (stroke - paper) * (ink / 255)).round().astype(np.uint8)


def distances(inks: list[np.ndarray], see_through: Callable[[np.ndarray], object], levels: str) -> list[int]:
    """How far each picture becomes from what it becomes without alpha, in grey levels of the most different pixel."""
    pairs = ((prepare(see_through(ink)), prepare(written(ink, levels))) for ink in inks)
    return [int(np.abs(seen.pixels.astype(int) - plain.pixels).max()) for seen, plain in pairs]


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_is_read_as_if_all_of_it_were_opaque(inks, sheet, levels):
    def see_through(ink: np.ndarray) -> np.ndarray:
        """With the colour of the ink where nothing is seen."""
        alpha = SHEETS[sheet](ink)
        return np.dstack([np.where(alpha > 0, written(ink, levels), LEVELS[levels][1]).astype(np.uint8), alpha])

    far = distances(inks, see_through, levels)
    if sheet.startswith("half"):  # half the contrast is half as many levels, so some boxes are a pixel larger
        assert np.median(far) <= 5
    else:
        assert max(far) == 0


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_ink_in_alpha_alone_is_ink(inks, grey):
    assert max(distances(inks, lambda ink: np.dstack([np.full_like(ink, grey), ink]), "white on black")) == 0
    assert max(distances(inks, lambda ink: np.dstack([np.full_like(ink, grey), 255 - ink]), "black on white")) == 0


@pytest.mark.parametrize("darkest", [0, 195])
def test_strokes_alone_stand_out_from_what_they_are_not(inks, rng, darkest):
    """Soft at their edges, and of many greys."""

    def see_through(ink: np.ndarray) -> np.ndarray:
        return np.dstack([rng.integers(darkest, darkest + 60, ink.shape).astype(np.uint8), ink])

    assert np.median(distances(inks, see_through, "white on black")) < 40  # on the other paper nothing would be left


def test_a_colour_of_a_palette_may_be_see_through(inks):
    image = Image.fromarray(np.where(edge(3)(inks[0]) > 0, written(inks[0], "black on white") | 1, 0).astype(np.uint8))
    image.putpalette([level for level in range(256) for _ in range(3)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=0)
    assert np.array_equal(prepare(buffer.getvalue()).pixels, prepare(written(inks[0], "black on white") | 1).pixels)
