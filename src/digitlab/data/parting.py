"""A test part for what has none: every seventh picture, as of MNIST's 70,000; drawn once and for all."""

from dataclasses import replace

import numpy as np

from digitlab.data.digits import Digits

HELD_OUT = 7
SEED = 0


def with_test_part(digits: Digits, source: str) -> tuple[Digits, Digits]:
    """Both parts of ``digits``, with a note that says so; the same ones every time.

    They are drawn without regard to the order of the pictures, which may go by label.
    """
    drawn = np.random.default_rng(SEED).permutation(len(digits))
    test, train = (np.sort(part) for part in np.split(drawn, [len(digits) // HELD_OUT]))
    share = f"{len(test):,} of the {len(digits):,} pictures"
    notes = (*digits.notes, f"there is no test part: {share}, drawn with seed {SEED}, are kept for it")
    train_digits, test_digits = (
        replace(digits[places], source=f"{source} {name}", notes=notes)
        for name, places in (("train", train), ("test", test))
    )
    return train_digits, test_digits
