"""One process at a time in a run folder: of two that begin together exactly one goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import digitlab as dl
from digitlab.errors import RunError
from digitlab.runs.lock import LOCK, FolderLock
from digitlab.runs.run import MANIFEST, Run
from digitlab.training import EpochDone

RECIPE = dl.recipe("seed", layers=(784, 2, 10), epochs=3)
SAMPLES = 20
CHILD = f"""
import sys, digitlab as dl
from digitlab.errors import DigitlabError
from digitlab.training import Started
digits = dl.load_mnist()[1][:{SAMPLES}]
recipe = dl.recipe(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:  # one folder after the other, so that Python is started once
    how, folder = line.split()
    try:
        for event in dl.train(recipe.new_network(), digits, recipe, out=folder, resume=how == "resume", threads=1):
            if isinstance(event, Started):
                print("0 at work", flush=True)
                sys.stdin.readline()
        print("done", flush=True)
    except DigitlabError as error:
        print(error.exit_code, repr(str(error)), flush=True)
"""


class Process:
    """A child that trains in the folders that it is told, and waits while it holds one."""

    def __init__(self, toml: Path) -> None:
        command = [sys.executable, "-c", CHILD, str(toml)]
        environment = {**os.environ, "DIGITLAB_THREADS": "1"}
        self.popen = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self._ask, self._answers = self.popen.stdin, self.popen.stdout

    def say(self, words: str) -> None:
        self._ask.write(words + "\n")
        self._ask.flush()

    def hear(self) -> str:
        return self._answers.readline().strip()

    def end(self) -> None:
        self.popen.kill()
        self.popen.wait()
        self._answers.close()
        self._ask.close()


@contextmanager
def _processes(count: int, folder: Path) -> Iterator[list[Process]]:
    toml = folder / "recipe.toml"
    toml.write_text(RECIPE.to_toml())
    children = [Process(toml) for _ in range(count)]
    try:
        assert [child.hear() for child in children] == ["ready"] * count
        yield children
    finally:
        for child in children:
            child.end()


def _pairs(count: int, how: str, tmp_path: Path, digits: dl.Digits) -> None:
    """Two processes, started together on one folder after the other."""
    with _processes(2, tmp_path) as pair:
        for number in range(count):
            folder = tmp_path / f"{number}"
            if how == "resume":
                _interrupted(folder, digits)
            first, second = pair if number % 2 else pair[::-1]
            first.say(f"{how} {folder}")
            second.say(f"{how} {folder}")
            answers = {child: child.hear() for child in pair}
            winners = [child for child, answer in answers.items() if answer == "0 at work"]
            assert len(winners) == 1, answers
            (winner,) = winners
            (refusal,) = (answer for child, answer in answers.items() if child is not winner)
            assert refusal[0] in "12", refusal
            assert f"held by process {winner.popen.pid}" in refusal, refusal
            winner.say("go on")
            assert winner.hear() == "done"
            assert Run(folder).manifest.outcome.state == "finished"
            assert Run(folder).newest_state().counters.epoch == RECIPE.epochs


def _interrupted(folder: Path, digits: dl.Digits) -> None:
    events = dl.train(RECIPE.new_network(), digits, RECIPE, out=folder, threads=1)
    next(event for event in events if isinstance(event, EpochDone))
    events.close()


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[1][:SAMPLES]


@pytest.mark.parametrize("how", ["new", "resume"])
def test_of_two_that_begin_together_one_goes_on_and_the_other_says_who_is_there(how, digits, tmp_path):
    _pairs(6, how, tmp_path, digits)


@pytest.mark.soak
@pytest.mark.parametrize("how", ["new", "resume"])
def test_of_fifty_pairs_one_of_each_goes_on(how, digits, tmp_path):
    _pairs(50, how, tmp_path, digits)


def test_the_command_line_exits_with_one_and_names_the_holder(tmp_path):
    code = "import sys; from digitlab.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "train", "--epochs", "1", "--out", str(tmp_path)]
    lock = FolderLock(tmp_path)
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        lock.release()
    assert (told.returncode, told.stdout) == (1, "")
    assert f"held by process {os.getpid()}\n" in told.stderr
    assert {path.name for path in tmp_path.iterdir()} == {LOCK}


def test_the_lock_of_a_killed_process_is_free_at_once(digits, tmp_path):
    with _processes(1, tmp_path) as (holder,):
        holder.say(f"new {tmp_path / 'run'}")
        assert holder.hear() == "0 at work"
        with pytest.raises(RunError, match=f"held by process {holder.popen.pid}\n"):
            FolderLock(tmp_path / "run")
        holder.popen.send_signal(signal.SIGKILL)
        holder.popen.wait()
        FolderLock(tmp_path / "run").release()
    assert (tmp_path / "run" / MANIFEST).exists()
    dl.fit(RECIPE.new_network(), digits, RECIPE, out=tmp_path / "run", resume=True, threads=1)
    assert Run(tmp_path / "run").manifest.outcome.state == "finished"


def test_the_lock_says_who_holds_it_now_and_not_who_did(tmp_path):
    (tmp_path / LOCK).write_text("99999999999\n")  # longer than any process number
    lock = FolderLock(tmp_path)
    with pytest.raises(RunError, match=re.escape(f"held by process {os.getpid()}\n")):
        FolderLock(tmp_path)
    lock.release()
    FolderLock(tmp_path).release()


def test_a_lock_that_cannot_say_who_holds_it_is_let_go(tmp_path, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space left"):
            FolderLock(tmp_path)
    FolderLock(tmp_path).release()


def test_a_finished_a_refused_and_an_abandoned_training_let_the_folder_go(digits, tmp_path):
    dl.fit(RECIPE.new_network(), digits, RECIPE, out=tmp_path / "finished", threads=1)
    _interrupted(tmp_path / "abandoned", digits)
    lock = FolderLock(tmp_path / "abandoned")
    with pytest.raises(RunError, match="somebody is at work"):
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=tmp_path / "abandoned", resume=True, threads=1)
    lock.release()
    for folder in ("finished", "abandoned"):
        FolderLock(tmp_path / folder).release()
