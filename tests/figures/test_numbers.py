"""Confusion, reliability, coverage: what is drawn is what was measured; of few classes, many and one."""

from __future__ import annotations

import numpy as np
import pytest

import digitlab as dl
from digitlab.evaluation import coverage_curve, predict_all, report_of
from digitlab.figures import draw_confusion, draw_coverage, draw_reliability, save_figure


@pytest.fixture(scope="module")
def measured(few):
    return predict_all(dl.Network([784, 10]), few)


def _words(figure):
    return figure.get_suptitle(), figure.get_supxlabel()


def test_the_confusion_is_numbered_cell_by_cell(measured):
    report = report_of(measured)
    figure = draw_confusion(report)
    (axes,) = figure.axes
    told = {(text.get_position()[1], text.get_position()[0]): int(text.get_text()) for text in axes.texts}
    assert told == {cell: count for cell, count in np.ndenumerate(report.confusion) if count}
    assert all(_words(figure))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("read as", "true digit")


@pytest.mark.parametrize("classes", [1, 30])
def test_of_any_number_of_classes(few, tmp_path, classes):
    names = tuple(f"${number} class of a long name" for number in range(classes))
    digits = dl.Digits(few.images, few.labels % classes, "drawn", names)
    predictions = predict_all(dl.Network([784, classes]), digits)
    figure = draw_confusion(report_of(predictions))
    save_figure(figure, tmp_path / "confusion.png")
    save_figure(draw_coverage(coverage_curve(predictions)), tmp_path / "coverage.png")
    (axes,) = figure.axes
    assert axes.get_xticklabels()[0].get_text() == "$0 class of a…"
    assert axes.get_ylabel() == "true class"


def test_the_reliability_has_a_point_for_each_bin(measured):
    bins = report_of(measured).reliability
    figure = draw_reliability(bins)
    upper, lower = figure.axes
    points = [container.lines[0].get_xydata()[0].tolist() for container in upper.containers]
    assert points == [[one.confidence, one.accuracy] for one in bins]
    assert [patch.get_height() for patch in lower.patches] == [one.count for one in bins]
    assert all(_words(figure))
    assert lower.get_xlabel()
    assert upper.get_ylabel()


def test_the_coverage_is_drawn_as_errors(measured):
    curve = coverage_curve(measured)
    figure = draw_coverage(curve)
    (axes,) = figure.axes
    x, y = axes.lines[0].get_data()
    np.testing.assert_allclose(x, 100 * (1 - np.array(curve.share[::-1])))
    np.testing.assert_allclose(y, 100 * (1 - np.array(curve.accuracy[::-1])))
    assert all(_words(figure))
