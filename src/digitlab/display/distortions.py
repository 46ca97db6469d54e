"""A digit under each of its distortions, as a training meets it in its first epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import SIDE
from digitlab.data.pixels import as_bytes, as_rows
from digitlab.errors import InputError, PictureError
from digitlab.figures.style import GAP, INK, ROW_INCHES, draw_mosaic, new_figure
from digitlab.training.augment import Distortion, distort

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPOCHS = 8  # that are shown
_KINDS = {  # how each is named, and the settings that it needs
    "rotation {rotation:g}°": ("rotation",),
    "shear {shear:g}": ("shear",),
    "scale {scale:g}": ("scale",),
    "stretch {stretch:g}": ("stretch",),
    "shift {shift:g} px": ("shift",),
    "elastic {elastic_alpha:g}, {elastic_sigma:g} px": ("elastic_alpha", "elastic_sigma"),
    "thickness {thickness:g} px": ("thickness",),
    "noise {noise:g}": ("noise",),
    "erasing {erasing:g} px": ("erasing",),
}


def kinds_of(distortion: Distortion) -> dict[str, Distortion]:
    """Each kind of a distortion by itself, under its name with its amount; then all together, if there are more."""
    amounts = vars(distortion)
    kinds = {
        name.format(**amounts): Distortion(**{setting: amounts[setting] for setting in needed})
        for name, needed in _KINDS.items()
        if amounts[needed[0]]
    }
    return kinds | ({"all together": distortion} if len(kinds) > 1 else {})


def in_first_epochs(
    picture: NDArray[np.uint8], numbers: NDArray[np.integer], distortion: Distortion, *, seed: int
) -> NDArray[np.uint8]:
    """One picture ``(1, 28, 28)`` as it is, then as its first epochs meet it: ``(1 + EPOCHS, 28, 28)``."""
    epochs = range(1, 1 + EPOCHS)
    return np.concatenate(
        [picture, *(distort(picture, numbers, distortion, seed=seed, epoch=epoch) for epoch in epochs)]
    )


def draw_distortions(image: ArrayLike, distortion: Distortion, *, seed: int = 0, number: int = 0) -> Figure:
    """A row for each kind of distortion by itself, then all together: the picture as it is, and in eight epochs.

    Args:
        image: one picture, bytes or floats 0..1, ``(28, 28)`` or ``(784,)``.
        distortion: how strongly.
        seed: of the training.
        number: of the picture in its data set: with both, the last row is what that training meets.

    Raises:
        InputError: nothing is distorted.
        PictureError: not one picture.
    """
    kinds = kinds_of(distortion)
    if not kinds:
        raise InputError("there is nothing to show: nothing is distorted", help="such as Distortion(rotation=15)")
    pictures = as_bytes(as_rows(image, SIDE * SIDE)[0]).reshape(-1, SIDE, SIDE)
    if len(pictures) != 1:
        raise PictureError(
            "this must be one picture", got=f"{len(pictures)} pictures", help="choose one: digits.images[index]"
        )
    numbers = np.array([number])
    rows = [in_first_epochs(pictures, numbers, kind, seed=seed) for kind in kinds.values()]
    figure = new_figure(ROW_INCHES * (EPOCHS + 1) + 1.35, ROW_INCHES * len(rows) + 0.35)
    axes = figure.subplots()
    draw_mosaic(axes, np.array(rows) / 255)
    middles = np.arange(max(EPOCHS + 1, len(rows))) * (SIDE + GAP) + SIDE / 2 - 0.5
    axes.set_yticks(middles[: len(rows)], list(kinds), color=INK)
    axes.set_xticks(middles[: EPOCHS + 1], ["as it is", *(f"epoch {1 + i}" for i in range(EPOCHS))], color=INK)
    axes.set_aspect("equal", anchor="E")
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=9)
    return figure
