"""A test part for what has none: every seventh picture, as of MNIST's 70,000; drawn once and for all."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits

HELD_OUT = 7
SEED = 0
NO_TEST_PART = "there is no test part"  # so begins the note on it


def with_test_part(digits: Digits, source: str) -> tuple[Digits, Digits]:
    """Both parts of ``digits``, with a note that says so; the same ones every time.

    They are drawn without regard to the order of the pictures, which may go by label.
    """
    train, test = _places(len(digits))
    share = f"{len(test):,} of the {len(digits):,} pictures"
    notes = (*digits.notes, f"{NO_TEST_PART}: {share}, drawn with seed {SEED}, are kept for it")
    train_digits, test_digits = (
        replace(digits[places], source=f"{source} {name}", notes=notes)
        for name, places in (("train", train), ("test", test))
    )
    return train_digits, test_digits


def without_drawing(train: Digits, test: Digits) -> Digits:
    """All that `with_test_part` has parted, in its order again; of a data set that has a test part, just that."""
    notes = tuple(note for note in test.notes if not note.startswith(NO_TEST_PART))
    if notes == test.notes:
        return test
    order = np.argsort(np.concatenate(_places(len(train) + len(test))))
    images = np.concatenate([train.images, test.images])[order]
    labels = np.concatenate([train.labels, test.labels])[order]
    return replace(test, images=images, labels=labels, notes=notes)


def _places(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where in the data set the pictures of both parts are."""
    test, train = np.split(np.random.default_rng(SEED).permutation(count), [count // HELD_OUT])
    return np.sort(train), np.sort(test)
