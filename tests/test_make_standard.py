"""The model that ships: what it says of itself, and that making it gives the same bytes, by a shorter training."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest
import tomli_w

import digitlab as dl
from digitlab.engines import native
from digitlab.errors import RunError
from digitlab.network.shipped import MAX_SHIPPED_BYTES, SHIPPED, STANDARD, load_shipped, shipped_file
from digitlab.runs.run import MANIFEST
from digitlab.training import named_recipes
from digitlab.training.events import EpochDone
from digitlab.training.recipe_files import parse_recipe
from tools import make_standard, making
from tools.make_standard import Made, main, make

compiled = pytest.mark.skipif(not native.available_paths(), reason="the native engine is not compiled here")
SHORT = dataclasses.replace(named_recipes()[STANDARD].changed(epochs=2), about="A short one.")


def _make(few, work, **options) -> Made:
    return make(SHORT, few, work, held_out=200, **options)


@pytest.fixture(scope="module")
def made(few, tmp_path_factory) -> Made:
    return _make(few, tmp_path_factory.mktemp("work") / "new", threads=1)


def test_the_file_that_ships_is_the_one_whose_sum_is_recorded():
    content = shipped_file(STANDARD).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHIPPED[STANDARD]
    assert len(content) <= MAX_SHIPPED_BYTES


def test_its_card_says_how_it_was_made():
    card = load_shipped(STANDARD).card
    known = named_recipes()[STANDARD]
    assert card.recipe is not None
    said = parse_recipe(tomli_w.dumps(card.recipe), "the card")
    assert (said.recipe, said.about) == (known.recipe, known.about)
    assert known.recipe.validation == 0
    assert card.temperature is not None
    assert card.training is not None
    assert (card.training.state, card.training.epochs) == ("finished", known.recipe.epochs)
    assert (card.training.samples, card.training.held_out, card.training.source) == (60_000, 0, "MNIST train")
    assert card.training.engine == "native"


@compiled
@pytest.mark.parametrize(
    "simd",
    [pytest.param(one, marks=pytest.mark.soak if one == "portable" else ()) for one in native.available_paths()],
)  # the portable path takes ten times as long, and has its bits tested with the engine
def test_threads_and_instruction_paths_change_no_byte(few, made, tmp_path, simd):
    again = _make(few, tmp_path / "work", threads=3, engine=native.NativeEngine(simd))
    assert again == made
    assert not (tmp_path / "work").exists()


@compiled
def test_it_is_trained_on_all_with_the_temperature_of_those_held_out(few, made, tmp_path):
    network = dl.Network.decode(made.content, Path("made"))
    recipe = SHORT.recipe
    expected = recipe.new_network()
    dl.fit(expected, few, recipe, engine="native")
    assert network.parameters.tobytes() == expected.parameters.tobytes()
    assert network.card.temperature == made.temperature
    assert network.card.training == expected.card.training
    assert network.card.recipe["epochs"] == 2
    assert set(network.card.recipe) < {"about", *recipe.to_dict()}  # what is as by default is left out
    trial = dataclasses.replace(recipe, validation=200)
    told = dl.fit(trial.new_network(), few, trial, engine="native")
    assert made.accuracy == pytest.approx(told.epochs[-1].validation_accuracy)
    assert 0 < made.calibration_error < 0.3


@compiled
@pytest.mark.parametrize("part", ["held-out", "all"])
def test_a_training_that_was_stopped_goes_on_to_the_same_bytes(few, made, tmp_path, part):
    recipe = SHORT.changed(validation=200 if part == "held-out" else 0).recipe
    events = dl.train(recipe.new_network(), few, recipe, out=tmp_path / part, engine="native", about=SHORT.about)
    next(event for event in events if isinstance(event, EpochDone))
    events.close()
    assert (tmp_path / part / MANIFEST).exists()
    assert _make(few, tmp_path).content == made.content


@compiled
def test_a_training_begun_with_another_engine_is_refused(few, tmp_path):
    recipe = SHORT.changed(validation=200).recipe
    dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "held-out", engine="numpy")
    with pytest.raises(RunError, match="would end with other last bits"):
        _make(few, tmp_path)


def test_without_the_native_engine_it_says_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(native, "_missing", "no compiler")
    assert main(["--work", str(tmp_path)]) == 2
    assert "no compiler" in capsys.readouterr().err


@pytest.fixture
def place(monkeypatch, tmp_path) -> Path:
    """Where the model is written, in the place of the package."""
    path = tmp_path / "standard.safetensors"
    monkeypatch.setattr(making, "shipped_file", lambda _: path)
    return path


def _with(monkeypatch, content: bytes) -> None:
    monkeypatch.setattr(make_standard, "make", lambda *_, **__: Made(content, 1.25, 0.98, 0.003))


def test_it_writes_the_file_and_says_its_sum(monkeypatch, capsys, place):
    _with(monkeypatch, b"a model")
    assert main([]) == 0
    assert place.read_bytes() == b"a model"
    out = capsys.readouterr().out
    assert f"7 bytes, SHA-256 {hashlib.sha256(b'a model').hexdigest()}" in out
    assert "accuracy 0.9800, temperature 1.25, calibration error 0.0030" in out
    assert "belongs into src/digitlab/network/shipped.py" in out


def test_a_check_compares_and_writes_nothing(monkeypatch, capsys, place):
    _with(monkeypatch, b"a model")
    assert main(["--check"]) == 1
    assert "the model that ships is another" in capsys.readouterr().out
    _with(monkeypatch, shipped_file(STANDARD).read_bytes())
    assert main(["--check"]) == 0
    assert not place.exists()


def test_a_model_that_is_too_large_is_not_written(monkeypatch, capsys, place):
    _with(monkeypatch, bytes(MAX_SHIPPED_BYTES + 1))
    assert main([]) == 1
    assert "at most 6,000,000 bytes" in capsys.readouterr().err
    assert not place.exists()
