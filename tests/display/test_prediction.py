"""`display_prediction`: what the figure and the terminal show, from whatever the classic text passes."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import digitlab as dl
from digitlab.display.prediction import examine
from digitlab.display.show import draw_prediction
from digitlab.display.terminal import picture_lines, print_prediction
from digitlab.errors import FileError, InputError, PictureError


@pytest.fixture(scope="module")
def network(mnist):
    """A network that has learnt a little."""
    recipe = dl.recipe("minibatch", epochs=1)
    network = recipe.new_network()
    dl.fit(network, mnist[0][:10_000], recipe)
    return network


@pytest.fixture(scope="module")
def right(network, mnist):
    """An index of the test set that the network gets right."""
    return int(np.flatnonzero(network.predict(mnist[1].images) == mnist[1].labels)[0])


@pytest.fixture(scope="module")
def wrong(network, mnist):
    """An index of the test set that the network gets wrong."""
    return int(np.flatnonzero(network.predict(mnist[1].images) != mnist[1].labels)[0])


def _texts(figure) -> str:
    return " | ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def test_every_classic_form_gives_the_same_answer(network, mnist, right):
    test = mnist[1]
    image, label = test.images[right], test.labels[right]
    expected = examine(network, image, label)
    assert (expected.digit, expected.label, expected.right) == (int(label), int(label), True)
    for picture in (image.ravel(), image / 255, (image / 255).ravel(), (image / 255).reshape(1, 784)):
        for answer in (int(label), dl.one_hot(test.labels)[right], list(dl.one_hot(test.labels)[right])):
            prediction = examine(network, picture, answer)
            np.testing.assert_allclose(prediction.probabilities, expected.probabilities, atol=1e-6)
            assert (prediction.digit, prediction.label) == (expected.digit, expected.label)


def test_the_figure_shows_picture_answer_probabilities_and_truth(network, mnist, wrong):
    test = mnist[1]
    figure = dl.display_prediction(network, test.images[wrong], test.labels[wrong])
    picture, bars = figure.axes
    np.testing.assert_allclose(picture.get_images()[0].get_array(), test.images[wrong] / 255, atol=1e-6)
    probabilities = network.probabilities(test.images[wrong])
    np.testing.assert_allclose([bar.get_width() for bar in bars.patches], 100 * probabilities, rtol=1e-5)
    digit = int(probabilities.argmax())
    texts = _texts(figure)
    assert f"{digit}  with {100 * probabilities[digit]:.1f} %" in texts
    assert f"true label {test.labels[wrong]}: wrong" in texts
    assert "← true" in texts


def test_without_a_label_nothing_is_claimed(network, mnist):
    figure = dl.display_prediction(network, mnist[1].images[0])
    assert "true label unknown" in _texts(figure)
    assert "right" not in _texts(figure)


def test_right_and_wrong_differ_in_colour(network, mnist, right, wrong):
    test = mnist[1]
    figures = [draw_prediction(examine(network, test.images[i], test.labels[i])) for i in (right, wrong)]
    colours = [figure.axes[0].spines["left"].get_edgecolor() for figure in figures]
    assert colours[0] != colours[1]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "PNG"])
def test_the_figure_is_saved(network, mnist, tmp_path, ending, capsys):
    path = tmp_path / f"prediction.{ending}"
    dl.display_prediction(network, mnist[1].images[0], mnist[1].labels[0], save=path)
    assert path.stat().st_size > 5000
    if ending == "png":
        with Image.open(path) as picture:
            assert picture.size == (1080, 525)
    assert [other.name for other in tmp_path.iterdir()] == [path.name]
    assert capsys.readouterr().out == ""  # no terminal: nothing is printed


def test_a_figure_that_cannot_be_saved_is_refused(network, mnist, tmp_path, monkeypatch):
    for name in ("prediction.docx", "prediction"):
        with pytest.raises(InputError, match="must end in one of"):
            dl.display_prediction(network, mnist[1].images[0], save=tmp_path / name)
    for name in ("missing/p.png", "folder.png"):
        (tmp_path / "folder.png").mkdir(exist_ok=True)
        with pytest.raises(InputError, match="cannot be saved there"):
            dl.display_prediction(network, mnist[1].images[0], save=tmp_path / name)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(FileError, match="No space left"):
        dl.display_prediction(network, mnist[1].images[0], save=tmp_path / "p.png")


@pytest.mark.parametrize(
    ("image", "label"),
    [
        (np.zeros((2, 28, 28), np.uint8), 3),
        (np.zeros((28, 27), np.uint8), 3),
        (np.full((28, 28), np.nan), 3),
        (np.zeros((28, 28)), 10),
        (np.zeros((28, 28)), "3"),
        (np.zeros((28, 28)), [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_a_wrong_picture_or_label_is_refused(network, image, label):
    with pytest.raises(PictureError, match="must be"):
        dl.display_prediction(network, image, label)


def _printed(prediction, **options) -> str:
    console = Console(file=io.StringIO(), highlight=False, **options)
    print_prediction(prediction, console, title="MNIST test 12345")
    return console.file.getvalue()


@pytest.mark.parametrize("index_of", ["right", "wrong"])
def test_the_terminal_shows_the_same(network, mnist, request, index_of):
    index = request.getfixturevalue(index_of)
    prediction = examine(network, mnist[1].images[index], mnist[1].labels[index])
    plain = _printed(prediction, width=80)
    assert max(map(len, plain.splitlines())) <= 80
    assert f"{prediction.digit}  with {100 * prediction.probability:.1f} %" in plain
    assert f"true label {prediction.label}: {index_of}" in plain
    for probability in prediction.probabilities:
        assert f"{100 * probability:.1f} %" in plain
    assert "\x1b" not in plain
    assert set("▄▀█") & set(plain)


def test_colour_is_used_only_where_it_is_wanted(network, mnist, monkeypatch):
    prediction = examine(network, mnist[1].images[0], mnist[1].labels[0])
    coloured = _printed(prediction, width=80, force_terminal=True, color_system="truecolor")
    assert "\x1b[38;2;254;254;254" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "38;2" not in _printed(prediction, width=80, force_terminal=True, color_system="truecolor")


def test_a_narrow_terminal_gets_the_bars_below(network, mnist):
    prediction = examine(network, mnist[1].images[0], mnist[1].labels[0])
    text = _printed(prediction, width=40)
    assert max(map(len, text.splitlines())) <= 40
    assert len(text.splitlines()) > 24


def test_ascii_is_enough(network, mnist):
    command = (
        "import sys; from digitlab.display.prediction import *; from digitlab.display.terminal import *;"
        "import digitlab as dl, numpy as np;"
        "print_prediction(examine(dl.Network([784, 10]), np.eye(28), 3))"
    )
    done = subprocess.run(
        [sys.executable, "-c", command], env={"PYTHONIOENCODING": "ascii"}, capture_output=True, check=True
    )
    assert done.stdout.isascii()
    assert b"#" in done.stdout or b"*" in done.stdout


def test_a_picture_is_drawn_two_pixels_to_a_cell():
    pixels = np.array([[1, 0, 0, 1], [1, 0, 1, 0], [0, 0, 0, 0]])
    lines = picture_lines(pixels, Console(file=io.StringIO()))
    assert [line.plain for line in lines] == ["█ ▄▀", "    "]
