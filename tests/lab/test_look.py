"""Looking into networks by way of the lab: the numbers are the library's, and what cannot be is refused."""

from __future__ import annotations

import base64

import numpy as np
import pytest

import digitlab as dl
from digitlab.data.pixels import normalize
from digitlab.reading import prepare_strokes

STROKES = {"strokes": [[[10.0, 10.0], [60.5, 12.25], [40.0, 90.0]]], "width": 8}


@pytest.fixture(scope="module")
def network(runs):
    return dl.load(runs / "small")


@pytest.mark.parametrize("asked", [{"index": 18}, {"index": 18, "digit": 3}, {"drawing": STROKES}])
def test_what_speaks_for_a_digit_adds_up_to_its_logit(lab, network, mnist, asked):
    told = lab.post("/api/inside?reader=run:small", asked).json
    picture = mnist[1].images[18] if "index" in asked else prepare_strokes(**STROKES).pixels
    logits = network.logits(picture)
    assert base64.b64decode(told["pixels"]) == picture.tobytes()
    assert told["logits"] == pytest.approx(logits.tolist())
    assert told["digit"] == asked.get("digit", logits.argmax())
    assert sum(told["pushes"]) + told["bias"] == pytest.approx(logits[told["digit"]], abs=1e-4)
    hidden = next(network.activations(normalize(picture.reshape(-1))))
    assert told["activations"] == [pytest.approx(hidden.tolist(), rel=1e-4)]
    assert (told["index"], told["label"]) == ((18, 3) if "index" in asked else (None, None))


def test_a_unit_is_told_with_its_strongest_connections(lab, network):
    hidden = lab.ask("GET", "/api/inside/unit?reader=run:small&layer=1&unit=5").json
    W = network.W1[:, 5]
    weights = (np.frombuffer(base64.b64decode(hidden["weights"]["pixels"]), np.uint8) - 128.0) / 127
    assert weights * hidden["weights"]["largest"] == pytest.approx(W, abs=float(np.abs(W).max()) / 200)
    assert {one["unit"]: one["weight"] for one in hidden["after"]} == pytest.approx(
        dict(enumerate(network.W2[5])), rel=1e-5
    )
    assert hidden["before"] == []
    output = lab.ask("GET", "/api/inside/unit?reader=run:small&layer=2&unit=3").json
    column = network.W2[:, 3]
    assert (output["weights"], output["after"], output["bias"]) == (None, [], pytest.approx(network.b2[3]))
    assert [one["unit"] for one in output["before"]] == np.argsort(-np.abs(column))[:12].tolist()


def test_the_next_mistake_goes_round(lab, network, mnist):
    wrong = np.flatnonzero(network.predict(mnist[1].images) != mnist[1].labels).tolist()
    asked = [lab.ask("GET", f"/api/inside/next-mistake?reader=run:small{after}").json for after in
             ("", f"&after={wrong[0]}", f"&after={wrong[-1]}")]  # fmt: skip
    assert [one["index"] for one in asked] == [wrong[0], wrong[1], wrong[0]]
    assert (asked[0]["count"], asked[0]["of"]) == (len(wrong), 10_000)


BAD = [
    ("/api/inside", {"index": 10_000}, 400, "10000 digits"),
    ("/api/inside", {"index": 0, "digit": 10}, 400, "10 classes"),
    ("/api/inside?reader=run:nobody", {"index": 0}, 404, "no run"),
    ("/api/inside/unit?layer=3", None, 400, "2 layers"),
    ("/api/inside/unit?layer=0", None, 400, "layer"),
    ("/api/inside/unit?unit=16", None, 400, "16 units"),
]


@pytest.mark.parametrize(("path", "body", "status", "words"), BAD)
def test_what_is_not_there_is_refused_with_what_there_is(lab, path, body, status, words):
    path += ("&" if "?" in path else "?") + "reader=run:small" if "reader" not in path else ""
    answer = lab.ask("GET", path) if body is None else lab.post(path, body)
    assert answer.status == status
    assert words in answer.json["error"]["what"]
