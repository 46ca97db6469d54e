"""Figures in a page: their words apart, curves as SVG, pictures and crowds as PNG."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from digitlab.figures import new_figure
from digitlab.figures.embedded import embed


def _figure():
    return new_figure(4, 3, "A title", "One sentence.")


def test_the_words_are_taken_out_of_the_drawing():
    figure = _figure()
    figure.subplots().set_xlabel("what is measured")
    found = embed(figure)
    assert (found.title, found.look, found.kind) == ("A title", "One sentence.", "svg+xml")
    text = found.content.decode()
    assert "what is measured" in text
    assert "A title" not in text
    assert "One sentence" not in text
    assert (found.width, found.height) == pytest.approx((384, 288), abs=12)


@pytest.mark.parametrize("crowd", [False, True])
def test_pictures_and_crowds_are_pngs(rng, crowd):
    figure = _figure()
    axes = figure.subplots()
    if crowd:
        axes.scatter(*rng.random((2, 2000)), c=rng.random(2000))
    else:
        axes.imshow(rng.random((28, 28)), cmap="gray")
    found = embed(figure)
    assert found.kind == "png"
    assert crowd or found.width < 330  # without the empty edges beside a square
    picture = np.asarray(Image.open(io.BytesIO(found.content)).convert("RGB"))
    assert picture[0, 0].tolist() == [255, 255, 255]
    assert picture.min() < 80


def test_the_same_figure_gives_the_same_file():
    assert embed(_figure()) == embed(_figure())


def test_words_are_no_formulas_and_missing_letters_no_warnings(recwarn):
    figure = _figure()
    axes = figure.subplots()
    axes.plot([1, 10, 1000], label="$x$ of $\\frac$")
    axes.legend()
    axes.set_yscale("log")
    axes.set_xticks([0, 1], ["a$_{", "日本"])
    text = embed(figure).content.decode()
    assert all(words in text for words in ("$x$ of $\\frac$", "a$_{", "日本"))
    assert ">$\\mathdefault" not in text  # of the powers of ten beside the axis
    assert not recwarn.list
