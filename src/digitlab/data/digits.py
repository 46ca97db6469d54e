"""`Digits`: pictures and their labels, as bytes, with where they came from."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.errors import InputError, PictureError, describe

SIDE = 28  # pixels along each side of a picture
DIGIT_NAMES = tuple("0123456789")
CLASSES = len(DIGIT_NAMES)
MOST_CLASSES = 256  # labels are bytes


@dataclass(frozen=True, eq=False)
class Digits:
    """N handwritten digits, or N other small pictures. Pixels stay bytes until arithmetic needs numbers.

    Other arrays, lists, pandas frames and Pillow images are taken where there is no doubt what they mean: whole numbers
    0 to 255 of any type; pictures ``(N, 784)``, ``(N, 28, 28, 1)`` or ``(N, 1, 28, 28)``; labels as whole numbers, as
    names of the classes, or one-hot ``(N, K)``.

    Attributes:
        images: ``(N, 28, 28) uint8``; 0 is paper, 255 is full ink.
        labels: ``(N,) uint8``; the place in ``classes`` of what each picture shows. For digits, the digit itself.
        source: where they came from, in words, such as ``"MNIST test"``.
        classes: the K names of what can be shown; the ten digits where nothing else is said.
        notes: what was found out and done when they were opened, a line each; slices leave them out.

    Raises:
        PictureError: a shape, a type or numbers that could mean something else, a label without a class, counts that
            differ, or class names that are not 1 to 256 different names.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    source: str
    classes: tuple[str, ...] = DIGIT_NAMES
    notes: tuple[str, ...] = ()

    if TYPE_CHECKING:  # more is taken than is kept

        def __init__(
            self,
            images: ArrayLike,
            labels: ArrayLike,
            source: str,
            classes: tuple[str, ...] = DIGIT_NAMES,
            notes: tuple[str, ...] = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        _require_text(self.source)
        _require_names(self.classes)
        object.__setattr__(self, "images", _as_pictures(self.images))
        object.__setattr__(self, "labels", _as_labels(self.labels, self.classes))
        if len(self.images) != len(self.labels):
            got = f"{len(self.images)} images, {len(self.labels)} labels"
            raise PictureError("images and labels do not belong together", got=got)

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
        source = f"{self.source} ({len(labels):,} of {len(self):,})"
        return replace(self, images=images, labels=labels, source=source, notes=())

    def __repr__(self) -> str:
        return f"Digits({len(self)} from {self.source})"

    def sha256(self) -> str:
        """SHA-256 of all pixels followed by all labels, in hexadecimal."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels).data)
        return digest.hexdigest()


class Rows(Digits):
    """Samples with any number P of features and of classes, for engines; whoever makes them has looked at them.

    Attributes:
        images: ``(N, P) uint8``; ``(N, 28, 28)`` where there are 784.
        labels: ``(N,)``, of any type of whole numbers.
    """

    def __post_init__(self) -> None:
        """Nothing is looked at."""


def _require_text(source: object) -> None:
    """A run keeps the source as UTF-8: what cannot be written there is refused before anything is learnt."""
    if not isinstance(source, str) or re.search(r"[\ud800-\udfff]", source):  # bytes of a file's name that are not text
        raise InputError("the source of the digits is not text", got=describe(source))


def _as_pictures(images: object) -> NDArray[np.uint8]:
    """Pictures as bytes ``(N, 28, 28)``; those that are so already come back as they are."""
    array = _as_array(images, "images")
    shape = array.shape
    if shape[1:] not in {(SIDE, SIDE), (SIDE * SIDE,), (SIDE, SIDE, 1), (1, SIDE, SIDE)}:
        must_be = f"shape (N, {SIDE}, {SIDE}); or (N, {SIDE * SIDE}), (N, {SIDE}, {SIDE}, 1), (N, 1, {SIDE}, {SIDE})"
        help = "np.stack([digitlab.reading.prepare(image).pixels for image in images]) resizes pictures (H, W) of bytes"
        help = "one picture alone is images[np.newaxis]" if shape == (SIDE, SIDE) else help * (len(shape) == 3)
        raise PictureError("the images have the wrong size", must_be=must_be, got=f"shape {shape}", help=help)
    pictures = array if array.ndim == 3 else array.reshape(-1, SIDE, SIDE)
    return pictures if _are_bytes(pictures) else pictures.astype(np.uint8)


def _are_bytes(pictures: NDArray[Any]) -> bool:
    """Whether the pixels are bytes already. Numbers that could mean anything but 0 to 255 are refused."""
    if pictures.dtype.kind not in "buif":
        must_be, help = "whole numbers 0 to 255 (uint8)", "np.stack(list(images)) makes one array of pictures"
        raise PictureError("the images are no numbers", must_be=must_be, got=str(pictures.dtype), help=help)
    low, high = (pictures.min(), pictures.max()) if pictures.size and not _is_plainly_ink(pictures) else (0, 255)
    got = f"{pictures.dtype} from {low} to {high}"
    if not (low >= 0 and high <= 255):  # NaN fails both comparisons
        help = "bring them to 0 (paper) to 255 (ink); pixels from -1 to 1: np.rint(127.5 * (x + 1)).astype(np.uint8)"
        raise PictureError("the pixels of the images are no bytes", must_be="0 to 255", got=got, help=help)
    if high <= 1 and (pictures.dtype.kind in "bf" or np.any(np.ptp(pictures, axis=(1, 2)))):  # ink of 1 on paper of 0
        divided = 255 * 255 if 0 < high <= 1 / 255 else 255  # by somebody, once or twice
        must_be, help = "0 (paper) to 255 (ink)", f"np.rint({divided} * x).astype(np.uint8) makes bytes of such images"
        if pictures.dtype == np.uint8:
            help = f"{help}; where they were cast before they were multiplied, begin with the original"
        raise PictureError("the pixels of the images are from 0 to 1", must_be=must_be, got=got, help=help)
    if pictures.dtype.kind == "f" and not np.array_equal(pictures, np.rint(pictures)):
        help = "np.rint(x).astype(np.uint8) rounds the images x, if they mean 0 (paper) to 255 (ink)"
        raise PictureError("the pixels of the images are not whole", must_be="0 to 255", got=got, help=help)
    return bool(pictures.dtype == np.uint8)


def _is_plainly_ink(pictures: NDArray[Any]) -> bool:
    """Whether a look at the first few shows that bytes are bytes: it spares looking at all."""
    return bool(pictures.dtype == np.uint8 and pictures[:64].max(initial=0) > 1)


def _as_labels(labels: object, classes: tuple[str, ...]) -> NDArray[np.uint8]:
    """Labels as bytes ``(N,)``, each a place in ``classes``; those that are so already come back as they are."""
    array = _as_array(labels, "labels")
    names = array.ravel().tolist() if array.dtype.kind in "OUT" else []
    if names and all(name in classes for name in names):
        array = np.array([classes.index(name) for name in names], dtype=np.uint8).reshape(array.shape)
    got = f"shape {array.shape}, {array.dtype}, beginning with {array.ravel()[:5].tolist()}"
    must_be = f"shape (N,), whole numbers 0 to {len(classes) - 1}"
    if array.dtype.kind not in "buif":
        raise PictureError("the labels are no numbers, and no names of the classes", must_be=must_be, got=got)
    if array.ndim == 2 and array.shape[1] == len(classes) > 1 and _is_one_hot(array):
        array = array.argmax(axis=1).astype(np.uint8)
    elif array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind == "b":
        help = f"labels one-hot are (N, {len(classes)}), a single 1 in each row; of probabilities take x.argmax(axis=1)"
        raise PictureError("the labels are not one number for each picture", must_be=must_be, got=got, help=help)
    wrong = (array < 0) | (array >= len(classes)) | (array != np.floor(array))
    wrong |= array != array  # noqa: PLR0124  NaN alone is not itself
    if wrong.any():
        where = int(wrong.argmax())
        what = "a label is not a digit" if classes == DIGIT_NAMES else "a label has no class"
        must_be, got = f"0 to {len(classes) - 1}", f"label {array[where]} at index {where}"
        raise PictureError(what, must_be=must_be, got=got)
    return array.astype(np.uint8, copy=False)


def _is_one_hot(rows: NDArray[Any]) -> bool:
    """Whether each row has a single one, and zeros beside it."""
    return bool(np.all((rows == 0) | (rows == 1)) and np.all(rows.sum(axis=1) == 1))


def _as_array(values: object, what: str) -> NDArray[Any]:
    """NumPy's view of the images or labels: of arrays, lists, pandas frames, Pillow images, tensors."""
    try:
        return np.asarray(values)
    except Exception as error:  # whatever a foreign __array__ raises; of ragged lists, a ValueError
        raise PictureError(f"the {what} are no array", must_be="rows of equal length", got=str(error)) from None


def _require_names(classes: object) -> None:
    """Class names are a tuple of different, non-empty strings, as many as a byte can count."""
    names = classes if isinstance(classes, tuple) else ()
    words = all(isinstance(name, str) and name for name in names)
    if not (1 <= len(names) <= MOST_CLASSES and words and len(set(names)) == len(names)):
        must_be = f'a tuple of 1 to {MOST_CLASSES} different names, such as ("circle", "cross")'
        raise PictureError("these cannot be the names of classes", must_be=must_be, got=repr(classes))
