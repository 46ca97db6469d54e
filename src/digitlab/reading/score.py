"""How well pictures were read, where it is known what is written on them.

A reading and the truth are compared by edit distance (V. Levenshtein, 1966): how many digits must be changed, added or
taken away to make the one of the other. Lines are paired in their order, some with nothing, so that the distance is the
least over all lines. Of several ways, that with the most digits right counts; then that with the fewest wrong ones that
are not marked doubtful; then that with the fewest lines wrong. So all counts are the same whatever order they were
found in. Each digit of the truth is then

    right      paired with the same digit
    misread    paired with another digit
    missed     paired with nothing

and a digit that was read and is paired with nothing is **invented**. A misread or invented digit is *wrong*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

from digitlab.errors import InputError, describe, require_name
from digitlab.reading.results import ReadDigit, Reading, ReadLine
from digitlab.reading.truth import Truth, name_of

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Counts:
    """What was counted on some pictures.

    Attributes:
        pictures: how many.
        pictures_right: of them, those of which every line is right, and no other was read.
        lines: lines of digits that are written on them.
        lines_right: of them, those read without any mistake, doubts or not.
        lines_doubted: of the others, those with a doubtful digit: somebody would look at them.
        digits: digits that are written on them.
        right: see above, as for the next three.
        misread: see above.
        missed: see above.
        invented: see above.
        doubtful: of the digits that were read, those marked doubtful.
        undoubted: of the wrong ones, those not marked so.
        blanks: pictures without any digit.
        blanks_read: of them, those with a digit all the same that is not marked doubtful.
    """

    pictures: int = 0
    pictures_right: int = 0
    lines: int = 0
    lines_right: int = 0
    lines_doubted: int = 0
    digits: int = 0
    right: int = 0
    misread: int = 0
    missed: int = 0
    invented: int = 0
    doubtful: int = 0
    undoubted: int = 0
    blanks: int = 0
    blanks_read: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


@dataclass(frozen=True)
class Score:
    """The counts of all pictures, and of groups of them.

    Attributes:
        total: of all pictures that were read and of which the truth is known.
        by: the column that the groups are told apart by; empty where there are none.
        groups: the counts of each, by what is in that column.
        unknown: pictures that were read, but are not in the truth.
        unread: pictures that are in the truth, but were not read.
    """

    total: Counts
    by: str
    groups: dict[str, Counts]
    unknown: tuple[str, ...]
    unread: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: the counts of all pictures, and the rest beside them."""
        groups = {"by": self.by, "groups": {name: asdict(counts) for name, counts in self.groups.items()}}
        return asdict(self.total) | (groups if self.by else {}) | {"unknown": self.unknown, "unread": self.unread}


def score(readings: Mapping[str, Reading], truth: Mapping[str, Truth], by: str = "") -> Score:
    """Compare readings, by the paths of their pictures, with what `read_truth` gave.

    Args:
        readings: what was read. A picture that could not be opened belongs here with an empty reading, or else is not
            counted.
        truth: what is written on the pictures; for which name is whose see `truth.name_of`.
        by: a column of the truth to group the pictures by.

    Raises:
        InputError: there is no such column, or two pictures have the same name in the truth.
    """
    if by:
        require_name(by, sorted({name for row in truth.values() for name in row.columns}), "column to group by")
    total, groups, unknown = Counts(), dict[str, Counts](), []
    seen: dict[str, str] = {}
    for picture, reading in readings.items():
        name = name_of(picture, truth)
        if name is None:
            unknown.append(picture)
            continue
        if name in seen:
            raise InputError(f"two pictures are {describe(name)} in the truth", got=f"{seen[name]} and {picture}")
        seen[name] = picture
        counts = count(truth[name].lines, reading)
        total += counts
        if by:
            group = truth[name].columns[by]
            groups[group] = groups.get(group, Counts()) + counts
    unread = tuple(name for name in truth if name not in seen)
    return Score(total, by, dict(sorted(groups.items())), tuple(unknown), unread)


def count(lines: Sequence[str], reading: Reading) -> Counts:
    """The counts of one picture; ``lines`` is what is written on it."""
    read = [digit for line in reading.lines for digit in line.digits]
    written, wrong = sum(map(len, lines)), _compare_lines(lines, reading.lines)
    right = written - wrong.lost
    misread = written + len(read) - wrong.edits - 2 * right  # each digit is right, misread, or paired with nothing
    return Counts(
        pictures=1,
        pictures_right=int(wrong.edits == 0),
        lines=len(lines),
        lines_right=len(lines) - wrong.lines,
        lines_doubted=wrong.lines - wrong.lines_undoubted,
        digits=written,
        right=right,
        misread=misread,
        missed=wrong.lost - misread,
        invented=wrong.edits - wrong.lost,
        doubtful=sum(digit.doubtful for digit in read),
        undoubted=wrong.undoubted,
        blanks=int(not lines),
        blanks_read=int(not lines and not all(digit.doubtful for digit in read)),
    )


# --- the best way to pair ---


class Wrong(NamedTuple):
    """What is wrong with one way to pair; of two ways the lesser one is better, in the order of these fields.

    Attributes:
        edits: the edit distance.
        lost: digits of the truth that are not right.
        undoubted: wrong digits that are not marked doubtful.
        lines: lines of the truth that are not right.
        lines_undoubted: of them, those without a doubtful digit.
    """

    edits: int = 0
    lost: int = 0
    undoubted: int = 0
    lines: int = 0
    lines_undoubted: int = 0


def _sum(one: Wrong, other: Wrong) -> Wrong:
    return Wrong(*map(int.__add__, one, other))


def _best(
    written: Sequence[T],
    read: Sequence[R],
    pair: Callable[[T, R], Wrong],
    missed: Callable[[T], Wrong],
    invented: Callable[[R], Wrong],
) -> Wrong:
    """The best way to pair two sequences in their order, by dynamic programming (Wagner and Fischer, 1974)."""
    row = list(accumulate(map(invented, read), _sum, initial=Wrong()))
    for one in written:
        above, row = row, [_sum(row[0], missed(one))]
        for k, other in enumerate(read):
            ways = (above[k], pair(one, other)), (above[k + 1], missed(one)), (row[k], invented(other))
            row.append(min(_sum(*way) for way in ways))
    return row[-1]


def _compare_lines(lines: Sequence[str], read: Sequence[ReadLine]) -> Wrong:
    return _best(
        lines,
        read,
        _compare_digits,
        lambda line: Wrong(len(line), len(line), lines=1, lines_undoubted=1),
        lambda line: Wrong(len(line.digits), undoubted=sum(not digit.doubtful for digit in line.digits)),
    )


def _compare_digits(line: str, read: ReadLine) -> Wrong:
    wrong = _best(line, read.digits, _compare_digit, lambda _: Wrong(1, 1), _invented)
    doubted = any(digit.doubtful for digit in read.digits)
    return wrong._replace(lines=int(wrong.edits > 0), lines_undoubted=int(wrong.edits > 0 and not doubted))


def _compare_digit(written: str, read: ReadDigit) -> Wrong:
    return Wrong() if written == str(read.digit) else Wrong(1, 1, int(not read.doubtful))


def _invented(read: ReadDigit) -> Wrong:
    return Wrong(1, undoubted=int(not read.doubtful))
