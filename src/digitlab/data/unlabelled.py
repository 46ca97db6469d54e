"""`open_pictures`: pictures to be predicted, in any form that `open_data` takes, and some that have no labels.

test.csv                     all its lines, with labels or without
train.csv and test.csv       the lines of the second, which in a competition has no labels
1.png, 2.png, ... 10.png     a folder of pictures alone, numbers in their names by value
whatever `open_data` takes   the test part; all of it where it has none of its own

What labels there are is passed over, and said.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.data.catalogue import CATALOGUE
from digitlab.data.columns import LabelColumn
from digitlab.data.csv_folder import read_csv_pictures
from digitlab.data.digits import Digits
from digitlab.data.image_folder import read_flat_folder
from digitlab.data.opening import FORMATS, as_source, check_options, find_format, given_options, open_data
from digitlab.data.parting import without_drawing
from digitlab.data.polarity import Invert, with_bright_ink
from digitlab.data.resizing import Resize
from digitlab.data.table import IGNORED

BY_THEMSELVES: dict[str, Callable[..., tuple[NDArray[np.uint8], tuple[str, ...]]]] = {  # pictures, and notes on them
    "table": read_csv_pictures,
    "tables": read_csv_pictures,
    "unlabelled": read_flat_folder,
}


class Pictures(NamedTuple):
    """Pictures to be predicted.

    Attributes:
        images: ``(N, 28, 28) uint8``, ink bright on dark.
        classes: the names of what they may show; None where nobody says it.
        notes: what was found out and done when they were opened, a line each.
    """

    images: NDArray[np.uint8]
    classes: tuple[str, ...] | None
    notes: tuple[str, ...]


def open_pictures(
    name: str | os.PathLike[str],
    *,
    label_column: LabelColumn | None = None,
    invert: Invert = "auto",
    resize: Resize | None = None,
) -> Pictures:
    """The pictures that are to be predicted, in their order; for arguments and errors see `open_data`."""
    name = os.fspath(name)
    form = None if name in CATALOGUE else find_format(name)
    read = next((read for key, read in BY_THEMSELVES.items() if FORMATS[key] is form), None)
    if form is None or read is None:
        test = without_drawing(*open_data(name, label_column=label_column, invert=invert, resize=resize))
        return Pictures(test.images, test.classes, (*test.notes, IGNORED))
    given = given_options(label_column=label_column, resize=resize)
    check_options(given, form.takes, name)
    images, notes = read(Path(name), **given)
    digits = Digits(images, np.zeros(len(images), np.uint8), as_source(name), notes=notes)
    _, digits = with_bright_ink((digits, digits), invert)
    return Pictures(digits.images, None, digits.notes)


def open_images(
    name: str | os.PathLike[str],
    *,
    label_column: LabelColumn | None = None,
    invert: Invert = "auto",
    resize: Resize | None = None,
) -> NDArray[np.uint8]:
    """The pictures ``(N, 28, 28) uint8`` of `open_pictures` alone: to predict what nobody has labelled."""
    return open_pictures(name, label_column=label_column, invert=invert, resize=resize).images
