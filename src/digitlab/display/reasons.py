"""Why a digit is read as it is, in lines of text and as a figure with the pictures side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from digitlab.display.terminal import WRONG as WRONG_IN_TERMINAL
from digitlab.display.terminal import new_console
from digitlab.figures.style import INK, MUTED, WRONG, new_figure
from digitlab.reading.why import Step, Why

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CHANGED = "another answer"
NO_DIGIT = "taken for no digit"


def print_why(why: Why, console: Console | None = None) -> None:
    """The sentence; then a line for each step, and for each change to the last one: the answer, marked if it is new."""
    console = console or new_console()
    console.print(Text(why.sentence, style="bold"))
    for title, steps in (("", why.steps), ("one change to that", why.changes)):
        console.print(f"\n{title}" if title else "")
        for step in steps:
            style = f"bold {WRONG_IN_TERMINAL}" if step.changes else ""
            line = f"  {step.kind.name:<10} {step.kind.what:<36} {step.digit}  {100 * step.probability:5.1f} %"
            notes = [note for note, holds in ((CHANGED, step.changes), (NO_DIGIT, step.rejected)) if holds]
            console.print(Text(line + (f"   {', '.join(notes)}" if notes else ""), style=style))


def draw_why(why: Why) -> Figure:
    """The steps in a row, the changes below; what changes the answer has a thick frame."""
    figure = new_figure(1.55 * len(why.steps), 4.6)
    figure.suptitle(why.sentence, color=INK, fontsize=12, wrap=True)
    places = figure.subplots(2, len(why.steps))
    for row, steps in zip(places, (why.steps, why.changes), strict=True):
        for axes in row[len(steps) :]:
            axes.set_axis_off()
        for axes, step in zip(row, steps, strict=False):
            _draw(axes, step)
    return figure


def _draw(axes: Axes, step: Step) -> None:
    colour = WRONG if step.changes else MUTED
    axes.imshow(step.pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color=colour, linewidth=3.5 if step.changes else 1)
    axes.set_title(step.kind.name, color=INK, fontsize=10)
    answer = f"{step.digit}   {100 * step.probability:.0f} %" + ("\nno digit" if step.rejected else "")
    axes.set_xlabel(answer, color=WRONG if step.changes else INK, fontweight="bold" if step.changes else "normal")
