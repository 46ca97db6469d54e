"""Pictures and drawings, and the 28x28 bytes that they become: what any implementation of the contract is held to.

In JSON: pictures as base64 of their bytes with their shape, drawings as strokes with the width of the pen.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

import digitlab as dl
from digitlab.reading import Prepared, prepare, prepare_strokes

FILE = Path(__file__).parent / "prepare.json"
STROKES = {
    "a seven": ([[[10, 10], [50, 12], [30, 80]], [[22, 45], [45, 44]]], 6.0),
    "a dot": ([[[3.5, 4.25]]], 1.0),
    "a tall line": ([[[0, 0], [1, 400]]], 8.0),
    "a wide line": ([[[0, 0], [400, 1]]], 8.0),
    "in fractions": ([[[0.1, 0.2], [0.35, 0.15], [0.3, 0.7], [0.6, 0.65]]], 0.08),
    "there and back": ([[[0, 0], [100, 100], [0, 0]], [[100, 0], [0, 100]]], 12.0),
    "nothing": ([], 5.0),
}


def pictures() -> dict[str, np.ndarray]:
    """Small ones of every kind."""
    digit = dl.load_mnist()[1].images[0]
    random = np.random.default_rng(20260101)
    square = np.zeros((12, 9), np.uint8)
    square[3:9, 2:6] = [[40, 90, 200, 255]]
    clear = np.zeros((16, 16, 4), np.uint8)
    clear[4:12, 6:9, 3] = 255
    return {
        "a digit": digit,
        "a digit, inverted": 255 - digit,
        "a digit, moved": np.roll(digit, (3, -4), (0, 1)),
        "a digit, three times as large": np.kron(digit, np.ones((3, 3), np.uint8)),
        "bright on dark, uneven": square,
        "dark on grey paper": (200 - square // 2).astype(np.uint8),
        "ink by alpha": clear,
        "colours": np.stack([255 - square, 255 - square // 2, np.full_like(square, 255)], axis=2),
        "one pixel": np.pad(np.array([[255]], np.uint8), 5),
        "a line": np.pad(np.full((60, 1), 255, np.uint8), 4),
        "noise": random.integers(0, 256, (20, 31)).astype(np.uint8),
        "blank paper": np.full((10, 10), 255, np.uint8),
    }


def _result(prepared: Prepared) -> dict[str, Any]:
    return {"blank": prepared.blank, "pixels": base64.b64encode(prepared.pixels.tobytes()).decode()}


def vectors() -> dict[str, Any]:
    """Everything that is in the file, computed now."""
    drawn = {
        name: {"strokes": strokes, "width": width, **_result(prepare_strokes(strokes, width=width))}
        for name, (strokes, width) in STROKES.items()
    }
    seen = {
        name: {
            "shape": list(picture.shape),
            "picture": base64.b64encode(np.ascontiguousarray(picture).tobytes()).decode(),
            **_result(prepare(picture)),
        }
        for name, picture in pictures().items()
    }
    return {"strokes": drawn, "pictures": seen}


def write() -> None:
    """Keep them as they are now."""
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n")
