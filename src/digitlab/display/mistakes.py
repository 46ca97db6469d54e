"""Mistakes, one cell of a confusion matrix, and suspected labels, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from digitlab.evaluation.cells import Cell
from digitlab.evaluation.mislabels import Mislabels, Suspect
from digitlab.evaluation.mistakes import Mistake
from digitlab.evaluation.neighbours import Neighbour

MOST_LISTED = 20


def mistakes_text(found: Sequence[Mistake], names: Sequence[str], source: str) -> str:
    """The mistakes, a line for each of the first."""
    head = _head(f"{len(found):,} mistake{'s' * (len(found) != 1)} on {source}", len(found), "surest first")
    return "\n".join([head, *(_line(one, f"{one.index:6d}", "read as", names) for one in found[:MOST_LISTED])])


def mislabels_text(found: Mislabels) -> str:
    """The suspects, a line for each of the first; and how many of the known errors are among them."""
    agree = f"{100 * found.accuracy:.2f} % are confirmed by networks that never saw the picture"
    head = f"{len(found.suspects):,} are in doubt, {found.confident:,} of them are contradicted confidently"
    lines = [
        f"{found.source}: {found.count:,} labels, judged in {found.folds} folds",
        agree,
        _head(head, len(found.suspects), "most suspected first"),
        *(_line(one, f"{one.part:>5} {one.index:6d}", "seen as", found.names) for one in found.suspects[:MOST_LISTED]),
    ]
    if found.known:
        among = ", ".join(f"{found.known_among_first(most)} among the first {most}" for most in (15, 50, 100))
        lines.append(f"of the {found.known} known label errors, {among}")
    return "\n".join(lines)


def cell_text(cell: Cell) -> str:
    """The pictures of the cell, the units that pushed, and the nearest training digits."""
    return "\n".join(_cell_lines(cell))


def _cell_lines(cell: Cell) -> Iterator[str]:
    true, taken, diagonal = cell.names[cell.true], cell.names[cell.predicted], cell.true == cell.predicted
    count = f"{len(cell.indices):,} picture{'s' * (len(cell.indices) != 1)}"
    read = "read rightly, the least sure first" if diagonal else f"taken for {taken}"
    yield f"{cell.source}: {count} of {true} {read}"
    yield f"  {' '.join(map(str, cell.indices[:MOST_LISTED]))}{' ...' if len(cell.indices) > MOST_LISTED else ''}"
    yield ""
    other, usually = ("the others", "any picture") if diagonal else (true, f"pictures of {true}")
    yield f"{taken} leads {other} by {cell.lead:.1f} logits here, and by {cell.usual_lead:.1f} on {usually}"
    kind = "pixel" if cell.of_pixels else "unit"
    share = f"{100 * cell.explained:.0f} % of the difference"
    yield f"{kind}s that pushed towards {taken} further than usually, in logits ({share})"
    yield f"{kind:>8}    here   usually"
    yield from (f"{one.unit:8d}  {one.push:+6.2f}  {one.usual:+8.2f}" for one in cell.units)
    yield ""
    yield "the nearest training pictures, with their distances"
    for one in cell.nearest:
        sides = f"{true}: {_near(one.of_true)}   {'others' if diagonal else taken}: {_near(one.of_predicted)}"
        yield f"{one.index:8d}  {100 * one.confidence:5.1f} %   {sides}"


def _near(found: Sequence[Neighbour]) -> str:
    return f"{found[0].index} ({found[0].distance:.2f})" if found else "none"


def _head(words: str, count: int, order: str) -> str:
    return f"{words}{f', the first {MOST_LISTED}' if count > MOST_LISTED else ''}; {order}" if count else words


def _line(one: Mistake | Suspect, where: str, verb: str, names: Sequence[str]) -> str:
    """Where the picture is, its label, the answer, how sure it was, and what is known of the label."""
    sure = f"{100 * one.confidence:5.1f} % sure, {100 * one.probability_of_label:4.1f} % for the label"
    doubt = f"   label in doubt: {one.label_error.note}" if one.label_error else ""
    return f"  {where}  is {names[one.label]}, {verb} {names[one.predicted]}   {sure}{doubt}"
