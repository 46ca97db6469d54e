"""The figure of distortions shows what a training meets."""

from __future__ import annotations

import numpy as np
import pytest

import digitlab as dl
from digitlab.display.distortions import EPOCHS, kinds_of
from digitlab.errors import InputError, PictureError

BOTH = dl.Distortion(rotation=15, elastic_alpha=34, elastic_sigma=4)


def _shown(figure) -> np.ndarray:
    """The pictures of a figure, ``(rows, columns, 28, 28)`` bytes."""
    mosaic = np.rint(np.asarray(figure.axes[0].images[0].get_array()) * 255)
    mosaic = np.pad(mosaic, ((0, 2), (0, 2)))
    rows, columns = (side // 30 for side in mosaic.shape)
    return mosaic.reshape(rows, 30, columns, 30).swapaxes(1, 2)[:, :, :28, :28]


def test_a_row_for_each_kind_and_one_for_all(few):
    figure = dl.draw_distortions(few.images[3], BOTH, seed=7, number=3)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(kinds_of(BOTH))
    assert list(kinds_of(BOTH)) == ["rotation 15°", "elastic 34, 4 px", "all together"]
    shown = _shown(figure)
    assert shown.shape == (3, EPOCHS + 1, 28, 28)
    assert (shown[:, 0] == few.images[3]).all()
    rotated = [
        dl.distort(few.images[3:4], np.array([3]), kind, seed=7, epoch=epoch)[0]
        for kind in (dl.Distortion(rotation=15), BOTH)
        for epoch in range(1, EPOCHS + 1)
    ]
    assert np.array_equal(shown[[0, 2], 1:].reshape(-1, 28, 28), np.array(rotated))


def test_one_kind_alone_needs_no_row_for_all(few):
    floats = few.images[0].ravel() / 255
    assert _shown(dl.draw_distortions(floats, dl.Distortion(noise=0.1))).shape == (1, EPOCHS + 1, 28, 28)


def test_every_kind_has_a_row():
    strong = dict.fromkeys(vars(BOTH), 0.5)
    assert len(kinds_of(dl.Distortion(**strong))) == len(strong)  # elastic has two settings; and all together


def test_nothing_to_show_is_refused(few):
    with pytest.raises(InputError, match="nothing is distorted"):
        dl.draw_distortions(few.images[0], dl.Distortion())
    with pytest.raises(PictureError, match="one picture"):
        dl.draw_distortions(few.images[:2], BOTH)
