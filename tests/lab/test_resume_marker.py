"""What a lab writes down beside its runs, so that a training goes on after a kill."""

from __future__ import annotations

import pytest

from digitlab.errors import RunLockedError
from digitlab.lab.feed import Feed
from digitlab.lab.resume_marker import MARKER
from digitlab.lab.trainer import Trainer
from tests.lab.trainer_tools import STEPS, begin, phase, wait


@pytest.mark.parametrize("paused", [False, True])
def test_after_a_kill_the_training_goes_on_and_after_a_stop_it_does_not(trainer, few, feed, tmp_path, paused):
    name = begin(trainer)
    wait(lambda: trainer.state().step > STEPS)
    if paused:
        trainer.pause()
        wait(lambda: phase(trainer) == "paused")
    note = (tmp_path / "runs" / MARKER).read_bytes()
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    wait(lambda: not (tmp_path / "runs" / MARKER).exists())
    second = Trainer(tmp_path / "runs", lambda: (few, few), feed, threads=1)
    assert second.continue_after_kill() is None
    (tmp_path / "runs" / MARKER).write_bytes(note)  # as a kill would leave it
    try:
        assert second.continue_after_kill() == name
        wait(lambda: phase(second) == ("paused" if paused else "running"))
    finally:
        second.close(10)


def test_after_a_kill_it_waits_as_it_did_and_what_was_wished_in_the_pause_is_wished_again(trainer, few, feed, tmp_path):
    begin(trainer)
    wait(lambda: trainer.state().step > STEPS)
    trainer.epoch()
    wait(lambda: phase(trainer) == "paused")
    trainer.change({"learning_rate": 0.0456})
    trainer.speed(7)
    note = (tmp_path / "runs" / MARKER).read_bytes()
    trainer.change({"learning_rate": 0.1})  # so that the run itself does not remember
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    (tmp_path / "runs" / MARKER).write_bytes(note)  # as a kill would leave it
    second = Trainer(tmp_path / "runs", lambda: (few, few), feed, threads=1)
    try:
        second.continue_after_kill()
        wait(lambda: phase(second) == "paused")
        assert second.state().values["learning_rate"] == 0.0456
        assert second.state().steps_per_second == 7
        second.step()
        wait(lambda: second.state().changes and second.state().changes[-1].value == 0.0456)
    finally:
        second.close(10)


def test_another_lab_leaves_the_training_of_this_one_and_its_note_alone(trainer, few, tmp_path):
    name = begin(trainer)
    second = Trainer(tmp_path / "runs", lambda: (few, few), Feed(), threads=1)
    try:
        assert second.continue_after_kill() is None
        assert second.trouble is None
        with pytest.raises(RunLockedError, match="at work"):
            second.resume(name)
        assert second.state() is None
        assert name.encode() in (tmp_path / "runs" / MARKER).read_bytes()
        assert phase(trainer) == "running"
        trainer.stop()
        wait(lambda: phase(trainer) == "interrupted" and not (tmp_path / "runs" / MARKER).exists())
        second.resume(name)
        wait(lambda: phase(second) == "running")
    finally:
        second.close(10)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"{",
        b"[]",
        b'{"run": "../../etc"}',
        b'{"run": "missing"}',
        b"\xff" * 5000,
        b'{"run": "a", "steps_per_second": 0}',
        b'{"run": "a", "more": 1}',
    ],
)
def test_a_note_that_leads_nowhere_is_removed_in_silence(trainer, tmp_path, note):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / MARKER).write_bytes(note)
    assert trainer.continue_after_kill() is None
    assert not (tmp_path / "runs" / MARKER).exists()
