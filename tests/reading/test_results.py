"""What was read, as text and as JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from digitlab.reading.results import ReadDigit, Reading, ReadLine, Rejected

SURE = ReadDigit(0, 0.99, (10, 20, 30, 40), doubtful=False)
UNSURE = ReadDigit(7, 0.6, (50, 20, 30, 40), doubtful=True)
DASH = Rejected((90, 40, 20, 3), "too small")


def reading(*lines: ReadLine) -> Reading:
    return Reading(lines, (DASH,), 90, (200, 100))


def test_a_text_has_leading_zeros_and_doubtful_digits_and_a_stroke_between_lines():
    assert ReadLine((SURE, UNSURE)).text == "07"
    assert reading(ReadLine((SURE, UNSURE)), ReadLine((SURE,))).text == "07/0"
    assert reading().text == ""


def test_one_doubtful_digit_makes_a_doubtful_reading():
    assert not reading().doubtful
    assert not reading(ReadLine((SURE,))).doubtful
    assert reading(ReadLine((SURE, SURE)), ReadLine((SURE, UNSURE))).doubtful


def test_json_has_all_of_it():
    told = json.loads(json.dumps(reading(ReadLine((SURE, UNSURE))).to_dict()))
    assert told == {
        "lines": [
            {
                "text": "07",
                "digits": [
                    {"digit": 0, "probability": 0.99, "box": [10, 20, 30, 40], "doubtful": False},
                    {"digit": 7, "probability": 0.6, "box": [50, 20, 30, 40], "doubtful": True},
                ],
            }
        ],
        "rejected": [{"box": [90, 40, 20, 3], "reason": "too small"}],
        "turn": 90,
        "size": [200, 100],
        "light_on_dark": False,
    }


def test_nobody_changes_what_was_read():
    for one, name in ((SURE, "digit"), (DASH, "reason"), (ReadLine((SURE,)), "digits"), (reading(), "turn")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, name, None)
