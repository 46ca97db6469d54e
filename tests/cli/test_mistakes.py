"""``digitlab mistakes`` and ``digitlab mislabels``: what they print, and what they refuse."""

from __future__ import annotations

import json
import signal
import time

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.evaluation.mistakes import mistakes
from digitlab.evaluation.predictions import predict_all


@pytest.fixture
def small(folder, mnist) -> str:
    """A data set of which everything is learnt in a moment."""
    train, test = mnist
    np.savez(
        "few.npz",
        x_train=train.images[:400],
        y_train=train.labels[:400],
        x_test=test.images[:200],
        y_test=test.labels[:200],
    )
    return "few.npz"


def test_mistakes_are_listed_surest_first_with_label_errors(run, model, mnist, folder):
    code, out, err = run("mistakes", "--model", model, "--save", "gallery.png")
    assert (code, err) == (0, "")
    found = mistakes(predict_all(dl.load(model), mnist[1]))
    lines = out.splitlines()
    assert lines[1] == f"{len(found):,} mistakes on MNIST test, the first 20; surest first"
    assert len(lines) == 23
    assert lines[-1] == "saved as gallery.png"
    assert lines[2].startswith(f"  {found[0].index:6d}  is {found[0].label}, read as {found[0].predicted} ")
    with Image.open("gallery.png") as figure:
        assert figure.size[0] > 1000
    code, out, _ = run("mistakes", "--model", model, "--json")
    told = json.loads(out)
    assert told["mistakes"] == json.loads(json.dumps([one.to_dict() for one in found]))
    assert (told["count"], told["source"]) == (10_000, "MNIST test")
    assert any(one["label_error"] for one in told["mistakes"])


def test_a_cell_is_opened(run, model, mnist, folder):
    found = mistakes(predict_all(dl.load(model), mnist[1]))[0]
    cell = ("--true", str(found.label), "--taken-for", str(found.predicted))
    code, out, err = run("mistakes", "--model", model, *cell, "--save", "cell.svg")
    assert (code, err) == (0, "")
    assert f"of {found.label} taken for {found.predicted}" in out
    assert "the nearest training pictures, with their distances" in out
    assert "<svg" in (folder / "cell.svg").read_text("utf-8")
    code, out, _ = run("mistakes", "--model", model, *cell, "--json")
    told = json.loads(out)
    assert found.index in told["indices"]
    assert len(told["units"]) == 10


def test_classes_are_called_by_their_names(run, clothes):
    data, model = clothes
    code, out, err = run("mistakes", "--model", model, "--data", data, "--true", "ズボン", "--taken-for", "ズボン")
    assert (code, err) == (0, "")
    assert "of ズボン read rightly" in out
    code, out, _ = run("mistakes", "--model", model, "--data", data, "--json")
    assert json.loads(out)["names"] == list(dl.load(model).card.labels)


def test_bad_calls_are_answered_in_words(run, model, small):
    for arguments, words in (
        (("--true", "4"), "a cell needs both of its digits"),
        (("--true", "4", "--taken-for", "x"), "there is no class 'x'"),
        (("--save", "gallery.txt"), "the name of a figure must end in"),
        (("--data", small, "--true", "0", "--taken-for", "1"), "the cell is empty: no picture of 0 was taken for 1"),
    ):
        code, out, err = run("mistakes", "--model", model, *arguments)
        assert (code, out) == (2, "")
        assert words in err


RECIPE = 'layers = [784, 8, 10]\nepochs = 3\nbatch_size = 16\nlearning_rate = 0.1\nactivation = "relu"\n'


def test_mislabels_are_listed_and_drawn(run, small, folder):
    (folder / "mine.toml").write_text(RECIPE)
    call = ("mislabels", "--data", small, "--recipe", "mine.toml", "--folds", "3", "--part", "test")
    code, out, err = run(*call, "--save", "suspects.png")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "few.npz test: 200 labels, judged in 3 folds"
    assert lines[1].endswith("% are confirmed by networks that never saw the picture")
    assert lines[3].startswith("   test ")
    assert (folder / "suspects.png").stat().st_size > 5000
    told = json.loads(run(*call, "--json")[1])
    assert len(told["suspects"]) == round(200 * (1 - told["accuracy"]))
    assert told == json.loads(run(*call, "--json")[1])
    code, _, err = run(*call[:-4], "--folds", "1")
    assert code == 2
    assert "folds must be a whole number from 2 to 100" in err


def test_ctrl_c_ends_mislabels_in_words(start, small, folder):
    (folder / "long.toml").write_text(RECIPE.replace("epochs = 3", "epochs = 1000000"))
    process = start("mislabels", "--data", small, "--recipe", "long.toml", cwd=folder)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "digitlab: interrupted\n")
