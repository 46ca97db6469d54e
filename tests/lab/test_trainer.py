"""The trainer: one training at a time, told what to do from any thread; however it ends, it says so."""

from __future__ import annotations

import errno
import threading
import time

import msgspec
import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import BusyError, InputError, RecipeError
from digitlab.lab.feed import Feed
from digitlab.lab.records import Parent
from digitlab.lab.resume_marker import MARKER
from digitlab.lab.runs import describe_run
from digitlab.runs import Run, writer
from digitlab.training.recipe_files import read_recipe
from tests.lab.trainer_tools import LONG, SHORT, STEPS, begin, phase, wait


def test_a_training_goes_to_its_end_and_gives_what_fit_gives(trainer, few, tmp_path):
    name = begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")
    network = SHORT.recipe.new_network()
    dl.fit(network, few, SHORT.recipe, threads=1)
    assert trainer.newest_copy().network.parameters.tobytes() == network.parameters.tobytes()
    state = trainer.state()
    assert (state.run, state.epoch, state.epochs, state.step) == (name, 3, 3, 3 * STEPS)
    assert state.history.epoch == [1, 2, 3]
    assert describe_run(tmp_path / "runs", name).state == "finished"
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
    trainer.pause()
    wait(lambda: phase(trainer) == "paused")
    here = trainer.state().step
    time.sleep(0.1)
    assert trainer.state().step == here
    for more in (1, 2, 3):
        trainer.step()
        wait(lambda more=more: trainer.state().step == here + more)
        wait(lambda: phase(trainer) == "paused")
    time.sleep(0.1)
    assert trainer.state().step == here + 3
    before = trainer.state().epoch
    trainer.epoch()
    wait(lambda: trainer.state().epoch > before and phase(trainer) == "paused")
    assert trainer.state().epoch == before + 1
    assert trainer.state().step % STEPS == 0
    trainer.go_on()
    wait(lambda: trainer.state().epoch > before + 5)
    trainer.stop()
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    trainer.stop()
    with pytest.raises(BusyError, match="no training is under way"):
        trainer.pause()


def test_a_training_that_begins_paused_takes_no_step_and_can_be_stopped(trainer):
    begin(trainer, paused=True)
    wait(lambda: phase(trainer) == "paused")
    assert trainer.state().step == 0
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    assert trainer.state().step == 0


def test_slow_motion_takes_so_many_steps_a_second_until_it_is_over(trainer):
    begin(trainer, paused=True)
    trainer.speed(20)
    began = time.monotonic()
    trainer.go_on()
    wait(lambda: trainer.state().step >= 5)
    taken = trainer.state().step
    assert taken <= 1 + 20 * (time.monotonic() - began)  # on a busy machine they are fewer
    trainer.speed(None)
    wait(lambda: trainer.state().epoch > 2)
    for wrong in (-1, 0, 5e-324, 1001, float("nan")):
        with pytest.raises(InputError, match="slow motion takes"):
            trainer.speed(wrong)


def test_slow_motion_that_is_made_faster_does_not_wait_for_the_slow_step(trainer):
    begin(trainer, paused=True)
    trainer.speed(0.01)
    trainer.go_on()
    wait(lambda: trainer.state().step == 1)
    trainer.speed(100)
    wait(lambda: trainer.state().step > 10, 5)


def test_settings_change_in_mid_run_and_wrong_ones_are_refused(trainer, tmp_path):
    name = begin(trainer)
    trainer.change({"learning_rate": 0.05})
    wait(lambda: trainer.state().changes)
    assert trainer.state().values["learning_rate"] == 0.05
    for wrong in ({"epochs": 3}, {"learning_rate": -1}, {"nothing": 1}):
        with pytest.raises(RecipeError):
            trainer.change(wrong)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    assert [one.name for one in describe_run(tmp_path / "runs", name).changes] == ["learning_rate"]


