"""Letters and symbols that are no digits: as a pen draws them, and as fonts have them; those left out, with reasons.

A skeleton is written on a grid of 16 x 16 in hexadecimal: a point is two figures, column and row, the row downwards;
points make a stroke, ``/`` begins the next one, and ``~`` stands before a stroke that is a smooth curve.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# What has the form of a digit is no test of telling digits from the rest, whatever it is called.
EXCLUDED = {
    "O o Ο ο °": "a 0",
    "Ø": "a 0 with a stroke, as some hands write it",
    "I l | / \\ ' ` , ( ) [ ] { } ∫ ι": "a 1: a bar, straight or bent, with serifs or without",
    "Z z": "a 2",
    "S s ↯": "a 5",
    "b δ σ ∂": "a 6, upright or leaning",
    "B": "an 8",
    "g q": "a 9",
    "y": "a 4 that is open at the top",
}

LETTERS = {  # one or more ways to write each
    "A": ["0f 80 ff/3a ca", "2f 24 80 d4 df/29 d9"],
    "C": ["~e3 91 32 18 2d 8f ed"],
    "D": ["20 2f/~20 a0 e4 eb af 2f"],
    "E": ["e0 10 1f ef/17 c7", "~d2 80 33 56 87/~87 29 2d 8f ed"],
    "F": ["10 1f/10 e0/17 b7"],
    "G": ["~e3 91 32 18 2d 8f dd e9/e9 99", "~e3 91 32 18 2d 8f ce/e9 ef/e9 99"],
    "H": ["10 1f/e0 ef/17 e7"],
    "J": ["40 f0/~b0 bb 9f 5f 2b"],
    "K": ["10 1f/d0 18 df"],
    "L": ["20 2f df"],
    "M": ["0f 20 8b d0 ff", "0f 00 89 f0 ff"],
    "N": ["1f 10 ef e0"],
    "P": ["1f 10/~10 90 d2 d6 98 18"],
    "Q": ["~80 24 0a 4e 8f ce fa d3 80/9a ff"],
    "R": ["1f 10/~10 90 d2 d6 98 18/88 ef"],
    "T": ["00 f0/80 8f"],
    "U": ["~10 1a 4f 8f cf ea e0", "~10 1a 4f 8f ba c0/c0 cf"],
    "V": ["00 8f f0"],
    "W": ["00 4f 84 cf f0", "~00 2c 6e 86 8b be ec f0"],
    "X": ["00 ff/f0 0f"],
    "Y": ["00 87 f0/87 8f"],
    "a": ["~d4 82 26 2c 6f ad d5/~d3 dc ff", "~34 72 b4 be df/~b8 59 2c 5f be"],
    "c": ["~d3 81 25 2b 8e dc"],
    "d": ["~c8 86 29 2d 6f ac c8/~c0 cd ff"],
    "e": ["~28 d7 b3 72 34 29 4e 9f dd", "~1c 8a d6 92 57 4b 7f de"],
    "f": ["~d1 a0 72 75 7f/37 c7"],
    "h": ["20 2f/~2a 57 a7 cb cf", "~2c 73 70 42 3f 59 a8 bc df"],
    "i": ["75 7f/70 71", "~75 7d 9f be/80 81"],
    "j": ["~85 8d 6f 3e/90 91"],
    "k": ["20 2f/c5 2b df"],
    "m": ["04 0f/~08 25 56 6a 6f/~68 95 d5 fa ff"],
    "n": ["24 2f/~29 65 b5 da df", "~05 23 4f 65 93 ba cf fe"],
    "p": ["20 2f/~22 70 c1 c6 78 27"],
    "r": ["34 3f/~39 65 a4 d5", "~1d 52 74 b4 b9 cf fd"],
    "t": ["~70 7c 9f cd/37 c7", "80 8f/26 e6"],
    "u": ["~24 2b 5f ae d8/d4 df", "~04 2d 5e 95/~94 ad ff"],
    "v": ["24 8f e4"],
    "w": ["~04 3e 68 89 be f4", "04 4f 87 bf f4"],
    "x": ["24 df/e3 2f", "~14 45 79 be ff/~e3 89 1f"],
}

SYMBOLS = {
    "plus": ["80 8f/08 f8"],
    "times": ["00 ff/f0 0f"],
    "equals": ["05 f5/0a fa"],
    "alpha": ["~f1 a9 5e 1c 14 53 a7 ff", "~e2 b9 6d 2b 25 63 a8 ee", "~f3 9c 4e 19 44 84 ad fe"],
    "beta": ["~1f 24 50 a1 b4 77/~77 d9 da 9e 4d 2b", "1f 13/~13 50 91 a4 66/~57 b8 cb 9e 5d 3c"],
    "gamma": ["~03 41 75 8a 6f 4c 89 f1", "~12 31 67 8b 7f 5d 89 e1", "~04 42 7a 8c/~e1 a9 7d 5f 4d 7a"],
    "pi": ["~04 31 e1 f0/52 4f/~b2 bb df", "01 f1/41 3f/c1 cf", "~03 22 d2 f1/~52 5a 2f/~a2 ad ee"],
    "mu": ["~34 2f/~34 3b 6e ac c4/~c4 cd ff"],
    "lambda": ["~20 51 9a df/87 1f"],
    "sum": ["e1 10 87 1f ee"],
    "omega": ["~35 1a 3e 6d 89/~89 9d ce ea c4"],
    "phi": ["80 8f/~84 36 1a 4c 8d cc ea c6 84"],
    "psi": ["80 8f/~11 27 8a d7 e1"],
    "question mark": ["~24 50 b0 d4 97 7b/7e 7f", "~15 30 90 c3 a7 89 8b/8e 9f"],
    "percent": ["f0 0f/~30 12 34 52 30/~cb ad cf ed cb"],
    "hash": ["50 3f/c0 af/05 f5/0a fa"],
    "euro": ["~e2 91 43 28 4d 9f ed/06 a6/0a aa"],
    "tick": ["08 5f f0"],
    "arrow": ["08 f8/a3 f8 ad", "80 8f/39 8f d9", "0f f0/80 f0 f8", "f8 08/53 08 5d"],
    "star": ["3f 80 cf 06 f6 3f", "80 8f/24 dc/d4 2c"],
    "circle with a cross": ["~80 24 08 2c 8f dc f8 d4 80/22 dd/d2 2d", "~80 24 08 2c 8f dc f8 d4 80/80 8f/08 f8"],
    "heart": ["~84 60 20 05 2a 8f/~84 a0 e0 f5 da 8f"],
    "house": ["17 1f ef e7 17 80 e7", "26 2f df d6/06 80 f6"],
    "smiley": ["~80 24 08 2c 8f dc f8 d4 80/55 56/b5 b6/~4a 7c 8c ba"],
    "ampersand": ["~ef 55 31 70 b2 95 29 2d 6f dc e8"],
    "at sign": ["~b8 75 5a 8c b8 b5/~b6 bb eb f7 d2 80 24 08 2c 8f dd"],
    "triangle": ["80 ff 0f 80"],
    "square": ["00 f0 ff 0f 00"],
    "infinity": ["~78 34 08 3c 78 b4 f8 bc 78"],
    "root": ["08 38 6f b0 f0"],
    "tilde": ["~0a 45 8a cc f6"],
    "divided by": ["08 f8/81 82/8d 8e"],
    "less": ["e1 18 ef"],
    "greater": ["10 e8 1f"],
    "caret": ["0f 80 ff"],
    "not equal": ["05 f5/0a fa/c0 3f"],
    "for all": ["00 8f f0/37 c7"],
    "there is": ["10 e0 ef 1f/47 e7"],
    "corner": ["00 0f ff", "f0 ff 0f"],
    "tee": ["00 0f/07 f7", "0f ff/80 8f"],
    "wave": ["~06 24 48 6a 85 a7 c9 e6 f5", "09 36 69 96 c9 f6"],
    "spiral": ["~88 97 a9 8b 69 66 83 b4 d8 be 7f 2c 16 61 c0"],
    "fish": ["~0a 54 a5 fc/~f4 ab 5d 0a"],
}

FONT_LETTERS = "ACDEFGHJKLMNPQRTUVWXYacdefhijkmnprtuvwx"
FONT_SYMBOLS = '+!$§×=#%&?@*<>^~€£¥±÷≠≈∑∏√∞→←↑↓⊕⊗★♥✓☺"«»…∀∃∪∩⊂⊆∧∨□△♪'
FONT_GREEK = "θΘαβγεζηκλμνξπρτυφχψωΓΔΛΞΠΣΦΨΩ"

# Kept from training, drawn by pen or font, so that it can be told how the network does on shapes that are new to it.
NEW_LETTERS = "KMRhrw"
NEW_SYMBOLS = ("hash", "heart", "euro", "infinity", "house", "ampersand", "omega", "arrow", "fish")
NEW_FONT_SYMBOLS = "#&€♥∞→←↑↓Ωω☺⊗Λλ"


class Stroke(NamedTuple):
    """Points ``(n, 2)`` on the grid, as (column, row), and whether they are joined by a curve."""

    points: NDArray[np.float64]
    curved: bool


def skeleton(text: str) -> list[Stroke]:
    """What a skeleton in writing means."""
    strokes = []
    for part in text.split("/"):
        points = [[int(figure, 16) for figure in point] for point in part.lstrip("~").split()]
        strokes.append(Stroke(np.array(points, dtype=np.float64), part.startswith("~")))
    return strokes


def curve(points: NDArray[np.float64], steps: int = 6) -> NDArray[np.float64]:
    """A smooth curve through points ``(n, 2)``: a Catmull-Rom spline, closed where its ends are one point.

    Source: Catmull and Rom, "A class of local interpolating splines", 1974.
    """
    closed = len(points) > 2 and bool((points[0] == points[-1]).all())
    before, after = (points[-2:-1], points[1:2]) if closed else (points[:1], points[-1:])
    p = np.concatenate((before, points, after))
    t = (np.arange(steps) / steps)[None, :, None]
    p0, p1, p2, p3 = (p[k : len(p) - 3 + k, None] for k in range(4))
    way = p1 + t * (p2 - p0) / 2 + t**2 * (p0 - 2.5 * p1 + 2 * p2 - p3 / 2) + t**3 * (1.5 * (p1 - p2) + (p3 - p0) / 2)
    return np.concatenate((way.reshape(-1, 2), points[-1:]))
