"""Sizes of layers, told on request: equal to those worked out by hand, and without any effect on the training."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import ENGINES, find_engine
from digitlab.engines.optimizer import Hyperparameters
from digitlab.errors import InputError
from digitlab.training import EpochDone, LayersMeasured, StepDone
from digitlab.training.batches import batches_of_epoch, split
from digitlab.training.optimizers import OPTIMIZERS
from tests.training.small_training import BATCH, EPOCH, HELD_OUT, RECIPE, REGULARIZED, SAMPLES

DEEP = replace(RECIPE, layers=(784, 6, 5, 10), activation="tanh")
HERE = [name for name, engine in ENGINES.items() if name != "cluster" and not engine.why_not()]


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


def _measured(recipe: dl.Recipe, digits: dl.Digits, **options) -> tuple[bytes, list[LayersMeasured]]:
    network = recipe.new_network()
    history = dl.fit(network, digits, recipe, threads=1, **options)
    return network.parameters.tobytes(), history.layers


@pytest.mark.parametrize("engine", HERE)
@pytest.mark.parametrize(
    "recipe",
    [RECIPE, replace(DEEP, **REGULARIZED), replace(DEEP, batch_size=0), replace(RECIPE, optimizer="adamw")],
    ids=["plain", "regularized", "full batch", "adamw"],
)
def test_the_bits_of_a_training_are_the_same_with_it(digits, engine, recipe):
    plain, nothing = _measured(recipe, digits, engine=engine)
    for every in (1, 3):
        watched, layers = _measured(recipe, digits, engine=engine, layers_every=every)
        assert watched == plain
        assert [one.epoch for one in layers] == list(range(every, recipe.epochs + 1, every))
    assert nothing == []


def test_the_sizes_are_those_worked_out_by_hand(digits):
    """Momentum and weight decay: the step is not along the gradient alone."""
    recipe = replace(DEEP, epochs=2, weight_decay=0.01)
    _, told = _measured(recipe, digits, engine="numpy", layers_every=1)
    network = recipe.new_network()
    training = digits[split(SAMPLES, HELD_OUT, recipe.seed)[0]]
    optimizer = OPTIMIZERS["momentum"](Hyperparameters(recipe.learning_rate, recipe.momentum, weight_decay=0.01))
    with find_engine("numpy").open(network.architecture, training, threads=1) as session:
        for epoch, measured in enumerate(told, 1):
            *first, last = batches_of_epoch(len(training), BATCH, recipe.seed, epoch)
            session.advance(network.parameters, optimizer, first, epoch)
            before = network.copy()
            gradient = session.sums(before.parameters, last, epoch).gradient / BATCH
            session.advance(network.parameters, optimizer, [last], epoch)
            assert (measured.epoch, measured.step) == (epoch, epoch * EPOCH)
            slopes = network.architecture.layers(gradient)
            for sizes, new, old, slope in zip(measured.layers, network.layers, before.layers, slopes, strict=True):
                weights, change, steep = (
                    np.linalg.norm(np.concatenate([np.ravel(W), b]).astype(np.float64))
                    for W, b in ((new.W, new.b), (new.W - old.W.astype(float), new.b - old.b.astype(float)), slope)
                )
                assert (sizes.weights, sizes.change) == pytest.approx((weights, change), rel=1e-9)
                assert sizes.gradient == pytest.approx(steep, rel=1e-9)
                assert sizes.ratio == pytest.approx(change / weights)


def test_it_is_told_behind_its_epoch_whatever_else_is_told(digits):
    for detail in ("epochs", "looks", "steps"):
        control = dl.Control()
        control.detail = detail
        events = list(dl.train(RECIPE.new_network(), digits, RECIPE, control=control, threads=1, layers_every=2))
        for before, event in itertools.pairwise(events):
            if isinstance(event, LayersMeasured):
                assert isinstance(before, EpochDone)
                assert (before.epoch, before.step) == (event.epoch, event.step)
        assert sum(isinstance(event, LayersMeasured) for event in events) == 2
        if detail == "steps":
            assert sum(isinstance(event, StepDone) for event in events) == 4 * EPOCH


def test_it_can_be_asked_for_while_training_goes_on(digits):
    control = dl.Control()
    told = []
    for event in dl.train(RECIPE.new_network(), digits, RECIPE, control=control, threads=1):
        if isinstance(event, EpochDone):
            control.layers_every = int(event.epoch == 2)
        told += [event.epoch] if isinstance(event, LayersMeasured) else []
    assert told == [3]


def test_a_training_that_goes_on_tells_it_too(digits, tmp_path):
    """Stopped in the middle of an epoch: what is left of it is measured as if it had not been."""
    _, whole = _measured(RECIPE, digits, layers_every=1)
    events = dl.train(RECIPE.new_network(), digits, RECIPE, out=tmp_path / "run", threads=1, each_step=True)
    next(event for event in events if isinstance(event, StepDone) and event.step == EPOCH + 1)
    events.close()
    _, rest = _measured(RECIPE, digits, out=tmp_path / "run", resume=True, layers_every=1)
    assert rest == whole[1:]


def test_a_wrong_number_is_refused(digits):
    for wrong in (-1, 1.5, "1", True, None):
        with pytest.raises(InputError, match="layers_every must be a whole number from 0"):
            dl.Control().layers_every = wrong  # type: ignore[assignment]
    with pytest.raises(InputError, match="layers_every"):
        dl.train(RECIPE.new_network(), digits, RECIPE, layers_every=-1)


def test_weights_of_0_have_no_ratio():
    assert dl.training.LayerSizes(0.0, 1.0, 0.0).ratio == 0.0
