"""The network that tells digits from all else: what it says of itself, and that making it gives the same bytes."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest

from digitlab.engines import native
from digitlab.network.shipped import DIGIT_OR_NOT, SHIPPED, load_shipped, shipped_file
from digitlab.reading.reject import CLASSES, FALSE_REJECTS, OPERATING_POINT, digit_probabilities
from tools.make_digit_or_not import HELD_OUT, RECIPE, Made, main, make, material

compiled = pytest.mark.skipif(not native.available_paths(), reason="the native engine is not compiled here")
SHORT = dataclasses.replace(RECIPE.changed(epochs=1, layers=[784, 20, 2]), about="A short one.")


def _make(few, work, **options) -> Made:
    return make(SHORT, few[:300], work, held_out=100, per_share=1, **options)


def test_the_file_that_ships_is_the_one_whose_sum_is_recorded():
    content = shipped_file(DIGIT_OR_NOT).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHIPPED[DIGIT_OR_NOT]
    assert len(content) <= 2_500_000


def test_its_card_says_how_it_was_made():
    card = load_shipped(DIGIT_OR_NOT).card
    assert card.labels == CLASSES == ("not a digit", "digit")
    assert card.recipe is not None
    assert card.training is not None
    assert card.recipe["epochs"] == card.training.epochs == RECIPE.recipe.epochs
    assert card.training.source.startswith("MNIST train")


def test_of_the_digits_held_out_as_many_as_said_are_below_the_operating_point(mnist):
    below = digit_probabilities(mnist[0].images[-HELD_OUT:]) < OPERATING_POINT
    assert below.mean() == pytest.approx(FALSE_REJECTS, abs=0.0005)


def test_what_is_learnt_is_the_same_each_time_and_holds_both(few):
    one, again = material(few[:100], 1, seed=3), material(few[:100], 1, seed=3)
    assert np.array_equal(one.images, again.images)
    assert 0.2 < one.labels.mean() < 0.8
    assert one.classes == CLASSES


@compiled
def test_threads_change_no_byte(few, tmp_path):
    made = _make(few, tmp_path / "one", threads=1)
    assert _make(few, tmp_path / "two", threads=3) == made
    assert not (tmp_path / "two").exists()
    assert 0 < made.operating_point < 1


def test_without_the_native_engine_it_says_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(native, "_missing", "no compiler")
    assert main(["--work", str(tmp_path)]) == 2
    assert "no compiler" in capsys.readouterr().err


@compiled
@pytest.mark.soak
def test_what_ships_is_made_again_to_the_same_byte(tmp_path, capsys):
    assert main(["--check", "--work", str(tmp_path / "work")]) == 0, capsys.readouterr().out
