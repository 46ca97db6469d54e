"""Pictures of another size: refused, unless whoever opens them says how they become 28x28.

How that is done well is the business of `digitlab.reading`, which stands above this room: it is handed in.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import SIDE
from digitlab.errors import PictureError

Resize: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]  # a picture (H, W) becomes one (28, 28)
UCI = (8, 8)  # the size of its digits, which scikit-learn has
GREY_LEVELS = 16  # that they have
HELP = "--resize brings them to that as any picture (Python: resize=lambda x: digitlab.reading.prepare(x).pixels)"


def resized(images: NDArray[np.uint8], resize: Resize | None) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Pictures ``(N, H, W)`` as ``(N, 28, 28)``, and a note where anything was done.

    Raises:
        PictureError: they are of another size, and ``resize`` is None.
    """
    size = images.shape[1:]
    if size == (SIDE, SIDE):
        return images, ()
    got = "x".join(map(str, size))
    if resize is None:
        raise PictureError("the pictures have another size", must_be=f"{SIDE}x{SIDE} pixels", got=got, help=HELP)
    if size == UCI and images.max(initial=0) <= GREY_LEVELS:
        images = np.rint(images * (255 / GREY_LEVELS)).astype(np.uint8)
    large = [resize(image) for image in images]
    return np.array(large, dtype=np.uint8).reshape(-1, SIDE, SIDE), (f"{got} pixels: brought to {SIDE}x{SIDE}",)
