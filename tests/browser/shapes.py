"""Digits as a hand draws them: strokes of points, x and y from 0 to 1 in a square."""

from __future__ import annotations

import math

Stroke = list[tuple[float, float]]


def arc(x: float, y: float, rx: float, ry: float, begin: float, end: float) -> Stroke:
    """Part of an ellipse: angles in degrees, clockwise from the right."""
    steps = 24
    angles = [math.radians(begin + (end - begin) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def places(stroke: Stroke, box: dict[str, float]) -> Stroke:
    """Where a stroke goes in a box of the screen."""
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]


DIGITS: dict[int, list[Stroke]] = {
    0: [arc(0.5, 0.5, 0.2, 0.32, -90, 270)],
    1: [[(0.53, 0.15), (0.5, 0.5), (0.47, 0.85)]],
    2: [[*arc(0.5, 0.32, 0.2, 0.17, 190, 400), (0.3, 0.83), (0.5, 0.8), (0.75, 0.83)]],
    3: [[*arc(0.48, 0.32, 0.18, 0.17, 200, 430), *arc(0.48, 0.66, 0.21, 0.18, -70, 150)]],
    4: [[(0.4, 0.15), (0.27, 0.55), (0.72, 0.55)], [(0.66, 0.2), (0.6, 0.88)]],
    5: [[(0.7, 0.16), (0.36, 0.16), (0.33, 0.45), *arc(0.47, 0.63, 0.2, 0.2, -110, 140)]],
    6: [[(0.6, 0.12), (0.4, 0.4), *arc(0.49, 0.67, 0.17, 0.18, 190, 540)]],
    7: [[(0.28, 0.2), (0.72, 0.18), (0.58, 0.5), (0.45, 0.87)]],
    8: [[*arc(0.5, 0.32, 0.15, 0.16, 90, -270), *arc(0.5, 0.66, 0.18, 0.18, -90, 270)]],
    9: [[*arc(0.5, 0.34, 0.18, 0.18, 0, -360), (0.67, 0.5), (0.6, 0.87)]],
}
