"""What was read from pictures, in words and as a table. A doubtful digit has a question mark behind it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from digitlab.display.terminal import WRONG
from digitlab.errors import DigitlabError, printable
from digitlab.reading.results import Reading, ReadLine
from digitlab.reading.truth import Truth, name_of

NO_DIGIT = "there is no digit in it"
LONGEST_NAME = 40  # cells that names of pictures are brought to
KINDS = ("without any doubt", "with a doubtful digit, marked ?", "without a digit", "that could not be read")
NOTHING = Reading((), (), 0, (0, 0))
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would work out


@dataclass(frozen=True)
class Answer:
    """What was read from one picture, by the name that it was called; or why it could not be."""

    file: str
    reading: Reading | None
    error: DigitlabError | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        if self.reading is None:
            return {"file": self.file, "lines": [], "rejected": [], "error": str(self.error)}
        return {"file": self.file} | self.reading.to_dict()


def print_answer(answer: Answer, console: Console) -> None:
    """One picture: its lines, then what there is to say of them."""
    if (reading := answer.reading) is None:
        return
    for line in reading.lines:
        console.print(_marked(line))
    digits = [digit for line in reading.lines for digit in line.digits]
    doubts = sum(digit.doubtful for digit in digits)
    counts = f"{_counted(len(reading.lines), 'line')}, {_counted(len(digits), 'digit')}"
    if digits:
        console.print(f"\n{counts}; " + (f"{doubts} doubtful, marked ?" if doubts else "none is doubtful"))
    else:
        console.print(NO_DIGIT)
    if reading.light_on_dark:
        console.print("taken for light ink on dark paper")
    if reading.turn:
        console.print(f"turned by {reading.turn} degrees clockwise before it was read")
    if reading.rejected:
        reasons = Counter(one.reason for one in reading.rejected).most_common()
        words = ", ".join(f"{printable(reason)} ({number})" for reason, number in reasons)
        console.print(f"left out: {words}", markup=False)


def print_answers(answers: Iterable[Answer], console: Console, truth: Mapping[str, Truth] | None = None) -> None:
    """Many pictures, a line for each; where it is known what is written and that is something else, with this."""
    answers = list(answers)
    width = min(max((cell_len(printable(answer.file)) for answer in answers), default=0), LONGEST_NAME)
    for answer in answers:
        name = printable(answer.file)
        line = Text(set_cell_size(name, width) if cell_len(name) < width else name).append("  ")
        line.append_text(_in_one_line(answer))
        known = name_of(answer.file, truth or {})
        if truth and known and (written := "/".join(truth[known].lines)) != (answer.reading or NOTHING).text:
            line.append(f"   should be {written}" if written else "   there is none", style=f"bold {WRONG}")
        console.print(line)


def summary(answers: Iterable[Answer]) -> str:
    """How many pictures have what."""
    kinds = Counter(map(_kind, answers))
    words = ", ".join(f"{kinds[kind]:,} {kind}" for kind in KINDS if kinds[kind])
    return f"{_counted(sum(kinds.values()), 'picture')}: {words}"


def write_csv(answers: Iterable[Answer], file: TextIO) -> None:
    """A table with a row for each line of digits; and one without a line for each picture that has none.

    Texts are quoted, as a digit 0 in front belongs to them. A path that a spreadsheet would take for a formula gets
    ``./`` before it.
    """
    rows = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    rows.writerow(["file", "line", "text", "doubtful", "probability", "error"])
    for answer in answers:
        rows.writerows(_rows(answer))


def _rows(answer: Answer) -> Iterator[list[object]]:
    name = printable(answer.file)
    name = f"./{name}" if name.startswith(FORMULA) and len(name) > 1 else name
    lines = answer.reading.lines if answer.reading else ()
    for number, line in enumerate(lines, 1):
        doubts = sum(digit.doubtful for digit in line.digits)
        least = round(min(digit.probability for digit in line.digits), 4)
        yield [name, number, line.text, doubts, least, ""]
    if not lines:
        yield [name, "", "", "", "", "" if answer.error is None else answer.error.what]


def _kind(answer: Answer) -> str:
    if answer.reading is None:
        return KINDS[3]
    return KINDS[2] if not answer.reading.lines else KINDS[1] if answer.reading.doubtful else KINDS[0]


def _in_one_line(answer: Answer) -> Text:
    if answer.reading is None:
        return Text("could not be read", style="dim")
    if not answer.reading.lines:
        return Text(NO_DIGIT, style="dim")
    return Text(" / ").join(map(_marked, answer.reading.lines))


def _marked(line: ReadLine) -> Text:
    text = Text()
    for digit in line.digits:
        text.append(
            f"{digit.digit}?" if digit.doubtful else str(digit.digit), f"bold {WRONG}" if digit.doubtful else ""
        )
    return text


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
