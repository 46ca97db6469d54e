"""A sweep from beginning to end, what it leaves behind, and what it refuses before anything is trained."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import ClusterError, DigitlabError, InputError, RunError
from digitlab.runs.run import Run
from digitlab.sweeping import Told, Trial, draw_importance, read_sweep
from digitlab.sweeping.choosing import next_settings
from digitlab.sweeping.crew import MOST_DEATHS, Crew
from digitlab.sweeping.folder import BEST, DIGITS, JOURNAL, SPEC, TABLE, read_spec
from digitlab.sweeping.journal import read_journal
from digitlab.sweeping.objective import bars
from tests.sweeping.small import VARY, sweep_small


def test_every_trial_is_an_ordinary_run_and_is_told(whole, digits):
    sweep, heard = whole
    assert [trial.number for trial in sweep.trials] == list(range(1, 10))
    assert set(sweep.counts()) <= {"finished", "pruned"}
    assert sweep.counts()["finished"] >= 5
    for trial in sweep.trials:
        begun, told = (one for one in heard if one.number == trial.number)
        assert (begun.state, told) == ("running", trial)
        run = Run(sweep.run_of(trial))
        assert {name: getattr(run.recipe, name) for name in trial.settings} == trial.settings
        assert trial.told.curve == [epoch.validation_accuracy for epoch in run.history()]
        assert (trial.value is not None) == (trial.state == "finished")
    best = dl.recipe(sweep.folder / BEST)
    assert sweep.best.value == max(trial.value for trial in sweep.trials if trial.value is not None)
    network = best.new_network()
    dl.fit(network, digits, best)
    assert np.array_equal(network.parameters, dl.load(sweep.run_of(sweep.best)).parameters)


def test_what_was_asked_follows_from_what_was_known_then(whole, tmp_path):
    """So a sweep that was killed asks what it would have asked."""
    sweep, _ = whole
    spec = read_spec(sweep.folder)
    lines = (sweep.folder / JOURNAL).read_bytes().splitlines(keepends=True)
    asked = 0
    for place, line in enumerate(lines):
        told = json.loads(line)
        if told["what"] == "asked":
            (tmp_path / JOURNAL).write_bytes(b"".join(lines[:place]))
            known = read_journal(tmp_path / JOURNAL, spec.space)[0].values()
            assert told["settings"] == next_settings(spec.space, known, spec.objective, spec.sampler_seed)
            assert told["bars"] == bars([trial.told.curve for trial in known if trial.state == "finished"])
            asked += 1
    assert asked == 9
    assert [len(trial.bars) for trial in sweep.trials] == [0] * 5 + [3] * 4


def test_the_table_is_for_a_spreadsheet(whole):
    sweep, _ = whole
    rows = list(csv.DictReader(io.StringIO((sweep.folder / TABLE).read_text())))
    assert list(rows[0]) == ["trial", "state", "validation_accuracy", *sweep.spec.vary, "epochs", "seconds"]
    for row, trial in zip(rows, sweep.trials, strict=True):
        assert (int(row["trial"]), row["state"], int(row["epochs"])) == (trial.number, trial.state, trial.epochs)
        assert row["activation"] == trial.settings["activation"]
        assert float(row["learning_rate"]) == trial.settings["learning_rate"]
        assert row["validation_accuracy"] == ("" if trial.value is None else str(trial.value))
    answer = json.loads(json.dumps(sweep.to_dict()))
    assert answer["best"] == sweep.best.number
    assert [trial["settings"] for trial in answer["trials"]] == [trial.settings for trial in sweep.trials]
    assert sum(answer["importances"].values()) == pytest.approx(1)


def test_the_same_call_finds_all_of_it_done(whole, digits, monkeypatch):
    sweep, _ = whole
    monkeypatch.setattr("digitlab.sweeping.running.connect", None)  # nobody is needed
    again = sweep_small(digits, sweep.folder, trials=9, pruner="median")
    assert again.trials == sweep.trials
    assert read_sweep(sweep.folder).trials == sweep.trials


def test_it_is_drawn(whole):
    sweep, _ = whole
    shares, *others = draw_importance(sweep).axes
    assert {label.get_text() for label in shares.get_yticklabels()} == set(VARY)
    assert [axes.get_xlabel() for axes in others] == sorted(VARY, key=lambda name: -sweep.importances[name])
    for axes in others:
        drawn = {dots.get_label(): dots.get_offsets() for dots in axes.collections}
        assert drawn["the best"][0][1] == pytest.approx(100 * (1 - sweep.best.value))
        assert sum(map(len, drawn.values())) == 9
    nothing = type(sweep)(sweep.folder, sweep.spec, (Trial(1, sweep.trials[0].settings),))
    with pytest.raises(InputError, match="no trial to draw"):
        draw_importance(nothing)
    assert nothing.best is nothing.best_recipe is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vary": {"learning_rat": "0.1,0.2"}}, "did you mean learning_rate"),
        ({"vary": {"learning_rate": "0.1..2000"}}, "to 1,000"),
        ({"vary": {"validation": "10,20"}}, "validation cannot be varied"),
        ({"vary": {"seed": "1..9"}}, "seed cannot be varied"),
        ({"vary": {"layers": "784-10,784-9"}}, "9"),
        ({"vary": {"momentum": "0.1,0.2"}, "recipe": dl.recipe("seed")}, "makes no difference"),
        ({"vary": "learning_rate"}, "must be a Mapping"),
        ({"recipe": "quick"}, "must be a Recipe"),
        ({"objective": "accuracy"}, "objective"),
        ({"pruner": "mean"}, "pruner"),
        ({"trials": 0}, "trials"),
        ({"trials": 10**6}, "trials"),
        ({"sampler_seed": -1}, "sampler_seed"),
        ({"engine": "abacus"}, "there is no engine"),
        ({"engine": dl.engines.NumpyEngine()}, "must be a str"),
        ({"engine": "cluster:2"}, "trained by one worker"),
        ({"workers": 0}, "workers"),
        ({"recipe": dl.recipe("minibatch", validation=400)}, "leaves none to train on"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(digits, tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        sweep_small(digits, tmp_path / "sweep", **changes)
    assert not list((tmp_path / "sweep").glob("trials/*"))


def test_a_library_that_is_missing_is_named(digits, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"digitlab\[cluster\]"):
        sweep_small(digits, tmp_path / "sweep")
    assert not (tmp_path / "sweep").exists()


def test_another_sweep_in_the_folder_is_refused(whole, digits, few):
    out = whole[0].folder
    content = (out / SPEC).read_bytes()
    for changes, words in (
        ({"vary": {**VARY, "activation": "relu,tanh"}}, "got: vary activation=relu,tanh"),
        ({"vary": {"activation": "relu,gelu"}}, "must be: vary learning_rate=log:1e-3..1"),
        ({"recipe": dl.recipe("minibatch", layers=(784, 8, 10), epochs=4, validation=100)}, "got: epochs 4"),
        ({"pruner": "none"}, "must be: pruner median"),
        ({"objective": "validation_loss"}, "must be: objective validation_accuracy"),
        ({"sampler_seed": 1}, "got: sampler_seed 1"),
    ):
        with pytest.raises(InputError) as error:
            sweep_small(digits, out, **{"trials": 9, "pruner": "median", **changes})
        assert words in str(error.value)
    with pytest.raises(InputError, match="other digits"):
        sweep_small(few[:500], out, trials=9, pruner="median")
    assert (out / SPEC).read_bytes() == content


def test_a_folder_with_something_else_is_refused(digits, tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    (tmp_path / "file").write_text("")
    for out in (tmp_path, tmp_path / "file"):
        with pytest.raises(InputError, match="no sweep can be kept there"):
            sweep_small(digits, out)
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(RunError, match="not a sweep"):
        read_sweep(tmp_path)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("", "x"),
        ("median", "mean"),
        ("validation_accuracy", "accuracy"),
        ("version = 1", "version = 2"),
        ("sampler_seed = 0", "sampler_seed = 1.5"),
        ("sampler_seed = 0", ""),
        ("sampler_seed = 0", "sampler_seed = 0\nmore = 1"),
        ("[vary]", "[a]\n" * 30_000),
    ],
)
def test_a_spec_that_was_spoilt_is_refused(whole, tmp_path, was, becomes):
    text = (whole[0].folder / SPEC).read_text()
    (tmp_path / SPEC).write_text(text.replace(was, becomes, 1))
    with pytest.raises(RunError, match=re.escape(str(tmp_path / SPEC))):
        read_sweep(tmp_path)


def test_a_folder_in_which_no_trial_was_begun_begins_again(digits, tmp_path, monkeypatch):
    (tmp_path / DIGITS).write_bytes(b"half")
    (tmp_path / "trials").mkdir()
    monkeypatch.setattr("digitlab.sweeping.running.connect", _nobody)
    with pytest.raises(ClusterError, match="nobody"):
        sweep_small(digits, tmp_path)
    assert read_spec(tmp_path).data.sha256 == digits.sha256()
    assert (tmp_path / DIGITS).stat().st_size == len(digits) * 785
    with pytest.raises(ClusterError, match="nobody"):  # a range that was corrected
        sweep_small(digits, tmp_path, vary={"learning_rate": "0.1,0.2"})
    assert read_spec(tmp_path).vary == {"learning_rate": "0.1,0.2"}


def _nobody(*_: object, **__: object) -> None:
    raise ClusterError("nobody is there")


class _Future:
    def __init__(self, status: str, came: object = None) -> None:
        self.status, self.came = status, came

    def result(self, timeout: float) -> object:
        if isinstance(self.came, Exception):
            raise self.came
        return self.came

    def exception(self, timeout: float) -> object:
        assert timeout > 0, "an answer takes a while"
        return self.came

    def cancel(self) -> None:
        self.status = "cancelled"

    def add_done_callback(self, done: Callable[[_Future], None]) -> None:
        done(self)


class _Cluster:
    """A client and its workers, as far as a crew asks them."""

    def __init__(self) -> None:
        self.client, self.status, self.there, self.next = self, "running", ["one", "two"], _Future("pending")

    def threads(self) -> dict[str, int]:
        return dict.fromkeys(self.there, 2)

    def submit(self, *_: object, workers: list[str], pure: bool) -> _Future:
        return self.next


def _crew(tmp_path: Path) -> tuple[Crew, _Cluster]:
    cluster = _Cluster()
    return Crew(cluster, tmp_path, "auto"), cluster


def test_trials_go_to_the_workers_that_have_the_fewest(tmp_path):
    crew, cluster = _crew(tmp_path)
    assert crew.free() == ["one", "two"]
    crew.send(Trial(1, {}), "one")
    assert crew.free() == ["two", "one"]
    cluster.next = _Future("pending")
    crew.send(Trial(2, {}), "one")
    assert (crew.free(), crew.busy) == (["two"], 2)
    assert list(crew.back()) == []


def test_a_trial_whose_worker_is_gone_comes_back_until_it_may_be_what_kills_them(tmp_path):
    crew, cluster = _crew(tmp_path)
    for death in range(1, MOST_DEATHS + 1):
        with_its_answer = _Future("finished", TimeoutError())
        cluster.next = with_its_answer if death == 1 else _Future("pending")
        crew.send(Trial(7, {}), "one" if death == 1 else "gone")
        ((trial, told),) = crew.back()
        assert (trial.number, crew.busy) == (7, 0)
        assert (told is None) == (death < MOST_DEATHS)
    assert (told.state, told.trial) == ("failed", 7)


def test_what_a_worker_could_not_do_is_told_or_raised(tmp_path):
    crew, cluster = _crew(tmp_path)
    cluster.next = _Future("error", MemoryError())
    crew.send(Trial(1, {}), "one")
    ((_, told),) = crew.back()
    assert (told.state, "memory" in told.why) == ("failed", True)
    cluster.next = _Future("error", RunError("the disk is full"))
    crew.send(Trial(2, {}), "one")
    with pytest.raises(RunError, match="the disk is full"):
        list(crew.back())
    cluster.next = _Future("finished", Told(3, "finished", 0.5))
    crew.send(Trial(3, {}), "one")
    ((trial, told),) = crew.back()
    assert (trial.number, told.value) == (3, 0.5)


def test_what_a_real_worker_could_not_do_is_raised_as_it_said(whole, digits, tmp_path):
    shutil.copytree(whole[0].folder, tmp_path / "a")
    content = (tmp_path / "a" / DIGITS).read_bytes()
    (tmp_path / "a" / DIGITS).write_bytes(content[::-1])
    with pytest.raises(RunError, match=DIGITS):
        sweep_small(digits, tmp_path / "a", trials=10, pruner="median")


def test_a_scheduler_that_is_gone_or_came_back_is_told(tmp_path):
    for spoil in ("client", "future", "connection"):
        crew, cluster = _crew(tmp_path)
        crew.send(Trial(1, {}), "one")
        if spoil == "client":
            cluster.status = "connecting"
        elif spoil == "connection":  # it ends while an answer is fetched
            cluster.next.status, cluster.next.came = "finished", OSError("Stream is closed")
        else:
            cluster.next.status = "cancelled"
        with pytest.raises(DigitlabError, match="scheduler of the sweep is gone"):
            list(crew.back())
