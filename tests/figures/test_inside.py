"""Figures of what goes on in a network: they show what the records hold; each has a title and names for its axes."""

from __future__ import annotations

import numpy as np
import pytest

import digitlab as dl
from digitlab.evaluation import temperature_curve
from digitlab.figures import (
    draw_activations,
    draw_attributions,
    draw_contributions,
    draw_damage,
    draw_projection,
    draw_weights,
    save_figure,
)
from digitlab.inside import ablation, attribute, contributions_of, noise_curve, project, pruning_curve
from digitlab.inside.attribution import METHODS


@pytest.fixture
def network():
    return dl.Network([784, 90, 12, 10], activation="relu", seed=2)


def _is_labelled(figure) -> bool:
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    named = all(axes.get_xlabel() or axes.get_ylabel() or axes.get_title() for axes in panels)
    return bool(figure.get_suptitle()) and bool(figure.get_supxlabel()) and named


def test_weights_are_those_of_the_strongest_units(network):
    figure = draw_weights(network)
    assert _is_labelled(figure)
    axes = figure.axes[0]
    shown = [int(text.get_text()) for text in axes.texts]
    strongest = np.argsort(-np.linalg.norm(network.W1, axis=0))[:64]
    assert shown == sorted(strongest.tolist())
    image = axes.images[0]
    np.testing.assert_array_equal(image.get_array()[:28, :28], network.W1[:, shown[0]].reshape(28, 28))
    low, high = image.get_clim()
    assert low == -high
    assert "the 64 of 90 units" in axes.get_xlabel()
    assert "all 5 units" in draw_weights(dl.Network([784, 5, 10])).axes[0].get_xlabel()


def test_activations_are_a_cell_for_each_unit(network, mnist):
    found = contributions_of(network, mnist[1].images[8])
    figure = draw_activations(found)
    assert _is_labelled(figure)
    for axes, a in zip(figure.axes, found.activations, strict=False):
        np.testing.assert_array_equal(axes.images[0].get_array().compressed(), a)
    assert str(found.activations[0].argmax()) in {text.get_text() for text in figure.axes[0].texts}


def test_contributions_add_up_in_each_column(network, mnist):
    found = contributions_of(network, mnist[1].images[8])
    for drawn in (found, contributions_of(dl.Network([784, 10]), mnist[1].images[8])):
        figure = draw_contributions(drawn)
        assert _is_labelled(figure)
        table = np.asarray(figure.axes[0].images[0].get_array())
        np.testing.assert_allclose(table[:-1].sum(axis=0), table[-1], atol=1e-9)
        np.testing.assert_allclose(table[-1], drawn.logits, atol=1e-5)


def test_attributions_stand_beside_the_picture(network, mnist):
    attributions = [attribute(network, mnist[1].images[8], 5, method) for method in METHODS]
    figure = draw_attributions(attributions, list("abcdefghij"))
    assert _is_labelled(figure)
    assert figure.get_suptitle() == "Which pixels speak for f?"
    picture, *others = figure.axes
    np.testing.assert_allclose(picture.images[0].get_array(), mnist[1].images[8] / 255)
    for axes, one in zip(others, attributions, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), one.pixels)
        low, high = axes.images[0].get_clim()
        assert low == -high == -np.abs(one.pixels).max()


def test_damage_is_drawn_as_it_was_measured(network, few):
    part = few[:50]
    curves = ablation(network, part), pruning_curve(network, part), noise_curve(network, part)
    temperature = temperature_curve(network, part)
    figure = draw_damage(*curves, temperature)
    assert _is_labelled(figure)
    off, pruned, noise, cost, calibration = figure.axes
    for line, accuracies in zip(off.lines, curves[0].without, strict=False):
        np.testing.assert_allclose(line.get_ydata(), 100 * np.sort(accuracies))
    assert pruned.lines[0].get_ydata() == pytest.approx([100 * one for one in curves[1].accuracy])
    assert noise.lines[0].get_xdata() == pytest.approx(curves[2].amounts)
    assert cost.lines[0].get_ydata() == pytest.approx(temperature.cross_entropy)
    assert calibration.lines[0].get_ydata() == pytest.approx([100 * one for one in temperature.calibration_error])
    assert f"accuracy stays {100 * temperature.accuracy:.2f} %" in cost.get_title(loc="left")


def test_a_map_has_a_mark_for_each_class_that_needs_no_colour(network, few, tmp_path):
    projection = project(network, few[:200], 1)
    figure = draw_projection(projection)
    assert _is_labelled(figure)
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == list("0123456789")
    assert sum(len(marks.get_offsets()) for marks in axes.collections) == 200
    outlines = [marks.get_paths()[0].vertices for marks in axes.collections]
    assert len({outline.tobytes() for outline in outlines}) == 10  # no two marks have the same shape
    save_figure(figure, tmp_path / "map.png")


def test_a_map_of_named_classes_says_their_names(few):
    digits = dl.Digits(few.images[:60], few.labels[:60], "named", tuple(f"class {k}" for k in "abcdefghij"))
    words = [text.get_text() for text in draw_projection(project(dl.Network([784, 6, 10]), digits, 1)).axes[0].texts]
    assert "3  class d" in words[-1]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(dl.errors.InputError, match="28 x 28"):
        draw_weights(dl.Network([64, 10]))
    with pytest.raises(dl.errors.InputError, match="no hidden layer"):
        draw_activations(contributions_of(dl.Network([784, 10]), np.zeros((28, 28))))
