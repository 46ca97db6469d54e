"""The loop: what it computes (against other people's code), what it tells, and how it stops."""

from __future__ import annotations

import json
import runpy
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

import digitlab as dl
from digitlab import fitting
from digitlab.engines import NumpyEngine
from digitlab.errors import DivergenceError, InputError, RecipeError
from digitlab.training import EpochDone, Started, StepDone, Stopped

ROOT = Path(__file__).parents[2]
GOLDEN = json.loads((ROOT / "tests/golden/seed_float64.json").read_text())["loss"]


def _losses(history: dl.History) -> dict[str, float]:
    return {str(event.epoch): event.loss for event in history.epochs}


def test_the_first_epochs_of_seed_follow_the_golden_trace(mnist):
    recipe = dl.recipe("seed", epochs=20)
    losses = _losses(dl.fit(recipe.new_network(), mnist[0], recipe))
    for epoch, loss in losses.items():
        assert loss == pytest.approx(GOLDEN[epoch], abs=1e-5), epoch


@pytest.mark.soak
def test_all_of_seed_follows_the_golden_trace(mnist):
    """The float64 twin's losses at every printed epoch, and what the classic experiment arrives at."""
    recipe = dl.recipe("seed")
    network = recipe.new_network()
    history = dl.fit(network, mnist[0], recipe)
    losses = _losses(history)
    assert max(abs(losses[epoch] - loss) for epoch, loss in GOLDEN.items()) < 1e-7
    assert history.epochs[-1].accuracy == pytest.approx(0.893, abs=0.001)
    assert dl.evaluate(network, mnist[1]).accuracy == pytest.approx(0.898, abs=0.003)


def test_scikit_learns_loss_trace_is_reproduced(mnist):
    """Logistic units, plain gradient descent, full batch, no shuffling, the same first weights: 20 epochs."""
    digits = mnist[0][:3000]
    x = digits.images.reshape(-1, 784) / 255
    recipe = dl.recipe("seed", epochs=20, learning_rate=0.5)
    network = recipe.new_network()
    peer = MLPClassifier(
        (64,),
        activation="logistic",
        solver="sgd",
        alpha=0,
        momentum=0,
        nesterovs_momentum=False,
        learning_rate_init=recipe.learning_rate,
        batch_size=len(digits),
        shuffle=False,
    )
    peer.partial_fit(x, digits.labels, classes=range(10))  # makes its arrays; their content is then replaced
    for layer, W, b in zip(network.layers, peer.coefs_, peer.intercepts_, strict=True):
        W[...], b[...] = layer
    for _ in range(recipe.epochs):
        peer.partial_fit(x, digits.labels)
    losses = dl.fit(network, digits, recipe).losses
    np.testing.assert_allclose(losses, peer.loss_curve_[1:], atol=1e-5)
    np.testing.assert_allclose(network.W1, peer.coefs_[0], atol=1e-5)


def test_the_plain_example_gives_the_librarys_losses(few, capsys):
    classic = runpy.run_path(str(ROOT / "examples/classic.py"))["classic"]
    (W1, b1, W2, b2), losses = classic(few.images.reshape(-1, 784) / 255, dl.one_hot(few.labels), epochs=30)
    recipe = dl.recipe("seed", epochs=30)
    network = recipe.new_network()
    np.testing.assert_allclose(dl.fit(network, few, recipe).losses, losses, atol=1e-6)
    for ours, theirs in ((network.W1, W1), (network.b1, b1), (network.W2, W2), (network.b2, b2)):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert "epoch    1   loss" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["seed", "minibatch"])
def test_the_same_recipe_gives_the_same_bits(name, few):
    recipe = dl.recipe(name, epochs=3)
    networks = [recipe.new_network() for _ in range(2)]
    for network in networks:
        dl.fit(network, few, recipe)
    assert np.array_equal(networks[0].parameters, networks[1].parameters)


