"""The native engine against the definition in float64: its gradient, and where it leads."""

from __future__ import annotations

import numpy as np
import pytest

import digitlab as dl
from digitlab.data.pixels import normalize
from digitlab.engines import Engine, NativeEngine, NumpyEngine
from digitlab.network import ACTIVATIONS, Architecture
from digitlab.network.initializers import first_parameters
from tests.engines.native_tools import needs_native, open_native, relative_error, some_parameters

pytestmark = needs_native
LARGEST_ERROR = 3e-7  # of each layer; NumPy's float32 has up to 5.6e-6 after 300 epochs
HIDDEN = {1: (), 2: (64,), 3: (48, 24), 4: (32, 17, 9)}


def _architecture(depth: int, activation: str) -> Architecture:
    return Architecture((784, *HIDDEN[depth], 10), activation)


def _gradient(engine: Engine, architecture: Architecture, digits: dl.Digits, parameters: np.ndarray) -> np.ndarray:
    with engine.open(architecture, digits) as session:
        return session.sums(parameters, slice(None)).gradient


def _errors(gradient: np.ndarray, exact: np.ndarray, architecture: Architecture) -> dict[str, float]:
    errors = {"all": relative_error(gradient, exact)}
    layers = zip(architecture.layers(gradient), architecture.layers(exact), strict=True)
    for number, (layer, truth) in enumerate(layers, 1):
        errors[f"W{number}"] = relative_error(layer.W, truth.W)
        both = np.concatenate([layer.W.ravel(), layer.b]), np.concatenate([truth.W.ravel(), truth.b])
        errors[f"layer {number}"] = relative_error(*both)
    return errors


def _away_from_corners(architecture: Architecture, digits: dl.Digits, parameters: np.ndarray) -> dl.Digits:
    """ReLU has a corner at 0, where rounding decides on which side a sample is: without the few that are so near."""
    if "relu" not in architecture.activation:
        return digits
    a = normalize(digits.images, np.float64).reshape(len(digits), -1)
    clear = np.ones(len(digits), bool)
    for W, b in architecture.layers(parameters.astype(np.float64))[:-1]:
        z = a @ W + b
        clear &= (np.abs(z) > 1e-5).all(axis=1)
        a = ACTIVATIONS[architecture.activation].function(z)
    return digits[np.flatnonzero(clear)]


def _assert_close(architecture: Architecture, digits: dl.Digits, parameters: np.ndarray, *, few: bool = False) -> None:
    """Near float64; or where a network knows its digits, at least three times nearer than NumPy's float32 is.

    ``few``: in the gradient of few digits that a network knows, rounding has too few terms to average out. There NumPy
    itself is the measure.
    """
    digits = _away_from_corners(architecture, digits, parameters)
    exact = _gradient(NumpyEngine(np.float64), architecture, digits, parameters.astype(np.float64))
    errors = _errors(_gradient(NativeEngine(), architecture, digits, parameters), exact, architecture)
    limit = LARGEST_ERROR
    if max(errors.values()) > limit:
        numpy = max(_errors(_gradient(NumpyEngine(), architecture, digits, parameters), exact, architecture).values())
        limit = numpy if few else numpy / 3
    assert max(errors.values()) <= limit, errors


@pytest.mark.parametrize("initializer", ["lecun", "he"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", HIDDEN)
def test_first_gradient_is_the_definitions(depth, activation, initializer, mnist):
    architecture = _architecture(depth, activation)
    _assert_close(architecture, mnist[0][:3000], first_parameters(architecture, initializer, 0))


@pytest.mark.parametrize(
    ("depth", "activation"),
    [
        pytest.param(depth, name, marks=() if depth == 3 or name == "sigmoid" else pytest.mark.soak)
        for depth in HIDDEN
        for name in ACTIVATIONS
    ],
)
def test_gradient_after_300_steps_is_the_definitions(depth, activation, mnist):
    digits, architecture = mnist[0][:600], _architecture(depth, activation)
    recipe = dl.recipe("seed", layers=architecture.sizes, activation=activation, epochs=300)
    network = recipe.new_network()
    dl.fit(network, digits, recipe, engine=NativeEngine())
    _assert_close(architecture, digits, network.parameters, few=True)


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


def _losses(engine: Engine, digits: dl.Digits, epochs: int) -> np.ndarray:
    recipe = dl.recipe("seed", epochs=epochs)
    history = dl.fit(recipe.new_network(), digits, recipe, engine=engine)
    return np.array([epoch.loss for epoch in history.epochs])


@pytest.mark.parametrize(("epochs", "count"), [(20, 10_000), pytest.param(1000, 60_000, marks=pytest.mark.soak)])
def test_losses_of_the_classic_training_are_those_of_the_numpy_engine(epochs, count, mnist):
    digits = mnist[0][:count]
    native, numpy = _losses(NativeEngine(), digits, epochs), _losses(NumpyEngine(), digits, epochs)
    assert len(native) == epochs
    assert np.abs(native - numpy).max() <= 1e-5


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_is_right_where_weights_are_large_or_unlike_each_other(activation, mnist):
    """Each unit has a scale of its own: one that is large must not spoil one that is small."""
    architecture = Architecture((784, 20, 10), activation)
    parameters = some_parameters(architecture)
    W, _ = architecture.layers(parameters)[0]
    W *= np.float32(10) ** np.linspace(-4, 0.5, 20).astype(np.float32)
    digits = _away_from_corners(architecture, mnist[0][:2000], parameters)
    exact = _gradient(NumpyEngine(np.float64), architecture, digits, parameters.astype(np.float64))
    assert relative_error(_gradient(NativeEngine(), architecture, digits, parameters), exact) <= 1e-6


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
