"""Mistakes in words: what the lists say of few, of none, and of known label errors."""

from __future__ import annotations

import numpy as np

from digitlab.data.label_errors import LabelError
from digitlab.display.mistakes import mislabels_text, mistakes_text
from digitlab.evaluation.mislabels import Mislabels, Suspect
from digitlab.evaluation.mistakes import Mistake

NAMES = tuple("0123456789")
KNOWN = LabelError(7, 4, 9, "4 of 5 people see a 9")


def test_none_one_and_many():
    one = Mistake(7, 4, 9, 0.987, 0.01, KNOWN)
    assert mistakes_text([], NAMES, "MNIST test") == "0 mistakes on MNIST test"
    assert mistakes_text([one], NAMES, "MNIST test").splitlines() == [
        "1 mistake on MNIST test; surest first",
        "       7  is 4, read as 9    98.7 % sure,  1.0 % for the label   label in doubt: 4 of 5 people see a 9",
    ]
    assert mistakes_text([one] * 21, NAMES, "here").splitlines()[0] == "21 mistakes on here, the first 20; surest first"


def test_suspects_and_how_many_of_the_known_errors_they_hold():
    picture = np.zeros((28, 28), np.uint8)
    suspects = [
        Suspect("test", place, 4, 9, 0.9, 0.05, place < 2, picture, KNOWN if place == 16 else None)
        for place in range(30)
    ]
    lines = mislabels_text(Mislabels("MNIST test", NAMES, 5, 0, 10_000, 0.997, suspects, 15)).splitlines()
    assert lines[:4] == [
        "MNIST test: 10,000 labels, judged in 5 folds",
        "99.70 % are confirmed by networks that never saw the picture",
        "30 are in doubt, 2 of them are contradicted confidently, the first 20; most suspected first",
        "   test      0  is 4, seen as 9    90.0 % sure,  5.0 % for the label",
    ]
    assert (
        lines[-1] == "of the 15 known label errors, 0 among the first 15, 1 among the first 50, 1 among the first 100"
    )
