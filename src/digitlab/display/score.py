"""A score of reading in words: a table within 80 columns, and what is not in it."""

from collections.abc import Sequence

from digitlab.errors import printable
from digitlab.reading.score import Counts, Score

HEAD = f"{'':14}{'pictures':>11}{'lines':>11}{'digits':>11}{'misread':>8}{'missed':>7}{'invented':>9}{'doubtful':>9}"
WIDTH = 13  # of a group's name
MOST_NAMES = 5  # of pictures


def score_text(score: Score) -> str:
    """What was right of how many, for all pictures and each group; then the doubts, and the pictures left out."""
    total = score.total
    lines = [HEAD, _row("right", total)]
    if score.by:
        lines += [f"by {printable(score.by)}"]
        lines += [_row(f"  {printable(name) or '(nothing)'}", counts) for name, counts in score.groups.items()]
    if wrong := total.lines - total.lines_right:
        lines.append(f"lines that are not right: {wrong}; with a doubtful digit in them: {total.lines_doubted}")
    if wrong := total.misread + total.invented:
        lines.append(f"digits that are wrong: {wrong}; not marked doubtful: {total.undoubted}")
    if total.blanks:
        lines.append(
            f"pictures without a digit: {total.blanks}; with an undoubted digit all the same: {total.blanks_read}"
        )
    lines += _left_out("not in the truth file", score.unknown)
    return "\n".join([*lines, *_left_out("in the truth file, but not read", score.unread)])


def _row(name: str, counts: Counts) -> str:
    cells = [
        f"{counts.pictures_right}/{counts.pictures}",
        f"{counts.lines_right}/{counts.lines}",
        f"{counts.right}/{counts.digits}",
    ]
    numbers = f"{counts.misread:8}{counts.missed:7}{counts.invented:9}{counts.doubtful:9}"
    name = name if len(name) <= WIDTH else name[: WIDTH - 1] + "…"
    return f"{name:14}" + "".join(f"{cell:>11}" for cell in cells) + numbers


def _left_out(why: str, pictures: Sequence[str]) -> list[str]:
    """A line with the first of these pictures, if there are any."""
    more = f" and {len(pictures) - MOST_NAMES} more" if len(pictures) > MOST_NAMES else ""
    return [f"{why}: {', '.join(map(printable, pictures[:MOST_NAMES]))}{more}"] if pictures else []
