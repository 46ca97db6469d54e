"""``digitlab calibrate``: a model file with a temperature, and what it changes."""

from __future__ import annotations

import json

import numpy as np
import pytest

import digitlab as dl


@pytest.fixture(scope="module")
def data(tmp_path_factory, mnist):
    """A thousand digits, and 200 to test on."""
    path = tmp_path_factory.mktemp("data") / "few.npz"
    train, test = mnist[0][:1000], mnist[1][:200]
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return str(path)


@pytest.fixture(scope="module")
def held_out(tmp_path_factory, data):
    """A run that held 300 of them out."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    recipe = dl.recipe("minibatch", layers=(784, 16, 10), epochs=3, learning_rate=1.0, batch_size=20, validation=300)
    dl.fit(recipe.new_network(), dl.open_data(data)[0], recipe, out=folder)
    return str(folder)


def test_the_file_is_the_run_with_its_temperature(run, folder, held_out, data):
    _, test = dl.open_data(data)
    code, out, err = run("calibrate", held_out, "--data", data, "--out", "calibrated.safetensors", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    network = dl.load("calibrated.safetensors")
    assert network.card.temperature == told["temperature"]
    assert (told["held_out"], told["out"], told["model"]) == (300, "calibrated.safetensors", held_out)
    assert told["before"]["cross_entropy"] == dl.evaluate(dl.load(held_out), test).cross_entropy
    assert told["after"]["cross_entropy"] == dl.evaluate(network, test).cross_entropy
    assert (
        json.loads(run("calibrate", f"{held_out}@0", "--data", data, "--out", "first.safetensors", "--json")[1]) != told
    )
    code, out, _ = run("calibrate", held_out, "--data", data, "--out", "calibrated.safetensors")
    assert code == 0
    assert f"temperature {told['temperature']:.3f}, fitted on 300 digits that it never learnt from" in out
    line = next(line for line in out.splitlines() if "calibration error" in line)
    assert line.split()[2::2] == [f"{100 * told[when]['calibration_error']:.2f}" for when in ("before", "after")]


def test_what_cannot_be_calibrated_is_refused(run, folder, model, held_out):
    for wrong, words in (
        ("standard", "a model file does not tell"),
        (model, "was trained on other digits"),
        ("nothing", "there is no such model"),
    ):
        code, out, err = run("calibrate", wrong, "--out", "calibrated.safetensors")
        assert (code, out) == (2, "")
        assert words in err
    for place, words in (
        ("calibrated.npz", "must end in .safetensors"),
        ("nowhere/calibrated.safetensors", "no folder nowhere"),
        (f"{held_out}/model.safetensors", "the run's alone"),
    ):
        code, out, err = run("calibrate", held_out, "--out", place)
        assert (code, out) == (2, "")
        assert words in err
    assert not list(folder.iterdir())
