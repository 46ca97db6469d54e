"""How much training tells can be changed while it goes on; the result stays the same, and waiting is not counted."""

from __future__ import annotations

import time

import numpy as np
import pytest

import digitlab as dl
from digitlab.training import EpochDone, Started, StepDone
from tests.training.small_training import EPOCH, RECIPE, SAMPLES


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


def test_the_result_is_the_same_whatever_is_told_and_whenever_that_changes(digits):
    plain = RECIPE.new_network()
    dl.fit(plain, digits, RECIPE, threads=1)
    for seed in range(10):
        network, control, rng = RECIPE.new_network(), dl.Control(), np.random.default_rng(seed)
        control.detail = "looks"
        for _ in dl.train(network, digits, RECIPE, control=control, threads=1):
            control.detail = rng.choice(["epochs", "looks", "steps"])
        assert network.parameters.tobytes() == plain.parameters.tobytes()


@pytest.mark.parametrize(("detail", "told"), [("epochs", 0), ("looks", 1), ("steps", EPOCH)])
def test_each_detail_tells_what_it_promises(digits, detail, told):
    """The whole of so small an epoch is one look."""
    control = dl.Control()
    control.detail = detail
    events = list(dl.train(RECIPE.new_network(), digits, RECIPE, control=control, threads=1))
    steps = [event.step for event in events if isinstance(event, StepDone)]
    assert len(steps) == told * RECIPE.epochs
    assert not steps or steps[-1] == EPOCH * RECIPE.epochs


def test_the_detail_is_looked_at_again_at_each_look(digits):
    control = dl.Control()
    events = dl.train(RECIPE.new_network(), digits, RECIPE, control=control, threads=1)
    assert isinstance(next(events), Started)
    assert isinstance(next(events), EpochDone)
    control.detail = "steps"
    assert [next(events).step for _ in range(2)] == [EPOCH + 1, EPOCH + 2]
    control.detail = "looks"
    assert next(events).step == 2 * EPOCH
    assert isinstance(next(events), EpochDone)
    events.close()


def test_another_detail_is_refused():
    control = dl.Control()
    with pytest.raises(dl.errors.InputError, match="epochs, looks, steps"):
        control.detail = "everything"
    assert control.detail == "epochs"


@pytest.mark.parametrize("closed", [False, True])
def test_the_time_in_which_nobody_pulls_is_not_counted(digits, tmp_path, closed):
    events = dl.train(RECIPE.new_network(), digits, RECIPE, out=tmp_path / "run", each_step=True, threads=1)
    began = time.perf_counter()
    for event in events:
        if isinstance(event, StepDone) and event.step == 2:
            break
    time.sleep(0.3)
    rest = [] if closed else list(events)
    events.close()
    worked = time.perf_counter() - began - 0.3
    from digitlab.runs.run import Run

    assert Run(tmp_path / "run").manifest.outcome.seconds <= worked
    assert all(event.seconds <= worked for event in rest if isinstance(event, EpochDone))
