"""Why a digit is read as it is: each step by itself, and that the sentence names the one that decides."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

import digitlab as dl
from digitlab.errors import InputError, PictureError
from digitlab.reading.why import CHANGES, STEPS, Step, Why, why


def photograph(digits: np.ndarray, *, size: int = 200, at: int = 60) -> np.ndarray:
    """Digits ``(N, 28, 28)`` of MNIST in a row on bright paper, each ``size`` pixels, behind a margin of ``at``."""
    ink = np.hstack([np.array(Image.fromarray(digit).resize((size, size))) for digit in digits])
    return np.pad(235 - (ink * 0.75).astype(np.uint8), ((at, 30), (at, 30)), constant_values=235)


@pytest.fixture(scope="module")
def seven(mnist) -> np.ndarray:
    return mnist[1].images[0]


def test_the_last_step_is_what_is_read(seven):
    picture = photograph(seven[None], at=400)
    answer = why(picture)
    (line,) = dl.read(picture).lines
    assert (answer.answer.digit, answer.box) == (line.digits[0].digit, line.digits[0].box)
    assert answer.answer.probability == pytest.approx(line.digits[0].probability, abs=1e-6)
    assert [step.kind for step in answer.steps] == list(STEPS)
    assert [change.kind for change in answer.changes] == list(CHANGES)


def test_each_step_does_one_thing(seven):
    as_it_is, polarity, crop, scale, centring = (step.pixels for step in why(photograph(seven[None], at=300)).steps)
    assert np.median(as_it_is) > 200  # bright paper
    assert np.median(polarity) == 0
    assert polarity.max() > 100
    assert polarity[:10].max() < 30  # the digit is still below on the right
    assert crop[0].any()
    assert crop[-1].any()
    assert crop[:, 0].any()
    assert crop[:, -1].any()
    rows, columns = (np.flatnonzero(scale.any(axis=axis)) for axis in (1, 0))
    assert abs(rows[0] + rows[-1] - 27) <= 1
    assert abs(columns[0] + columns[-1] - 27) <= 1
    assert len(rows) >= 20
    assert sorted(centring.ravel()) == sorted(scale.ravel())  # only moved
    mass = centring.astype(float)
    assert abs((mass.sum(axis=1) @ np.arange(28)) / mass.sum() - 14) <= 0.51


def test_each_change_does_one_thing_to_the_last_step(mnist):
    answer = why(photograph(mnist[1].images[2:3]))  # a one that leans
    last = answer.answer.pixels.astype(int)
    upright, thinner, thicker, smooth = (change.pixels.astype(int) for change in answer.changes)
    width = lambda pixels: np.ptp(np.flatnonzero(pixels.max(axis=0) > 100))  # noqa: E731
    assert width(upright) < width(last)
    assert thinner.sum() < 0.8 * last.sum() < last.sum() < 0.8 * thicker.sum()
    assert abs(smooth.sum() - last.sum()) < 0.02 * last.sum()
    assert np.abs(np.diff(smooth, axis=1)).max() < np.abs(np.diff(last, axis=1)).max()


def test_a_small_digit_far_from_the_middle_is_decided_by_a_step(seven):
    answer = why(photograph(seven[None], at=500))
    assert answer.answer.digit == 7
    assert answer.steps[0].digit != 7
    assert answer.sentence.startswith(f"read as {answer.steps[0].digit}; ")
    assert "it is a 7" in answer.sentence


def made(*digits: int, changed: tuple[int, ...] = (), rejected: bool = False) -> Why:
    """A `Why` with these answers after the steps, and after the changes."""
    blank = np.zeros((28, 28), np.uint8)
    steps = [
        Step(kind, blank, digit, 0.9, rejected, n > 0 and digit != digits[n - 1])
        for n, (kind, digit) in enumerate(zip(STEPS, digits, strict=True))
    ]
    changes = [
        Step(kind, blank, digit, 0.9, rejected, digit != digits[-1])
        for kind, digit in zip(CHANGES, changed or (digits[-1],) * len(CHANGES), strict=True)
    ]
    return Why(tuple(steps), tuple(changes), (0, 0, 1, 1))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (made(7, 7, 7, 7, 1), "read as 7; centred it is a 1"),
        (made(7, 1, 3, 1, 1), "read as 7; bright on black it is a 1"),
        (made(0, 8, 8, 8, 8), "read as 0; bright on black it is an 8"),
        (made(4, 4, 4, 4, 4), "read as 4, whatever is done to it"),
        (made(4, 4, 9, 4, 4), "read as 4, prepared or not"),
        (made(4, 4, 4, 4, 4, changed=(4, 9, 4, 4)), "read as 4; with thinner strokes it would be a 9"),
        (made(2, 2, 7, 7, 7, changed=(1, 7, 7, 2), rejected=True),
         ("read as 2; cut out it is a 7; made upright it would be a 1; smoothed it would be a 2; "
          "digitlab takes it for no digit")),
    ],
)  # fmt: skip
def test_the_sentence_names_what_decides(answer, sentence):
    assert answer.sentence == sentence


def test_what_is_told_is_json_with_whole_numbers(seven):
    answer = why(photograph(seven[None]))
    told = json.loads(json.dumps(answer.to_dict()))
    assert set(told) == {"sentence", "digit", "probability", "rejected", "box", "steps", "changes"}
    assert told["sentence"] == answer.sentence
    for one, step in zip((*told["steps"], *told["changes"]), (*answer.steps, *answer.changes), strict=True):
        assert set(one) == {"name", "what", "digit", "probability", "rejected", "changes", "pixels"}
        assert np.array_equal(np.array(one["pixels"], np.uint8).reshape(28, 28), step.pixels)


def test_a_sign_that_is_rejected_is_explained_all_the_same():
    paper = Image.new("L", (160, 160), 235)
    for line in ((30, 30, 130, 130), (30, 130, 130, 30), (30, 80, 130, 80), (80, 30, 80, 130)):  # a star
        ImageDraw.Draw(paper).line(line, 40, 9)
    answer = why(paper)
    assert answer.answer.rejected
    assert answer.sentence.endswith("digitlab takes it for no digit")


def test_what_cannot_be_explained_is_refused(mnist, tmp_path):
    with pytest.raises(PictureError, match="there are 3 digits in it") as caught:
        why(photograph(mnist[1].images[:3]))
    assert "digitlab read" in caught.value.help
    with pytest.raises(PictureError, match="there is no digit in it"):
        why(np.full((90, 90), 200, np.uint8))
    (tmp_path / "a.png").write_bytes(b"%PDF")
    with pytest.raises(PictureError, match=r"a\.png: this is a PDF document"):
        why(tmp_path / "a.png")
    network = dl.Network([784, 2])
    network.card = replace(network.card, labels=("cat", "dog"))
    with pytest.raises(InputError, match="other classes"):
        why(photograph(mnist[1].images[:1]), network)
