"""The trainer: one training at a time, told what to do from any thread; however it ends, it says so."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import BusyError, InputError, RecipeError
from digitlab.lab.feed import Feed
from digitlab.lab.note import MARKER
from digitlab.lab.runs import describe_run
from digitlab.lab.trainer import Trainer
from digitlab.runs import writer
from digitlab.training.recipe_files import NamedRecipe, read_recipe

STEPS = 50  # in each epoch
LONG = read_recipe("minibatch", batch_size=20, epochs=100_000, layers=(784, 4, 10))
SHORT = read_recipe("minibatch", batch_size=20, epochs=3, layers=(784, 4, 10))


def wait(reached: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it never came to this"
        time.sleep(0.005)


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def trainer(few, feed, tmp_path) -> Iterator[Trainer]:
    one = Trainer(tmp_path / "runs", lambda: (few, few), feed, threads=1)
    yield one
    one.close(10)


def begin(trainer: Trainer, recipe: NamedRecipe = LONG, **options) -> str:
    name = trainer.start(recipe, **options)
    wait(lambda: trainer.state()["network"] and trainer.state()["engine"])
    return name


def phase(trainer: Trainer) -> str:
    return trainer.state()["phase"]


def test_a_training_goes_to_its_end_and_gives_what_fit_gives(trainer, few, tmp_path):
    name = begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")
    network = SHORT.recipe.new_network()
    dl.fit(network, few, SHORT.recipe, threads=1)
    assert trainer.network().parameters.tobytes() == network.parameters.tobytes()
    state = trainer.state()
    assert (state["run"], state["epoch"], state["epochs"], state["step"]) == (name, 3, 3, 3 * STEPS)
    assert state["history"]["epoch"] == [1, 2, 3]
    assert describe_run(tmp_path / "runs", name)["state"] == "finished"
    wait(lambda: not (tmp_path / "runs" / MARKER).exists())


def test_of_many_starts_together_exactly_one_wins_and_the_others_hear_which(trainer):
    barrier, names, refused = threading.Barrier(8), [], []

    def press() -> None:
        barrier.wait()
        try:
            names.append(trainer.start(LONG))
        except BusyError as error:
            refused.append(error.got)

    threads = [threading.Thread(target=press) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(names) == 1
    assert len(refused) == 7
    with pytest.raises(BusyError, match=names[0]):
        trainer.start(LONG)


def test_pause_step_epoch_go_on_and_stop(trainer):
    begin(trainer)
    began = time.monotonic()
    trainer.pause()
    wait(lambda: phase(trainer) == "paused")
    assert time.monotonic() - began < 2
    here = trainer.state()["step"]
    time.sleep(0.1)
    assert trainer.state()["step"] == here
    for more in (1, 2, 3):
        trainer.step()
        wait(lambda more=more: trainer.state()["step"] == here + more)
        wait(lambda: phase(trainer) == "paused")
    time.sleep(0.1)
    assert trainer.state()["step"] == here + 3
    before = trainer.state()["epoch"]
    trainer.epoch()
    wait(lambda: trainer.state()["epoch"] > before and phase(trainer) == "paused")
    assert trainer.state()["epoch"] == before + 1
    assert trainer.state()["step"] % STEPS == 0
    trainer.go_on()
    wait(lambda: trainer.state()["epoch"] > before + 5)
    trainer.stop()
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    trainer.stop()
    with pytest.raises(BusyError, match="no training is under way"):
        trainer.pause()


def test_a_training_that_begins_paused_takes_no_step_and_can_be_stopped(trainer):
    begin(trainer, paused=True)
    wait(lambda: phase(trainer) == "paused")
    assert trainer.state()["step"] == 0
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    assert trainer.state()["step"] == 0


def test_slow_motion_takes_so_many_steps_a_second_until_it_is_over(trainer):
    begin(trainer, paused=True)
    trainer.speed(20)
    trainer.go_on()
    time.sleep(1)
    assert 5 <= trainer.state()["step"] <= 25
    trainer.speed(None)
    wait(lambda: trainer.state()["epoch"] > 2)
    for wrong in (-1, 0, 5e-324, 1001, float("nan")):
        with pytest.raises(InputError, match="no speed"):
            trainer.speed(wrong)


def test_slow_motion_that_is_made_faster_does_not_wait_for_the_slow_step(trainer):
    begin(trainer, paused=True)
    trainer.speed(0.01)
    trainer.go_on()
    wait(lambda: trainer.state()["step"] == 1)
    trainer.speed(100)
    wait(lambda: trainer.state()["step"] > 10, 5)


def test_settings_change_in_mid_run_and_wrong_ones_are_refused(trainer, tmp_path):
    name = begin(trainer)
    trainer.change({"learning_rate": 0.05})
    wait(lambda: trainer.state()["changes"])
    assert trainer.state()["values"]["learning_rate"] == 0.05
    for wrong in ({"epochs": 3}, {"learning_rate": -1}, {"nothing": 1}):
        with pytest.raises(RecipeError):
            trainer.change(wrong)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    assert [one["name"] for one in describe_run(tmp_path / "runs", name)["changes"]] == ["learning_rate"]


def test_a_divergence_ends_in_words_and_the_next_training_begins(trainer):
    recipe = read_recipe("seed", epochs=500, learning_rate=1000, activation="relu", layers=(784, 64, 64, 64, 10))
    trainer.start(recipe)
    wait(lambda: phase(trainer) == "failed")
    assert set(trainer.state()["error"]) == {"what", "must_be", "got", "help"}
    assert trainer.state()["error"]["what"]
    begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")


@pytest.mark.parametrize("kind", [OSError(errno.ENOSPC, "No space left on device"), ZeroDivisionError("a mistake")])
def test_a_full_disk_or_a_mistake_ends_in_words_and_the_next_training_begins(trainer, monkeypatch, kind):
    begin(trainer)
    wait(lambda: trainer.state()["epoch"] > 2)

    def fail(*_: object) -> None:
        raise kind

    with monkeypatch.context() as broken:
        broken.setattr(writer, "write_durably", fail)
        wait(lambda: phase(trainer) == "failed")
    assert str(kind.args[-1]) in trainer.state()["error"]["got"]
    begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")


def test_the_epochs_that_are_told_are_contiguous(trainer, feed):
    first = feed.last
    begin(trainer)
    wait(lambda: trainer.state()["epoch"] > 300)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    import msgspec

    told = [msgspec.json.decode(entry.data) for entry in feed.after(first) if entry.kind == "epochs"]
    epochs = [epoch for one in told for epoch in one["epoch"]]
    assert epochs == list(range(1, trainer.state()["epoch"] + 1))
    assert len(told) <= 12 + 10 * trainer.state()["seconds"]


def test_a_run_is_gone_on_with_to_the_same_bits(trainer, few):
    recipe = read_recipe("minibatch", batch_size=20, epochs=400, layers=(784, 4, 10))
    name = begin(trainer, recipe)
    wait(lambda: trainer.state()["step"] > STEPS)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    trainer.resume(name)
    wait(lambda: phase(trainer) == "finished", 30)
    network = recipe.recipe.new_network()
    dl.fit(network, few, recipe.recipe, threads=1)
    assert trainer.network().parameters.tobytes() == network.parameters.tobytes()
    assert trainer.state()["history"]["epoch"] == list(range(1, 401))
    assert "/" not in trainer.state()["recipe"]
    with pytest.raises(InputError, match="has ended"):
        trainer.resume(name)


def test_a_branch_begins_where_its_parent_was(trainer):
    name = begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")
    assert trainer.state()["snapshots"] == [1, 2, 3]
    begin(trainer, read_recipe("minibatch", batch_size=20, epochs=5, layers=(784, 4, 10)), branch=(name, 2))
    wait(lambda: phase(trainer) == "finished")
    assert trainer.state()["parent"] == {"run": name, "epoch": 2}
    assert trainer.state()["history"]["epoch"] == [1, 2, 3, 4, 5]


def test_a_copy_is_never_torn(trainer, few):
    """With a rate of 0.5 and no momentum, each step's parameters can be found again by taking the steps by hand."""
    recipe = read_recipe("seed", epochs=100_000, layers=(784, 4, 10))
    begin(trainer, recipe)
    copies = []
    for _ in range(40):
        copies.append(trainer.network())
        time.sleep(0.02)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    wanted = {copy.parameters.tobytes() for copy in copies}
    network, seen = recipe.recipe.new_network(), set()
    seen.add(network.parameters.tobytes())
    for event in dl.train(network, few, recipe.recipe, threads=1):
        seen.add(network.parameters.tobytes())
        if getattr(event, "epoch", 0) >= trainer.state()["epoch"]:
            break
    assert len(wanted) > 5
    assert wanted <= seen
    assert np.isfinite(copies[-1].parameters).all()


