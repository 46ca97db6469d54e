"""The score of reading: counted by hand, against a search through every alignment, and by what must always hold."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitlab.errors import InputError
from digitlab.reading.results import ReadDigit, Reading, ReadLine
from digitlab.reading.score import Counts, count, score
from digitlab.reading.truth import Truth


def reading(text: str) -> Reading:
    """A reading of this text; a digit before a question mark is doubtful."""
    lines = []
    for line in filter(None, text.split("/")):
        marks = [line[k + 1 : k + 2] == "?" for k in range(len(line))]
        digits = [ReadDigit(int(a), 0.9, (0, 0, 9, 9), doubt) for a, doubt in zip(line, marks, strict=True) if a != "?"]
        lines.append(ReadLine(tuple(digits)))
    return Reading(tuple(lines), (), 0, (100, 100))


def counts(truth: str, read: str) -> dict[str, int]:
    """What is not 0."""
    found = asdict(count(tuple(filter(None, truth.split("/"))), reading(read)))
    return {name: number for name, number in found.items() if number}


ONE = {"pictures": 1, "lines": 1}


@pytest.mark.parametrize(
    ("truth", "read", "expected"),
    [
        ("007", "007", ONE | {"pictures_right": 1, "lines_right": 1, "digits": 3, "right": 3}),
        ("123", "13", ONE | {"digits": 3, "right": 2, "missed": 1}),
        ("123", "1423", ONE | {"digits": 3, "right": 3, "invented": 1, "undoubted": 1}),
        ("123", "173", ONE | {"digits": 3, "right": 2, "misread": 1, "undoubted": 1}),
        ("123", "17?3", ONE | {"digits": 3, "right": 2, "misread": 1, "doubtful": 1, "lines_doubted": 1}),
        # two changes, or one missed and one invented: that with the most digits right
        ("12", "21", ONE | {"digits": 2, "right": 1, "missed": 1, "invented": 1, "undoubted": 1}),
        # either 1 may be the one that is invented: the doubtful one
        ("1", "11?", ONE | {"digits": 1, "right": 1, "invented": 1, "doubtful": 1, "lines_doubted": 1}),
        ("1", "1?1", ONE | {"digits": 1, "right": 1, "invented": 1, "doubtful": 1, "lines_doubted": 1}),
        ("123", "", ONE | {"digits": 3, "missed": 3}),
        ("", "", {"pictures": 1, "pictures_right": 1, "blanks": 1}),
        ("", "4", {"pictures": 1, "blanks": 1, "blanks_read": 1, "invented": 1, "undoubted": 1}),
        ("", "4?", {"pictures": 1, "blanks": 1, "invented": 1, "doubtful": 1}),
        # the middle line was not seen, and a speck below is a line
        (
            "12/34/56",
            "12/56/1",
            {"pictures": 1, "lines": 3, "lines_right": 2, "digits": 6, "right": 4, "missed": 2}
            | {"invented": 1, "undoubted": 1},
        ),
        # two lines read as one: what is not in the first is missed
        (
            "12/34",
            "1234",
            {"pictures": 1, "lines": 2, "digits": 4, "right": 2, "missed": 2, "invented": 2, "undoubted": 2},
        ),
    ],
)
def test_counts_by_hand(truth, read, expected):
    assert counts(truth, read) == expected


# --- against a search ---

line_texts = st.text("012", min_size=1, max_size=4)
readings = st.lists(st.from_regex(r"([012]\??){1,4}", fullmatch=True), max_size=3).map("/".join)


def searched(lines: tuple[str, ...], read: Reading) -> tuple[int, int, int]:
    """Edits, digits right and undoubted wrong ones of the best of all alignments, tried one by one."""

    def best(written, found, pair, missed, invented):
        @cache
        def tails(i: int, k: int) -> tuple[int, int, int]:
            ways = []
            if i < len(written) and k < len(found):
                ways.append((pair(written[i], found[k]), tails(i + 1, k + 1)))
            if i < len(written):
                ways.append(((len(missed(written[i])), 0, 0), tails(i + 1, k)))
            if k < len(found):
                ways.append((invented(found[k]), tails(i, k + 1)))
            sums = [tuple(a + b for a, b in zip(*way, strict=True)) for way in ways]
            return min(sums, key=lambda way: (way[0], -way[1], way[2]), default=(0, 0, 0))

        return tails(0, 0)

    def digit(written: str, found: ReadDigit) -> tuple[int, int, int]:
        same = int(written) == found.digit
        return (not same, same, not same and not found.doubtful)

    def extra(found: ReadDigit) -> tuple[int, int, int]:
        return (1, 0, not found.doubtful)

    def extra_line(line: ReadLine) -> tuple[int, int, int]:
        return (len(line.digits), 0, sum(not one.doubtful for one in line.digits))

    def whole(written: str, line: ReadLine) -> tuple[int, int, int]:
        return best(written, line.digits, digit, str, extra)

    return best(lines, read.lines, whole, str, extra_line)


@given(st.lists(line_texts, max_size=3).map(tuple), readings)
def test_the_best_alignment_is_found(lines, read):
    found = count(lines, reading(read))
    edits, right, undoubted = searched(lines, reading(read))
    assert (found.misread + found.missed + found.invented, found.right, found.undoubted) == (edits, right, undoubted)
    assert found.right + found.misread + found.missed == found.digits == sum(map(len, lines))
    assert found.right + found.misread + found.invented == sum(letter in "012" for letter in read)
    assert min(asdict(found).values()) >= 0
    assert found.lines_right + found.lines_doubted <= found.lines


@given(st.lists(line_texts, max_size=3))
def test_the_truth_itself_is_perfect(lines):
    found = count(lines, reading("/".join(lines)))
    assert found.right == found.digits
    assert (found.lines_right, found.pictures_right) == (found.lines, 1)
    assert not any((found.misread, found.missed, found.invented, found.undoubted))


@given(line_texts.filter(lambda line: len(line) > 1), st.data())
def test_a_digit_less_is_one_missed_and_a_digit_more_is_one_invented(line, data):
    place = data.draw(st.integers(0, len(line) - 1))
    less = count([line], reading(line[:place] + line[place + 1 :]))
    assert (less.right, less.misread, less.missed, less.invented) == (len(line) - 1, 0, 1, 0)
    more = count([line], reading(line[:place] + "9" + line[place:]))
    assert (more.right, more.misread, more.missed, more.invented) == (len(line), 0, 0, 1)


# --- many pictures ---

TRUTH = {
    "a.jpg": Truth(("12", "3"), {"ink": "pen"}),
    "b.jpg": Truth(("7",), {"ink": "pencil"}),
    "c.jpg": Truth((), {"ink": "pen"}),
    "d.jpg": Truth(("1",), {"ink": ""}),
}
READ = {"in/a.jpg": reading("12/8"), "in/b.jpg": reading("7"), "in/c.jpg": reading("1"), "in/x.jpg": reading("1")}


def test_a_score_is_the_sum_over_pictures_and_over_groups():
    found = score(READ, TRUTH, by="ink")
    assert found.groups.keys() == {"pen", "pencil"}
    assert found.total == found.groups["pen"] + found.groups["pencil"]
    assert found.total == Counts(3, 1, 3, 2, 0, 4, 3, 1, 0, 1, 0, 2, 1, 1)
    assert found.unknown == ("in/x.jpg",)
    assert found.unread == ("d.jpg",)


def test_a_score_as_json():
    told = json.loads(json.dumps(score(READ, TRUTH, by="ink").to_dict()))
    assert {field.name for field in fields(Counts)} <= told.keys()
    assert (told["by"], told["groups"]["pencil"]["right"], told["unread"]) == ("ink", 1, ["d.jpg"])
    assert "groups" not in score(READ, TRUTH).to_dict()


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(InputError, match="there is no column to group by 'medium'"):
        score(READ, TRUTH, by="medium")
    with pytest.raises(InputError, match=r"two pictures are 'a\.jpg' in the truth"):
        score({"in/a.jpg": reading("1"), "out/a.jpg": reading("1")}, TRUTH)
