"""One measurement of robustness at a time, which gives way to a training and is kept."""

from __future__ import annotations

import threading
import time

import pytest

import digitlab as dl
from digitlab.errors import BusyError
from digitlab.evaluation import CORRUPTIONS, corrupt
from digitlab.evaluation.robustness import measure_robustness
from digitlab.lab import measuring
from digitlab.lab.measuring import Measuring
from digitlab.lab.readers import Reader


@pytest.fixture
def test(mnist):
    return mnist[1][:40]


def _reader(id="run:a", version=1):
    return Reader(id, version, dl.Network([784, 8, 10], seed=0))


def _until(made, reader, *states):
    limit = time.monotonic() + 20
    while (found := made.state(reader)).state not in states:
        assert time.monotonic() < limit, found
        time.sleep(0.01)
    return found


@pytest.fixture
def steps(monkeypatch):
    """Stands for the measurement: each release of it is one part of the work."""
    semaphore = threading.Semaphore(0)

    def stepwise(network, digits, progress):
        for _ in range(3):
            semaphore.acquire()
            progress()
        return measure_robustness(network, digits)

    monkeypatch.setattr(measuring, "measure_robustness", stepwise)
    return semaphore


def test_the_result_is_the_librarys_with_a_digit_under_each_corruption(test):
    made, reader = Measuring(lambda: test, lambda: False), _reader()
    assert made.state(reader).state == "none"
    assert made.begin(reader).state in {"measuring", "done"}
    found = _until(made, reader, "done")
    expected = measure_robustness(reader.network, test)
    assert found.progress == 1
    assert (found.result.clean, found.result.mean_accuracy) == (expected.clean, expected.mean_accuracy)
    assert [one.accuracy for one in found.result.corruptions] == [one.accuracy for one in expected.corruptions]
    assert found.result.pgd == expected.pgd
    for one in found.result.corruptions:
        assert one.pixels == corrupt(test.images[:1], one.name).tobytes()
        assert one.about == CORRUPTIONS[one.name].about
    assert made.begin(reader) == found  # it is kept
    assert made.state(_reader(version=2)).state == "none"


def test_one_at_a_time_and_its_progress_is_told(test, steps):
    made, reader = Measuring(lambda: test, lambda: False), _reader()
    made.begin(reader)
    with pytest.raises(BusyError, match="another reader is being measured") as refused:
        made.begin(_reader("run:b"))
    assert refused.value.got == "run:a"
    assert made.begin(reader).state == "measuring"  # to ask again is fine
    steps.release()
    limit = time.monotonic() + 20
    while not made.state(reader).progress:
        assert time.monotonic() < limit
        time.sleep(0.01)
    steps.release(2)
    _until(made, reader, "done")
    made.begin(_reader("run:b"))
    steps.release(3)
    _until(made, _reader("run:b"), "done")


def test_while_a_training_runs_nothing_is_begun_and_what_was_begun_waits(test, steps):
    running = threading.Event()
    made, reader = Measuring(lambda: test, running.is_set), _reader()
    made.begin(reader)
    running.set()
    steps.release(3)
    _until(made, reader, "waiting")
    running.clear()
    _until(made, reader, "done")
    running.set()
    with pytest.raises(BusyError, match="a training is under way"):
        made.begin(_reader("run:b"))


def test_what_fails_says_why_and_may_be_asked_for_again(mnist, few):
    broken = Reader("run:a", 1, dl.Network([100, 10]))
    made = Measuring(lambda: few, lambda: False)
    made.begin(broken)
    found = _until(made, broken, "failed")
    assert found.trouble.what
    assert made.begin(broken).state in {"measuring", "failed"}


def test_a_lab_that_closes_gives_it_up(test, steps):
    made, reader = Measuring(lambda: test, lambda: False), _reader()
    made.begin(reader)
    made.close()
    steps.release()
    assert _until(made, reader, "failed").trouble is None
    with pytest.raises(BusyError, match="closing"):
        made.begin(_reader("run:b"))


def test_the_answer_is_as_the_document_says(lab):
    import jsonschema

    from digitlab.lab.web.openapi import openapi_document

    document = openapi_document()
    described = document["paths"]["/api/judge/robustness"]["get"]["responses"]["200"]["content"]["application/json"]
    answer = lab.ask("GET", "/api/judge/robustness?reader=run:small")
    assert (answer.status, answer.json["state"]) == (200, "none")
    jsonschema.validate(answer.json, described["schema"] | {"components": document["components"]})
    assert lab.post("/api/judge/measure?reader=run:nobody", {}).status == 404
