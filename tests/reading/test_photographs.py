"""The photographs that reading is tested with: the same for a seed, of the size and kind that they say."""

from __future__ import annotations

import io
from itertools import islice

import numpy as np
from PIL import Image

from tests.reading.photographs import DIGITS, WIDTH, photograph, photographs


def test_a_seed_gives_the_same_photographs_in_any_order():
    first = list(islice(photographs(7), 3))
    assert photograph(7, 2) == first[2]
    assert len({picture.jpeg for picture in first}) == 3
    assert photograph(8, 0).jpeg != first[0].jpeg


def test_a_photograph_is_a_jpeg_of_a_number_darker_than_its_paper():
    for picture, text in islice(photographs(1), 12):
        with Image.open(io.BytesIO(picture)) as image:
            assert image.format == "JPEG"
            grey = np.asarray(image.convert("L"), float)
        height, width = grey.shape
        assert WIDTH[0] <= width <= 1.25 * WIDTH[1]
        assert height < width
        assert DIGITS[0] <= len(text) <= DIGITS[1]
        assert text.isdecimal()
        paper = np.median(grey)
        assert 40 < paper < 250
        assert grey.min() < 0.8 * paper
