"""The table of a score."""

from __future__ import annotations

from digitlab.display.score import score_text
from digitlab.reading.score import Counts, Score

PEN = Counts(
    pictures=12, pictures_right=7, lines=20, lines_right=14, lines_doubted=4, digits=99, right=90, misread=3, missed=6,
    invented=2, doubtful=11, undoubted=1, blanks=2, blanks_read=1,
)  # fmt: skip


def test_a_score_is_a_table_with_its_groups_and_what_was_left_out():
    groups = {"": Counts(), "pen": PEN, "a very long name": Counts(pictures=1)}
    unknown = tuple(f"{k}.jpg" for k in range(7))
    assert score_text(Score(PEN, "ink", groups, unknown, ("lost.jpg",))).splitlines() == [
        "                 pictures      lines     digits misread missed invented doubtful",
        "right                7/12      14/20      90/99       3      6        2       11",
        "by ink",
        "  (nothing)           0/0        0/0        0/0       0      0        0        0",
        "  pen                7/12      14/20      90/99       3      6        2       11",
        "  a very lon…         0/1        0/0        0/0       0      0        0        0",
        "lines that are not right: 6; with a doubtful digit in them: 4",
        "digits that are wrong: 5; not marked doubtful: 1",
        "pictures without a digit: 2; with an undoubted digit all the same: 1",
        "not in the truth file: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg and 2 more",
        "in the truth file, but not read: lost.jpg",
    ]


def test_nothing_is_said_of_what_there_is_not():
    perfect = Counts(pictures=1, pictures_right=1, lines=1, lines_right=1, digits=3, right=3)
    assert len(score_text(Score(perfect, "", {}, (), ())).splitlines()) == 2
