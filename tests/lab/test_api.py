"""The interface for programs, on a real lab: train, control, runs, read, and everything wrong that may be sent."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.data.deskew import deskew
from digitlab.errors import BusyError
from digitlab.lab.lab import Lab
from digitlab.lab.web import api
from digitlab.lab.web.openapi import openapi_document
from digitlab.lab.web.routes import ROUTES
from digitlab.reading import prepare, prepare_strokes
from digitlab.reading.reject import verdict
from digitlab.training.augment import Distortion, distort_plainly

STROKES = [[[10.0, 10.0], [60.5, 12.25], [40.0, 90.0]]]


def _until(lab: Any, wanted: Callable[[dict[str, Any]], bool], seconds: float = 30) -> dict[str, Any]:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if wanted(state := lab.ask("GET", "/api/state").json["training"]):
            return state
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {state}")


@pytest.mark.parametrize("kind", ["strokes", "bytes", "png"])
def test_answers_are_the_librarys_bit_for_bit(lab, runs, mnist, kind):
    picture = mnist[1].images[7]
    if kind == "strokes":
        answer = lab.post("/api/read", {"strokes": STROKES, "width": 8})
        pixels = prepare_strokes(STROKES, width=8).pixels
    elif kind == "bytes":
        answer, pixels = lab.post("/api/read", picture.tobytes(), "application/octet-stream"), picture
    else:
        file = io.BytesIO()
        Image.fromarray(255 - np.kron(picture, np.ones((5, 5), np.uint8))).save(file, "PNG")
        answer = lab.post("/api/read", file.getvalue(), "image/png")
        pixels = prepare(file.getvalue()).pixels
    network = dl.load(runs / "small")
    assert answer.status == 200
    assert base64.b64decode(answer.json["pixels"]) == pixels.tobytes()
    expected = network.probabilities(pixels)
    assert np.array_equal(np.array(answer.json["probabilities"], np.float32), expected)
    rejected, doubtful = verdict(network, pixels, expected)
    assert (answer.json["rejected"], answer.json["doubtful"]) == (rejected, doubtful)
    assert answer.json["digit"] == (None if rejected else int(expected.argmax()))
    hidden = next(iter(network.activations(pixels.reshape(1, -1).astype(np.float32) / np.float32(255))))
    assert np.allclose(answer.json["hidden"][0], hidden[0], atol=1e-6)


def test_blank_drawing_is_no_digit(lab):
    answer = lab.post("/api/read", {"strokes": [], "width": 8}).json
    assert answer["blank"]
    assert (answer["digit"], answer["rejected"], answer["doubtful"]) == (None, False, False)


@pytest.mark.parametrize("strokes", [[[[50, 50]]], [[[10, 50], [80, 45]]], [[[0, 0], [90, 90]], [[90, 0], [0, 90]]]])
@pytest.mark.parametrize("reader", ["run:small", "model:standard"])
def test_what_is_not_a_digit_is_rejected_and_its_probabilities_are_told(lab, strokes, reader):
    answer = lab.post(f"/api/read?reader={reader}", {"strokes": strokes, "width": 8}).json
    assert answer["rejected"]
    assert (answer["digit"], answer["name"], answer["doubtful"]) == (None, None, False)
    assert sum(answer["probabilities"]) == pytest.approx(1)


def test_a_test_digit_with_its_label(lab, mnist):
    answer = lab.ask("GET", "/api/test-digit?index=4711").json
    assert (answer["index"], answer["label"]) == (4711, int(mnist[1].labels[4711]))
    assert 0 <= lab.ask("GET", "/api/test-digit").json["index"] < 10_000


def test_a_digit_distorted_is_what_training_sees(lab, mnist):
    settings = {"rotation": 15, "elastic_alpha": 34, "seed": 3}
    pictures = [base64.b64decode(one) for one in lab.post("/api/distorted", {"settings": settings}).json["pictures"]]
    first, seen = mnist[0].images[:1], Distortion(rotation=15, elastic_alpha=34, elastic_sigma=4)
    epochs = [distort_plainly(first, [0], seen, seed=3, epoch=epoch).tobytes() for epoch in range(1, 9)]
    assert pictures == [first.tobytes(), *epochs]
    upright = lab.post("/api/distorted", {"settings": {"preprocessing": "deskew"}}).json["pictures"]
    assert {base64.b64decode(one) for one in upright} == {deskew(first).tobytes()}


BAD = [
    ("/api/read", {"strokes": [[[1, float("nan")]]], "width": 8}, 400),
    ("/api/read", b'{"strokes": [[[1e999, 2]]], "width": 8}', 400),
    ("/api/read", {"strokes": [[[1, 2, 3]]], "width": 8}, 400),
    ("/api/read", {"strokes": STROKES, "width": 0}, 400),
    ("/api/read", {"strokes": STROKES, "width": 8, "more": 1}, 400),
    ("/api/read", {"strokes": [[[0, 0]] * 20_000], "width": 8}, 413),
    ("/api/read", b"[" * 60_000, 400),
    ("/api/read", b"", 400),
    ("/api/read?reader=run:nobody", {"strokes": STROKES, "width": 8}, 404),
    ("/api/read?reader=run:../../etc", {"strokes": STROKES, "width": 8}, 404),
    ("/api/read?reader=live&reader=live", {"strokes": STROKES, "width": 8}, 400),
    ("/api/train", {"recipe": "nonsense"}, 400),
    ("/api/train", {"recipe": "../seed.toml"}, 400),
    ("/api/train", {"settings": {"learning_rate": -1}}, 400),
    ("/api/train", {"settings": {"nonsense": 1}}, 400),
    ("/api/train", {"settings": {"self": 1}}, 400),
    ("/api/distorted", {"settings": {"rotation": 100}}, 400),
    ("/api/distorted", {"settings": {"nonsense": 1}}, 400),
    ("/api/train", {"settings": {"layers": [784, 10**9, 10]}}, 400),
    ("/api/train", {"from": {"run": "nobody", "epoch": 1}}, 404),
    ("/api/train", {"from": {"run": "small", "epoch": 99}}, 409),
    ("/api/control", {"do": "explode"}, 400),
    ("/api/control", {"do": "pause"}, 409),
    ("/api/control", {"do": "step"}, 409),
    ("/api/runs/nobody/resume", {}, 404),
    ("/api/runs/..%2fsmall/delete", {}, 404),
    ("/api/runs/small/resume", {}, 400),
]


@pytest.mark.parametrize(("path", "body", "status"), BAD)
def test_what_cannot_be_used_is_refused_with_its_reason(lab, path, body, status):
    answer = lab.post(path, body)
    assert answer.status == status, answer.body
    assert set(answer.json["error"]) == {"what", "must_be", "got", "help"}
    assert len(answer.json["error"]["got"]) <= 80


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg"])
def test_a_picture_may_have_twenty_megabytes(lab, kind):
    at_most = 20 * 2**20
    assert lab.post("/api/read", bytes(at_most), kind).status == 400  # it arrives, and is no picture
    assert lab.post("/api/read", bytes(at_most + 1), kind).status == 413


def test_a_jpeg_may_be_called_jpg(lab, mnist):
    file = io.BytesIO()
    Image.fromarray(255 - mnist[1].images[0]).resize((280, 280)).save(file, "jpeg")
    answers = [lab.post("/api/read", file.getvalue(), kind) for kind in ("image/jpeg", "image/jpg", "IMAGE/JPG")]
    assert answers[0].status == 200
    assert answers[0].body == answers[1].body == answers[2].body


FORMS = [
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "text/plain;charset=UTF-8",
    "image/tiff",
]


@pytest.mark.parametrize("kind", FORMS)
def test_a_large_body_of_another_type_is_answered_with_what_to_send(lab, kind):
    answer = lab.post("/api/read", bytes(30 * 2**20), kind)
    assert answer.status == 415
    assert answer.json["error"]["got"] == kind
    assert "image/png or image/jpeg" in answer.json["error"]["must_be"]
    assert "-H 'Content-Type: image/png' --data-binary @seven.png" in answer.json["error"]["help"]
    assert lab.post("/api/train", bytes(30 * 2**20), kind).json["error"]["help"] == ""
    assert lab.post("/api/read?nonsense=1", bytes(30 * 2**20), "image/png").status == 400


def test_a_body_in_chunks_of_another_type_is_answered_too(lab):
    chunk = b"100000\r\n" + bytes(2**20) + b"\r\n"
    headers = [("Content-Type", "image/tiff"), ("Transfer-Encoding", "chunked")]
    assert lab.ask("POST", "/api/read", headers, 20 * chunk + b"0\r\n\r\n").status == 415


@pytest.mark.parametrize("kind", ["image/png", "application/json", "application/octet-stream"])
@pytest.mark.parametrize(
    "body", [b"data:image/png;base64,iVBORw0KGgo=", b'"data:image/png;base64,iVBORw0KGgo="', b" DATA:,"]
)
def test_a_data_url_is_told_what_to_be(lab, kind, body):
    answer = lab.post("/api/read", body, kind)
    assert answer.status == 400
    assert answer.json["error"]["what"] == "a data URL is no picture"
    assert "--data-binary @seven.png" in answer.json["error"]["help"]


def test_pictures_wait_for_each_other_and_too_many_are_refused(monkeypatch):
    lab = Lab(Path("nowhere"))
    reads = api.Endpoint(lab, ROUTES[0])
    assert reads.limiter_of(api.Call(lab, {}, {}, "application/json")) is None
    picture = api.Call(lab, {}, {}, "image/png")
    assert reads.limiter_of(picture) is reads.limiter
    monkeypatch.setattr(api, "MOST_WAITING", 0)
    with pytest.raises(BusyError, match="too much"):
        reads.limiter_of(picture)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("body", [b"null", b"[]", b'{"a": 1}', b"\xff\xfe", b'{"do": 1e400}', b'"\\ud800"', b"{" * 999])
def test_no_route_fails_on_odd_bodies_and_names(lab, route, body):
    for name in ("small", "%00", "%ff", "a" * 300, ".", "%2e%2e"):
        path = route.path.replace("{name}", name) + "?reader=%ff&index=-1"
        answer = lab.ask(route.method, path, [("Content-Type", "application/json")], body)
        assert answer.status < 500, (path, answer.body)
        if "{name}" not in route.path:
            break


def test_stop_where_nothing_is_under_way_is_fine(lab):
    assert lab.post("/api/control", {"do": "stop"}).status == 200


def test_a_training_from_start_to_deletion(labs, tmp_path):
    lab = labs(tmp_path / "runs")
    assert lab.ask("GET", "/api/state").json["training"] is None
    assert lab.post("/api/read", {"strokes": STROKES, "width": 8}).json["reader"] == "model:standard"  # it ships
    run = lab.post("/api/train", {"recipe": "quick", "settings": {"epochs": 40}}).json["run"]
    again = lab.post("/api/train", {"recipe": "seed"})
    assert again.status == 409
    assert run in again.json["error"]["got"]
    _until(lab, lambda state: state["epoch"] >= 1)
    lab.post("/api/control", {"do": "pause"})
    paused = _until(lab, lambda state: state["phase"] == "paused")
    time.sleep(0.2)
    assert lab.ask("GET", "/api/state").json["training"]["step"] == paused["step"]
    lab.post("/api/control", {"do": "step"})
    _until(lab, lambda state: state["step"] == paused["step"] + 1 and state["phase"] == "paused")
    assert lab.post("/api/control", {"do": "change", "settings": {"epochs": 3}}).status == 400
    lab.post("/api/control", {"do": "change", "settings": {"learning_rate": 0.01}})
    lab.post("/api/control", {"do": "epoch"})
    changed = _until(lab, lambda state: state["phase"] == "paused" and state["epoch"] > paused["epoch"])
    assert changed["changes"][0]["name"] == "learning_rate"
    assert changed["values"]["learning_rate"] == 0.01
    assert lab.post(f"/api/runs/{run}/delete", {}).status == 409
    live = lab.post("/api/read?reader=live", {"strokes": STROKES, "width": 8}).json
    assert live["reader"] == "live"
    for _ in range(2):
        assert lab.post("/api/control", {"do": "stop"}).status == 200
    stopped = _until(lab, lambda state: state["phase"] == "interrupted")
    assert stopped["error"] is None
    listed = lab.ask("GET", "/api/runs").json["runs"]
    assert [(one["name"], one["state"], one["under_way"]) for one in listed] == [(run, "interrupted", False)]
    epoch = lab.ask("GET", f"/api/runs/{run}").json["snapshots"][0]
    start = {"from": {"run": run, "epoch": epoch}, "settings": {"epochs": epoch + 1}}
    branch = lab.post("/api/train", start).json["run"]
    done = _until(lab, lambda state: state["run"] == branch and state["phase"] == "finished")
    assert done["parent"] == {"run": run, "epoch": epoch}
    assert done["history"]["epoch"] == list(range(1, epoch + 2))
    assert lab.post(f"/api/runs/{run}/delete", {}).status == 200
    assert [one["name"] for one in lab.ask("GET", "/api/runs").json["runs"]] == [branch]
    assert not list((tmp_path / "runs").glob(".deleted*"))


def test_a_training_that_diverges_says_so_and_the_next_one_starts(labs, tmp_path):
    lab = labs(tmp_path / "runs")
    settings = {"learning_rate": 1000, "activation": "relu", "epochs": 500, "layers": [784, 100, 50, 10]}
    lab.post("/api/train", {"settings": settings})
    failed = _until(lab, lambda state: state["phase"] == "failed")
    assert failed["error"]["help"]
    assert lab.post("/api/train", {"settings": {"epochs": 1}}).status == 201


def test_the_document_has_every_route_and_the_answers_are_as_it_says(lab):
    import jsonschema

    served = lab.ask("GET", "/api/openapi.json").json
    assert served == json.loads(json.dumps(openapi_document()))
    assert served["openapi"].startswith("3.1")
    for route in ROUTES:
        described = served["paths"][route.path][route.method.lower()]
        assert {"400", "403"} <= described["responses"].keys()
    asked = ["/api", "/api/state", "/api/recipes", "/api/runs", "/api/runs/{name}", "/api/readers", "/api/test-digit"]
    asked += ["/api/inside/unit", "/api/inside/map", "/api/inside/next-mistake"]
    for path in asked:
        content = served["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = lab.ask("GET", path.replace("{name}", "small"))
        assert answer.status == 200
        jsonschema.validate(answer.json, content | {"components": served["components"]})
