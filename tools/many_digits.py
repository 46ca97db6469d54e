"""Digits as varied as people write them, from those of MNIST and from fonts: thin, thick, cut, patchy, crossed."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.data.digits import Digits
from digitlab.reading.preprocessing import prepare_ink
from tools.pens import Ink, bent, drawn, glyphs, on_paper, patchy, soft
from tools.shapes import skeleton

LARGER = 3  # times, to have room for a pen
AT_ONCE = 200
RADII = (0.0, 0.0, 0.0, 0.6, 1.0, 1.5, 2.2, 3.0, 4.0, 5.0)  # of pens, in pixels of a digit about 60 high

SKELETONS = {  # ways to write digits that are rare in MNIST
    1: ["05 80 8f", "05 80 8f/2f ef", "36 80 8f", "39 90 8f", "80 8f/4f cf"],
    4: ["a0 0a fa/a0 af", "20 1a fa/c4 bf", "~10 19 4b 8a d7/d0 cf"],
    7: ["00 f0 6f", "00 f0 6f/48 d8", "03 00 f0 7f/39 c8", "~01 50 a1 e0/e0 7f"],
    9: ["~d4 81 25 59 a8 d3/d3 cf", "~d4 81 25 59 a8 d3/~d3 ca 9f 4e"],
    5: ["d0 40/~40 36 95 d9 ad 6f 2d", "~e0 90 40 36 85 d8 cd 7f 2e"],
    2: ["~24 60 b1 c5 7a 2f/2f ef", "~24 60 b1 c5 7a 3e 2f 2d 6d ef"],
    3: ["~22 70 c2 a6 67/~67 c9 de 7f 2d", "20 d0 76/~76 c8 dc 8f 2e"],
    0: ["~80 33 29 4e 8f ce e8 c2 80", "~90 43 28 5e 9f dc e7 d2 70"],
    6: ["~c0 64 2a 4e 9f dc a8 6a 2c"],
    8: ["~d2 80 43 77 cb 9f 5e 4b 87 c4 d2", "~87 43 80 c3 87/~87 3b 8f db 87"],
}


def thinned(shapes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Shapes ``(N, H, W)`` to their middle lines. Their outermost pixels must be paper.

    Source: Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", 1984.
    """
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1  # of the neighbours: above, then clockwise
    count, turns = bits.sum(axis=1), ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1)
    edge = (count >= 2) & (count <= 6) & (turns == 1)
    north, east, south, west = (bits[:, k] == 1 for k in (0, 2, 4, 6))
    first = edge & ~(north & east & south) & ~(east & south & west)
    second = edge & ~(north & east & west) & ~(north & south & west)
    width = shapes.shape[2]
    around = (-width, 1 - width, 1, width + 1, width, width - 1, -1, -width - 1)
    left = shapes.reshape(-1).astype(np.uint8)
    inked = np.flatnonzero(left)
    before = -1
    while len(inked) != before:
        before = len(inked)
        for table in (first, second):
            code = np.zeros(len(inked), np.uint8)
            for bit, step in enumerate(around):
                code |= left[inked + step] << np.uint8(bit)
            gone = table[code]
            left[inked[gone]] = 0
            inked = inked[~gone]
    return left.reshape(shapes.shape).view(np.bool_)


def large(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures ``(N, 28, 28)`` enlarged, smoothly, with some paper around them."""
    side = images.shape[1] * LARGER
    found = [np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC)) for one in images]
    return np.pad(np.stack(found), ((0, 0), (4, 4), (4, 4)))


def redrawn(images: NDArray[np.uint8], radii: NDArray[np.float64]) -> list[Ink]:
    """Large digits, their middle lines drawn again, each with a pen of this radius."""
    found: list[Ink] = []
    for start in range(0, len(images), AT_ONCE):
        pens = radii[start : start + AT_ONCE]
        lines = thinned(large(images[start : start + AT_ONCE]) >= 128)
        for radius in np.unique(pens):
            lines[pens == radius] = _set_down(lines[pens == radius], float(radius))
        found += list(lines * np.uint8(255))
    return found


def _set_down(lines: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """A disc set down at each pixel of the lines ``(N, H, W)``."""
    reach = int(radius)
    ink = lines.copy()
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if 0 < dx * dx + dy * dy <= radius * radius:
                ink |= np.roll(lines, (dy, dx), axis=(1, 2))
    return ink


def cut(image: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    """A digit whose outermost rows or columns lie beyond the edge: up to a tenth of it."""
    ink = image[np.ix_(image.max(axis=1) > 0, image.max(axis=0) > 0)]
    side, lost = rng.integers(4), int(rng.integers(1, 3))
    turned = np.rot90(ink, side)
    return np.ascontiguousarray(np.rot90(turned[lost:] if len(turned) > 12 else turned, -side))


def crossed(ink: Ink, rng: np.random.Generator) -> Ink:
    """A large seven with a dash through its stem."""
    rows, columns = np.nonzero(ink >= 128)
    row = int(rows.min() + (rows.max() - rows.min()) * rng.uniform(0.4, 0.65))
    here = columns[np.abs(rows - row) <= 1]
    middle, half = (here.mean() if len(here) else columns.mean()), (rows.max() - rows.min()) * rng.uniform(0.12, 0.3)
    thick = max(1, len(rows) // max(1, int((rows.max() - rows.min()) * 1.8)))
    crossing, rise = ink.copy(), rng.uniform(-0.2, 0.2)
    for x in np.arange(max(0, middle - half), min(ink.shape[1] - 1, middle + half)):
        y = int(row - (x - middle) * rise)
        crossing[y : y + thick, int(x)] = 255
    return crossing


def by_pen(count: int, rng: np.random.Generator) -> list[Ink]:
    """Digits drawn along skeletons."""
    every = [skeleton(text) for texts in SKELETONS.values() for text in texts]
    return [drawn(every[rng.integers(len(every))], rng, jitter=0.6) for _ in range(count)]


def by_font(count: int, rng: np.random.Generator, fonts: tuple[str, ...]) -> list[Ink]:
    """Digits of fonts, bent."""
    found = [glyphs(str(rng.integers(10)), fonts[rng.integers(len(fonts))]) for _ in range(count)]
    return [bent(ink, rng) for ink in found if ink is not None]


def varied(digits: Digits, rng: np.random.Generator, fonts: tuple[str, ...]) -> NDArray[np.uint8]:
    """Each digit drawn anew in one of these ways, and a tenth as many by pen and by font, prepared: ``(M, 28, 28)``."""
    inks: list[Ink] = []
    anew = redrawn(digits.images, rng.choice(RADII, len(digits)))
    for ink, image, label in zip(anew, digits.images, digits.labels, strict=True):
        kind = rng.integers(8)
        if kind == 0:
            inks.append(cut(image, rng))
            continue
        one = crossed(ink, rng) if label == 7 and kind < 4 else ink
        one = patchy(one, rng) if kind == 1 else one
        inks.append(soft(bent(one, rng) if kind >= 3 and label != 1 else one, rng))  # a bent one could be a dash
    inks += by_pen(len(digits) // 10, rng) + by_font(len(digits) // 10, rng, fonts)
    rough = rng.random(len(inks)) < 0.15
    prepared = [on_paper(ink, rng) if one else prepare_ink(ink) for ink, one in zip(inks, rough, strict=True)]
    return np.stack([one.pixels for one in prepared])
