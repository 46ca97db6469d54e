"""Pixels: which of them speak for a digit, and which small change would make it another one."""

import numpy as np
from numpy.typing import NDArray

from digitlab.inside import attribute, find_counterfactual
from digitlab.inside.attribution import METHODS
from digitlab.lab.look import records
from digitlab.lab.look.seen import Seen, check_class, signed_picture


def look_at_pixels(seen: Seen, digit: int | None = None) -> records.Attributions:
    """Which pixels speak for ``digit``, by default the predicted one, by each method.

    Raises:
        InputError: no such digit.
        DivergenceError: the network has no answer.
    """
    asked = None if digit is None else check_class(seen.network, digit)
    found = [attribute(seen.network, seen.image, asked, method) for method in METHODS]
    methods = []
    for one in found:
        picture = signed_picture(one.pixels)
        methods.append(
            records.Attribution(picture.pixels, picture.largest, method=one.method, sum=one.sum, expected=one.expected)
        )
    return records.Attributions(**seen.told(), digit=found[0].digit, methods=methods)


def look_for_flip(seen: Seen, becomes: int | None = None) -> records.Counterfactual:
    """The smallest change that makes the network read the picture as ``becomes``, by default as any other digit.

    Raises:
        InputError: no such digit, or it is read so already.
        DivergenceError: the network has no answer.
    """
    found = find_counterfactual(seen.network, seen.image, becomes)
    if found is None:
        return records.Counterfactual(**seen.told(), digit=int(seen.network.predict(seen.image)))
    return records.Counterfactual(
        **seen.told(),
        digit=found.digit,
        becomes=found.becomes,
        after=_as_bytes(found.after),
        change=signed_picture(found.change),
        distance=found.distance,
        greatest=found.greatest,
        probability=float(found.probabilities_after[found.becomes]),
    )


def _as_bytes(picture: NDArray[np.float64]) -> bytes:
    return np.rint(picture * 255).astype(np.uint8).tobytes()
