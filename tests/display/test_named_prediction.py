"""Predictions of classes that have names, and of many classes: what the figure, the terminal and programs get."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

import digitlab as dl
from digitlab.display.prediction import examine
from digitlab.display.show import draw_prediction
from digitlab.display.terminal import print_prediction
from digitlab.errors import PictureError
from digitlab.figures.style import save_figure

CLOTHES = ("T-shirt/top", "Trouser", "[red]", "$x_{$", "ズボン", "a name that is much longer than there is room for")
PICTURE = np.eye(28)


def _network(names: tuple[str, ...], favourite: int) -> dl.Network:
    """Always says the same: mostly its favourite class, then the others in their order."""
    network = dl.Network([784, len(names)])
    network.parameters[:] = 0
    network.b1[:] = -0.1 * np.arange(len(names))
    network.b1[favourite] = 3
    network.card = replace(network.card, labels=names)
    return network


def _printed(prediction, width: int = 80, encoding: str = "utf-8") -> str:
    buffer = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_prediction(prediction, Console(file=buffer, width=width, highlight=False), title="drawn 7")
    buffer.flush()
    return buffer.buffer.getvalue().decode(encoding)


def _texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


@pytest.mark.parametrize("favourite", range(len(CLOTHES)))
def test_the_figure_calls_classes_by_their_names(favourite, tmp_path):
    figure = draw_prediction(examine(_network(CLOTHES, favourite), PICTURE, 1))
    texts, bars = _texts(figure), figure.axes[1]
    name = [*CLOTHES[:-1], "a name that is much lon…"][favourite]
    assert any(text.startswith(f"{name}  with ") for text in texts)
    assert f"true label Trouser: {'right ✓' if favourite == 1 else 'wrong ✗'}" in texts
    assert [label.get_text() for label in bars.get_yticklabels()] == [*CLOTHES[:-1], "a name that is much lon…"]
    save_figure(figure, tmp_path / "prediction.png")  # names are no formulas


def test_display_prediction_takes_the_names_from_the_network(capsys):
    figure = dl.display_prediction(_network(CLOTHES, 1), PICTURE, 0)
    assert any(text.startswith("Trouser  with ") for text in _texts(figure))
    out = capsys.readouterr().out
    assert "Trouser  with " in out
    assert "true label T-shirt/top: wrong" in out


def test_the_terminal_calls_classes_by_their_names_within_its_width():
    text = _printed(examine(_network(CLOTHES, 2), PICTURE, 5))
    assert "[red]  with " in text
    assert "true label a name that is much longer than there is room for: wrong" in text
    for name in (*CLOTHES[:-1], "a name that is muc"):
        assert f"{name} " in text
    wide = _printed(examine(_network(CLOTHES[:5], 2), PICTURE, 3))
    assert max(map(cell_len, wide.splitlines())) <= 80
    assert len(wide.splitlines()) <= 16  # the names stand beside the picture
    ends = {cell_len(line[: line.rindex("%")]) for line in wide.splitlines() if "%" in line and "with" not in line}
    assert len(ends) == 1  # the percentages stand below each other


def test_a_terminal_without_such_letters_gets_them_written_out():
    text = _printed(examine(_network(CLOTHES, 4), PICTURE, 4), encoding="ascii")
    assert "\\u30ba\\u30dc\\u30f3  with" in text


def test_of_many_classes_the_most_probable_are_shown_and_the_true_one():
    names = tuple(f"class {number}" for number in range(200))
    prediction = examine(_network(names, 150), PICTURE, 199)
    assert prediction.shown == [150, *range(9), 199]
    assert examine(_network(names, 150), PICTURE, 3).shown == [150, *range(9)]
    assert examine(_network(names, 150), PICTURE).shown == [150, *range(9)]
    lines = _printed(prediction).splitlines()
    assert [line.split("class ")[1].split()[0] for line in lines if "class " in line and "with" not in line][1:] == [
        str(number) for number in prediction.shown
    ]
    bars = draw_prediction(prediction).axes[1]
    assert [label.get_text() for label in bars.get_yticklabels()] == [names[number] for number in prediction.shown]
    np.testing.assert_allclose(
        [bar.get_width() for bar in bars.patches], 100 * prediction.probabilities[prediction.shown]
    )


def test_programs_get_names_where_there_are_some():
    answer = examine(_network(CLOTHES, 3), PICTURE, 1).to_dict()
    assert (answer["digit"], answer["name"], answer["label"], answer["label_name"]) == (3, "$x_{$", 1, "Trouser")
    assert answer["names"] == list(CLOTHES)
    assert examine(_network(CLOTHES, 3), PICTURE).to_dict()["label_name"] is None
    digits = examine(dl.Network([784, 10]), PICTURE, 1).to_dict()
    assert set(digits) == {"digit", "probability", "probabilities", "label"}
    assert examine(_network(("3", "5"), 0), PICTURE).to_dict()["name"] == "3"  # numbers can be names, too


def test_a_label_beyond_the_classes_is_refused():
    with pytest.raises(PictureError, match="0 to 5"):
        examine(_network(CLOTHES, 3), PICTURE, 6)
