"""Figures: the curves, and that no figure needs pyplot or a screen."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

from digitlab.display.figures import draw_history, save_figure
from digitlab.training import EpochDone


def test_the_curves_are_the_history():
    epochs = [EpochDone(number, number, 2.0 / number, number / 10, 0.1) for number in range(1, 6)]
    loss, accuracy = draw_history(epochs).axes
    assert loss.lines[0].get_ydata().tolist() == [event.loss for event in epochs]
    assert accuracy.lines[0].get_ydata().tolist() == [100 * event.accuracy for event in epochs]
    assert loss.get_title(loc="left") == "training loss (cross-entropy): 0.4000 at epoch 5"
    assert loss.get_xlabel() == "epoch"


def test_no_epoch_at_all_is_an_empty_figure():
    assert len(draw_history([]).axes) == 2


def test_drawing_and_saving_never_touch_pyplot(tmp_path):
    command = (
        "import sys, numpy as np, digitlab as dl;"
        f"dl.display_prediction(dl.Network([784, 10]), np.zeros((28, 28)), 3, save={str(tmp_path / 'p.png')!r});"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


def test_a_figure_travels_to_another_process(tmp_path):
    figure = draw_history([EpochDone(1, 1, 0.5, 0.8, 0.1)])
    figure._shown_in = 3  # in a cell of this notebook, which is none of the other's
    for again in (pickle.loads(pickle.dumps(figure)), copy.deepcopy(figure)):
        assert type(again) is type(figure)
        assert again._shown_in is None
        assert again.axes[0].get_title(loc="left") == figure.axes[0].get_title(loc="left")
        save_figure(again, tmp_path / "again.png")
    save_figure(figure, tmp_path / "figure.png")
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "figure.png").read_bytes()
    (tmp_path / "figure.pickle").write_bytes(pickle.dumps(figure))
    program = f"import pickle; print(type(pickle.load(open({str(tmp_path / 'figure.pickle')!r}, 'rb'))))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "NotebookFigure" in done.stdout
