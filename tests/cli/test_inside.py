"""``digitlab inside`` and ``digitlab step``."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import digitlab as dl
from digitlab.cli.step import parameter_place
from digitlab.display.backprop import check_text, step_text
from digitlab.inside import attribute, backprop_step, contributions_of, find_counterfactual


@given(st.integers(1, 32), st.lists(st.integers(0, 20_000), min_size=1, max_size=2), st.sampled_from("Wb"))
def test_a_place_means_what_it_says(layer, index, letter):
    assert parameter_place(f"{letter}{layer}[{','.join(map(str, index))}]") == (f"{letter}{layer}", tuple(index))
    assert parameter_place(f" {letter}{layer}[{', '.join(map(str, index))}] ") == (f"{letter}{layer}", tuple(index))


@given(st.text(alphabet=string.printable + "٣ſ", max_size=60))
def test_other_words_are_refused(words):
    if re.fullmatch(r" *[Wb][0-9]+ *\[[0-9, ]+\] *", words):
        return  # perhaps one
    with pytest.raises(dl.errors.InputError, match="such as W1"):
        parameter_place(words)


def test_inside_says_what_pushes(run, model, folder, mnist):
    test_images = mnist[1].images
    code, out, err = run("inside", "8", "--model", model)
    assert (code, err) == (0, "")
    assert f"model {model}" in out
    assert "MNIST test 8" in out
    assert "what each unit of hidden layer 1 adds to the logit of" in out
    assert "integrated gradients: their sum is" in out
    assert run("inside", "8", "--model", model, "--save", "units.svg", "--figure", "contributions")[0] == 0
    assert "What pushes" in Path("units.svg").read_text("utf-8")
    found = find_counterfactual(dl.load(model), test_images[8])
    assert f"flips the answer, to {found.becomes}: {found.distance:.2f} long" in out
    assert run("inside", "8", "--model", model, "--save", "flip.svg", "--figure", "counterfactual")[0] == 0
    assert "the change" in Path("flip.svg").read_text("utf-8")
    code, _, err = run("inside", "8", "--model", model, "--figure", "weights")
    assert code == 2
    assert "no file to --save it in" in err


def test_inside_answers_in_json(run, model, mnist):
    code, out, _ = run("inside", "8", "--model", model, "--json")
    answer, image = json.loads(out), mnist[1].images[8]
    assert code == 0
    assert (answer["index"], answer["label"], answer["model"]) == (8, 5, model)
    network = dl.load(model)
    assert answer["contributions"] == json.loads(json.dumps(contributions_of(network, image).to_dict()))
    assert answer["counterfactual"]["distance"] == find_counterfactual(network, image).distance
    assert answer["attributions"][2] == json.loads(json.dumps(attribute(network, image).to_dict()))


def test_step_shows_every_number(run, model, mnist):
    code, out, err = run("step", "8", "--model", model, "--learning-rate", "0.3")
    step = backprop_step(dl.load(model), mnist[1].images[8], 5, 0.3)
    assert (code, err) == (0, "")
    assert out.startswith(f"model {model}\nMNIST test 8, 784-64-10, sigmoid\n")
    assert out.endswith(step_text(step) + "\n")
    answer = json.loads(run("step", "8", "--model", model, "--learning-rate", "0.3", "--check", "b2[7]", "--json")[1])
    check = answer.pop("check")
    assert check == step.check("b2", 7).to_dict()
    assert answer == {"index": 8} | json.loads(json.dumps(step.to_dict())) | {"model": model}


def test_step_checks_a_derivative(run, model, mnist):
    code, out, err = run("step", "8", "--model", model, "--check", "W1[425,12]")
    check = backprop_step(dl.load(model), mnist[1].images[8], 5).check("W1", (425, 12))
    assert (code, err) == (0, "")
    assert out.endswith(check_text(check) + "\n")


def test_classes_are_called_by_their_names(run, clothes):
    data, model = clothes
    for command, words in (("inside", "adds to the logit of"), ("step", "of class 1 ([bold] Dress)")):
        code, out, _ = run(command, "25", "--data", data, "--model", model)
        assert code == 0
        assert words in out
        assert "true label [bold] Dress" in out or command == "step"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["inside", "10000"], "an index from 0 to 9999"),
        (["step", "-1"], "an index from 0 to 9999"),
        (["step", "8", "--check", "W1(3,4)"], "such as W1[300,12] or b2[7]"),
        (["step", "8", "--check", "W3[0,0]"], "no parameter 'W3'"),
        (["step", "8", "--check", "W1[784,0]"], "W1[0 to 783, 0 to 63]"),
        (["step", "8", "--learning-rate", "0"], "learning_rate"),
        (["step", "8", "--learning-rate", "nan"], "learning_rate"),
        (["inside", "8", "--save", "inside.txt"], "the name of a figure must end in"),
        (["inside", "8", "--figure", "cake"], "--figure"),
    ],
)
def test_bad_calls_are_answered_in_words(run, model, arguments, words):
    code, out, err = run(*arguments, "--model", model)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_a_model_that_knows_other_classes_is_refused(run, tmp_path, clothes):
    dl.Network([784, 10]).save(tmp_path / "model.safetensors")
    for command in ("inside", "step"):
        code, _, err = run(command, "8", "--model", clothes[1])
        assert code == 2
        assert "classes" in err
