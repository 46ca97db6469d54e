"""How well photographs of numbers are read: some here, two thousand in the soak; they are the same for a seed."""

from __future__ import annotations

from itertools import islice

import pytest

import digitlab as dl
from digitlab.reading.score import Counts, count
from tests.reading.photographs import photographs


def counted(seed: int, many: int) -> Counts:
    return sum((count((text,), dl.read(jpeg)) for jpeg, text in islice(photographs(seed), many)), Counts())


def test_most_numbers_are_read_without_a_mistake():
    found = counted(2, 10)
    assert found.right >= 0.95 * found.digits
    assert found.pictures_right >= 9
    assert found.undoubted <= 1


@pytest.mark.soak
def test_of_two_thousand_photographs_nine_tenths_are_read_without_a_mistake():
    found = counted(1, 2000)
    assert found.right >= 0.97 * found.digits
    assert found.pictures_right >= 0.9 * 2000
