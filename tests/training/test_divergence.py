"""Numbers that go bad: training stops right before them, at whichever step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines.numpy_engine import NumpySession
from digitlab.errors import DivergenceError
from digitlab.runs.run import Run
from digitlab.training import StepDone, loop
from digitlab.training.optimizers import OPTIMIZERS
from tests.training.small_training import RECIPE, SAMPLES


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


DIVERGING = replace(
    RECIPE, layers=(784, 2, 10), batch_size=4, epochs=10, validation=0, optimizer="sgd"
)  # five steps in each epoch
BAD = [np.nan, np.inf]


def _poison(kind: str, step: int, value: float, patch: pytest.MonkeyPatch) -> None:
    """At this step, counted from 1, a number goes bad."""
    really_sums, taken = NumpySession.sums, [0]

    def sums(self, parameters, batch, epoch):
        taken[0] += 1
        if taken[0] != step:
            return really_sums(self, parameters, batch, epoch)
        if kind == "pixels":
            self._inputs[batch[0], 5] = value
        answer = really_sums(self, parameters, batch, epoch)
        if kind == "gradient":
            answer.gradient[step % len(answer.gradient)] = value
        if kind == "loss":
            answer.loss = value
        return answer

    patch.setattr(NumpySession, "sums", sums)
    patch.setattr(loop, "explain_standstill", lambda *_: "")  # it asks for sums, too, but takes no step
    if kind == "parameters":
        really_step = OPTIMIZERS["sgd"].step

        def bad_step(self, parameters, gradient):
            really_step(self, parameters, gradient)
            if self.taken == step:
                parameters[step] = value

        patch.setattr(OPTIMIZERS["sgd"], "step", bad_step)
    if kind == "learning rate":
        factor = loop.rate_factor
        patch.setattr(loop, "rate_factor", lambda name, t, course: value if t == step - 1 else factor(name, t, course))


@pytest.mark.parametrize("kind", ["pixels", "parameters", "gradient", "loss", "learning rate"])
def test_whatever_goes_bad_at_whichever_step_training_stops_right_before_it(kind, mnist, tmp_path, monkeypatch):
    """Fifty steps of each kind; NaN and infinity in turn; with each step told, and without."""
    digits = mnist[0][:20]
    before = [DIVERGING.new_network().parameters.copy()]
    network = DIVERGING.new_network()
    events = dl.train(network, digits, DIVERGING, each_step=True, threads=1, engine="numpy")
    before += [network.parameters.copy() for event in events if isinstance(event, StepDone)]
    assert len(before) == 51
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and not the matter here
    for step in range(1, 51):
        folder, network = tmp_path / str(step), DIVERGING.new_network()
        with monkeypatch.context() as patch:
            _poison(kind, step, BAD[step // 2 % 2], patch)
            with pytest.raises(DivergenceError, match=f"diverged at step {step}, in ") as caught:
                list(
                    dl.train(network, digits, DIVERGING, out=folder, each_step=step % 2 == 0, threads=1, engine="numpy")
                )
        assert caught.value.step == step
        assert np.array_equal(network.parameters, before[step - 1])
        assert np.array_equal(dl.load(folder).parameters, before[step - 1])
        outcome = Run(folder).manifest.outcome
        assert (outcome.state, outcome.steps, outcome.epochs) == ("diverged", step - 1, (step - 1) // 5)


def test_parameters_that_somebody_spoils_between_two_steps_are_a_divergence_too(digits, tmp_path):
    """There is nothing good to keep then but what was committed before."""
    network = RECIPE.new_network()
    events = dl.train(network, digits, RECIPE, out=tmp_path / "run", each_step=True, threads=1)
    next(event for event in events if isinstance(event, StepDone) and event.step == 3)
    network.W1[0, 0] = np.nan
    with pytest.raises(DivergenceError, match="diverged at step 4"):
        list(events)
    assert np.isfinite(Run(tmp_path / "run").newest_state().parameters).all()
