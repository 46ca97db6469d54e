"""Robustness in words: what is left of the accuracy of some networks, side by side, as a table in text or Markdown."""

from collections.abc import Iterable, Iterator, Mapping

from digitlab.evaluation.corruptions import CORRUPTIONS
from digitlab.evaluation.robustness import Curve, Robustness

MEAN = "mean of the fifteen"
Rows = dict[str, list[float]]  # what was done to the pictures: the accuracy of each network


def spoken(name: str) -> str:
    """The name of a corruption as it is written in a text.

    >>> spoken("shot_noise")
    'shot noise'
    """
    return name.replace("_", " ")


def robustness_text(measured: Mapping[str, Robustness]) -> str:
    """A column for each network, under its name; all accuracies in percent."""
    first = next(iter(measured.values()))
    sections = list(_sections(measured))
    widest = max(len(row) for _, rows in sections for row in rows)
    columns = [max(len(name), 6) for name in measured]
    names = "  ".join(f"{name:>{width}}" for name, width in zip(measured, columns, strict=True))
    lines = [f"{first.source}: {first.count:,} pictures; accuracy in %", f"  {'':<{widest}}  {names}"]
    for title, rows in sections:
        lines += ["", title] if title else []
        for row, shares in rows.items():
            cells = "  ".join(f"{100 * share:{width}.2f}" for share, width in zip(shares, columns, strict=True))
            lines.append(f"  {row:<{widest}}  {cells}")
    approximated = [one for one in first.corruptions if one.approximated]
    lines += ["", *(f"* approximated: {spoken(one.name)}, {one.approximated}" for one in approximated)]
    return "\n".join(lines)


def robustness_markdown(measured: Mapping[str, Robustness]) -> str:
    """The tables of the documentation: each corruption and what it does, then the curves."""
    first = next(iter(measured.values()))
    about = {_row(name, one.approximated): one.about for name, one in CORRUPTIONS.items()}
    lines: list[str] = []
    for title, rows in _sections(measured):
        corruptions = any(row in about for row in rows)
        heads = [title or "what happens to the pictures", *(["what it does"] if corruptions else []), *measured]
        lines += ["", _line(heads), _line(["---"] * len(heads))]
        for row, shares in rows.items():
            name = f"**{row}**" if row == MEAN else row
            cells = [f"{100 * share:.2f} %" for share in shares]
            lines.append(_line([name, *([about.get(row, "")] if corruptions else []), *cells]))
    approximated = [f"{spoken(one.name)} ({one.approximated})" for one in first.corruptions if one.approximated]
    lines += ["", f"\\* approximated: {'; '.join(approximated)}."] if approximated else []
    return "\n".join(lines[1:]) + "\n"


def _sections(measured: Mapping[str, Robustness]) -> Iterator[tuple[str, Rows]]:
    """Title and rows of each table."""
    all_of_them = measured.values()
    yield "", {"as they are": [one.clean for one in all_of_them]}
    corrupted = zip(*(one.corruptions for one in all_of_them), strict=True)
    rows = {_row(each[0].name, each[0].approximated): [one.accuracy for one in each] for each in corrupted}
    yield "corruption (MNIST-C)", rows | {MEAN: [one.mean_accuracy for one in all_of_them]}
    yield "noise, standard deviation", _along([one.noise for one in all_of_them], "{:g}")
    yield "turned to the left", _along([one.rotation for one in all_of_them], "{:g}°")
    yield "FGSM, epsilon", _along([one.fgsm for one in all_of_them], "{:g}")
    yield "PGD, epsilon", _along([one.pgd for one in all_of_them], "{:g}")


def _row(name: str, approximated: str) -> str:
    return spoken(name) + (" *" if approximated else "")


def _along(curves: list[Curve], form: str) -> Rows:
    return {form.format(x): list(shares) for x, *shares in zip(curves[0].x, *(c.accuracy for c in curves), strict=True)}


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace(" *", " \\*") for cell in cells) + " |"
