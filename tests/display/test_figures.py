"""Figures: the curves, and that no figure needs pyplot or a screen."""

from __future__ import annotations

import subprocess
import sys

from digitlab.display.figures import draw_history
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
