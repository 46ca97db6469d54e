"""A data set at a glance: how many pictures each class has, some of them, and the average picture of each class.

The average of a class is the mean of its pixels; brought to full contrast, so that it can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from digitlab.data.digits import SIDE, Digits
from digitlab.display.terminal import new_console, picture_lines
from digitlab.figures.style import GAP, INK, MUTED, RIGHT, ROW_INCHES, draw_mosaic, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALL = SIDE // 2  # pixels along a side in the terminal: five pictures beside each other fit into 80 columns
SHOWN = 10  # pictures of each class in a figure
LONGEST_NAME = SMALL  # cells; longer names are cut in the terminal


def class_counts(digits: Digits) -> NDArray[np.intp]:
    """How many pictures each class has, ``(K,)``."""
    return np.bincount(digits.labels, minlength=len(digits.classes))


def classes_in_words(train: Digits) -> str:
    """Of how many classes there are pictures to learn from: ``in 10 classes``, ``in 3 of 10 classes``."""
    there, known = np.count_nonzero(class_counts(train)), len(train.classes)
    return f"in {'' if there == known else f'{there} of '}{known} class{'es' * (known > 1)}"


def average_pictures(digits: Digits) -> NDArray[np.float64]:
    """The mean of each class's pixels, ``(K, 28, 28)``, 0 paper and 1 ink; all paper where there are none."""
    averages = np.zeros((len(digits.classes), SIDE, SIDE))
    for label in np.flatnonzero(class_counts(digits)):
        averages[label] = digits.images[digits.labels == label].mean(axis=0) / 255
    return averages


def print_samples(train: Digits, test: Digits, console: Console | None = None) -> None:
    """Counts, the first picture of each class, and the averages, within 80 columns."""
    console = console or new_console()
    _print_counts(train, test, console)
    for title, pictures in (
        ("the first of each class", _first_pictures(train, 1)[:, 0] / 255),
        ("the average of each class", average_pictures(train)),
    ):
        console.print(Text(f"\n{title}", style="bold"))
        _print_pictures(pictures, train.classes, console)


def draw_samples(train: Digits, test: Digits) -> Figure:
    """A row for each class: its average, ten of its pictures, and how many there are in both parts."""
    rows = len(train.classes)
    figure = new_figure(10, ROW_INCHES * rows + 0.55)
    pictures, bars = figure.subplots(1, 2, width_ratios=(SHOWN + 1, 3.5), sharey=False)
    averages = _full_contrast(average_pictures(train))[:, np.newaxis]  # (K, 1, 28, 28)
    grid = np.concatenate([averages, _first_pictures(train, SHOWN) / 255], axis=1)  # (K, 11, 28, 28)
    # Where a class has fewer pictures there is nothing, which is not the same as black paper.
    grid[np.maximum(np.arange(SHOWN + 1), 1) > class_counts(train)[:, np.newaxis]] = np.nan
    draw_mosaic(pictures, grid)
    step = SIDE + GAP
    middles = np.arange(rows) * step + SIDE / 2 - 0.5
    pictures.set_yticks(middles, train.classes, color=INK)
    title = f"average and first {SHOWN} of each class: {train.source}"
    pictures.set_title(title, color=INK, fontsize=11, loc="left")
    for digits, color, side in ((train, RIGHT, -0.2), (test, MUTED, 0.2)):
        bars.barh(np.arange(rows) + side, class_counts(digits), height=0.38, color=color)
    bars.set(ylim=(rows - 0.5, -0.5), yticks=[])
    bars.set_title("how many", color=INK, fontsize=11, loc="left")
    counts = np.stack([class_counts(train), class_counts(test)])  # (2, K)
    for row, (trained, tested) in enumerate(counts.T):
        text = f"{trained:,} + {tested:,}"
        bars.text(counts.max() * 1.04, row, text, va="center", fontsize=8, color=INK)
    bars.set(xlim=(0, max(counts.max(), 1) * 1.75), xticks=[])
    bars.set_xlabel("training + test", color=INK)
    bars.spines[["top", "right", "bottom"]].set_visible(False)
    return figure


def _first_pictures(digits: Digits, number: int) -> NDArray[Any]:
    """The first pictures of each class, ``(K, number, 28, 28) uint8``; empty paper where there are fewer."""
    found = np.zeros((len(digits.classes), number, SIDE, SIDE), dtype=np.uint8)
    for label in range(len(digits.classes)):
        places = np.flatnonzero(digits.labels == label)[:number]
        found[label, : len(places)] = digits.images[places]
    return found


def _full_contrast(pictures: NDArray[np.floating]) -> NDArray[np.floating]:
    """Each picture ``(28, 28)`` brought to a brightest pixel of 1."""
    brightest = pictures.max(axis=(1, 2), keepdims=True)
    return pictures / np.where(brightest > 0, brightest, 1)


def _print_counts(train: Digits, test: Digits, console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("class")
    for heading in ("training", "test", "share"):
        table.add_column(heading, justify="right")
    parts = class_counts(train), class_counts(test)
    whole = max(len(train) + len(test), 1)
    for name, trained, tested in zip(train.classes, *parts, strict=True):
        table.add_row(Text(name), f"{trained:,}", f"{tested:,}", f"{100 * (trained + tested) / whole:.1f} %")
    table.add_row("[bold]all[/bold]", f"{len(train):,}", f"{len(test):,}", "100.0 %")
    console.print(table, soft_wrap=False)
    console.print(Text(f"\npictures {classes_in_words(train)}"))


def _print_pictures(pictures: NDArray[np.floating], names: Sequence[str], console: Console) -> None:
    """Pictures ``(K, 28, 28)`` at half their size, as many beside each other as fit, their names above."""
    small = _full_contrast(pictures.reshape(-1, SMALL, 2, SMALL, 2).mean(axis=(2, 4)))
    across = max((console.width + GAP) // (SMALL + GAP), 1)
    for begin in range(0, len(small), across):
        columns = []
        for name, picture in list(zip(names, small, strict=True))[begin : begin + across]:
            heading = Text(name)
            heading.truncate(LONGEST_NAME, pad=True)
            columns.append([heading, *picture_lines(picture, console)])
        for line in zip(*columns, strict=True):
            joined = Text(" " * GAP).join(line)
            joined.rstrip()
            console.print(joined)
