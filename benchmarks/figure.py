"""The figure of `engines.py`: for each row the time of everybody; for each scaling two curves.

python benchmarks/figure.py FILE.json FILE.png      draws it again from what was saved
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

OURS, THEIRS = "#1f6f8b", "#b9b9b9"


def draw(everything: dict[str, Any], target: Path) -> None:
    """Write a PNG."""
    from matplotlib.figure import Figure

    rows, grown = everything["rows"], everything["scaling"]
    panels = len(rows) + len(grown)
    if not panels:
        return
    figure = Figure(figsize=(12, 3.6 * -(-panels // 2)), layout="constrained")
    axes = iter(figure.subplots(-(-panels // 2), 2, squeeze=False).flat)
    for row in rows.values():
        _bars(next(axes), row)
    for what, sizes in grown.items():
        _curves(next(axes), what, sizes)
    for unused in axes:
        unused.set_axis_off()
    figure.suptitle(f"{everything['processor']}, {everything['threads']} threads; shorter is faster")
    figure.savefig(target, dpi=130)
    print(f"drawn: {target}")


def _bars(axes: Any, row: dict[str, Any]) -> None:
    names = list(row["seconds"])[::-1]
    times = [[1000 * value for value in row["seconds"][name]] for name in names]
    middles = [statistics.median(one) for one in times]
    low = [middle - min(one) for middle, one in zip(middles, times, strict=True)]
    high = [max(one) - middle for middle, one in zip(middles, times, strict=True)]
    colours = [OURS if name.startswith(("native", "our")) else THEIRS for name in names]
    axes.barh(names, middles, xerr=[low, high], color=colours, ecolor="#444444")
    for name, middle, above in zip(names, middles, high, strict=True):
        axes.annotate(f" {middle:.3g}", (middle + above, name), va="center", fontsize=8)
    axes.set(title=row["title"], xlabel=f"milliseconds for {row['unit']}, logarithmic", xscale="log")
    axes.margins(x=0.15)


def _curves(axes: Any, what: str, sizes: dict[str, dict[str, list[float]]]) -> None:
    names = list(dict.fromkeys(name for times in sizes.values() for name in times))
    for name in names:
        points = [(int(size), statistics.median(times[name])) for size, times in sizes.items() if name in times]
        colour = OURS if name.startswith("native") else THEIRS
        axes.plot([x for x, _ in points], [1000 * y for _, y in points], "o-", color=colour, label=name)
    axes.set(title=f"784-64-10, by {what}", xlabel=what, ylabel="milliseconds", xscale="log", yscale="log")
    axes.legend()


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
