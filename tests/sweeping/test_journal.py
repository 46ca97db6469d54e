"""The journal: read back as it was written, wherever it was cut off; refused where it is damaged."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitlab.errors import RunError
from digitlab.sweeping import Told, parse_space
from digitlab.sweeping.journal import Journal, read_journal

SPACE = parse_space({"learning_rate": "0.01..1", "layers": "784-10,784-5-10"})
SETTINGS = {"learning_rate": 0.1, "layers": (784, 10)}


def _write(path) -> list[int]:
    """Two trials, one of them told; the length after each line."""
    journal = Journal(path, SPACE)
    lengths = []
    for step in (
        lambda: journal.ask(SETTINGS),
        lambda: journal.ask(SETTINGS, [0.5, 0.25]),
        lambda: journal.tell(Told(1, "finished", 0.5, [0.25, 0.5], 1.5)),
    ):
        step()
        lengths.append(path.stat().st_size)
    journal.close()
    return lengths


def test_it_is_read_back_as_it_was_written(tmp_path):
    path = tmp_path / "journal.jsonl"
    assert read_journal(path, SPACE) == ({}, 0)
    _write(path)
    trials, length = read_journal(path, SPACE)
    assert length == path.stat().st_size
    assert [trial.number for trial in trials.values()] == [1, 2]
    first, second = trials.values()
    assert first.told == Told(1, "finished", 0.5, [0.25, 0.5], 1.5)
    assert (first.state, first.value, first.epochs) == ("finished", 0.5, 2)
    assert (second.state, second.value, second.epochs, second.bars) == ("running", None, 0, (0.5, 0.25))
    assert first.settings == second.settings == SETTINGS


def test_cut_off_at_any_byte_it_has_the_lines_that_are_whole_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and not the matter here
    path = tmp_path / "journal.jsonl"
    lengths = _write(path)
    content = path.read_bytes()
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        journal = Journal(path, SPACE)
        whole = max([0, *(one for one in lengths if one <= length)])
        assert path.stat().st_size == whole
        asked = len(journal.trials)
        assert asked == sum(one <= length for one in lengths[:2])
        journal.ask(SETTINGS)
        journal.close()
        assert len(read_journal(path, SPACE)[0]) == asked + 1


def test_each_line_is_on_disk_before_anybody_knows_of_it(tmp_path, monkeypatch):
    path = tmp_path / "journal.jsonl"
    journal, synced = Journal(path, SPACE), []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.stat().st_size))
    journal.ask(SETTINGS)
    assert synced == [path.stat().st_size]
    journal.tell(Told(1, "failed", why="why"))
    assert synced[1:] == [path.stat().st_size]
    journal.close()


@pytest.mark.parametrize(
    "line",
    [
        b'{"what":"asked","trial":4,"settings":{"learning_rate":0.1,"layers":[784,10]}}',
        b'{"what":"asked","trial":2,"settings":{"learning_rate":0.1,"layers":[784,10]}}',
        b'{"what":"asked","trial":3,"settings":{"learning_rate":0.1}}',
        b'{"what":"asked","trial":3,"settings":{"learning_rate":2,"layers":[784,10]}}',
        b'{"what":"asked","trial":3,"settings":{"learning_rate":"0.1","layers":[784,10]}}',
        b'{"what":"asked","trial":3,"settings":{"learning_rate":true,"layers":[784,10]}}',
        b'{"what":"asked","trial":3,"settings":{"learning_rate":0.1,"layers":[784,9]}}',
        b'{"what":"asked","trial":3,"settings":{"learning_rate":0.1,"layers":[[784],10]}}',
        b'{"what":"asked","trial":3,"settings":{"learning_rate":0.1,"layers":[784,10],"seed":1}}',
        b'{"what":"told","trial":1,"state":"finished"}',
        b'{"what":"told","trial":3,"state":"finished"}',
        b'{"what":"told","trial":2,"state":"lost"}',
        b'{"what":"told","trial":2,"state":"finished"}',
        b'{"what":"told","trial":2,"state":"pruned","value":0.5}',
        b'{"what":"asked","trial":3,"settings":{},"more":1}',
        b"nonsense",
        b"\xff",
        b"[" * 100_000,
        b"",
    ],
)
def test_a_line_that_cannot_follow_is_refused_and_nothing_is_changed(tmp_path, line):
    path = tmp_path / "journal.jsonl"
    _write(path)
    damaged = path.read_bytes() + line + b"\n"
    path.write_bytes(damaged)
    with pytest.raises(RunError, match="line 4 of the journal is damaged"):
        Journal(path, SPACE)
    assert path.read_bytes() == damaged


@given(st.binary(max_size=200))
def test_any_bytes_are_a_journal_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "journal.jsonl"
    path.write_bytes(content)
    if content.count(b"\n"):
        with pytest.raises(RunError, match="of the journal is damaged"):
            read_journal(path, SPACE)
    else:
        assert read_journal(path, SPACE) == ({}, 0)


def test_a_journal_that_is_no_file_is_refused(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.symlink_to("/dev/null")  # others have no end
    with pytest.raises(RunError, match="no file"):
        read_journal(path, SPACE)