@pytest.mark.parametrize("paused", [False, True])
def test_after_a_kill_the_training_goes_on_and_after_a_stop_it_does_not(trainer, few, feed, tmp_path, paused):
    name = begin(trainer)
    wait(lambda: trainer.state()["step"] > STEPS)
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


@pytest.mark.parametrize("where", ["before the first step", "at the end of an epoch", "in the middle of an epoch"])
def test_a_change_made_in_a_pause_is_kept_though_it_is_stopped_then(trainer, tmp_path, where):
    name = begin(trainer, paused=True)
    if where != "before the first step":
        trainer.epoch() if where == "at the end of an epoch" else trainer.step()
        wait(lambda: trainer.state()["step"] > 0 and phase(trainer) == "paused")
    trainer.change({"learning_rate": 0.0456})
    assert trainer.state()["values"]["learning_rate"] == 0.0456
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    kept = describe_run(tmp_path / "runs", name)["changes"]
    assert [(one["name"], one["value"]) for one in kept] == [("learning_rate", 0.0456)]
    trainer.resume(name, paused=True)
    assert trainer.state()["values"]["learning_rate"] == 0.0456


def test_after_a_kill_it_waits_as_it_did_and_what_was_wished_in_the_pause_is_wished_again(trainer, few, feed, tmp_path):
    begin(trainer)
    wait(lambda: trainer.state()["step"] > STEPS)
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
        assert second.state()["values"]["learning_rate"] == 0.0456
        assert second.state()["steps_per_second"] == 7
        second.step()
        wait(lambda: second.state()["changes"] and second.state()["changes"][-1]["value"] == 0.0456)
    finally:
        second.close(10)


def test_another_lab_leaves_the_training_of_this_one_and_its_note_alone(trainer, few, tmp_path):
    name = begin(trainer)
    second = Trainer(tmp_path / "runs", lambda: (few, few), Feed(), threads=1)
    try:
        assert second.continue_after_kill() is None
        assert second.trouble is None
        with pytest.raises(BusyError, match="at work"):
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


def test_each_step_that_is_wished_is_taken(trainer):
    begin(trainer, paused=True)
    wait(lambda: phase(trainer) == "paused")
    for _ in range(7):
        trainer.step()
    wait(lambda: trainer.state()["step"] == 7 and phase(trainer) == "paused")
    time.sleep(0.1)
    assert trainer.state()["step"] == 7


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
