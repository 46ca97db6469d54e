"""Figures of mistakes, cells, counterfactuals and suspected labels: they say what the records say."""

from __future__ import annotations

import numpy as np
import pytest

import digitlab as dl
from digitlab.data.label_errors import LabelError
from digitlab.evaluation.cells import cell_of
from digitlab.evaluation.mislabels import Mislabels, Suspect
from digitlab.evaluation.mistakes import mistakes
from digitlab.evaluation.predictions import predict_all
from digitlab.figures import draw_cell, draw_counterfactual, draw_mislabels, draw_mistakes
from digitlab.inside import find_counterfactual


@pytest.fixture(scope="module")
def network():
    return dl.Network([784, 8, 10], seed=0)


@pytest.fixture(scope="module")
def predictions(network, mnist):
    return predict_all(network, mnist[1])


def _texts(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_gallery_shows_the_surest_and_frames_known_errors(predictions):
    found = mistakes(predictions)
    most = 1 + next(place for place, one in enumerate(found) if one.label_error)
    figure = draw_mistakes(predictions, most)
    assert _texts(figure)[:3] == [
        str(found[0].index),
        f"{found[0].label}, read as {found[0].predicted}",
        f"{100 * found[0].confidence:.1f} % sure",
    ]
    assert len(_texts(figure)) == 3 * most
    assert len(figure.axes[0].patches) == 1
    assert "Framed" in figure.get_supxlabel()
    assert figure.get_suptitle().endswith(f"on MNIST test, the {most} of which it was surest")
    assert "Framed" not in draw_mistakes(predictions, most=1).get_supxlabel()


def test_no_mistake_at_all_is_a_figure_too(network, few):
    predictions = predict_all(network, few)
    right = predict_all(network, few[np.flatnonzero(predictions.right)])
    assert draw_mistakes(right).get_suptitle().startswith("0 mistakes")


def test_a_cell_is_drawn_with_its_units_and_neighbours(network, predictions, mnist):
    wrong = mistakes(predictions)[0]
    cell = cell_of(network, predictions, mnist[0][:2000], wrong.label, wrong.predicted)
    figure = draw_cell(cell)
    mean, pushes, nearest = figure.axes
    np.testing.assert_array_equal(mean.images[0].get_array(), cell.mean)
    assert [label.get_text() for label in pushes.get_yticklabels()] == [f"unit {one.unit}" for one in cell.units]
    usual, said = (line.get_xdata().tolist() for line in pushes.lines[:2])
    assert (usual, said) == ([one.usual for one in cell.units], [one.push for one in cell.units])
    assert nearest.get_yticklabels()[0].get_text().startswith(str(cell.indices[0]))
    assert figure.get_suptitle().startswith(f"{wrong.label} taken for {wrong.predicted}: ")
    diagonal = draw_cell(cell_of(network, predictions, mnist[0][:20], wrong.predicted, wrong.predicted))
    assert "read rightly" in diagonal.get_suptitle()  # and of some classes there is no training digit


def test_a_counterfactual_is_drawn_before_and_after(network, few):
    found = find_counterfactual(network, few.images[0])
    figure = draw_counterfactual(found)
    before, change, after = (axes.images[0].get_array() for axes in figure.axes[:3])
    np.testing.assert_array_equal(before, found.before)
    np.testing.assert_array_equal(change, found.change)
    np.testing.assert_array_equal(after, found.after)
    assert figure.get_suptitle() == f"What would make the network read {found.becomes} instead of {found.digit}?"


def test_suspected_labels_are_drawn_with_what_networks_see(few):
    known = LabelError(1, 4, 9, "3 of 5 people see a 9")
    suspects = [
        Suspect(part, index, 4, 9, 0.9, 0.05, True, few.images[index], error)
        for part, index, error in (("train", 0, None), ("test", 1, known))
    ]
    names = (*"0123", "[a very long name]", *"56789")
    figure = draw_mislabels(Mislabels("some", names, 5, 0, 1000, 0.98, suspects, 1))
    assert _texts(figure)[:3] == ["train 0", "[a very lon…, or 9?", "90.0 % sure"]
    assert len(figure.axes[0].patches) == 1
    assert figure.get_suptitle() == "2 suspected labels in some"
