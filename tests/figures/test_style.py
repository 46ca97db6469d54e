"""Figures: the curves, and that no figure needs pyplot or a screen."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys

import pytest

from digitlab.figures import draw_history, save_figure
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


def _with_backend(backend: str, program: str, folder) -> str:
    """What a program prints where the environment names this backend, as a notebook's shell does."""
    environment = os.environ | {"MPLBACKEND": backend}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "backend",
    [
        "module://no.such",
        *(
            pytest.param(one, marks=pytest.mark.soak)
            for one in ("module://matplotlib_inline.backend_inline", "no such", "qtagg")
        ),
    ],
)
def test_a_backend_that_is_not_there_is_no_matter(backend, tmp_path):
    program = """
from digitlab.cli import main
plot, show, data = "train --epochs 1 --out run --plot p.png", "show --model run --save s.svg", "data show --save d.pdf"
for call in (plot, show, data):
    assert main(call.split()) == 0, call
import os, sys
assert "matplotlib.pyplot" not in sys.modules
print(os.environ["MPLBACKEND"])
"""
    assert _with_backend(backend, program, tmp_path).splitlines()[-1] == backend
    assert all((tmp_path / name).stat().st_size > 5000 for name in ("p.png", "s.svg", "d.pdf"))


def test_a_backend_that_is_there_is_left_to_pyplot(tmp_path):
    program = """
from digitlab.figures.style import new_figure
new_figure(1, 1)
import matplotlib.pyplot
print(matplotlib.get_backend())
"""
    assert _with_backend("svg", program, tmp_path) == "svg\n"


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
