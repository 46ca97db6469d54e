"""``digitlab why``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from tests.reading.test_why import photograph


@pytest.fixture
def picture(mnist, folder) -> str:
    Image.fromarray(photograph(mnist[1].images[:1])).save("seven.png")
    return "seven.png"


def test_it_says_what_decides(run, picture):
    code, out, err = run("why", picture)
    assert (code, err) == (0, "")
    assert out.startswith(dl.why(picture).sentence)
    assert out.endswith("model standard (ships with digitlab)\n")


def test_json_and_a_figure(run, picture):
    code, out, err = run("why", picture, "--json", "--save", "why.png")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told == json.loads(json.dumps(dl.why(picture).to_dict())) | {"file": picture, "model": "standard"}
    with Image.open("why.png") as figure:
        assert figure.size[0] > 500


def test_bad_calls_are_answered_in_words(run, picture, mnist):
    Image.fromarray(photograph(mnist[1].images[:2])).save("two.png")
    Image.fromarray(np.full((60, 60), 255, np.uint8)).save("blank.png")
    Path("text.png").write_text("no picture")
    for arguments, words in (
        (["two.png"], "there are 2 digits in it"),
        (["blank.png"], "there is no digit in it"),
        (["text.png"], "this is not a picture"),
        (["missing.png"], "missing.png"),
        ([picture, "--save", "why.txt"], "the name of a figure must end in"),
        (["--jsn"], "unknown option"),
    ):
        code, out, err = run("why", *arguments)
        assert code in {1, 2}
        assert out == ""
        assert words in err
        assert "Traceback" not in err
