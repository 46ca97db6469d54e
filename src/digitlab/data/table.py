"""What tables of any form come to: pictures, and labels where there are some; and from there to `Digits`."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.data.columns import LABEL_NAMES
from digitlab.data.digits import Digits
from digitlab.data.files import named
from digitlab.data.kin import PLAIN, Kin
from digitlab.data.resizing import Resize, resized
from digitlab.errors import InputError, refuse

FOR_PREDICTIONS = "for predictions: digitlab predict; in Python, network.predict(digitlab.data.open_images(path))"
IGNORED = "its labels are ignored; digitlab evaluate measures a model by them"


class Table(NamedTuple):
    """Pictures ``(N, S, S) uint8``, and labels ``(N,) uint8`` where it has them."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None


def as_digits(table: Table, path: Path, source: str, resize: Resize | None, kin: Kin = PLAIN) -> Digits:
    """The digits of a table that lies at ``path``.

    Raises:
        InputError: there are no labels.
        DataFileError: another size, and no way to ``resize`` it; or a label without a class.
    """
    if table.labels is None:
        must_be = f"a column named {', '.join(LABEL_NAMES)}; or 785 numbers in each line, the label first"
        refuse(InputError, path, "there are no labels", must_be=must_be, help=FOR_PREDICTIONS)
    with named(path):
        images, notes = resized(table.images, resize)
        digits = kin.digits(images, table.labels, source)
        return replace(digits, notes=(*digits.notes, *notes))
