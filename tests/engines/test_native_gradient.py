"""The native engine against the definition in float64: its gradient, and where it leads."""

from __future__ import annotations

import numpy as np
import pytest
from native_tools import needs_native, open_native, relative_error, some_parameters

import digitlab as dl
from digitlab.engines import NativeEngine, NumpyEngine, Sums
from digitlab.network import ACTIVATIONS, Architecture
from digitlab.network.initializers import first_parameters

pytestmark = needs_native
LARGEST_ERROR = 3e-7  # NumPy's own float32 has 1.7e-7 at the first epoch and 2.1e-7 later on
HIDDEN = {1: (), 2: (64,), 3: (48, 24), 4: (32, 17, 9)}


def _architecture(depth: int, activation: str) -> Architecture:
    return Architecture((784, *HIDDEN[depth], 10), activation)


def _exact(architecture: Architecture, digits: dl.Digits, parameters: np.ndarray) -> Sums:
    with NumpyEngine(np.float64).open(architecture, digits) as session:
        return session.sums(parameters.astype(np.float64), slice(None))


def _assert_close(architecture: Architecture, digits: dl.Digits, parameters: np.ndarray) -> None:
    exact = _exact(architecture, digits, parameters)
    with open_native(architecture, digits) as session:
        answer = session.sums(parameters, slice(None))
    assert answer.loss == pytest.approx(exact.loss, rel=1e-6)
    assert abs(answer.hits - exact.hits) <= 1  # two logits may be as good as equal
    errors = {"all": relative_error(answer.gradient, exact.gradient)}
    layers = zip(architecture.layers(answer.gradient), architecture.layers(exact.gradient), strict=True)
    for number, (layer, truth) in enumerate(layers, 1):
        errors[f"W{number}"] = relative_error(layer.W, truth.W)
        both = np.concatenate([layer.W.ravel(), layer.b]), np.concatenate([truth.W.ravel(), truth.b])
        errors[f"layer {number}"] = relative_error(*both)
    assert max(errors.values()) <= LARGEST_ERROR, errors


@pytest.mark.parametrize("initializer", ["lecun", "he"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", HIDDEN)
def test_first_gradient_is_the_definitions(depth, activation, initializer, mnist):
    architecture = _architecture(depth, activation)
    _assert_close(architecture, mnist[0][:4000], first_parameters(architecture, initializer, 0))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", HIDDEN)
def test_gradient_after_300_steps_is_the_definitions(depth, activation, mnist):
    digits, architecture = mnist[0][:1500], _architecture(depth, activation)
    recipe = dl.recipe("seed", layers=architecture.sizes, activation=activation, epochs=300)
    network = recipe.new_network()
    dl.fit(network, digits, recipe, engine=NativeEngine())
    _assert_close(architecture, digits, network.parameters)


@pytest.mark.soak
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", HIDDEN)
def test_gradient_of_all_digits_is_the_definitions_at_first_and_after_300_epochs(depth, activation, mnist):
    architecture = _architecture(depth, activation)
    recipe = dl.recipe("seed", layers=architecture.sizes, activation=activation, epochs=300)
    network = recipe.new_network()
    _assert_close(architecture, mnist[0], network.parameters)
    dl.fit(network, mnist[0], recipe, engine=NativeEngine())
    _assert_close(architecture, mnist[0], network.parameters)


def _losses(engine: dl.engines.Engine, digits: dl.Digits, epochs: int) -> np.ndarray:
    recipe = dl.recipe("seed", epochs=epochs)
    history = dl.fit(recipe.new_network(), digits, recipe, engine=engine)
    return np.array([epoch.loss for epoch in history.epochs])


@pytest.mark.parametrize("epochs", [20, pytest.param(1000, marks=pytest.mark.soak)])
def test_losses_of_the_classic_training_are_those_of_the_numpy_engine(epochs, mnist):
    native, numpy = _losses(NativeEngine(), mnist[0], epochs), _losses(NumpyEngine(), mnist[0], epochs)
    assert len(native) == epochs
    assert np.abs(native - numpy).max() <= 1e-5


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_is_right_where_weights_are_large_or_unlike_each_other(activation, mnist):
    """Each unit has a scale of its own: one that is large must not spoil one that is small."""
    architecture = Architecture((784, 20, 10), activation)
    parameters = some_parameters(architecture)
    W, _ = architecture.layers(parameters)[0]
    W *= np.float32(10) ** np.linspace(-4, 0.5, 20).astype(np.float32)
    exact = _exact(architecture, mnist[0][:2000], parameters)
    with open_native(architecture, mnist[0][:2000]) as session:
        answer = session.sums(parameters, slice(None))
    assert relative_error(answer.gradient, exact.gradient) <= 1e-6


def test_unlit_pixels_have_a_gradient_of_zero(mnist):
    digits = mnist[0][:500]
    unlit = digits.images.reshape(500, -1).max(axis=0) == 0
    assert 0 < unlit.sum() < 784
    architecture = Architecture((784, 20, 10))
    with open_native(architecture, digits) as session:
        answer = session.sums(some_parameters(architecture), slice(None))
    W, _ = architecture.layers(answer.gradient)[0]
    assert not W[unlit].any()
    assert W[~unlit].all(axis=1).any()