def test_a_divergence_ends_in_words_and_the_next_training_begins(trainer):
    recipe = read_recipe("seed", epochs=500, learning_rate=1000, activation="relu", layers=(784, 64, 64, 64, 10))
    trainer.start(recipe)
    wait(lambda: phase(trainer) == "failed")
    assert trainer.state().error.what
    begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")


@pytest.mark.parametrize("kind", [OSError(errno.ENOSPC, "No space left on device"), ZeroDivisionError("a mistake")])
def test_a_full_disk_or_a_mistake_ends_in_words_and_the_next_training_begins(trainer, monkeypatch, kind):
    begin(trainer)
    wait(lambda: trainer.state().epoch > 2)

    def fail(*_: object) -> None:
        raise kind

    with monkeypatch.context() as broken:
        broken.setattr(writer, "write_durably", fail)
        wait(lambda: phase(trainer) == "failed")
    assert str(kind.args[-1]) in trainer.state().error.got
    begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")


def test_a_mistake_at_the_very_end_leaves_the_lab_free_for_the_next_training(trainer, monkeypatch):
    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr("digitlab.lab.job.Probe", fail)
        trainer.start(SHORT)
        wait(lambda: trainer.run_under_way() is None)
    trainer.start(SHORT)
    wait(lambda: phase(trainer) == "finished")


def _told(feed: Feed, first: int, kind: str) -> list[dict]:
    """What was told in events of this kind since the one numbered ``first``."""
    return [msgspec.json.decode(entry.data) for entry in feed.after(first) if entry.kind == kind]


def test_that_it_is_stopping_is_told_at_once_and_before_the_end(trainer, feed):
    begin(trainer)
    trainer.pause()
    wait(lambda: phase(trainer) == "paused")
    first = feed.last
    trainer.stop()
    trainer.stop()
    wait(lambda: _told(feed, first, "runs"))  # the last thing that is told
    phases = [one["phase"] for one in _told(feed, first, "training")]
    assert phases[0] == "stopping"
    assert phases[-1] == "interrupted"


def test_the_epochs_that_are_told_are_contiguous(trainer, feed):
    first = feed.last
    begin(trainer)
    wait(lambda: trainer.state().epoch > 300)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    told = _told(feed, first, "epochs")
    epochs = [epoch for one in told for epoch in one["epoch"]]
    assert epochs == list(range(1, trainer.state().epoch + 1))
    assert len(told) <= 12 + 10 * trainer.state().seconds


def test_a_run_is_gone_on_with_to_the_same_bits(trainer, few):
    recipe = read_recipe("minibatch", batch_size=20, epochs=400, layers=(784, 4, 10))
    name = begin(trainer, recipe)
    wait(lambda: trainer.state().step > STEPS)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    trainer.resume(name)
    wait(lambda: phase(trainer) == "finished", 30)
    network = recipe.recipe.new_network()
    dl.fit(network, few, recipe.recipe, threads=1)
    assert trainer.newest_copy().network.parameters.tobytes() == network.parameters.tobytes()
    assert trainer.state().history.epoch == list(range(1, 401))
    assert "/" not in trainer.state().recipe
    with pytest.raises(InputError, match="has ended"):
        trainer.resume(name)


def test_a_training_that_learns_nothing_says_so_to_whoever_watches(trainer, feed):
    recipe = read_recipe("minibatch", batch_size=20, epochs=3, layers=(784, 10), learning_rate=1e-6)
    first = feed.last
    begin(trainer, recipe)
    wait(lambda: _told(feed, first, "runs"))
    words = "nothing is learnt so far: the loss falls too slowly; try a larger learning rate than 1e-06, or more epochs"
    assert trainer.state().notes == [words]
    told = [one["notes"] for one in _told(feed, first, "training")]
    assert (told[0], told[-1]) == ([], [words])


def test_a_checkpoint_that_was_passed_over_is_told(trainer, tmp_path):
    name = begin(trainer)
    wait(lambda: trainer.state().step > STEPS)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    run = Run(tmp_path / "runs" / name)
    newest = run.folder / run.manifest.checkpoints[-1].file
    newest.write_bytes(newest.read_bytes()[:-1])
    trainer.resume(name)
    wait(lambda: trainer.state().engine)
    (note,) = trainer.state().notes
    assert note.endswith(f"{name}: {newest.name} is not what the run wrote: going on from step 0")


