"""Pictures, bars and progress for the terminal.

A character cell is about twice as high as wide, so one cell shows two pixels, one above the other: with colours as
an upper half block in the upper pixel's grey on the lower pixel's grey; without colours (a pipe, NO_COLOR) as one
of four block characters; without Unicode in plain ASCII.
"""

from collections.abc import Callable
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from digitlab.display.prediction import Prediction

RIGHT, WRONG = "#4a90d9", "#dd7a3a"  # blue and orange that can be read on dark and on light
PAPER = 24  # the grey of an empty pixel: dark, yet told apart from a black terminal
BLOCKS = " ▄▀█"  # nothing, lower, upper, both
SHADES = " .:*#"
BAR_WIDTH, WITHIN = 22, 33  # cells of a bar; and of a bar and the name before it, which may take from it
LONGEST_NAME = 18  # cells; longer names are cut
EIGHTHS = " ▏▎▍▌▋▊▉"
GAP = "   "
NARROWEST = 20  # columns; in fewer, rich cannot lay out a table, and never ends


def new_console() -> Console:
    """Standard output, as rich sees it: knows NO_COLOR, pipes and the width."""
    return wide_enough(Console(highlight=False, soft_wrap=True, force_jupyter=False))


def wide_enough(console: Console) -> Console:
    """The same console, which takes itself for wider than it is where a terminal (or COLUMNS) is absurdly narrow."""
    too_narrow = console.width < NARROWEST
    if too_narrow:  # else it follows the terminal, whose width may change
        console.width = NARROWEST
    return console


def speaks_unicode(console: Console) -> bool:
    """Whether block characters can be written."""
    return console.encoding.lower().replace("-", "").startswith("utf")


def picture_lines(pixels: NDArray[np.floating], console: Console) -> list[Text]:
    """A picture ``(rows, columns)``, 0 paper and 1 ink, as half as many lines of text."""
    if len(pixels) % 2:
        pixels = np.vstack([pixels, np.zeros((1, pixels.shape[1]))])
    draw: Callable[[float, float], Text]
    if not speaks_unicode(console):
        draw = _draw_ascii
    elif console.color_system is None or console.no_color:
        draw = _draw_blocks
    else:
        draw = _draw_greys
    return [
        Text.assemble(*(draw(float(upper), float(lower)) for upper, lower in zip(*rows, strict=True)))
        for rows in zip(pixels[::2], pixels[1::2], strict=True)
    ]


def _draw_greys(upper: float, lower: float) -> Text:
    above, below = (round(PAPER + (255 - PAPER) * value) for value in (upper, lower))
    return Text("▀", style=f"rgb({above},{above},{above}) on rgb({below},{below},{below})")


def _draw_blocks(upper: float, lower: float) -> Text:
    return Text(BLOCKS[2 * (upper >= 0.5) + (lower >= 0.5)])


def _draw_ascii(upper: float, lower: float) -> Text:
    return Text(SHADES[min(int((upper + lower) / 2 * len(SHADES)), len(SHADES) - 1)])


def print_prediction(prediction: Prediction, console: Console | None = None, title: str = "") -> None:
    """The picture beside the ten probabilities, within 80 columns; one below the other where it is narrower."""
    console = console or new_console()
    picture = picture_lines(prediction.pixels, console)
    answer = _answer_lines(prediction, console, title)
    width = cell_len(picture[0].plain)
    if console.width < width + len(GAP) + max(cell_len(line.plain) for line in answer):
        lines = [*picture, Text(), *answer]
    else:
        paper = Text(" " * width)  # beside an answer that is longer than the picture
        rows = zip_longest(picture, answer, fillvalue=Text())
        lines = [(left or paper) + GAP + right for left, right in rows]
    for line in lines:
        line.rstrip()
        console.print(line)


def _answer_lines(prediction: Prediction, console: Console, title: str) -> list[Text]:
    style = {True: f"bold {RIGHT}", False: f"bold {WRONG}", None: "bold"}[prediction.right]
    verdict = prediction.verdict if speaks_unicode(console) else prediction.verdict.rstrip(" ✓✗")
    names = [_written(name, console) for name in prediction.names]
    share = f"  with {100 * prediction.probability:.1f} %   {title}"
    lines = [
        Text.assemble((names[prediction.digit], style), share),
        Text(_written(verdict, console), style=style),
        Text(),
    ]
    name_width = min(max(cell_len(names[digit]) for digit in prediction.shown), LONGEST_NAME)
    bar_width = min(BAR_WIDTH, WITHIN - name_width)
    for digit in prediction.shown:
        probability = float(prediction.probabilities[digit])
        bar = _bar(probability, bar_width, speaks_unicode(console))
        mark = " < true" if digit == prediction.label and not prediction.right else ""
        chosen = style if digit == prediction.digit else ""
        line = Text(names[digit], style=chosen)
        line.truncate(name_width, pad=True)
        line.append(f" {bar:<{bar_width}}", style=chosen or "bright_black")
        lines.append(line.append(f"{100 * probability:6.1f} %{mark}", style="bold" if mark else chosen))
    return lines


def _written(words: str, console: Console) -> str:
    """Words in letters that the console can write."""
    return words if speaks_unicode(console) else words.encode("ascii", "backslashreplace").decode()


def _bar(share: float, width: int, unicode: bool) -> str:
    if not unicode:
        return "#" * round(share * width)
    eighths = round(share * width * 8)
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).rstrip()
