"""Photographs sent to a lab: the answer is the library's, and what is no photograph is refused."""

from __future__ import annotations

import base64
import io
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec

import jsonschema
import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.errors import InputError
from digitlab.lab.lab import Lab
from digitlab.lab.pictures import read_picture
from digitlab.lab.readers import Reader
from digitlab.lab.web import api
from digitlab.lab.web.limits import PHOTOS
from digitlab.lab.web.routes import ROUTES
from digitlab.reading.why import why
from tests.lab.lab_tools import stop_lab
from tests.reading.photographs import photograph

PATH = "/api/read-picture"
STANDARD = f"{PATH}?reader=model:standard"


@pytest.fixture(scope="module")
def photo(mnist) -> bytes:
    return photograph(7, 1).jpeg


def _saved(form: str, **more) -> bytes:
    file = io.BytesIO()
    Image.new("L", (90, 60), 255).save(file, form, **more)
    return file.getvalue()


def test_the_answer_is_the_librarys_and_as_the_document_says(lab, photo):
    answer = lab.post(f"{STANDARD}&expect=3", photo, "image/jpeg")
    assert answer.status == 200, answer.body
    expected = dl.read(photo, expect=3).to_dict()
    assert len(expected["lines"][0]["digits"]) == 3
    for digit in (digit for line in expected["lines"] for digit in line["digits"]):
        digit["box"] = list(digit["box"])
    assert answer.json.keys() == expected.keys() | {"reader", "version"}
    assert answer.json["lines"] == expected["lines"]
    assert (answer.json["reader"], answer.json["size"]) == ("model:standard", list(expected["size"]))
    served = lab.ask("GET", "/api/openapi.json").json
    described = served["paths"][PATH]["post"]
    assert {*described["requestBody"]["content"]} == {*PHOTOS}
    assert {parameter["name"] for parameter in described["parameters"]} == {"reader", "turn", "expect"}
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(answer.json, schema | {"components": served["components"]})


def test_without_a_reader_the_default_one_reads(lab, photo):
    assert lab.post(PATH, photo, "image/jpeg").json["reader"] == "run:small"


def test_it_is_turned_as_asked(lab, photo):
    assert lab.post(f"{STANDARD}&turn=180", photo, "image/jpeg").json["turn"] == 180


def test_an_empty_sheet_has_no_lines(lab):
    answer = lab.post(STANDARD, _saved("PNG"), "image/png").json
    assert (answer["lines"], answer["size"]) == ([], [90, 60])


@pytest.mark.parametrize(
    ("query", "body", "kind", "status"),
    [
        ("", b"\xff\xd8\xff no picture", "image/jpeg", 400),
        ("", _saved("PNG")[:70], "image/png", 400),
        ("", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", 400),
        ("", b"", "image/png", 400),
        ("", b"data:image/png;base64,iVBORw0KGgo=", "image/png", 400),
        ("", _saved("PNG"), "application/octet-stream", 415),
        ("", b"{}", "application/json", 415),
        ("", _saved("PNG"), "image/svg+xml", 415),
        ("", bytes(20 * 2**20 + 1), "image/jpeg", 413),
        ("&turn=45", _saved("PNG"), "image/png", 400),
        ("&expect=0", _saved("PNG"), "image/png", 400),
        ("&expect=null", _saved("PNG"), "image/png", 400),
        ("&expect=many", _saved("PNG"), "image/png", 400),
        ("&expect=3&expect=3", _saved("PNG"), "image/png", 400),
        ("&width=3", _saved("PNG"), "image/png", 400),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(lab, query, body, kind, status):
    answer = lab.post(STANDARD + query, body, kind)
    assert answer.status == status, answer.body
    assert set(answer.json["error"]) == {"what", "must_be", "got", "help"}


def test_a_scan_of_tiff_is_read_and_heic_names_what_is_missing(lab, photo):
    file = io.BytesIO()
    Image.open(io.BytesIO(photo)).save(file, "TIFF")
    assert lab.post(STANDARD, file.getvalue(), "image/tiff").json["lines"]
    if find_spec("pillow_heif") is None:
        answer = lab.post(STANDARD, b"\0\0\0\x18ftypheic" + bytes(100), "image/heic")
        assert "digitlab[heif]" in answer.json["error"]["help"]


def test_an_unknown_reader_is_not_found(lab, photo):
    assert lab.post(f"{PATH}?reader=run:nobody", photo, "image/jpeg").status == 404


def test_a_reader_of_letters_says_that_it_reads_none(photo):
    network = dl.Network([784, 3])
    network.card = replace(network.card, labels=("A", "B", "C"))
    with pytest.raises(InputError, match="cannot read a whole picture") as refused:
        read_picture(Reader("run:letters", 1, network), photo)
    assert refused.value.got == "run:letters, whose classes are A, B, C"


def test_why_a_digit_is_read_so_is_the_librarys_answer(lab, mnist):
    file = io.BytesIO()
    Image.fromarray(255 - np.kron(np.pad(mnist[1].images[0], 6), np.ones((5, 5), np.uint8))).save(file, "PNG")
    answer = lab.post("/api/why?reader=model:standard", file.getvalue(), "image/png").json
    expected = why(file.getvalue())
    assert answer["sentence"] == expected.sentence
    for kind in ("steps", "changes"):
        pairs = list(zip(answer[kind], getattr(expected, kind), strict=True))
        assert all(base64.b64decode(one["pixels"]) == step.pixels.tobytes() for one, step in pairs)
        assert [one["digit"] for one, _ in pairs] == [step.digit for _, step in pairs]
    assert lab.post("/api/why", _saved("PNG"), "image/png").status == 400


def test_photographs_wait_for_each_other_while_the_lab_answers(lab, photo):
    [route] = [route for route in ROUTES if route.path == PATH]
    reads = api.Endpoint(Lab(lab.folder), route)
    assert reads.limiter_of(api.Call(reads.lab, {}, {}, "image/heic")) is reads.limiter
    assert reads.limiter.total_tokens == 1
    with ThreadPoolExecutor(4) as pool:
        posted = [pool.submit(lab.post, STANDARD, photo, "image/jpeg") for _ in range(3)]
        state = pool.submit(lab.ask, "GET", "/api/state")
        assert state.result().status == 200
        assert not all(one.done() for one in posted)
        assert len({one.result().body for one in posted}) == 1
    assert posted[0].result().status == 200


@pytest.mark.soak
def test_the_lab_ends_although_a_photograph_is_being_read(labs, tmp_path, photo):
    slow = "import time; from digitlab.lab import pictures; pictures.read = lambda *_, **__: time.sleep(60)"
    lab = labs(tmp_path, first=slow)
    with ThreadPoolExecutor(1) as pool:
        posted = pool.submit(lab.post, STANDARD, photo, "image/jpeg")
        time.sleep(1)
        assert not posted.done()
        code, complaints = stop_lab(lab)
        assert code == 0
        assert "Traceback" not in complaints
        assert posted.result().json["error"]["what"] == "the lab is being closed"
