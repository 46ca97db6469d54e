"""How many test digits a reader gets right, and how seldom that is counted while it learns."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError
from digitlab.evaluation.predictions import predict_all
from digitlab.lab.readers import Reader
from digitlab.lab.scores import Scores
from tests.lab.trainer_tools import LONG, SHORT, begin, phase, wait


class Counting:
    """A test set that counts how often it is asked for, and a training that runs or does not."""

    def __init__(self, digits: dl.Digits) -> None:
        self.digits, self.asked, self.running = digits, 0, True
        self.scores = Scores(self.test, lambda reader: predict_all(reader.network, self.test()), lambda: self.running)

    def test(self) -> dl.Digits:
        self.asked += 1
        return self.digits


@pytest.fixture
def counting(few) -> Counting:
    return Counting(few)


def live(version: int, run: str = "one", epoch: int = 3) -> Reader:
    return Reader("live", version, dl.Network([784, 10], seed=version), moment=(run, epoch))


def test_it_is_the_share_that_evaluate_says(counting, few):
    network = dl.Network([784, 10], seed=5)
    score = counting.scores.of(Reader("model:mine", 7, network, Path("mine")))
    assert (score.reader, score.version, score.epoch, score.count) == ("model:mine", 7, None, len(few))
    assert score.accuracy == dl.evaluate(network, few).accuracy == score.right / score.count


def test_while_it_learns_it_is_counted_seldom(counting):
    first = counting.scores.of(live(1, epoch=3))
    assert (first.version, first.epoch) == (1, 3)
    assert counting.scores.of(live(2, epoch=4)) == first
    assert counting.asked == 1


def test_what_learns_no_more_is_counted_at_once_and_once(counting):
    counting.scores.of(live(1))
    counting.running = False
    last = counting.scores.of(live(2, epoch=9))
    assert (last.version, last.epoch) == (2, 9)
    assert counting.scores.of(live(2, epoch=9)) is last
    assert counting.asked == 2


def test_the_score_of_another_training_is_never_told(counting):
    counting.scores.of(live(1, "one"))
    assert counting.scores.of(live(2, "two")).version == 2


def test_another_count_may_be_asked_for_after_a_hundred_times_what_one_takes(counting, monkeypatch):
    moments = iter([0.0, 0.5, 40.0, 51.0, 51.5, 52.0])  # began, ended; too early; late enough, began and ended again
    clock = SimpleNamespace(monotonic=lambda: next(moments))  # theirs alone: other threads ask the real one
    for module in ("scores", "job"):
        monkeypatch.setattr(f"digitlab.lab.{module}.time", clock)
    versions = [counting.scores.of(live(version)).version for version in (1, 2, 3)]
    assert versions == [1, 1, 3]


def test_a_reader_of_other_classes_has_none(counting):
    letters = dl.Network([784, 3])
    with pytest.raises(InputError):
        counting.scores.of(Reader("model:letters", 1, letters))


def test_a_copy_says_how_many_epochs_were_done(trainer, few):
    name = begin(trainer, SHORT)
    wait(lambda: phase(trainer) == "finished")
    copy = trainer.newest_copy()
    assert (copy.run, copy.epoch, trainer.is_running()) == (name, 3, False)
    assert np.array_equal(copy.network.parameters, dl.load(trainer.folder / name).parameters)
    begin(trainer, LONG)
    assert trainer.is_running()
    trainer.pause()
    wait(lambda: phase(trainer) == "paused")
    assert not trainer.is_running()
