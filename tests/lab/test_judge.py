"""How good readers are, as the lab tells it: the library's own numbers, of the version that was judged."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError
from digitlab.lab.lab import Lab
from digitlab.lab.web.openapi import openapi_document


@pytest.fixture(scope="module")
def asked(mnist):
    """A lab with nothing in it, whose readers are judged on all of MNIST's test digits."""
    return Lab(Path("nowhere"))


@pytest.fixture(scope="module")
def standard(asked):
    return asked.judge.reader("model:standard")


@pytest.fixture(scope="module")
def predicted(mnist):
    return dl.load("standard").predict(mnist[1].images)


def test_a_judgement_is_the_report(lab, mnist, runs):
    answer, report = lab.ask("GET", "/api/judge?reader=run:small").json, dl.evaluate(dl.load(runs / "small"), mnist[1])
    assert (answer["reader"], answer["count"], answer["names"]) == ("run:small", 10_000, [*"0123456789"])
    assert answer["accuracy"] == report.accuracy
    assert answer["accuracy_interval"] == [*report.accuracy_interval]
    assert answer["confusion"] == report.confusion.tolist()
    undisputed, *groups = answer["parts"]
    assert [group["accuracy"] for group in groups] == [group.accuracy for group in report.groups]
    assert (undisputed["accuracy"], undisputed["count"]) == (report.accuracy_without_label_errors, 9985)
    assert [one["accuracy"] for one in answer["reliability"]] == [one.accuracy for one in report.reliability]
    assert answer["coverage"]["accuracy"][-1] == answer["accuracy"]
    assert answer["sure"]["count"] == report.sure.count


def test_mistakes_come_in_parts_the_surest_first(asked, standard, predicted, mnist):
    test = mnist[1]
    found = asked.judge.mistakes(standard, most=1000)
    assert found.count == len(found.pictures) == np.count_nonzero(predicted != test.labels)
    sure = [picture.confidence for picture in found.pictures]
    assert sure == sorted(sure, reverse=True)
    for one in found.pictures:
        assert one.predicted == predicted[one.index] != one.label == test.labels[one.index]
        assert one.pixels == test.images[one.index].tobytes()
    assert {one.index: one.label_error for one in found.pictures}[9729] == "3 of 5 people see a 6"
    assert asked.judge.mistakes(standard, start=3, most=4).pictures == found.pictures[3:7]
    assert asked.judge.mistakes(standard, start=found.count).pictures == []


def test_a_cell_has_its_pictures_and_their_average(asked, standard, predicted, mnist):
    test = mnist[1]
    inside = np.flatnonzero((test.labels == 4) & (predicted == 9))
    cell = asked.judge.cell(standard, 4, 9)
    assert sorted(one.index for one in cell.pictures) == inside.tolist()
    mean = np.frombuffer(cell.mean, np.uint8).astype(float)
    assert np.abs(mean - test.images[inside].reshape(-1, 784).mean(axis=0)).max() <= 0.5
    assert cell.count == asked.judge.judge(standard).confusion[4][9]
    assert (cell.layer, cell.units[0].weights) == (2, b"")
    special = [unit.push - unit.usual for unit in cell.units]
    assert special == sorted(special, reverse=True)
    assert {near.label for one in cell.nearest for near in one.of_true} == {4}
    assert {near.label for one in cell.nearest for near in one.of_predicted} == {9}


def test_units_that_look_at_pixels_come_with_their_picture(lab, runs):
    network = dl.load(runs / "small")
    row = lab.ask("GET", "/api/judge?reader=run:small").json["confusion"][0]
    cell = f"true=0&predicted={row.index(max(row))}"
    unit, *_ = lab.ask("GET", f"/api/judge/cell?reader=run:small&{cell}").json["units"]
    weights = network.W1[:, unit["unit"]]
    pixels = np.frombuffer(base64.b64decode(unit["weights"]), np.uint8).astype(float)
    assert np.abs((pixels - 128) / 127 - weights / np.abs(weights).max()).max() < 0.01


