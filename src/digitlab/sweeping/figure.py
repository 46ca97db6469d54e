"""How much each setting has to do with the best trials, and what each trial made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digitlab.errors import InputError
from digitlab.figures.style import ACCENT, MUTED, WRONG, cut, new_figure, plain_axes
from digitlab.sweeping.journal import Trial
from digitlab.sweeping.objective import OBJECTIVES, best_of
from digitlab.sweeping.results import Sweep
from digitlab.sweeping.space import Axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis as MatplotlibAxis
    from matplotlib.figure import Figure

MOST_COLUMNS, WIDTH, HEIGHT = 3, 4.0, 3.3  # panels in a row, and inches of each
LONGEST_VALUE = 14
FEW_DECADES = 300  # so much of a range has ticks between powers of ten
MANY_TRIALS = 20  # for shares that can be trusted


def draw_importance(sweep: Sweep) -> Figure:
    """The share of each setting, where several are varied; then each setting, with what every trial came to.

    Of accuracies the errors are drawn, so that lower is better everywhere, and the best can be told apart.

    Raises:
        InputError: no trial has finished.
    """
    if sweep.best is None:
        raise InputError("there is no trial to draw", got=f"{len(sweep.trials)} trials, of which none has finished")
    axes_of = sorted(sweep.spec.space.axes, key=lambda axis: -sweep.importances.get(axis.setting.name, 0))
    panels = len(axes_of) + bool(sweep.importances)
    columns = 2 if panels in {2, 4} else min(panels, MOST_COLUMNS)
    rows = -(-panels // columns)
    few = " Shares of so few trials are a guess." if len(sweep.ranked) < MANY_TRIALS else ""
    left = f"Look at the left for what may be left as it is: short bars.{few} " if sweep.importances else ""
    look = f"{left}Look where the lowest dots are: at an edge, the range was too narrow."
    figure = new_figure(WIDTH * max(columns, 2), HEIGHT * rows, f"A sweep of {len(sweep.trials)} trials", look)
    places = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    if sweep.importances:
        _draw_shares(places.pop(0), sweep.importances)
    for place, axis in zip(places, axes_of, strict=False):
        _draw_axis(place, axis, sweep)
    places[0].legend(frameon=False, fontsize=8)
    for place in places[len(axes_of) :]:
        place.set_axis_off()
    return figure


def _draw_shares(place: Axes, shares: dict[str, float]) -> None:
    names = sorted(shares, key=lambda name: shares[name])
    bars = place.barh(names, [100 * shares[name] for name in names], color=ACCENT, height=0.6)
    place.bar_label(bars, fmt="%.0f %%", padding=3)
    place.margins(x=0.2)
    plain_axes(place, "share (%)", title="importance (fANOVA)")


def _draw_axis(place: Axes, axis: Axis, sweep: Sweep) -> None:
    """Every trial as a dot: what the setting was, and what came of it."""
    given_up = [trial for trial in sweep.trials if trial.state == "pruned"]
    groups = (
        ("given up early", given_up, MUTED, "x", 18),
        ("finished", sweep.ranked[1:], ACCENT, "o", 22),
        ("the best", sweep.ranked[:1], WRONG, "*", 130),
    )
    for label, trials, color, marker, size in groups:
        if trials:
            x = [_place(axis, trial) for trial in trials]
            y = [_drawn(sweep.spec.objective, trial) for trial in trials]
            place.scatter(x, y, color=color, marker=marker, s=size, label=label, zorder=3)
    place.set_yscale("log", nonpositive="clip")
    _plain_numbers(place.yaxis, *place.get_ylim())
    if axis.values:
        names = [cut(axis.setting.show(value), LONGEST_VALUE) for value in axis.values]
        place.set_xticks(range(len(names)), names, rotation=0 if len("".join(names)) < 30 else 30)
        place.margins(x=0.2)
    elif axis.log:
        place.set_xscale("log")
        _plain_numbers(place.xaxis, axis.low, axis.high)
    name = "validation error (%)" if OBJECTIVES[sweep.spec.objective] else "validation loss"
    plain_axes(place, axis.setting.name, name)


def _plain_numbers(axis: MatplotlibAxis, low: float, high: float) -> None:
    """Few ticks on a logarithmic axis, and 0.01 rather than a power of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < FEW_DECADES * low else (1,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _place(axis: Axis, trial: Trial) -> float:
    value = trial.settings[axis.setting.name]
    return float(axis.values.index(value) if axis.values else value)


def _drawn(objective: str, trial: Trial) -> float:
    """What a trial came to, the lower the better; of one that was given up, the best that it had reached."""
    curve: Sequence[float] = trial.told.curve if trial.told else ()
    value = best_of(objective, curve) if trial.value is None else trial.value
    return 100 * (1 - value) if OBJECTIVES[objective] else value
