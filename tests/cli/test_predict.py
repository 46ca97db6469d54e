"""``digitlab predict``: a line for each picture, on standard output or in a file."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.cli import predict as command
from digitlab.network.network import BLOCK
from tests.data.test_unlabelled import drawn, table


@pytest.fixture
def competition(folder, mnist) -> np.ndarray:
    """Pictures without labels, in test.csv."""
    images = mnist[1].images[: BLOCK + 5]
    Path("test.csv").write_text(table(images))
    return images


def test_a_competition_gets_its_two_columns(run, model, competition):
    expected = [[str(at), str(digit)] for at, digit in enumerate(dl.load(model).predict(competition), 1)]
    code, out, err = run("predict", "test.csv", "--model", model)
    assert (code, err) == (0, f"digitlab: model {model}\n")
    assert list(csv.reader(io.StringIO(out))) == [["ImageId", "Label"], *expected]
    code, told, err = run("predict", "test.csv", "--model", model, "--out", "answers.csv")
    assert (code, told, err) == (0, f"model {model}\n{len(competition):,} predictions in answers.csv\n", "")
    assert Path("answers.csv").read_text() == out


def test_probabilities_come_on_request(run, model, competition):
    code, out, _ = run("predict", "test.csv", "--model", model, "--probabilities")
    header, *rows = csv.reader(io.StringIO(out))
    assert (code, header) == (0, ["ImageId", "Label", *"0123456789"])
    told = np.array([row[2:] for row in rows], dtype=np.float32)
    assert np.array_equal(told, dl.load(model).probabilities(competition))


def test_json_is_an_object_a_line(run, model, competition):
    network = dl.load(model)
    for more in ([], ["--probabilities"]):
        code, out, err = run("predict", "test.csv", "--model", model, "--json", *more)
        answers = [json.loads(line) for line in out.splitlines()]
        assert (code, [answer["id"] for answer in answers]) == (0, list(range(1, len(competition) + 1)))
        assert ({answer["model"] for answer in answers}, err) == ({model}, "")
        assert [answer["digit"] for answer in answers] == network.predict(competition).tolist()
        most = [answer["probability"] for answer in answers]
        assert most == network.probabilities(competition).max(axis=1).tolist()
    assert [answer["probabilities"] for answer in answers] == network.probabilities(competition).tolist()
    assert run("predict", "test.csv", "--model", model, "--json", "--probabilities", "--out", "a.jsonl")[:2] == (0, "")
    assert Path("a.jsonl").read_text() == out


def test_on_a_fresh_machine_the_model_that_ships_predicts_and_says_so(run, competition):
    expected = [str(digit) for digit in dl.load("standard").predict(competition)]
    code, out, err = run("predict", "test.csv")
    assert (code, err) == (0, "digitlab: model standard (ships with digitlab)\n")
    assert [row["Label"] for row in csv.DictReader(io.StringIO(out))] == expected
    assert json.loads(run("predict", "test.csv", "--json")[1].splitlines()[0])["model"] == "standard"


def test_classes_are_called_by_their_names(run, clothes, folder):
    data, model = clothes
    images = dl.open_data(data)[1].images
    unlabelled = drawn(folder / "clothes", images, [f"{number}.png" for number in range(len(images))])
    names = dl.load(model).card.labels
    expected = [names[number] for number in dl.load(model).predict(images)]
    for place in (data, unlabelled):
        rows = list(csv.DictReader(io.StringIO(run("predict", place, "--model", model)[1])))
        assert [row["Label"] for row in rows] == expected
        answers = run("predict", place, "--model", model, "--json")[1].splitlines()
        assert [json.loads(answer)["name"] for answer in answers] == expected


def test_a_name_with_commas_and_quotes_is_one_cell(run, model, competition):
    network = dl.load(model)
    names = ('a, "b"', *"123456789")
    network.card = replace(network.card, labels=names)
    network.save("model.safetensors")
    _, out, _ = run("predict", "test.csv", "--model", "model.safetensors", "--probabilities")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0][2:] == list(names)
    assert {row[1] for row in rows[1:]} == set(names)


def test_labels_are_ignored_and_that_is_said_in_a_line(run, model, mnist, folder):
    Path("test.csv").write_text(table(mnist[1].images[:5], mnist[1].labels[:5]))
    code, out, err = run("predict", "test.csv", "--model", model)
    assert (code, len(out.splitlines())) == (0, 6)
    assert err.splitlines() == [
        "digitlab: test.csv: its labels are ignored; digitlab evaluate measures a model by them",
        f"digitlab: model {model}",
    ]


# --- what is refused ---


def refused(run, *arguments: str) -> str:
    code, out, err = run("predict", *arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    return err


def test_a_model_of_other_classes_is_refused(run, clothes, tmp_path):
    assert "knows other classes" in refused(run, "mnist", "--model", clothes[1])
    dl.Network([784, 9]).save(tmp_path / "model.safetensors")
    assert "cannot tell 10 classes apart" in refused(run, "mnist", "--model", str(tmp_path / "model.safetensors"))


def test_a_model_of_other_pictures_is_refused(run, competition):
    dl.Network([64, 10]).save("small.safetensors")
    err = refused(run, "test.csv", "--model", "small.safetensors")
    assert "small.safetensors: this model takes other pictures" in err
    assert "must be: 784 inputs\n  got: 64" in err


def test_nothing_to_predict_is_refused(run, model, folder):
    Path("test.csv").write_text(table(np.empty((0, 28, 28), np.uint8)))
    assert "test.csv: there is nothing to predict" in refused(run, "test.csv", "--model", model)


def test_the_pictures_are_not_replaced_by_what_they_show(run, model, competition):
    before = Path("test.csv").read_bytes()
    Path("link.csv").symlink_to("test.csv")
    for out in ("test.csv", "link.csv", "./test.csv"):
        assert "would take the place of the pictures" in refused(run, "test.csv", "--model", model, "--out", out)
    assert Path("test.csv").read_bytes() == before


def test_a_file_is_replaced_at_once_or_not_at_all(run, model, competition, monkeypatch):
    Path("answers.csv").write_text("former")

    def full(*_: object) -> None:
        raise OSError(28, "No space left")

    with monkeypatch.context() as patch:
        patch.setattr(command, "write_durably", full)
        code, _, err = run("predict", "test.csv", "--model", model, "--out", "answers.csv")
    assert (code, Path("answers.csv").read_text()) == (1, "former")
    assert err == "digitlab: answers.csv: the predictions cannot be written\n  got: No space left\n"
    assert run("predict", "test.csv", "--model", model, "--out", "answers.csv")[0] == 0
    assert Path("answers.csv").read_text().startswith("ImageId,Label\n1,")


def test_a_reader_that_goes_away_is_no_traceback(model, competition, folder, start):
    process = start("predict", "test.csv", "--model", model, "--probabilities", cwd=folder)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("ImageId,")
    process.stdout.close()
    with process.stderr as stream:
        assert stream.read() == f"digitlab: model {model}\n"
    assert process.wait(timeout=60) == 1
