"""What cannot be reproduced is refused, before anything is trained."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import digitlab as dl
from digitlab.cli import main
from digitlab.errors import DivergenceError, InputError, RecipeError, RunError, RunLockedError
from digitlab.reproduction import reproduce
from digitlab.runs.lock import FolderLock
from digitlab.runs.run import MANIFEST, MODEL
from tests.reproduction.small import PLAIN, WIDE, reproduce_small


@pytest.fixture
def out(whole, tmp_path) -> Path:
    """A reproduction, to be spoilt."""
    shutil.copytree(whole[0], tmp_path / "out")
    return tmp_path / "out"


def _never() -> dl.Digits:
    raise AssertionError("the test set was opened")


def _refused(digits: tuple[dl.Digits, dl.Digits], out: Path, kind: type[Exception], words: str, **options) -> str:
    """The error; nothing in the folder is another one afterwards."""
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} if out.is_dir() else {}
    with pytest.raises(kind, match=words) as caught:
        reproduce_small(digits, out, open_test=_never, **options)
    after = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} if out.is_dir() else {}
    assert {path for path in after if path.name != ".lock"} == {path for path in before if path.name != ".lock"}
    assert all(after[path] == content for path, content in before.items() if path.name != ".lock")
    return str(caught.value)


def test_a_folder_of_other_settings_is_not_used(digits, out):
    words = "wide/validation: this is not the training that is wanted"
    told = _refused(digits, out, RecipeError, words, recipes=[WIDE.changed(epochs=9)])
    assert "must be: epochs 3\n  got: epochs 9\n  help: choose another folder (--out)" in told


def test_a_folder_of_other_digits_is_not_used(digits, out):
    _refused((digits[0][:399], digits[1]), out, InputError, "plain/validation: this is not[^:]*: [^:]*other digits")


def test_a_run_that_was_led_astray_is_not_used(digits, out):
    path = out / "wide/seed-1" / MANIFEST
    manifest = json.loads(path.read_text())
    for spoilt in (
        {"changes": [{"step": 3, "name": "learning_rate", "value": 0.5}]},
        {"parent": {"run": "other", "epoch": 1, "sha256": "0"}},
    ):
        path.write_text(json.dumps(manifest | spoilt))
        _refused(digits, out, InputError, "seed-1: this is not[^:]*: a setting was changed in the middle")


@pytest.mark.parametrize("name", [MODEL, MANIFEST])
def test_a_damaged_run_is_told_before_hours_of_training(digits, out, name):
    path = out / "wide/seed-1" / name
    path.write_bytes(path.read_bytes()[:-9])
    shutil.rmtree(out / "plain")
    told = _refused(digits, out, RunError, "wide/seed-1: ")
    assert "help: remove the folder, and it is trained again" in told
    shutil.rmtree(path.parent)
    assert reproduce_small(digits, out).complete


def test_something_else_in_the_place_of_a_run_stays_there(digits, out):
    shutil.rmtree(out / "plain/seed-0")
    (out / "plain/seed-0").mkdir()
    (out / "plain/seed-0/notes.txt").touch()
    _refused(digits, out, InputError, r"plain/seed-0: there is something else[\s\S]*notes\.txt")
    shutil.rmtree(out / "plain/seed-0")
    (out / "plain/seed-0").touch()
    _refused(digits, out, InputError, r"plain/seed-0: there is something else[\s\S]*a file")


def test_a_folder_of_somebody_else_is_left_alone(digits, tmp_path):
    (tmp_path / "notes.txt").touch()
    _refused(digits, tmp_path, InputError, "no reproduction can be kept there")
    (tmp_path / "table.json").write_text('{"format": "mine"}')
    _refused(digits, tmp_path, InputError, "no reproduction can be kept there")
    _refused(digits, tmp_path / "notes.txt", InputError, r"no reproduction can be kept there[\s\S]*got: a file")
    _refused(digits, tmp_path / "notes.txt/below", RunError, "the reproduction cannot be kept")


def test_one_at_a_time(digits, out):
    lock = FolderLock(out)
    _refused(digits, out, RunLockedError, "somebody is at work")
    lock.release()
    assert reproduce_small(digits, out).complete


@pytest.mark.parametrize("seeds", [0, -1, 1.5, 1001, "3", None])
def test_seeds_are_a_whole_number_from_1_on(digits, tmp_path, seeds):
    _refused(digits, tmp_path / "out", InputError, "seeds must be a whole number from 1 to", seeds=seeds)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("recipes", "words"),
    [
        ([], "there is nothing to reproduce"),
        ([PLAIN, WIDE, PLAIN], "two recipes are called plain"),
        ([PLAIN, replace(PLAIN, name="elsewhere/plain.toml")], "two recipes are called plain"),
        ([PLAIN.changed(validation=400)], "validation takes 400 of the 400 samples"),
        ([PLAIN.changed(validation=0)], "plain, validation: validation takes 10000 of the 400 samples"),
        ([WIDE.changed(patience=3)], "wide: what is reproduced is trained on all digits"),
        ([WIDE.changed(keep="best")], "wide: what is reproduced is trained on all digits"),
        ([WIDE.changed(layers=(784, 9))], "at least 10 outputs"),
    ],
)
def test_recipes_that_cannot_be_reproduced(digits, tmp_path, recipes, words):
    _refused(digits, tmp_path / "out", InputError, words, recipes=recipes)
    assert not (tmp_path / "out").exists()


def test_what_diverges_says_which_training_it_was(digits, tmp_path):
    wild = PLAIN.changed(learning_rate=1000, weight_decay=1)  # each step makes the weights a thousand times larger
    with pytest.raises(DivergenceError, match="plain, validation: "):
        reproduce_small(digits, tmp_path, recipes=[wild], open_test=_never)


def test_arguments_of_another_kind(digits, tmp_path):
    with pytest.raises(InputError, match="the training set must be a Digits"):
        reproduce([PLAIN], digits, _never, tmp_path / "out")


def test_ctrl_c_between_two_trainings_says_how_to_go_on_too(tmp_path, monkeypatch, capsys):
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("digitlab.reproduction.reproducing.table_of", interrupt)
    assert main(("reproduce", "quick", "--seeds", "1", "--json")) == 130
    assert "the same call goes on with what is in reproduction" in capsys.readouterr().err


def test_the_command_refuses_in_words(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for call, words in (
        (["qick"], "did you mean quick?"),
        (["quick", "--seeds", "0"], "seeds must be a whole number from 1"),
        (["quick", "--seeds", "two"], "'two' is not a whole number"),
        (["quick", "--engine", "natve"], "there is no engine 'natve'"),
        (["quick", "--threads", "0"], "threads"),
        (["nowhere.toml"], "nowhere.toml: there is no such file"),
        (["quick", "--validation", "5"], "--validation"),
    ):
        code = main(("reproduce", *call))
        assert (code, words in capsys.readouterr().err) == (2, True), call
    assert list(tmp_path.iterdir()) == []
    assert re.search("seeds", str(main(("reproduce", "--help"))) + capsys.readouterr().out)
