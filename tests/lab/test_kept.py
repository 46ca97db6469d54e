"""What takes long is computed once for each state of a reader."""

from __future__ import annotations

import threading
import time

import pytest

import digitlab as dl
from digitlab.errors import InputError
from digitlab.lab.kept import Kept
from digitlab.lab.readers import Reader


def _reader(version=1, id="live"):
    return Reader(id, version, dl.Network([784, 10]))


def test_it_is_computed_again_only_for_another_reader_version_or_question():
    asked, kept = [], Kept()

    def compute():
        asked.append(1)
        return len(asked)

    questions = [(_reader(), "map"), (_reader(2), "map"), (_reader(id="run:a"), "map"), (_reader(), "accuracy")]
    assert [kept.get(*one, compute) for one in questions + questions] == [1, 2, 3, 4, 1, 2, 3, 4]


def test_the_oldest_goes_and_a_failure_is_not_kept():
    kept = Kept(most=2)
    assert [kept.get(_reader(version), "x", lambda version=version: version) for version in (1, 2, 3)] == [1, 2, 3]
    assert kept.get(_reader(3), "x", lambda: "again") == 3
    assert kept.get(_reader(1), "x", lambda: "again") == "again"

    def fail():
        raise InputError("no")

    with pytest.raises(InputError):
        kept.get(_reader(9), "x", fail)
    assert kept.get(_reader(9), "x", lambda: "well") == "well"


def test_who_asks_meanwhile_waits_for_the_same_result():
    kept, asked, found = Kept(), [], []

    def compute():
        asked.append(1)
        time.sleep(0.05)
        return object()

    threads = [threading.Thread(target=lambda: found.append(kept.get(_reader(), "x", compute))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == len({id(one) for one in found}) == 1
