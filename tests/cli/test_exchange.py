"""``digitlab export`` and ``digitlab import``: a model to another tool and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

import digitlab as dl
from digitlab.interop.exchange import FORMATS


def test_there_and_back(run, folder, model):
    code, out, err = run("export", "a.npz", "--model", model)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == f"model {model}"
    assert out.splitlines()[-1] == "saved as a.npz"
    code, out, err = run("import", "a.npz", "--out", "b.safetensors")
    assert (code, err) == (0, "")
    assert "activation     sigmoid, as the file says" in out
    report = json.loads(run("evaluate", "--model", model, "--json")[1])
    assert f"{100 * report['accuracy']:.2f} % of MNIST's test digits" in out
    dl.load(model).save("c.safetensors")
    assert (folder / "b.safetensors").read_bytes() == (folder / "c.safetensors").read_bytes()


def test_a_wrong_guess_is_seen(run, folder):
    recipe = dl.recipe("quick", epochs=3, layers=(784, 16, 10))
    network = recipe.new_network()
    dl.fit(network, dl.load_mnist()[0][:10_000], recipe)
    W1, b1, W2, b2 = network.W1, network.b1, network.W2, network.b2
    theirs = {  # what the same network would be, had somebody trained it on other pixels
        "0..255": (W1 / 255, b1),
        "0.1307,0.3081": (W1 * 0.3081, b1 + 0.1307 * W1.sum(axis=0)),
        "1,-1": (-W1, b1 + W1.sum(axis=0)),  # dark ink on white paper
    }
    for inputs, (W, b) in theirs.items():
        np.savez("theirs.npz", W1=W, b1=b, W2=W2, b2=b2)
        call = ("import", "theirs.npz", "--activation", "gelu", "--out", "b.safetensors")
        *_, told, _ = run(*call)[1].splitlines()
        assert f"; with --inputs {inputs} it would be" in told
        *_, mended, _ = run(*call, "--inputs", inputs)[1].splitlines()
        assert mended.split(" ", 1)[1].strip().split(" %")[0] == told.split("would be ")[1].split(" %")[0]
        assert "--inputs" not in mended


def test_for_programs(run, folder):
    dl.Network([9, 4, 3]).save("own.safetensors")
    told = json.loads(run("export", "a.npz", "--model", "own.safetensors", "--json")[1])
    assert (told["model"], told["file"]) == ("own.safetensors", "a.npz")
    told = json.loads(run("import", "a.npz", "--out", "b.safetensors", "--json")[1])
    assert (told["file"], told["out"], told["accuracy"]) == ("a.npz", "b.safetensors", None)
    assert told["taken_for"]["layers"] == "9-4-3"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("export", "a.tflite", "--model", "standard"), ".npz"),
        (("export", "a.npz", "--model", "nothing"), "no such model"),
        (("import", "a.npz", "--out", "b.npz"), "must end in .safetensors"),
        (("import", "a.pkl", "--out", "b.safetensors"), "pickle"),
        (("import", "a.html", "--out", "b.safetensors"), "is only written"),
        (("import", "a.h5", "--out", "b.safetensors"), "save it as .keras"),
        (("import", "a.npz", "--out", "b.safetensors", "--activation", "swish"), "sigmoid"),
        (("import", "a.npz", "--out", "b.safetensors", "--inputs", "3"), "0.1307,0.3081"),
    ],
)
def test_a_wrong_call_is_refused(run, folder, call, words):
    code, out, err = run(*call)
    assert (code, out) == (2, "")
    assert words in err
    assert not list(folder.iterdir())


def test_the_help_names_every_form(run):
    for command, forms in (("export", FORMATS), ("import", [name for name in FORMATS if FORMATS[name].read])):
        told = run(command, "--help")[1]
        assert all(ending in told for ending in forms)


def test_the_file_of_another_tool_is_no_model_yet(run, folder):
    for name in ("a.onnx", "a.npz"):
        run("export", name, "--model", "standard")
        assert "`digitlab import`" in run("evaluate", "--model", name)[2]