def test_an_empty_cell_and_a_class_that_is_none_are_refused(asked, standard):
    with pytest.raises(InputError, match="no picture of 1 was taken for 0"):
        asked.judge.cell(standard, 1, 0)
    with pytest.raises(InputError, match="there is no such class"):
        asked.judge.cell(standard, 1, 10)


def test_what_was_judged_is_remembered_as_it_was(few, tmp_path):
    recipe = dl.recipe("seed", epochs=1)
    out = tmp_path / "mine"
    dl.fit(recipe.new_network(), few, recipe, out=out)
    lab = Lab(tmp_path)
    first = lab.judge.reader("run:mine")
    manifest = out / "manifest.json"
    content = manifest.read_bytes()
    manifest.unlink()
    manifest.write_bytes(content)  # committed anew
    second = lab.judge.reader("run:mine")
    assert second.version != first.version
    assert lab.judge.reader("run:mine", first.version) is first
    assert lab.judge.reader("run:mine", 7).version == second.version


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/judge?reader=run:nobody", 404),
        ("/api/judge?version=-1", 400),
        ("/api/judge/mistakes?most=0", 400),
        ("/api/judge/mistakes?most=100000", 400),
        ("/api/judge/cell?true=1", 400),
        ("/api/judge/cell?true=1&predicted=99999999999999999999", 400),
    ],
)
def test_what_cannot_be_judged_is_refused(lab, path, status):
    answer = lab.ask("GET", path)
    assert answer.status == status, answer.body
    assert answer.json["error"]["what"]


def test_the_answers_are_as_the_document_says(lab):
    import jsonschema

    document = openapi_document()
    for path, query in (("", ""), ("/mistakes", "&most=3"), ("/cell", "&true=0&predicted=0")):
        described = document["paths"][f"/api/judge{path}"]["get"]["responses"]["200"]["content"]["application/json"]
        answer = lab.ask("GET", f"/api/judge{path}?reader=model:standard{query}")
        assert answer.status == 200
        jsonschema.validate(answer.json, described["schema"] | {"components": document["components"]})
    assert len(base64.b64decode(answer.json["mean"])) == 784
    parameters = document["paths"]["/api/judge/cell"]["get"]["parameters"]
    assert {one["name"]: one["required"] for one in parameters} == {
        "true": True, "predicted": True, "reader": False, "version": False,
    }  # fmt: skip


def test_a_comparison_is_the_librarys_and_shows_who_reads_what(asked, standard, mnist, few, tmp_path):
    from digitlab.evaluation import predict_all
    from digitlab.evaluation.comparison import compare

    test = mnist[1]
    recipe = dl.recipe("seed", epochs=2)
    names = ["20260101-120000-seed", "20260101-130000-seed"]
    for name in names:
        dl.fit(recipe.new_network(), few, recipe, out=tmp_path / name)
    lab = Lab(tmp_path)
    reader, other = (lab.judge.reader(id) for id in (f"run:{names[0]}", "model:standard"))
    found = lab.judge.compare(reader, other)
    expected = compare(*(predict_all(one.network, test) for one in (reader, other)), ("seed", "standard"))
    assert found.titles == ("seed", "standard")
    assert (found.sentence, found.p, found.interval) == (expected.sentence, expected.p, expected.interval)
    assert found.both + found.only_reader + found.only_other + found.neither == found.count == len(test)
    assert len(found.lost) == min(60, found.only_reader)
    for one in found.gained:
        assert one.answers[0] != one.label == one.answers[1] == test.labels[one.index]
    twins = lab.judge.compare(reader, lab.judge.reader(f"run:{names[1]}"))
    assert twins.titles == ("seed of 12:00:00", "seed of 13:00:00")
    assert twins.sentence == "seed of 12:00:00 and seed of 13:00:00 give the same answers"
    earlier = lab.judge.compare(reader, lab.judge.reader(f"run:{names[0]}@0"))
    assert earlier.titles == ("seed", "seed@0")
    with pytest.raises(InputError, match="a model is not compared with itself"):
        lab.judge.compare(reader, reader)
