"""The contract, byte for byte, on recorded pictures and drawings."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from digitlab.reading import prepare, prepare_strokes
from tests.golden import prepare_vectors

RECORDED = json.loads(prepare_vectors.FILE.read_text())


def _same(prepared, recorded):
    assert prepared.blank is recorded["blank"]
    assert prepared.pixels.tobytes() == base64.b64decode(recorded["pixels"])


@pytest.mark.parametrize("name", RECORDED["strokes"])
def test_a_drawing_becomes_the_recorded_bytes(name):
    recorded = RECORDED["strokes"][name]
    _same(prepare_strokes(recorded["strokes"], width=recorded["width"]), recorded)


@pytest.mark.parametrize("name", RECORDED["pictures"])
def test_a_picture_becomes_the_recorded_bytes(name):
    recorded = RECORDED["pictures"][name]
    picture = np.frombuffer(base64.b64decode(recorded["picture"]), np.uint8).reshape(recorded["shape"])
    _same(prepare(picture), recorded)


def test_nothing_is_recorded_that_is_not_made_any_more():
    made = prepare_vectors.vectors()
    assert {kind: list(found) for kind, found in made.items()} == {kind: list(had) for kind, had in RECORDED.items()}