def test_telling_each_step_changes_nothing(few):
    recipe = dl.recipe("minibatch", epochs=2)
    silent, told = recipe.new_network(), recipe.new_network()
    history = dl.fit(silent, few, recipe)
    events = list(dl.train(told, few, recipe, each_step=True))
    steps = [event for event in events if isinstance(event, StepDone)]
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert np.array_equal(silent.parameters, told.parameters)
    assert [event.loss for event in epochs] == history.losses
    assert [event.step for event in steps] == list(range(1, 65))  # 1,000 samples in 32s: 32 steps, twice
    assert np.mean([event.loss for event in steps[:31]]) == pytest.approx(epochs[0].loss, rel=0.02)
    assert (type(events[0]), type(events[-1])) == (Started, Stopped)


def test_minibatches_learn_the_digits(mnist):
    recipe = dl.recipe("minibatch", epochs=2)
    network = recipe.new_network()
    dl.fit(network, mnist[0], recipe)
    assert dl.evaluate(network, mnist[1]).accuracy > 0.955


def test_momentum_is_used_when_the_recipe_says_so(few):
    plain, heavy = (dl.recipe("seed", epochs=20, optimizer=name) for name in ("sgd", "momentum"))
    assert dl.fit(heavy.new_network(), few, heavy).losses[-1] < dl.fit(plain.new_network(), few, plain).losses[-1] - 0.5


def test_not_pulling_is_pausing(few):
    recipe = dl.recipe("seed", epochs=5)
    network = recipe.new_network()
    events = dl.train(network, few, recipe)
    assert isinstance(next(events), Started)
    next(events)
    after_one = network.parameters.copy()
    time.sleep(0.05)  # several epochs' worth
    assert np.array_equal(network.parameters, after_one)
    rest = list(events)
    assert [event.epoch for event in rest if isinstance(event, EpochDone)] == [2, 3, 4, 5]
    assert not np.array_equal(network.parameters, after_one)


@pytest.mark.parametrize("name", ["seed", "minibatch"])
def test_a_control_stops_it_and_keeps_what_was_learnt(name, few):
    recipe, control = dl.recipe(name, epochs=50), dl.Control()
    network = recipe.new_network()

    def stop_at_three(event: object) -> None:
        if isinstance(event, EpochDone) and event.epoch == 3:
            control.stop()
            control.stop()  # twice is the same as once

    history = dl.fit(network, few, recipe, control=control, listeners=[stop_at_three])
    assert [event.epoch for event in history.epochs] == [1, 2, 3]
    assert history.stopped is not None
    assert (history.stopped.reason, history.stopped.epoch) == ("interrupted", 3)
    short = dl.recipe(name, epochs=3)
    expected = short.new_network()
    dl.fit(expected, few, short)
    assert np.array_equal(network.parameters, expected.parameters)


def test_an_exception_in_a_listener_does_not_reach_the_loop(few):
    recipe = dl.recipe("seed", epochs=5)
    network = recipe.new_network()

    def broken(event: object) -> None:
        if isinstance(event, EpochDone) and event.epoch == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dl.fit(network, few, recipe, listeners=[broken])
    short = dl.recipe("seed", epochs=2)
    expected = short.new_network()
    dl.fit(expected, few, short)
    assert np.array_equal(network.parameters, expected.parameters)


def test_what_cannot_be_trained_is_refused_at_once(few):
    network, recipe = dl.Network([784, 64, 10]), dl.recipe("seed")
    for wrong in ((network, few, "seed"), (network, (few.images, few.labels), recipe), (None, few, recipe)):
        with pytest.raises(InputError, match=r"must be a (Recipe|Digits|Network)"):
            dl.train(*wrong)
    network.W1[0, 0] = np.nan
    with pytest.raises(InputError, match="must start from finite parameters"):
        dl.train(network, few, recipe)


