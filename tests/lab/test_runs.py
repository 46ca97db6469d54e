"""The lab's runs: damaged ones are shown as such and harm no others; snapshots read; nothing in use is deleted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitlab as dl
from digitlab.runs.run import Run
from tests.lab.lab_tools import Served, start_lab, stop_lab

STROKES = {"strokes": [[[10.0, 10.0], [60.5, 12.25], [40.0, 90.0]]], "width": 8}


@pytest.fixture
def folder(few, tmp_path) -> Path:
    """One run, with snapshots of every epoch."""
    _train(few, tmp_path / "good")
    return tmp_path


def _train(few: dl.Digits, folder: Path) -> None:
    recipe = dl.recipe("seed", epochs=4, layers=(784, 16, 10))
    dl.fit(recipe.new_network(), few, recipe, out=folder, snapshot_every=1)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


MANIFEST, RECIPE, MODEL = "manifest.json", "recipe.toml", "model.safetensors"
DAMAGES: dict[str, tuple[Any, str]] = {  # and what cannot be had then: the place in the list, its details, a reading
    "manifest is empty": (lambda run: (run / MANIFEST).write_bytes(b""), "list details reading"),
    "manifest is cut": (lambda run: _cut(run / MANIFEST), "list details reading"),
    "manifest is of another kind": (lambda run: (run / MANIFEST).write_bytes(b'{"a": 1}'), "list details reading"),
    "manifest is no text": (lambda run: (run / MANIFEST).write_bytes(b"\xff\xfe\x00"), "list details reading"),
    "manifest is deep": (lambda run: (run / MANIFEST).write_bytes(b"[" * 100_000), "list details reading"),
    "recipe is gone": (lambda run: (run / RECIPE).unlink(), "list details"),
    "recipe is changed": (lambda run: (run / RECIPE).write_bytes(b"epochs = 1"), "list details"),
    "recipe is a folder": (lambda run: [(run / RECIPE).unlink(), (run / RECIPE).mkdir()], "list details"),
    "model is cut": (lambda run: _cut(run / MODEL), "reading"),
    "model is gone": (lambda run: (run / MODEL).unlink(), "reading"),
    "history is cut": (lambda run: _cut(run / "history.jsonl"), "details"),
    "clock is gone": (lambda run: (run / "clock.jsonl").unlink(), "details"),
}


@pytest.fixture(scope="module")
def damaged(few, tmp_path_factory) -> Iterator[Served]:
    """A lab with a good run, and one for each damage."""
    folder = tmp_path_factory.mktemp("damaged")
    _train(few, folder / "good")
    for number, (do, _) in enumerate(DAMAGES.values()):
        shutil.copytree(folder / "good", folder / f"bad-{number}")
        do(folder / f"bad-{number}")
    lab = start_lab(folder)
    yield lab
    code, complaints = stop_lab(lab)
    assert code == 0
    assert "Traceback" not in complaints


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_told_of_and_the_others_go_on(damaged, damage):
    name, lost = f"bad-{list(DAMAGES).index(damage)}", DAMAGES[damage][1]
    listed = {run["name"]: run for run in damaged.ask("GET", "/api/runs").json["runs"]}
    assert listed["good"]["state"] == "finished"
    assert (listed[name]["state"] == "damaged") is ("list" in lost)
    assert listed[name]["about"] or "list" not in lost, "the reason is shown in place of what it is for"
    details, reading = damaged.ask("GET", f"/api/runs/{name}"), damaged.post(f"/api/read?reader=run:{name}", STROKES)
    for what, answer in (("details", details), ("reading", reading)):
        assert answer.status == (409 if what in lost else 200), (what, answer.body)
        assert answer.status == 200 or set(answer.json["error"]) == {"what", "must_be", "got", "help"}
    assert damaged.post("/api/read?reader=run:good", STROKES).status == 200
    assert damaged.ask("GET", "/api/readers").status == 200
    assert damaged.post(f"/api/runs/{name}/resume", {}).status in {400, 409}
    in_use = "reading" not in lost
    assert damaged.post(f"/api/runs/{name}/delete", {}).status == (409 if in_use else 200)


def test_what_is_no_run_is_passed_over(labs, folder):
    (folder / "notes.txt").write_text("mine")
    (folder / "empty").mkdir()
    (folder / ".hidden").mkdir()
    (folder / "link").symlink_to(folder / "good")
    (folder / "a\nb").mkdir()
    shutil.copy(folder / "good" / "manifest.json", folder / "a\nb")
    lab = labs(folder)
    assert {run["name"] for run in lab.ask("GET", "/api/runs").json["runs"]} == {"good"}
    for name in ("notes.txt", "empty", "link", ".hidden", "a%0ab", "."):
        assert lab.post(f"/api/runs/{name}/delete", {}).status == 404
    assert (folder / "good" / "manifest.json").exists()


def test_a_snapshot_reads_as_the_network_was_then(labs, folder, mnist):
    lab = labs(folder)
    assert lab.ask("GET", "/api/runs/good").json["snapshots"] == [0, 1, 2, 3, 4]
    picture = mnist[1].images[3]
    for epoch in (0, 1, 3):
        answer = lab.post(f"/api/read?reader=run:good@{epoch}", picture.tobytes(), "application/octet-stream").json
        network = Run(folder / "good").network_at(epoch)
        assert np.array_equal(np.array(answer["probabilities"], np.float32), network.probabilities(picture))
        weights = lab.ask("GET", f"/api/weights?reader=run:good@{epoch}")
        assert (weights.status, weights.headers["x-units"]) == (200, "16")
        assert weights.headers["x-reader"] == f"run:good@{epoch}"
        if epoch == 3:
            page = lab.ask("GET", f"/api/page?reader=run:good@{epoch}")
            assert (page.status, page.headers["content-type"]) == (200, "application/octet-stream")
            assert b'"sizes": [784, 16, 10]' in page.body
    for wrong, status in (("good@9", 409), ("nobody@1", 404), ("good@", 404), ("good@x", 404), ("../good@1", 404)):
        assert lab.post(f"/api/read?reader=run:{wrong}", STROKES).status == status, wrong
    assert lab.post("/api/runs/good/delete", {}).status == 409  # it has just read something


def test_a_run_with_an_at_in_its_name_is_itself(labs, folder):
    (folder / "good").rename(folder / "good@2")
    lab = labs(folder)
    assert lab.post("/api/read?reader=run:good@2", STROKES).status == 200
    assert lab.post("/api/read?reader=run:good@2@2", STROKES).status == 200


def test_runs_that_cannot_be_kept_are_a_clear_refusal(labs, tmp_path):
    (tmp_path / "file").write_text("in the way")
    lab = labs(tmp_path / "file")
    assert lab.ask("GET", "/api/runs").json == {"runs": []}
    answer = lab.post("/api/train", {"settings": {"epochs": 1}})
    assert answer.status == 409
    assert "cannot" in answer.json["error"]["what"]
    assert lab.ask("GET", "/api/state").json["training"] is None


def test_models_from_elsewhere_read_too_and_the_first_of_them_by_default(labs, folder, mnist, tmp_path):
    network = dl.load(folder / "good")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    network.save(elsewhere / "mine.safetensors")
    (folder / "good").rename(elsewhere / "good")
    flags = ["--model", str(elsewhere / "mine.safetensors"), "--model", str(elsewhere / "good")]
    lab = labs(tmp_path / "runs", *flags)
    readers = lab.ask("GET", "/api/readers").json
    assert [one["id"] for one in readers["readers"]] == ["model:mine", "model:good", "model:standard"]
    assert readers["default"] == "model:mine"
    picture = mnist[1].images[11]
    for query in ("", "?reader=model:mine", "?reader=model:good"):
        answer = lab.post(f"/api/read{query}", picture.tobytes(), "application/octet-stream")
        assert np.array_equal(np.array(answer.json["probabilities"], np.float32), network.probabilities(picture))
    assert lab.post("/api/read?reader=model:other", STROKES).status == 404


def test_a_model_that_is_none_is_told_before_the_lab_opens(tmp_path):
    with pytest.raises(AssertionError, match="no such model"):
        start_lab(tmp_path / "runs", "--model", str(tmp_path / "missing.safetensors"))
