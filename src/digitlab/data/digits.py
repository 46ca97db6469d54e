"""`Digits`: pictures and their labels, as bytes, with where they came from."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import InputError, PictureError, describe

SIDE = 28  # pixels along each side of a picture
DIGIT_NAMES = tuple("0123456789")
CLASSES = len(DIGIT_NAMES)
MOST_CLASSES = 256  # labels are bytes


@dataclass(frozen=True, eq=False)
class Digits:
    """N handwritten digits, or N other small pictures. Pixels stay bytes until arithmetic needs numbers.

    Attributes:
        images: ``(N, 28, 28) uint8``; 0 is paper, 255 is full ink.
        labels: ``(N,) uint8``; the place in ``classes`` of what each picture shows. For digits, the digit itself.
        source: where they came from, in words, such as ``"MNIST test"``.
        classes: the K names of what can be shown; the ten digits where nothing else is said.

    Raises:
        PictureError: a wrong shape or type, a label without a class, counts that differ, or class names that are not
            1 to 256 different names.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    source: str
    classes: tuple[str, ...] = DIGIT_NAMES

    def __post_init__(self) -> None:
        _require_text(self.source)
        _require(self.images, "the images", "(N, 28, 28)", 3)
        _require(self.labels, "the labels", "(N,)", 1)
        if self.images.shape[1:] != (SIDE, SIDE):
            must_be, got = f"shape (N, {SIDE}, {SIDE})", f"shape {self.images.shape}"
            raise PictureError("the images have the wrong size", must_be=must_be, got=got)
        if len(self.images) != len(self.labels):
            got = f"{len(self.images)} images, {len(self.labels)} labels"
            raise PictureError("images and labels do not belong together", got=got)
        _require_names(self.classes)
        if len(self.labels) and int(self.labels.max()) >= len(self.classes):
            where = int(np.argmax(self.labels >= len(self.classes)))
            what = "a label is not a digit" if self.classes == DIGIT_NAMES else "a label has no class"
            got = f"label {self.labels[where]} at index {where}"
            raise PictureError(what, must_be=f"0 to {len(self.classes) - 1}", got=got)

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, chosen: int) -> tuple[NDArray[np.uint8], np.uint8]: ...

    @overload
    def __getitem__(self, chosen: slice | NDArray[np.integer]) -> Digits: ...

    def __getitem__(self, chosen: int | slice | NDArray[np.integer]) -> Digits | tuple[NDArray[np.uint8], np.uint8]:
        """One, such as ``image, label = train[5]``; or some, such as ``train[:1000]``, as `Digits` again."""
        if isinstance(chosen, int | np.integer):
            return self.images[chosen], self.labels[chosen]
        images, labels = self.images[chosen], self.labels[chosen]
        return Digits(images, labels, f"{self.source} ({len(labels):,} of {len(self):,})", self.classes)

    def __repr__(self) -> str:
        return f"Digits({len(self)} from {self.source})"

    def sha256(self) -> str:
        """SHA-256 of all pixels followed by all labels, in hexadecimal."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels).data)
        return digest.hexdigest()


def _require_text(source: object) -> None:
    """A run keeps the source as UTF-8: what cannot be written there is refused before anything is learnt."""
    if not isinstance(source, str) or re.search(r"[\ud800-\udfff]", source):  # bytes of a file's name that are not text
        raise InputError("the source of the digits is not text", got=describe(source))


def _require(array: object, what: str, shape: str, dimensions: int) -> None:
    """Both arrays of `Digits` are uint8 arrays with a given number of dimensions."""
    if isinstance(array, np.ndarray) and array.dtype == np.uint8 and array.ndim == dimensions:
        return
    got = f"shape {array.shape}, {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
    help = "array.astype(np.uint8) makes bytes, array.reshape(-1, 28, 28) makes pictures"
    raise PictureError(f"{what} are not an array of bytes", must_be=f"a NumPy array {shape} uint8", got=got, help=help)


def _require_names(classes: object) -> None:
    """Class names are a tuple of different, non-empty strings, as many as a byte can count."""
    names = classes if isinstance(classes, tuple) else ()
    words = all(isinstance(name, str) and name for name in names)
    if not (1 <= len(names) <= MOST_CLASSES and words and len(set(names)) == len(names)):
        must_be = f'a tuple of 1 to {MOST_CLASSES} different names, such as ("circle", "cross")'
        raise PictureError("these cannot be the names of classes", must_be=must_be, got=repr(classes))
