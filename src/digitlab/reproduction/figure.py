"""The table of a reproduction as a figure: a row for each recipe, from the top down; published errors beside ours.

A ladder reads best in it: recipes of which each changes one thing of the one before.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from digitlab.errors import InputError
from digitlab.figures.style import ACCENT, INK, MUTED, WRONG, new_figure
from digitlab.reproduction.table import Row, Table
from digitlab.training.recipe import differing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALIKE = ("seed", "validation")  # whatever a recipe says, a reproduction has its own of these
A_STEP = 6  # settings that differ from those of the recipe above; where there are more, it is no step from that one
LETTERS = 48  # of a line of words beside a row
NO_BREAK = "\u00a0"  # a space at which no line ends
TICKS = (0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100)  # percent


def draw_table(table: Table) -> Figure:
    """Test errors on a logarithmic axis: each seed, their mean with its 95 % interval, and what was published.

    Beside each recipe stands what it changes of the one above, or else its network; and at the right its mean and
    spread.

    Raises:
        InputError: the table is not complete, so it has no test errors.
    """
    if not table.complete or not table.recipes:
        help = "the same `digitlab reproduce` goes on to the end"
        raise InputError("the table has no test errors yet: something is still to be trained", help=help)
    rows = table.recipes
    figure = new_figure(9.5, 0.62 * len(rows) + 0.9)
    axes = figure.subplots()
    for place, row in enumerate(rows):
        _draw_row(axes, place, row, least=50 / (table.test_samples or 1))
    words = [_words(row, before) for row, before in zip(rows, [None, *rows], strict=False)]
    axes.set_yticks(range(len(rows)), words, color=INK, fontsize=8.5)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xscale="log")
    low, high = axes.get_xlim()
    axes.set_xticks([tick for tick in TICKS if low <= tick <= high], labels=None, minor=False)
    axes.xaxis.set_major_formatter("{x:g} %")
    axes.xaxis.minorticks_off()
    title = f"errors on {table.test_source}, {table.test_samples:,} pictures"
    axes.set_title(title, color=INK, fontsize=11, loc="left")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    handles, labels = axes.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    figure.legend(named.values(), named.keys(), loc="outside lower right", ncols=4, frameon=False, fontsize=8.5)
    return figure


def _draw_row(axes: Axes, place: int, row: Row, least: float) -> None:
    """One recipe. No error at all is drawn as half of one, ``least`` percent: the axis has no 0."""
    if row.mean is None or row.interval is None:
        return
    low, mean, high = (max(error, least) for error in (row.interval[0], row.mean, row.interval[1]))
    seeds = [max(seed.error, least) for seed in row.seeds if seed.error is not None]
    axes.hlines(place, low, high, color=MUTED, linewidth=6, alpha=0.45, label="95 % interval")
    axes.plot(seeds, [place] * len(seeds), "o", color=ACCENT, markersize=4.5, alpha=0.7, label="one seed")
    axes.plot(mean, place, "|", color=INK, markersize=15, markeredgewidth=2, label="mean of the seeds")
    if row.published:
        axes.plot(max(row.published["error"], least), place, "D", color=WRONG, markersize=6, label="published")
    spread = "" if row.spread is None else f" ± {row.spread:.2f}"
    beside = axes.get_yaxis_transform()  # x as a share of the axes, y as a row
    axes.text(1.02, place, f"{row.mean:.2f}{spread} %", transform=beside, va="center", fontsize=9, color=INK)


def _words(row: Row, above: Row | None) -> str:
    """The name of a recipe; and what it changes of the one above, or else its network, as where one was published."""
    own = {name: value for name, value in row.settings.items() if name not in ALIKE}
    before = above.settings if above and not row.published else own
    changes = [change.replace(" ", NO_BREAK) for change in differing(own, before)]
    told = ", ".join(changes) if 0 < len(changes) <= A_STEP else row.network
    return "\n".join([row.recipe, *textwrap.wrap(told, LETTERS)])
