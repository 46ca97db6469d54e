"""``digitlab evaluate`` and ``digitlab show``: what a model is worth, and what it says of one picture."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl


def test_evaluate_answers_in_json(run, model, mnist):
    code, out, _ = run("evaluate", "--model", model, "--json")
    answer = json.loads(out)
    report = dl.evaluate(dl.load(model), mnist[1])
    assert code == 0
    assert answer == json.loads(json.dumps(report.to_dict())) | {"model": model}
    assert answer["count"] == 10_000


def test_show_answers_in_json(run, model, mnist):
    code, out, _ = run("show", "42", "--model", model, "--json")
    answer = json.loads(out)
    probabilities = dl.load(model).probabilities(mnist[1].images[42])
    assert code == 0
    assert set(answer) == {"index", "digit", "probability", "probabilities", "label", "model"}
    assert (answer["index"], answer["label"]) == (42, int(mnist[1].labels[42]))
    np.testing.assert_allclose(answer["probabilities"], probabilities, atol=1e-6)
    assert answer["probability"] == max(answer["probabilities"]) == answer["probabilities"][answer["digit"]]


@pytest.mark.parametrize("named", [[], ["--model", "standard"]], ids=["nobody", "standard"])
def test_on_a_fresh_machine_the_model_that_ships_answers_and_says_so(run, folder, mnist, named):
    network = dl.load("standard")
    code, out, err = run("evaluate", *named)
    assert (code, err) == (0, "")
    assert out.startswith("model standard (ships with digitlab)\n")
    assert f"{100 * (network.predict(mnist[1].images) == mnist[1].labels).mean():.2f} %" in out
    code, out, err = run("show", "42", *named)
    assert (code, err) == (0, "")
    assert out.startswith("model standard (ships with digitlab)\n")
    answer = json.loads(run("show", "42", "--json", *named)[1])
    assert (answer["model"], answer["digit"]) == ("standard", network.predict(mnist[1].images[42]))


def test_what_could_be_mistaken_is_told_in_a_line(run, model, folder):
    dl.Network([784, 10]).save("standard")
    code, out, err = run("show", "42", "--model", "standard")
    assert (code, out.splitlines()[0]) == (0, "model standard (ships with digitlab)")
    meant = "standard is the model that ships with digitlab; what is here by that name is ./standard"
    assert err == f"digitlab: {meant}\n"
    code, out, err = run("show", "42", "--model", "./standard")
    assert (code, out.splitlines()[0], err) == (0, "model ./standard", "")


def test_show_chooses_a_random_digit(run, model):
    chosen = {json.loads(run("show", "--model", model, "--json")[1])["index"] for _ in range(4)}
    assert len(chosen) > 1
    assert all(0 <= index <= 9999 for index in chosen)


def test_show_saves_the_figure(run, model, folder):
    assert run("show", "0", "--model", model, "--save", "digit.png")[0] == 0
    assert Path("digit.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("index", ["-1", "10000", "99999999999999999999"])
def test_an_index_beyond_the_test_set_is_refused(run, model, index):
    code, _, err = run("show", index, "--model", model)
    assert code == 2
    assert "an index from 0 to 9999" in err


def test_a_damaged_model_is_exit_code_1(folder, run):
    Path("model.safetensors").write_bytes(b"\x80\x04pickle")
    code, _, err = run("evaluate", "--model", "model.safetensors")
    assert code == 1
    assert "pickle" in err


NAMES = ["Trouser", "[bold] Dress", "ズボン"]  # in the order of the classes


def test_classes_are_called_by_their_names(run, clothes):
    data, model = clothes
    code, out, _ = run("evaluate", "--data", data, "--model", model)
    assert code == 0
    assert "60 pictures" in out
    table = out[out.index("class") : out.index("how often")].splitlines()
    assert [line[:19].rstrip() for line in table[1:4]] == ["    0 Trouser", "    1 [bold] Dress", "    2 ズボン"]
    code, out, _ = run("show", "25", "--data", data, "--model", model)
    assert code == 0
    assert "true label [bold] Dress: " in out
    for name in NAMES:
        assert re.search(rf"(?m)(^| ){re.escape(name)} .*\d\.\d %", out), name


def test_programs_get_the_names_beside_the_numbers(run, clothes):
    data, model = clothes
    scores = json.loads(run("evaluate", "--data", data, "--model", model, "--json")[1])["per_digit"]
    assert [(score["digit"], score["name"]) for score in scores] == list(enumerate(NAMES))
    answer = json.loads(run("show", "25", "--data", data, "--model", model, "--json")[1])
    assert (answer["name"], answer["label_name"]) == (NAMES[answer["digit"]], NAMES[answer["label"]])
    assert (answer["label"], answer["names"]) == (1, NAMES)


def test_digits_need_no_names(run, model):
    assert "name" not in json.loads(run("show", "25", "--model", model, "--json")[1])
    assert "name" not in json.loads(run("evaluate", "--model", model, "--json")[1])["per_digit"][3]


def test_a_model_of_unnamed_classes_takes_the_names_of_the_data(run, clothes, tmp_path):
    dl.Network([784, 3]).save(tmp_path / "model.safetensors")
    code, out, _ = run("show", "25", "--data", clothes[0], "--model", str(tmp_path / "model.safetensors"))
    assert code == 0
    assert "true label [bold] Dress: " in out


@pytest.mark.parametrize("command", ["evaluate", "show"])
def test_a_model_that_knows_other_classes_is_refused(run, mnist, tmp_path, command):
    network, recipe = dl.Network([784, 10]), dl.recipe("minibatch", layers=(784, 10), epochs=1)
    train = mnist[0][:100]
    dl.fit(network, dl.Digits(train.images, train.labels, "drawn", tuple("abcdefghij")), recipe)
    network.save(tmp_path / "model.safetensors")
    code, out, err = run(command, "--model", str(tmp_path / "model.safetensors"))
    assert (code, out) == (2, "")
    assert "knows other classes" in err
    assert "it was trained on drawn" in err


def test_a_report_is_written_beside_the_numbers(run, model, folder, monkeypatch):
    from digitlab.display import html_report

    learning = [section for section in html_report.SECTIONS if section.id == "learning"]
    monkeypatch.setattr(html_report, "SECTIONS", learning)
    code, out, err = run("evaluate", "--model", model, "--html", "report.html", "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    page = Path("report.html").read_text("utf-8")
    assert f"{100 * answer['accuracy']:.2f} %" in page
    assert model in page
    assert "Learning curves, of the training digits" in page
    assert run("evaluate", "--model", model, "--html", "report.html")[1].endswith(
        "all of it with figures: report.html\n"
    )
    code, out, err = run("evaluate", "--model", model, "--html", "report.pdf")
    assert (code, out) == (2, "")
    assert "must end in .html" in err
