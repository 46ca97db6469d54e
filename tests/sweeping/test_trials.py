"""One trial, as a worker trains it, wherever it was left and whoever was at it before."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import RunError
from digitlab.runs.lock import FolderLock
from digitlab.runs.run import MANIFEST, Run
from digitlab.sweeping import Told
from digitlab.sweeping.folder import DIGITS, STOP, ask_to_stop, claimed, trial_folder
from digitlab.sweeping.objective import value_of
from digitlab.sweeping.running import new_spec
from digitlab.sweeping.training_trial import train_trial
from digitlab.training.recipe_files import NamedRecipe
from tests.sweeping.small import RECIPE, VARY

SETTINGS = {"learning_rate": 0.1, "activation": "relu"}
HOW = ("validation_accuracy", "median", 0)


@pytest.fixture
def folder(digits, tmp_path, monkeypatch) -> Path:
    """Of a sweep in which nothing was trained."""
    monkeypatch.setattr("digitlab.sweeping.training_trial.MOMENT", 0.001)
    out = tmp_path / "sweep"
    with claimed(out, new_spec(NamedRecipe("", "", RECIPE), digits, VARY, HOW), digits):
        return out


def _train(folder: Path, number: int = 1, bars=(), **settings) -> Told | None:
    return train_trial(str(folder), number, SETTINGS | settings, bars, "auto")


def _bits(folder: Path, number: int = 1) -> bytes:
    return Run(trial_folder(folder, number)).read("model.safetensors")


def _written(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in trial_folder(folder, 1).iterdir()}


def test_a_trial_is_an_ordinary_run_and_is_trained_once(folder, digits):
    told = _train(folder)
    recipe = dl.recipe("minibatch", layers=(784, 8, 10), epochs=3, validation=100, **SETTINGS)
    network = recipe.new_network()
    history = dl.fit(network, digits, recipe)
    assert np.array_equal(dl.load(trial_folder(folder, 1)).parameters, network.parameters)
    curve = [epoch.validation_accuracy for epoch in history.epochs]
    assert (told.trial, told.state, told.value, told.curve) == (1, "finished", curve[-1], curve)
    assert told.value == value_of(HOW[0], recipe, history.epochs)
    before = _written(folder)
    assert _train(folder) == told
    assert _written(folder) == before


def test_asked_to_stop_it_ends_in_order_and_goes_on_to_the_same_bits(folder, monkeypatch):
    assert _train(folder, number=2, epochs=50).state == "finished"
    looks: list[int] = []
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and not the matter here

    def after_some(_folder: Path) -> bool:
        looks.append(1)
        return len(looks) % 9 == 0

    monkeypatch.setattr("digitlab.sweeping.training_trial.MOMENT", 0)
    monkeypatch.setattr("digitlab.sweeping.training_trial.is_to_stop", after_some)
    stops = 0
    while (told := _train(folder, epochs=50)) is None:
        stops += 1
        epochs = Run(trial_folder(folder, 1)).manifest.outcome.epochs if stops > 1 else 0
        assert epochs < 50
    assert stops > 5
    assert (told.state, len(told.curve)) == ("finished", 50)
    assert _bits(folder) == _bits(folder, 2)


def test_where_it_is_to_stop_nothing_is_begun(folder):
    ask_to_stop(folder)
    assert _train(folder) is None
    assert not trial_folder(folder, 1).exists()
    (folder / STOP).unlink()
    assert _train(folder).state == "finished"


def test_while_somebody_else_is_at_it_it_waits_and_takes_what_came_of_it(folder):
    """Of a client that was killed, a worker may train on."""
    first: list[Told | None] = []
    thread = threading.Thread(target=lambda: first.append(_train(folder, epochs=300)))
    thread.start()
    while not (trial_folder(folder, 1) / MANIFEST).exists():
        assert thread.is_alive()
    second = _train(folder, epochs=300)
    thread.join()
    assert first == [second]
    assert second.state == "finished"


def test_a_lock_that_is_not_let_go_is_waited_for_until_it_is_to_stop(folder):
    trial_folder(folder, 1).mkdir()
    lock = FolderLock(trial_folder(folder, 1))
    waiting: list[Told | None] = []
    thread = threading.Thread(target=lambda: waiting.append(_train(folder)))
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    ask_to_stop(folder)
    thread.join()
    assert waiting == [None]
    lock.release()


def test_what_was_killed_before_its_first_commit_begins_again(folder):
    trial_folder(folder, 1).mkdir()
    (trial_folder(folder, 1) / "recipe.toml").write_text("half")
    (trial_folder(folder, 1) / "history.jsonl").write_text("")
    assert _train(folder).state == "finished"


def test_it_is_given_up_where_it_falls_short_and_stays_so(folder):
    curve = _train(folder, number=2).curve
    bars = [0, curve[1] + 0.5, 0]
    told = _train(folder, bars=bars)
    assert (told.state, told.value, told.curve) == ("pruned", None, curve[:2])
    before = _written(folder)
    assert _train(folder, bars=bars) == told
    assert _written(folder) == before
    assert _train(folder, number=3, bars=[0, 0, 1]).state == "finished"  # at its end already


def test_one_that_diverges_is_told_so_and_not_tried_again(folder):
    told = _train(folder, learning_rate=1000.0, activation="leaky_relu", epochs=50, optimizer="sgd")
    assert (told.state, told.value) == ("diverged", None)
    assert "finite" in told.why or "NaN" in told.why or "infinite" in told.why
    before = _written(folder)
    again = _train(folder, learning_rate=1000.0, activation="leaky_relu", epochs=50, optimizer="sgd")
    assert again.state == "diverged"
    assert _written(folder) == before


def test_digits_that_changed_are_refused(folder, digits):
    content = (folder / DIGITS).read_bytes()
    assert content == digits.images.tobytes() + digits.labels.tobytes()
    for changed in (content[:-1], content[:-1] + bytes([content[-1] ^ 1])):
        (folder / DIGITS).write_bytes(changed)
        with pytest.raises(RunError, match="these are not the digits of the sweep"):
            _train(folder)
    (folder / DIGITS).write_bytes(content)
    _train(folder)


def test_a_run_of_something_else_in_its_place_is_refused(folder):
    _train(folder)
    with pytest.raises(dl.DigitlabError, match="this is not the training that is wanted"):
        _train(folder, learning_rate=0.2)
    manifest = json.loads((trial_folder(folder, 1) / MANIFEST).read_text())
    manifest["files"]["model.safetensors"]["sha256"] = "0" * 64
    (trial_folder(folder, 1) / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="not what the run wrote"):
        _train(folder)