def test_a_branch_begins_where_its_parent_was(trainer):
    name = begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")
    assert trainer.state().snapshots == [1, 2, 3]
    begin(trainer, read_recipe("minibatch", batch_size=20, epochs=5, layers=(784, 4, 10)), branch=(name, 2))
    wait(lambda: phase(trainer) == "finished")
    assert trainer.state().parent == Parent(name, 2)
    assert trainer.state().history.epoch == [1, 2, 3, 4, 5]


def test_a_step_of_a_branch_has_its_place_among_the_epochs(trainer, feed):
    """The parent took 50 steps in each of two epochs; the branch takes 8."""
    name = begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")
    wait(lambda: trainer.run_under_way() is None)
    first = feed.last
    begin(
        trainer, read_recipe("minibatch", batch_size=125, epochs=4, layers=(784, 4, 10)), branch=(name, 2), paused=True
    )
    wait(lambda: phase(trainer) == "paused")
    for _ in range(10):
        trainer.step()
    wait(lambda: len(_told(feed, first, "step")) == 10)
    told = [(one["step"], one["epoch"], one["place"]) for one in _told(feed, first, "step")]
    assert told == [(100 + number, 3 + (number > 8), 2 + number / 8) for number in range(1, 11)]


def test_the_ratio_of_a_step_to_the_weights_is_told_while_somebody_watches(trainer, feed, monkeypatch):
    begin(trainer, paused=True)
    monkeypatch.setattr(type(feed), "watchers", 1)
    trainer.go_on()
    wait(lambda: (seen := trainer.state().insight) and seen.layers[0].ratio)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    layers = trainer.state().insight.layers
    assert [layer.units for layer in layers] == [4, 10]
    assert all(0 < layer.ratio < 1 for layer in layers)


def test_a_copy_is_never_torn(trainer, few):
    """With a rate of 0.5 and no momentum, each step's parameters can be found again by taking the steps by hand."""
    recipe = read_recipe("seed", epochs=100_000, layers=(784, 4, 10))
    begin(trainer, recipe)
    wanted: set[bytes] = set()
    wait(lambda: wanted.add(trainer.newest_copy().network.parameters.tobytes()) or len(wanted) > 5)
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    network, seen = recipe.recipe.new_network(), set()
    seen.add(network.parameters.tobytes())
    for event in dl.train(network, few, recipe.recipe, threads=1):
        seen.add(network.parameters.tobytes())
        if getattr(event, "epoch", 0) >= trainer.state().epoch:
            break
    assert wanted <= seen
    assert np.isfinite(network.parameters).all()


@pytest.mark.parametrize("where", ["before the first step", "at the end of an epoch", "in the middle of an epoch"])
def test_a_change_made_in_a_pause_is_kept_though_it_is_stopped_then(trainer, tmp_path, where):
    name = begin(trainer, paused=True)
    if where != "before the first step":
        trainer.epoch() if where == "at the end of an epoch" else trainer.step()
        wait(lambda: trainer.state().step > 0 and phase(trainer) == "paused")
    trainer.change({"learning_rate": 0.0456})
    assert trainer.state().values["learning_rate"] == 0.0456
    trainer.stop()
    wait(lambda: phase(trainer) == "interrupted")
    kept = describe_run(tmp_path / "runs", name).changes
    assert [(one.name, one.value) for one in kept] == [("learning_rate", 0.0456)]
    trainer.resume(name, paused=True)
    assert trainer.state().values["learning_rate"] == 0.0456


def test_each_step_that_is_wished_is_taken(trainer):
    begin(trainer, paused=True)
    wait(lambda: phase(trainer) == "paused")
    for _ in range(7):
        trainer.step()
    wait(lambda: trainer.state().step == 7 and phase(trainer) == "paused")
    time.sleep(0.1)
    assert trainer.state().step == 7
