"""Which column of a table holds the labels: the one asked for, the one with such a name, or else the first.

A wrong column teaches nonsense without an error: the corner of a picture is 0 in every line, so a network that takes it
for the label is always right. So where no name says it, the numbers are looked at, and a doubt is an error that asks.
"""

from collections.abc import Collection, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import CLASSES
from digitlab.errors import InputError, refuse

LABEL_NAMES = ("label", "class", "target", "digit", "y")  # in any case
LabelColumn: TypeAlias = str | int  # first, last, a name of the header, or a number, from 1
ASK = "--label-column (label_column in Python) says which: first, last, a name of the header, or a number from 1"


def find_labels(
    names: Sequence[str], is_header: bool, wide: Collection[int], asked: LabelColumn | None, where: str
) -> list[int]:
    """The places of all columns that hold labels, as far as the first line tells.

    Args:
        names: the cells of the first line.
        is_header: whether they are names.
        wide: how many columns a table with labels can have.
        asked: which column it shall be, if anybody said so.
        where: what messages call the line.

    Raises:
        InputError: there is no column such as the one asked for.
    """
    low = [name.lower() for name in names]
    if asked is None:
        named = [place for place, name in enumerate(low) if name in LABEL_NAMES]
        return named if is_header else [0] * (len(names) in wide)
    wish = str(asked).lower()
    places = {"first": 0, "last": len(names) - 1} | (
        {name: place for place, name in enumerate(low)} if is_header else {}
    )
    places |= {str(place + 1): place for place in range(len(names))}
    if wish not in places:
        must_be = f"first, last, a name of the header, or a number from 1 to {len(names)}"
        refuse(InputError, where, "there is no such column of labels", must_be=must_be, got=repr(asked))
    return [places[wish]]


def check_first(table: NDArray[np.uint8], where: str) -> None:
    """Refuse a table ``(N, 785)`` whose first column was taken for the labels, and need not be.

    Raises:
        InputError: the first column says nothing, or the last one could be labels as well.
    """
    if len(table) < 2:
        return
    first, last = table[:, 0], table[:, -1]
    if first.min() == first.max():
        got = f"{first[0]} in the first column of all {len(table):,} lines, {last.min()} to {last.max()} in the last"
        refuse(InputError, where, "the first column cannot be the labels", got=got, help=ASK)
    if last.min() < last.max() < CLASSES:
        got = f"{last.min()} to {last.max()} in the last column, {first.min()} to {first.max()} in the first"
        refuse(InputError, where, "the labels may be in the first or in the last column", got=got, help=ASK)
