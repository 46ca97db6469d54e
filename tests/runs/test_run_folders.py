"""Folders for new runs: of many that begin at the same moment each gets one of its own, and nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest

from digitlab.errors import RunError
from digitlab.runs import models
from digitlab.runs.models import claimed_folder


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in, and a clock that stands still."""

    class Still(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 1, 2, 3, 4, 5)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "datetime", Still)
    return tmp_path


def test_a_folder_is_named_after_the_time_and_the_recipe():
    with claimed_folder("seed") as first, claimed_folder("seed") as second, claimed_folder("other") as third:
        assert [path.name for path in (first, second, third)] == [
            "20260102-030405-seed",
            "20260102-030405-seed-2",
            "20260102-030405-other",
        ]
        assert first.parent == Path("runs")
        assert second.is_dir()


def test_of_many_threads_at_the_same_moment_each_gets_its_own():
    claimed, begin, end = [], threading.Barrier(20), threading.Barrier(20)

    def claim() -> None:
        begin.wait()
        with claimed_folder("seed") as folder:
            claimed.append(folder)
            (folder / "mine").touch()
            end.wait()

    threads = [threading.Thread(target=claim) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(claimed)) == 20
    assert sorted(Path("runs").iterdir()) == sorted(claimed)


def test_of_many_processes_at_the_same_moment_each_gets_its_own():
    program = """
import sys
from datetime import datetime
from digitlab.runs import models
class Still(datetime):
    now = classmethod(lambda cls, tz=None: cls(2026, 1, 2, 3, 4, 5))
models.datetime = Still
print("ready", flush=True)
for line in sys.stdin:
    with models.claimed_folder("seed") as folder:
        (folder / "mine").touch()
        print(folder, flush=True)
"""
    command = [sys.executable, "-c", program]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(3)
    ]
    try:
        assert [child.stdout.readline() for child in children] == ["ready\n"] * 3
        for child in children:
            child.stdin.write("now\n" * 30)
        claimed = [child.stdout.readline() for child in children for _ in range(30)]
    finally:
        for child in children:
            child.stdin.close()
            child.stdout.close()
            child.wait()
    assert len(set(claimed)) == 90


def test_where_nothing_was_put_into_it_nothing_is_left(place):
    with pytest.raises(ZeroDivisionError), claimed_folder("seed"):
        _ = 1 / 0
    assert list(place.iterdir()) == []
    Path("runs").mkdir()
    with claimed_folder("seed"):
        pass
    assert [path.name for path in place.iterdir()] == ["runs"]  # it was there before
    with claimed_folder("seed") as folder:
        (folder / "something").touch()
    assert (folder / "something").exists()


def test_one_that_goes_takes_no_folder_from_under_another():
    with claimed_folder("seed"), claimed_folder("seed") as other:
        pass
    assert not other.exists()
    with claimed_folder("seed") as first:
        with claimed_folder("seed"):
            pass
        assert first.is_dir()


def test_a_folder_that_vanishes_in_between_is_made_again(monkeypatch):
    """Somebody else, who was the only one there, has just removed ``runs/``."""
    really_make, vanished = Path.mkdir, []

    def mkdir(path, *arguments, **named):
        if path.name.endswith("-seed") and not vanished:
            vanished.append(path.parent)
            path.parent.rmdir()
        really_make(path, *arguments, **named)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with claimed_folder("seed") as folder:
        assert folder.is_dir()
    assert vanished == [Path("runs")]


def test_where_no_folder_can_be_made_it_is_said(place):
    Path("runs").write_text("in the way")
    with pytest.raises(RunError, match="a new run cannot be made there"), claimed_folder("seed"):
        pass
    assert Path("runs").read_text() == "in the way"


def test_too_many_at_once_come_to_an_end(monkeypatch):
    monkeypatch.setattr(models, "MOST_AT_ONCE", 3)
    for name in ("", "-2", "-3"):
        Path(f"runs/20260102-030405-seed{name}").mkdir(parents=True)
    with pytest.raises(RunError, match="cannot be made"), claimed_folder("seed"):
        pass
