"""``digitlab robustness``: what is left of accuracy, as a table, as Markdown, as JSON and as a figure."""

from __future__ import annotations

import json

import pytest

from digitlab.evaluation.robustness import PARTS


@pytest.fixture
def bars(monkeypatch):
    """How long the bar was to become, and how often it moved."""
    import contextlib

    told = []

    @contextlib.contextmanager
    def counting(total):
        told.append(total)
        yield lambda: told.append(1)

    monkeypatch.setattr("digitlab.cli.robustness.moving_bar", counting)
    return told


def test_models_stand_side_by_side(run, folder, clothes, bars):
    data, model = clothes
    twice = (model, model + "/model.safetensors", model)  # of which one is the same again
    code, out, err = run("robustness", *twice, "--data", data, "--save", "r.png")
    assert (code, err) == (0, "")
    assert bars[0] == 2 * PARTS == sum(bars[1:])
    assert f"model {model}\nmodel {model}/model.safetensors\n" in out
    assert "mean of the fifteen" in out
    assert (folder / "r.png").stat().st_size > 20_000


def test_for_programs_and_for_pages(run, folder, clothes):
    data, model = clothes
    code, out, _ = run("robustness", model, "--data", data, "--json")
    assert code == 0
    (answer,) = json.loads(out)["models"]
    assert answer["model"] == model
    assert len(answer["corruptions"]) == 15
    assert answer["count"] == 60
    code, out, _ = run("robustness", model, "--data", data, "--markdown")
    assert code == 0
    assert f"| shear | leaning by 0.4 rad | {100 * answer['corruptions'][4]['accuracy']:.2f} % |" in out


def test_wrong_calls_are_refused_before_anything_is_measured(run, folder, clothes):
    data, model = clothes
    assert run("robustness", model, "--data", data, "--save", "r.txt")[0] == 2
    assert run("robustness", "no such model")[0] == 2
    assert run("robustness", model)[0] == 2  # other classes than MNIST has
