"""MNIST's relatives, known by the names of their files: which of them exchange rows and columns, and what labels mean.

Source: G. Cohen, S. Afshar, J. Tapson and A. van Schaik, "EMNIST: an extension of MNIST to handwritten letters" (2017);
C. Yadav and L. Bottou, "Cold Case: The Lost MNIST Digits" (2019).
"""

import string
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import DIGIT_NAMES, Digits

LETTERS = tuple(string.ascii_uppercase)
BALANCED = (*DIGIT_NAMES, *LETTERS, *"abdefghnqrt")  # small letters that do not look like large ones


class Kin(NamedTuple):
    """What is special about a relative of MNIST."""

    about: str = ""
    classes: tuple[str, ...] = DIGIT_NAMES
    turned: bool = True
    first_label: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What is special about it, in a line."""
        return (f"this is {self.about}",) if self.about else ()

    def upright(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The pictures ``(N, 28, 28)`` with rows and columns where they belong."""
        return np.ascontiguousarray(images.swapaxes(1, 2)) if self.turned else images

    def digits(self, images: NDArray[np.uint8], labels: NDArray[np.integer], source: str) -> Digits:
        """The pictures ``(N, 28, 28)`` upright and labels ``(N,)`` from 0, with a note on what was done."""
        places = labels.astype(np.int32) - self.first_label
        return Digits(self.upright(images), places, source, self.classes, self.notes)


KIN = {
    "emnist-digits": Kin("EMNIST digits: turned upright"),
    "emnist-mnist": Kin("EMNIST mnist: turned upright"),
    "emnist-letters": Kin("EMNIST letters: turned upright, labels A to Z", LETTERS, first_label=1),
    "emnist-balanced": Kin("EMNIST balanced: turned upright, labels 0 to 9, A to Z, a to t", BALANCED),
    "emnist-bymerge": Kin("EMNIST bymerge: turned upright, labels 0 to 9, A to Z, a to t", BALANCED),
    "emnist-byclass": Kin(
        "EMNIST byclass: turned upright, labels 0 to 9, A to Z, a to z",
        (*DIGIT_NAMES, *LETTERS, *string.ascii_lowercase),
    ),
    "qmnist": Kin("QMNIST: of each label's numbers, the first is the digit", turned=False),
}
PLAIN = Kin(turned=False)
