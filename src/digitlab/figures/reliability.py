"""Whether a network is right as often as it says, the reliability diagram; and what it is sure of, the coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digitlab.evaluation.calibration import Bin
from digitlab.evaluation.coverage import Coverage
from digitlab.figures.style import ACCENT, INK, MUTED, SOFT, WRONG, new_figure, plain_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW = 20  # samples of a bin: with fewer of them its interval is wide, and its point stands back
THRESHOLDS = (0.6, 0.9, 0.99)  # probabilities that are marked in the curve


def draw_reliability(bins: Sequence[Bin]) -> Figure:
    """The diagram of `digitlab.evaluation.reliability`; below it, how many samples there are in each bin."""
    figure = new_figure(
        6.4,
        5.6,
        "Is it right as often as it says?",
        "On the dashed line it is; below it, it is too sure. Bars are 95 % intervals; pale points have few pictures.",
    )
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1.2)
    for one in bins:
        below, above = one.accuracy - one.interval[0], one.interval[1] - one.accuracy
        upper.errorbar(
            one.confidence,
            one.accuracy,
            yerr=[[max(below, 0)], [max(above, 0)]],
            color=ACCENT,
            alpha=1 if one.count >= FEW else 0.4,
            marker="o",
            markersize=5,
            linewidth=1.2,
            capsize=3,
        )
    upper.set_ylim(-0.02, 1.02)
    plain_axes(upper, y="share that is right")
    widths = [one.high - one.low for one in bins]
    lower.bar([one.low for one in bins], [one.count for one in bins], width=widths, align="edge", color=SOFT, alpha=0.7)
    lower.set_yscale("log")
    lower.set_xlim(0, 1.01)
    plain_axes(lower, "how sure it is: the probability of its answer", "pictures")
    return figure


def draw_coverage(coverage: Coverage) -> Figure:
    """The curve of `digitlab.evaluation.coverage_curve`: errors, against what it passes on to a person."""
    figure = new_figure(
        6.4,
        3.8,
        'What is left if it may say "I am not sure"?',
        "The steeper it falls, the more of its errors are among the few pictures that it is least sure of. Dotted:"
        " where all answers below that probability are passed on.",
    )
    axes = figure.subplots()
    passed_on = [100 * (1 - share) for share in reversed(coverage.share)]
    errors = [100 * (1 - accuracy) for accuracy in reversed(coverage.accuracy)]
    axes.step(passed_on, errors, where="post", color=WRONG, linewidth=1.8)
    flawless = next((place for place, error in enumerate(errors) if not error), len(errors) - 1)
    end = min(1.2 * passed_on[flawless] or 100.0, 100.0)
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1.1 * errors[0] or 1)
    plain_axes(axes, "passed on to a person, % of all pictures: the least sure first", "errors, % of those it answers")
    for row, threshold in enumerate(THRESHOLDS):
        share = next((100 - 100 * s for s, t in _reversed(coverage) if t >= threshold), end)
        if 0 < share < end:
            axes.axvline(share, color=MUTED, linestyle=":", linewidth=1.2)
            place, height = axes.get_xaxis_transform(), 0.97 - 0.09 * row
            axes.text(share, height, f" below {100 * threshold:g} %", transform=place, color=INK, va="top", fontsize=9)
    return figure


def _reversed(coverage: Coverage) -> list[tuple[float, float]]:
    """Share and threshold, from all answers to the surest."""
    return list(zip(reversed(coverage.share), reversed(coverage.threshold), strict=True))
