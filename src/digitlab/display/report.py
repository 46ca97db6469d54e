"""A report in words: tables within 80 columns. From the import of this module on, ``print(report)`` shows them."""

from collections.abc import Sequence

from digitlab.evaluation.coverage import Sure
from digitlab.evaluation.report import Report

MOST_COLUMNS = 12  # of a confusion matrix that a terminal shows; of more classes, the pairs confused most often
MOST_PAIRS = 15
LONGEST_NAME = 30  # cells of a class's name in the tables


def report_text(report: Report) -> str:
    """What was measured over all, the accuracy of each group, the scores of each class, and what was confused."""
    pictures = "pictures" if report.named else "digits"
    lines = [
        f"{report.source}: {report.count:,} {pictures}",
        f"  accuracy       {_percent(report.accuracy, report.accuracy_interval)}",
        *_label_error_lines(report),
        f"  when sure      {sure_in_words(report.sure)}",
        f"  cross-entropy  {report.cross_entropy:.4f}",
        f"  Brier score    {report.brier:.4f}    (distance of probabilities from the truth, 0 to 2)",
        f"  calibration    {_percent(report.calibration_error, report.calibration_error_interval)}",
        "                 between how sure it is and how much is right",
    ]
    if report.groups:
        lines.append(f"by {report.groups[0].by}")
    lines += [f"  {group.name:<20} {_percent(group.accuracy, group.accuracy_interval)}" for group in report.groups]
    confused = _confusion_lines if len(report.names) <= MOST_COLUMNS else _pair_lines
    return "\n".join([*lines, "", *_score_lines(report), "", *confused(report)])


Report.to_text = report_text


def sure_in_words(sure: Sure) -> str:
    """How much a network is sure of, and how much of that is right."""
    of_what = f"of the {100 * sure.share:.1f} % with a probability of {100 * sure.threshold:g} % or more"
    if sure.accuracy is None:
        return f"it never gives a probability of {100 * sure.threshold:g} % or more"
    return f"{100 * sure.accuracy:.2f} %   {of_what}"


def _label_error_lines(report: Report) -> list[str]:
    if report.accuracy_without_label_errors is None:
        return []
    without = 100 * report.accuracy_without_label_errors
    return [f"                 {without:.2f} %   without the {len(report.label_errors)} whose label people dispute"]


def _score_lines(report: Report) -> list[str]:
    """Precision, recall and F1 of each class, which is called by its number, and by its name where it has one."""
    heads = ["digit", *(f"{score.digit:5d}" for score in report.per_digit)]
    if report.named:
        names = _in_cells(["", *report.names])
        heads = [f"{head} {name}" for head, name in zip(["class", *heads[1:]], names, strict=True)]
    return [f"{heads[0]}  count  precision  recall     F1"] + [
        f"{head} {score.count:6d} {score.precision:10.4f} {score.recall:7.4f} {score.f1:6.4f}"
        for head, score in zip(heads[1:], report.per_digit, strict=True)
    ]


def _confusion_lines(report: Report) -> list[str]:
    """The matrix, by number: names would not fit above its columns."""
    kind = "class" if report.named else "digit"
    return [
        f"how often each true {kind} (row) was taken for each {kind} (column)",
        "     " + "".join(f"{number:6d}" for number in range(len(report.names))),
        *(f"{number:5d}" + "".join(f"{n or '.':>6}" for n in row) for number, row in enumerate(report.confusion)),
    ]


def _pair_lines(report: Report) -> list[str]:
    """The pairs of classes that were confused most often, one a line."""
    names = [name.rstrip() for name in _in_cells(report.names)]
    pairs = [
        f"{count:6d}  {names[true]}, taken for {names[taken]}" for true, taken, count in report.confused[:MOST_PAIRS]
    ]
    return ["what was confused most often", *(pairs or ["  nothing"])]


def _percent(share: float, interval: tuple[float, float]) -> str:
    return f"{100 * share:.2f} %   (95 % interval {100 * interval[0]:.2f} to {100 * interval[1]:.2f})"


def _in_cells(names: Sequence[str]) -> list[str]:
    """The names, all brought to the same width in a terminal, where some letters take two cells."""
    from rich.cells import cell_len, set_cell_size  # rich is brought only by what is printed

    width = min(max(map(cell_len, names)), LONGEST_NAME)
    cut = [name if cell_len(name) <= width else set_cell_size(name, width - 1) + "…" for name in names]
    return [set_cell_size(name, width) for name in cut]
