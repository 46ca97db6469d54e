"""``mnist.npz``, the form in which Keras publishes MNIST: four NumPy arrays in one ZIP archive.

    x_train (N, 28, 28) uint8   y_train (N,) whole numbers   x_test, y_test likewise

Each member is read as `digitlab.data.npy` tells.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import CLASSES, SIDE, Digits
from digitlab.data.files import read_file
from digitlab.data.npy import Kinds, peek, read_array
from digitlab.data.zip_file import open_archive
from digitlab.errors import DataFileError, refuse

PARTS = ("train", "test")
MEMBERS = tuple(f"{letter}_{part}.npy" for part in PARTS for letter in "xy")
OF_PIXELS = Kinds(
    ("|u1",),
    "bytes",
    "np.rint(255 * x).astype(np.uint8) makes bytes of pixels 0 to 1, x.astype(np.uint8) of whole ones",
)
OF_LABELS = Kinds(
    ("|u1", "|i1", *(f"{order}{kind}{size}" for order in "<>" for kind in "iu" for size in (2, 4, 8))),
    "whole numbers",
    "y.astype(np.uint8) makes bytes of whole labels, y.argmax(axis=1) of one-hot ones",
)
KINDS = dict(zip(MEMBERS, 2 * (OF_PIXELS, OF_LABELS), strict=True))


def read_npz(path: Path, source: str) -> tuple[Digits, Digits]:
    """The data set in a ``.npz`` file; see `opening.Format`.

    Raises:
        DataFileError: missing, not a file, damaged, or other arrays than these four.
    """
    return parse_npz(read_file(path), str(path), source)


def parse_npz(content: bytes, name: str, source: str) -> tuple[Digits, Digits]:
    """`read_npz` for bytes at hand; ``name`` is what error messages call them."""
    archive = open_archive(content, MEMBERS, name)
    shapes = {member: peek(archive, member, name, kinds) for member, kinds in KINDS.items()}
    for part in PARTS:  # shapes are compared before anything is unpacked
        images, labels = shapes[f"x_{part}.npy"], shapes[f"y_{part}.npy"]
        if len(images) != 3 or images[1:] != (SIDE, SIDE) or labels != images[:1]:
            must_be, got = f"images (N, {SIDE}, {SIDE}) and labels (N,)", f"x_{part} {images}, y_{part} {labels}"
            refuse(DataFileError, name, f"the {part} arrays do not hold digits", must_be=must_be, got=got)
    train, test = (
        Digits(
            read_array(archive, f"x_{part}.npy", name, OF_PIXELS),
            _as_labels(read_array(archive, f"y_{part}.npy", name, OF_LABELS), f"{name}: y_{part}.npy"),
            f"{source} {part}",
        )
        for part in PARTS
    )
    return train, test


def _as_labels(labels: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Whole numbers of any width as bytes, once it is known that they are digits."""
    if len(labels) and (labels.min() < 0 or labels.max() >= CLASSES):
        got = f"{labels.min()} to {labels.max()}"
        refuse(DataFileError, name, "a label is not a digit", must_be=f"0 to {CLASSES - 1}", got=got)
    return labels.astype(np.uint8)
