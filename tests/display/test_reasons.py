"""Why a digit is read as it is: the lines and the figure."""

from __future__ import annotations

import io

from rich.console import Console

from digitlab.display.reasons import draw_why, print_why
from tests.reading.test_why import made

ANSWER = made(7, 7, 7, 7, 1, changed=(1, 1, 8, 1))


def test_a_line_for_each_step_and_each_change():
    console = Console(file=io.StringIO(), width=100)
    print_why(ANSWER, console)
    lines = console.file.getvalue().splitlines()
    assert lines[0] == "read as 7; centred it is a 1; with thicker strokes it would be an 8"
    marked = [line for line in lines if "another answer" in line]
    assert [line.split()[0] for line in marked] == ["centring", "thicker"]
    assert sum("90.0 %" in line for line in lines) == 9


def test_the_pictures_are_side_by_side_and_what_decides_is_framed():
    figure = draw_why(ANSWER)
    assert figure.get_suptitle() == ANSWER.sentence
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == [step.kind.name for step in (*ANSWER.steps, *ANSWER.changes)]
    thick = [axes.get_title() for axes in shown if axes.spines["left"].get_linewidth() > 2]
    assert thick == ["centring", "thicker"]
    assert shown[4].get_xlabel() == "1   90 %"
    assert "no digit" in draw_why(made(7, 7, 7, 7, 7, rejected=True)).axes[4].get_xlabel()
