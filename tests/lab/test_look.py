"""Looking into networks by way of the lab: the numbers are the library's, and what cannot be is refused."""

from __future__ import annotations

import base64

import numpy as np
import pytest

import digitlab as dl
from digitlab.data.pixels import normalize
from digitlab.inside import Damage, backprop_step, damaged
from digitlab.lab.web.routes_inside import ROUTES
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


def test_pixels_add_up_to_what_the_logit_rises_by(lab, network, mnist):
    told = lab.post("/api/inside/pixels?reader=run:small", {"index": 18, "digit": 3}).json
    rise = float(network.logits(mnist[1].images[18])[3] - network.logits(np.zeros((28, 28), np.uint8))[3])
    plain, times, integrated = told["methods"]
    assert (plain["method"], plain["expected"]) == ("gradient", None)
    assert times["expected"] == pytest.approx(rise, abs=1e-4)
    assert integrated["sum"] == pytest.approx(rise, abs=1e-3)
    for one in told["methods"]:
        numbers = (np.frombuffer(base64.b64decode(one["pixels"]), np.uint8) - 128.0) / 127 * one["largest"]
        assert numbers.sum() == pytest.approx(one["sum"], abs=784 * one["largest"] / 250)


def test_a_change_that_flips_the_answer_does(lab, network):
    told = lab.post("/api/inside/flip?reader=run:small", {"index": 18}).json
    after = np.frombuffer(base64.b64decode(told["after"]), np.uint8)
    assert told["becomes"] != told["digit"]
    assert network.probabilities(after)[told["becomes"]] == pytest.approx(told["probability"], abs=0.02)
    wanted = lab.post("/api/inside/flip?reader=run:small", {"index": 18, "becomes": told["becomes"]}).json
    assert wanted["distance"] == pytest.approx(told["distance"])


def test_damage_is_measured_on_the_whole_test_set(lab, network, mnist):
    damage = {"off": [[1, 3], [1, 5]], "prune": 0.5, "noise": 0.1, "temperature": 2.0}
    told = lab.post("/api/inside/damage?reader=run:small", {"index": 18, **damage}).json
    hurt = damaged(network, Damage(((1, 3), (1, 5)), 0.5, 0.1, 2.0))
    before, after = (dl.evaluate(one, mnist[1]) for one in (network, hurt))
    assert (told["before"]["accuracy"], told["after"]["accuracy"]) == (before.accuracy, after.accuracy)
    assert told["after"]["cross_entropy"] == pytest.approx(after.cross_entropy)
    assert told["probabilities"] == pytest.approx(hurt.probabilities(mnist[1].images[18]).tolist())
    whole = lab.post("/api/inside/damage?reader=run:small", {"index": 18}).json
    assert whole["before"] == whole["after"]


def test_a_step_is_the_librarys_and_checks_itself(lab, network, mnist):
    told = lab.post("/api/inside/step?reader=run:small", {"index": 18, "learning_rate": 0.5}).json
    step = backprop_step(network, mnist[1].images[18], 3, 0.5)
    assert (told["loss"], told["new_loss"]) == (step.loss, step.loss_after)
    assert [one["name"] for one in told["quantities"]] == list(step.quantities)
    hidden, output = told["layers"]
    shown = hidden["shown"]
    assert (len(shown), output["shown"]) == (10, list(range(10)))
    assert hidden["delta"] == pytest.approx(step["delta1"][shown].tolist(), rel=1e-5)
    assert np.array(hidden["back"]) * hidden["slope"] == pytest.approx(np.array(hidden["delta"]), rel=1e-4)
    assert np.array(hidden["W"]) == pytest.approx(network.W1[:, shown], rel=1e-5)
    asked = {"index": 18, "parameters": [["W1", [300, shown[0]]], ["b2", [3]]]}
    checks = lab.post("/api/inside/check?reader=run:small", asked).json["checks"]
    assert all(one["agrees"] for one in checks)
    assert checks[1]["derivative"] == pytest.approx(step["db2"][3])


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_picture_of_the_map_lies_where_its_dot_is(lab, layer):
    told = lab.ask("GET", f"/api/inside/map?reader=run:small&layer={layer}").json
    assert len(told["points"]) == len(told["labels"]) == len(told["predicted"]) == 2000
    place = lab.post("/api/inside/place?reader=run:small", {"index": 18, "layer": layer}).json
    assert (place["x"], place["y"]) == pytest.approx(told["points"][18], abs=1e-3)
    assert told["labels"][18] == 3


POSTED = [route.path for route in ROUTES if route.path.startswith("/api/inside") and route.method == "POST"]


@pytest.mark.parametrize("path", POSTED)
def test_of_a_random_digit_the_answer_is_as_the_document_says(lab, path):
    import jsonschema

    document = lab.ask("GET", "/api/openapi.json").json
    content = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer = lab.post(f"{path}?reader=run:small", {})
    assert answer.status == 200
    jsonschema.validate(answer.json, content | {"components": document["components"]})


BAD = [
    ("/api/inside/pixels", {"index": 0, "digit": 10}, 400, "10 classes"),
    ("/api/inside/flip", {"index": 0, "becomes": 10}, 400, "no such class"),
    ("/api/inside/damage", {"off": [[2, 3]]}, 400, "no such hidden unit"),
    ("/api/inside/damage", {"prune": 1.5}, 400, "the body cannot be used"),
    ("/api/inside/step", {"drawing": STROKES}, 400, "a drawing has no label"),
    ("/api/inside/step", {"label": 10}, 400, "10 classes"),
    ("/api/inside/step", {"learning_rate": -1}, 400, "learning_rate"),
    ("/api/inside/check", {"parameters": [["W1", [784, 0]]]}, 400, "no such number"),
    ("/api/inside/check", {"parameters": [["W9", [0, 0]]]}, 400, "no parameter"),
    ("/api/inside/map?layer=3", None, 400, "no such layer"),
    ("/api/inside/place", {"index": 0, "layer": 3}, 400, "no such layer"),
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
