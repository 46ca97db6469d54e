"""The report in words: what ``print(report)`` shows, within 80 columns."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from rich.cells import cell_len

import digitlab as dl
from digitlab.display.report import report_text


def test_printing_a_report_shows_all_of_it(mnist):
    report = dl.evaluate(dl.Network([784, 10]), mnist[1])
    text = report_text(report)
    assert str(report) == repr(report) == text
    assert max(map(len, text.splitlines())) <= 80
    low, high = (f"{100 * end:.2f}" for end in report.accuracy_interval)
    assert f"  accuracy       {100 * report.accuracy:.2f} %   (95 % interval {low} to {high})" in text
    assert f"  cross-entropy  {report.cross_entropy:.4f}" in text
    low, high = (f"{100 * end:.2f}" for end in report.calibration_error_interval)
    assert f"  calibration    {100 * report.calibration_error:.2f} %   (95 % interval {low} to {high})\n" in text
    assert f"  Brier score    {report.brier:.4f} " in text
    assert f"\n                 {100 * report.accuracy_without_label_errors:.2f} %   without the 15 whose" in text
    assert "\n  when sure      it never gives a probability of 99 % or more\n" in text
    assert "\nby writer\n  high-school pupils " in text


@pytest.mark.parametrize(
    ("brought", "lines"), [("import digitlab as dl", 32), ("import digitlab.evaluation as dl", 1)], ids=["face", "room"]
)
def test_whoever_imports_digitlab_gets_reports_that_print_tables(brought, lines):
    """The numbers alone know no display: whoever brings no more than them gets one line."""
    program = f"""{brought}
import numpy as np
from digitlab.data import Digits
from digitlab.network import Network
digits = Digits(np.zeros((5, 28, 28), np.uint8), np.arange(5, dtype=np.uint8), "drawn")
print(dl.evaluate(Network([784, 10]), digits))"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == lines
    assert done.stdout.startswith("drawn: ")


def _named(few, classes):
    return dl.Digits(few.images, few.labels, "drawn", classes)


def test_named_classes_are_called_by_their_names(few):
    names = (
        "a",
        "名前",
        *("x" * width for width in range(2, 9)),
        "a name that is much longer than a table has room for",
    )
    report = dl.evaluate(dl.Network([784, 10]), _named(few, names))
    text = str(report)
    assert text.startswith("drawn: 1,000 pictures")
    for number, name in enumerate(names[:-1]):
        assert f"{number:5d} {name} " in text
    assert "a name that is much longer th…" in text
    assert max(map(cell_len, text.splitlines())) <= 80
    scores = text[text.index("class") : text.index("how often")].strip().splitlines()
    assert len({cell_len(line) for line in scores}) == 1  # the columns stand below each other


@pytest.mark.parametrize("names", [tuple(f"class {k}" for k in range(40)), tuple(map(str, range(40)))])
def test_of_many_classes_the_pairs_confused_most_often_are_named(few, names):
    network = dl.Network([784, 40])
    digits = _named(few, names)
    text = str(dl.evaluate(network, digits))
    confusion = dl.evaluate(network, digits).confusion.copy()
    np.fill_diagonal(confusion, 0)
    true, taken = np.unravel_index(confusion.argmax(), confusion.shape)
    pairs = text[text.index("what was confused most often") :].splitlines()
    assert pairs[1] == f"{confusion.max():6d}  {names[true]}, taken for {names[taken]}"
    assert len(pairs) == 16
    assert max(map(len, text.splitlines())) <= 80


def test_where_nothing_is_confused_nothing_is_named(few):
    digits = dl.Digits(few.images[:1], np.zeros(1, np.uint8), "one", tuple(map(str, range(13))))
    network = dl.Network([784, 13])
    network.parameters[:] = 0
    network.b1[0] = 1
    assert str(dl.evaluate(network, digits)).endswith("what was confused most often\n  nothing")
