"""Dark ink on bright paper, noticed and inverted: digits are bright on dark, and who learnt one reads no other.

Paper is what lies along the edges of pictures. A set is dark on bright where both the middle value there and the mean
of all pixels are clearly bright; of MNIST's kin, none is. That is decided once, by the training part.
"""

from dataclasses import replace
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.errors import require_name

Invert: TypeAlias = Literal["auto", "yes", "no"]
LOOKED_AT = 1000  # pictures, evenly from the whole set
BRIGHT_PAPER = 160  # the middle value of the edges; of noise, it is 128


def with_bright_ink(parts: tuple[Digits, Digits], invert: Invert) -> tuple[Digits, Digits]:
    """Both parts with their ink bright on dark; what was found and done is added to their notes.

    Args:
        parts: training and test.
        invert: ``yes``, ``no``, or ``auto``: where the ink is dark.

    Raises:
        InputError: another word.
    """
    require_name(invert, get_args(Invert), "way to invert")
    dark = is_dark_on_bright(parts[0].images)
    if not dark and invert != "yes":
        return parts
    inverted = invert != "no"
    found = "dark ink on bright paper" if dark else "bright ink on dark paper"
    note = f"{found}: {'inverted; --invert no would leave it' if inverted else 'left as it is'}"
    train, test = (
        replace(part, images=~part.images if inverted else part.images, notes=(*part.notes, note)) for part in parts
    )
    return train, test


def is_dark_on_bright(images: NDArray[np.uint8]) -> bool:
    """Whether pictures ``(N, 28, 28)`` seem to be of dark ink on bright paper."""
    some = images[:: max(1, len(images) // LOOKED_AT)]
    edges = np.concatenate([some[:, [0, -1]].ravel(), some[:, 1:-1, [0, -1]].ravel()])
    if not len(edges) or some.min() == some.max():  # no ink at all
        return False
    return bool(np.median(edges) >= BRIGHT_PAPER and some.mean() > 255 / 2)