@pytest.mark.parametrize("change", [{"layers": (784, 32, 10)}, {"activation": "relu"}])
def test_a_recipe_for_another_network_is_refused_at_once(change, few):
    network = dl.Network([784, 64, 10])
    with pytest.raises(RecipeError, match="the recipe is for another network"):
        dl.train(network, few, dl.recipe("seed", **change))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("step", [1, 5, 31])
def test_divergence_stops_at_its_step_and_names_the_layer(value, step, few):
    """A number goes bad before the given step: no further update, and the report is right."""
    recipe = dl.recipe("minibatch", epochs=3)
    network = recipe.new_network()
    events = dl.train(network, few, recipe, each_step=True)
    told = [next(events) for _ in range(step)]  # Started, and the steps before
    network.W2[3, 4] = value
    before = network.parameters.copy()
    with pytest.raises(DivergenceError) as caught:
        next(events)
    assert all(isinstance(event, StepDone) for event in told[1:])
    assert (caught.value.step, caught.value.layer) == (step, "layer 2")
    assert f"diverged at step {step}, in layer 2" in str(caught.value)
    assert np.array_equal(network.parameters, before, equal_nan=True)


def test_divergence_by_overflow_keeps_the_last_finite_parameters(few):
    recipe = dl.recipe("seed", layers=(784, 16, 16, 10), activation="relu", epochs=3)
    network = recipe.new_network()
    network.W1[...] = 1e20
    network.W2[...] = 1e20
    before = network.parameters.copy()
    with pytest.raises(DivergenceError, match="step 1, in layer 2: its output"):
        dl.fit(network, few, recipe)
    assert np.array_equal(network.parameters, before)


@pytest.mark.parametrize(
    ("count", "scale", "complaint"),
    [(1000, 1e38, r"step 1, in [Wb]1: its gradient"), (10, 3e36, r"step 1, in [Wb]1: its new value")],
)
def test_a_gradient_or_a_step_that_overflows_is_named(count, scale, complaint, few):
    """The forward pass is finite; the error on its way back through the huge second layer is not, or its step."""
    recipe = dl.recipe("seed", layers=(784, 16, 10), activation="relu", learning_rate=1000, epochs=1)
    network = recipe.new_network()
    network.W1 *= 1e-3
    network.W2 *= scale
    before = network.parameters.copy()
    with pytest.raises(DivergenceError, match=complaint):
        dl.fit(network, few[:count], recipe, engine="numpy")
    assert np.array_equal(network.parameters, before)


def test_any_engine_can_train(few):
    recipe = dl.recipe("seed", epochs=3)
    single, double = recipe.new_network(), recipe.new_network()
    dl.fit(single, few, recipe)
    dl.fit(double, few, recipe, engine=NumpyEngine(np.float64))
    np.testing.assert_allclose(single.parameters, double.parameters, atol=1e-6)


def test_a_network_that_has_no_answer_for_validation_diverged_with_its_step_and_layer(few):
    """The epoch's last step could be taken; what it led to overflows on the way to the answer."""
    recipe = dl.recipe(
        "seed",
        layers=(784, 64, 64, 64, 10),
        activation="relu",
        initializer="he",
        learning_rate=1000,
        batch_size=1,
        validation=100,
    )
    network = recipe.new_network()
    with pytest.raises(DivergenceError, match="step 4, in layer 3: its output for validation") as caught:
        dl.fit(network, few[:104], recipe)
    assert (caught.value.step, caught.value.layer) == (4, "layer 3")
    assert np.isfinite(network.parameters).all()


def test_one_ctrl_c_that_comes_twice_is_one_and_a_later_one_interrupts_once(monkeypatch):
    """`uv run` passes on what the terminal has told already. After the second, what was learnt is being kept."""
    control, before = dl.Control(), signal.getsignal(signal.SIGINT)
    with fitting.stop_on_interrupt(control):
        signal.raise_signal(signal.SIGINT)
        assert control.stopping
        signal.raise_signal(signal.SIGINT)
        monkeypatch.setattr(fitting, "MOMENT", 0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
