"""What a network is said to be after a training: the names of its classes, its recipe, how it went. In the run, too."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import DivergenceError, InputError, RunError
from digitlab.network import Preprocessing, TrainingSummary
from digitlab.runs.run import MANIFEST, MODEL, Run

CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RECIPE = dl.recipe("minibatch", layers=(784, 8, 10), epochs=3, validation=20)


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return dl.Digits(mnist[0].images[:120], mnist[0].labels[:120], "written\x1b out", CLASSES)


def test_a_training_fills_in_the_card(digits):
    network = RECIPE.new_network()
    history = dl.fit(network, digits, RECIPE, about="To see what comes of it.")
    last = history.epochs[-1]
    card = network.card
    assert (card.labels, card.preprocessing, card.temperature) == (CLASSES, Preprocessing(28), None)
    assert card.recipe == RECIPE.to_dict() | {"about": "To see what comes of it."}
    assert card.training == TrainingSummary(
        state="finished",
        epochs=3,
        steps=12,
        samples=100,
        held_out=20,
        source="written\\x1b out",
        engine=card.training.engine,
        loss=last.loss,
        accuracy=last.accuracy,
        validation_loss=last.validation_loss,
        validation_accuracy=last.validation_accuracy,
    )


def test_the_run_and_the_network_give_the_same_model_file(digits, tmp_path):
    for name, threads in (("one", 1), ("two", 2)):
        network = RECIPE.new_network()
        dl.fit(network, digits, RECIPE, out=tmp_path / name, threads=threads)
        network.save(tmp_path / f"{name}.safetensors")
        assert dl.load(tmp_path / name).card == dl.load(tmp_path / name / MODEL).card == network.card
    files = [*tmp_path.glob(f"*/{MODEL}"), *tmp_path.glob("*.safetensors")]
    assert len(files) == 4
    assert len({path.read_bytes() for path in files}) == 1


def test_a_training_forgets_the_temperature_and_the_names_of_before(digits, few):
    network = RECIPE.new_network()
    dl.fit(network, digits, RECIPE)
    network.card = replace(network.card, temperature=2.0)
    for _ in dl.train(network, few, RECIPE):
        assert network.card.temperature is None
        assert network.card.labels == tuple("0123456789")
    assert network.card.training.source == few.source


@pytest.mark.parametrize("state", ["interrupted", "early", "diverged"])
def test_the_card_says_how_it_ended(digits, tmp_path, state):
    recipe, network = RECIPE, RECIPE.new_network()
    if state == "early":
        recipe = replace(RECIPE, epochs=500, patience=1, learning_rate=2.0)
        dl.fit(network, digits, recipe, out=tmp_path / "run")
    elif state == "diverged":
        network.parameters[:] = 1e38
        with pytest.raises(DivergenceError):
            dl.fit(network, digits, recipe, out=tmp_path / "run")
    else:
        events = dl.train(network, digits, recipe, out=tmp_path / "run")
        next(event for event in events if isinstance(event, dl.EpochDone))
        events.close()
    assert network.card.training.state == state
    assert dl.load(tmp_path / "run").card == network.card
    outcome = Run(tmp_path / "run").manifest.outcome
    assert (network.card.training.epochs, network.card.training.loss) == (outcome.epochs, outcome.loss)


def test_a_run_that_was_killed_knows_the_names(digits, tmp_path):
    events = dl.train(RECIPE.new_network(), digits, RECIPE, out=tmp_path / "run", checkpoint_every=0)
    next(event for event in events if isinstance(event, dl.EpochDone))
    shutil.copytree(tmp_path / "run", tmp_path / "killed")
    events.close()
    assert MODEL not in Run(tmp_path / "killed").manifest.files
    assert dl.load(tmp_path / "killed").card.labels == CLASSES
    network = RECIPE.new_network()
    other = dl.Digits(digits.images, digits.labels, digits.source, CLASSES[::-1])
    with pytest.raises(InputError, match="trained on other digits"):
        next(dl.train(network, other, RECIPE, out=tmp_path / "killed", resume=True))
    dl.fit(network, digits, RECIPE, out=tmp_path / "killed", resume=True)
    assert network.card.labels == CLASSES


@pytest.mark.parametrize(
    "name", ["\x1b[2J", "two\nlines", "x" * 256, "\ud800"], ids=["escape", "lines", "long", "half"]
)
def test_names_that_cannot_be_kept_are_refused_before_anything_is_learnt(digits, tmp_path, name):
    odd = dl.Digits(digits.images, digits.labels, "drawn", (*CLASSES[:9], name))
    with pytest.raises(InputError, match="the labels of a network cannot be this"):
        dl.train(RECIPE.new_network(), odd, RECIPE, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_source_of_any_length_is_kept_shortened(digits, tmp_path):
    long = dl.Digits(digits.images, digits.labels, "x" * 100_000)
    network = RECIPE.new_network()
    dl.fit(network, long, RECIPE, out=tmp_path / "run")
    assert dl.load(tmp_path / "run").card.training.source.startswith("xxx")


def test_outputs_without_a_class_are_called_unused(mnist):
    two = dl.Digits(mnist[0].images[:50], (mnist[0].labels[:50] > 4).astype(np.uint8), "drawn", ("low", "high"))
    recipe = dl.recipe("minibatch", layers=(784, 4), epochs=1)
    network = recipe.new_network()
    dl.fit(network, two, recipe)
    assert network.card.labels == ("low", "high", "unused 2", "unused 3")
    assert dl.evaluate(network, two).count == 50


# --- the manifest ---


def test_the_manifest_tells_the_classes_and_what_training_began_with(digits, tmp_path):
    network = dl.Network(RECIPE.layers, activation=RECIPE.activation, seed=5)
    before = network.parameters.copy()
    dl.fit(network, digits, RECIPE, out=tmp_path / "run", snapshot_every=3)
    manifest = Run(tmp_path / "run").manifest
    assert manifest.data.classes == list(CLASSES)
    assert manifest.first_parameters == hashlib.sha256(before.astype("<f4").tobytes()).hexdigest()
    state = Run(tmp_path / "run").moment(3).state
    branch = dl.Branch(tmp_path / "run", 3)
    dl.fit(RECIPE.new_network(), digits, replace(RECIPE, epochs=4), out=tmp_path / "branch", branch=branch)
    begun = Run(tmp_path / "branch").manifest
    assert begun.first_parameters == hashlib.sha256(state.parameters.astype("<f4").tobytes()).hexdigest()
    assert begun.snapshot_every == 0


def test_the_first_runs_said_less_and_can_still_be_gone_on_with(digits, tmp_path):
    events = dl.train(RECIPE.new_network(), digits, RECIPE, out=tmp_path / "run")
    next(event for event in events if isinstance(event, dl.EpochDone))
    events.close()
    path = tmp_path / "run" / MANIFEST
    manifest = json.loads(path.read_text())
    for name in ("first_parameters", "snapshot_every"):
        del manifest[name]
    del manifest["data"]["classes"]
    path.write_text(json.dumps(manifest))
    assert dl.load(tmp_path / "run").card.labels == CLASSES  # from the model
    dl.fit(RECIPE.new_network(), digits, RECIPE, out=tmp_path / "run", resume=True)
    assert Run(tmp_path / "run").manifest.outcome.state == "finished"


@pytest.mark.parametrize("classes", [["\u001b"], ["a", "a"], [str(number) for number in range(11)], ["x" * 1000]])
def test_names_in_a_manifest_that_cannot_be_are_refused(digits, tmp_path, classes):
    folder: Path = tmp_path / "run"
    events = dl.train(RECIPE.new_network(), digits, RECIPE, out=folder)
    next(events)
    manifest = json.loads((folder / MANIFEST).read_text())
    shutil.copytree(folder, tmp_path / "copy")
    events.close()
    manifest["data"]["classes"] = classes
    (tmp_path / "copy" / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="labels"):
        dl.load(tmp_path / "copy")
