"""What is no digit is rejected, and digits are not: the published bars, on a small sample with its own numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import digitlab as dl
from benchmarks.rejection import Measured, accepted, measure
from digitlab.errors import PictureError
from digitlab.reading import prepare, prepare_strokes, reject
from digitlab.reading.reject import OPERATING_POINT, digit_probabilities, is_doubtful, verdict
from tools import shapes

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rejection.md"


@pytest.fixture(scope="module")
def measured(mnist) -> Measured:
    return measure(mnist[1][::20], per_kind=30, seed=77)


def test_few_digits_are_rejected(mnist, measured):
    assert (digit_probabilities(mnist[1].images) < OPERATING_POINT).mean() <= 0.01
    assert accepted(measured.anew) > 0.95  # of those drawn anew, thinner, thicker, cut and so on


def test_few_of_the_others_are_accepted(measured):
    assert accepted(measured.others) <= 0.05
    for kind in ("dash", "dot", "dots in a row"):
        assert accepted(measured.kinds[kind]) == 0, kind


def test_letters_and_symbols_that_training_never_saw(measured):
    assert accepted(np.concatenate(list(measured.new.values()))) <= 0.2


places = st.floats(20, 260)


@given(places, places, st.floats(8, 40), st.floats(60, 240), st.floats(-0.8, 0.8))
def test_a_dash_is_never_a_digit(x, y, width, length, slope):
    length = max(length, 2 * width)
    drawn = prepare_strokes([[[x, y], [x + length, y - slope * length]]], width=width)
    assert digit_probabilities(drawn.pixels.reshape(1, -1))[0] < OPERATING_POINT


@given(places, places, st.floats(8, 40), st.lists(st.tuples(*[st.floats(-0.2, 0.2)] * 2), max_size=6))
def test_a_dot_is_never_a_digit(x, y, width, turns):
    stroke = [[x, y], *([x + width * dx, y + width * dy] for dx, dy in turns)]
    drawn = prepare_strokes([stroke], width=width)
    assert digit_probabilities(drawn.pixels.reshape(1, -1))[0] < OPERATING_POINT


@given(st.integers(0, 2**32), st.floats(0, 3), st.integers(130, 250))
def test_a_blank_sheet_is_never_a_digit(seed, rough, grey):
    sheet = np.random.default_rng(seed).normal(grey, rough, (80, 80))
    prepared = prepare(np.clip(sheet, 0, 255).astype(np.uint8))
    assert digit_probabilities(prepared.pixels[None])[0] < OPERATING_POINT


def test_a_verdict_needs_a_network_of_ten_digits(mnist):
    dash = prepare_strokes([[[0, 0], [50, 0]]], width=8).pixels
    standard = dl.load("standard")
    answer = standard.probabilities(dash)
    assert verdict(standard, dash, answer) == (True, False)
    digit = mnist[1].images[0]
    assert verdict(standard, digit, standard.probabilities(digit)) == (False, False)
    assert verdict(standard, digit, np.full(10, 0.1)) == (False, True)
    assert verdict(dl.Network([784, 7]), dash, np.full(7, 1 / 7)) == (False, False)
    assert verdict(dl.load("digit-or-not"), dash, np.array([0.5, 0.5])) == (False, False)


def test_in_doubt_is_what_is_hardly_a_digit_or_hardly_read():
    assert not is_doubtful(1.0, [1.0, 0.0])
    assert is_doubtful(reject.DOUBTED - 0.01, [1.0, 0.0])
    assert is_doubtful(1.0, [reject.SURE - 0.01, 1.01 - reject.SURE])


def test_doubt_holds_the_errors_and_marks_few_of_the_rest(mnist):
    test, standard = mnist[1], dl.load("standard")
    probabilities, of_digit = standard.probabilities(test.images), digit_probabilities(test.images)
    kept = of_digit >= OPERATING_POINT
    right = probabilities[kept].argmax(axis=1) == test.labels[kept]
    marked = np.array([is_doubtful(*one) for one in zip(of_digit[kept], probabilities[kept], strict=True)])
    assert marked[~right].mean() >= 0.5
    assert marked[right].mean() < 0.03


def test_what_is_no_prepared_picture_is_refused():
    with pytest.raises(PictureError):
        digit_probabilities(np.zeros((2, 27, 28), np.uint8))


def test_what_is_excluded_is_published_and_never_drawn():
    published = dict(re.findall(r"^\| `{1,2} ?(.+?) ?`{1,2} \| (an? .+) \|$", PAGE.read_text("utf-8"), re.MULTILINE))
    assert {shown.replace("\\|", "|"): why for shown, why in published.items()} == shapes.EXCLUDED
    excluded = set("".join(shapes.EXCLUDED).replace(" ", ""))
    drawn = {*shapes.LETTERS, *shapes.FONT_LETTERS, *shapes.FONT_SYMBOLS, *shapes.FONT_GREEK}
    assert not excluded & drawn


def test_no_shape_is_in_training_and_new():
    assert set(shapes.NEW_LETTERS) < set(shapes.LETTERS)
    assert set(shapes.NEW_SYMBOLS) < set(shapes.SYMBOLS)
    assert set(shapes.NEW_FONT_SYMBOLS) < {*shapes.FONT_SYMBOLS, *shapes.FONT_GREEK}
