"""One step of backpropagation: against a network worked by hand, the NumPy engine, PyTorch, and differences."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines.numpy_engine import NumpyEngine
from digitlab.inside import backprop_step
from digitlab.inside.backprop import STRONGEST, Check
from digitlab.network.activations import ACTIVATIONS

SIZES = (784, 12, 7, 10)


@pytest.fixture(params=ACTIVATIONS)
def network(request):
    network = dl.Network(SIZES, activation=request.param, seed=4)
    network.parameters[:] += np.random.default_rng(5).normal(0, 0.05, network.parameters.size)  # biases, too
    return network


def test_a_network_of_five_units_by_hand():
    network = dl.Network([2, 2, 2], activation="sigmoid")
    network.W1, network.b1 = [[1, -1], [2, 0]], [0, 0.5]
    network.W2, network.b2 = [[1, 0], [-2, 1]], [0.25, 0]
    step = backprop_step(network, np.array([0.5, 1.0]), 1, learning_rate=0.5)
    a = [1 / (1 + math.exp(-2.5)), 1 / (1 + math.exp(0.0))]  # z1 = (0.5 + 2, -0.5 + 0.5)
    z = [a[0] - 2 * a[1] + 0.25, a[1]]
    p = [math.exp(one) / (math.exp(z[0]) + math.exp(z[1])) for one in z]
    delta2 = [p[0], p[1] - 1]
    delta1 = [(delta2[0] * 1 + delta2[1] * 0) * a[0] * (1 - a[0]), (delta2[0] * -2 + delta2[1]) * a[1] * (1 - a[1])]
    for name, values in (
        ("x", [0.5, 1]),
        ("z1", [2.5, 0]),
        ("a1", a),
        ("z2", z),
        ("p", p),
        ("y", [0, 1]),
        ("loss", -math.log(p[1])),
        ("delta2", delta2),
        ("dW2", [[a[0] * delta2[0], a[0] * delta2[1]], [a[1] * delta2[0], a[1] * delta2[1]]]),
        ("db2", delta2),
        ("delta1", delta1),
        ("dW1", [[0.5 * delta1[0], 0.5 * delta1[1]], delta1]),
        ("db1", delta1),
        ("new b2", [0.25 - 0.5 * delta2[0], -0.5 * delta2[1]]),
        ("new W1", [[1 - 0.25 * delta1[0], -1 - 0.25 * delta1[1]], [2 - 0.5 * delta1[0], -0.5 * delta1[1]]]),
    ):
        np.testing.assert_allclose(step[name], values, rtol=1e-14, atol=1e-16, err_msg=name)


def test_names_come_in_the_order_of_textbooks():
    names = ["x", "W1", "b1", "z1", "a1", "W2", "b2", "z2", "p", "y", "loss"]
    names += ["delta2", "dW2", "db2", "delta1", "dW1", "db1"]
    names += ["new W1", "new b1", "new W2", "new b2", "new p", "new loss"]
    step = backprop_step(dl.Network([4, 3, 2]), np.ones(4), 0)
    assert list(step.quantities) == names
    assert step.quantities["delta1"].formula == "(delta2 W2^T) * sigmoid'(z1)"
    assert {one.values.dtype for one in step.quantities.values()} == {np.dtype(np.float64)}
    assert "z1" in backprop_step(dl.Network([4, 2]), np.ones(4), 0).quantities  # a network without hidden layers


def test_the_gradient_is_the_engines(network, mnist):
    digits = mnist[1][2:3]
    step = backprop_step(network, digits.images[0], digits.labels[0])
    parameters = network.parameters.astype(np.float64)
    with NumpyEngine(np.float64).open(network.architecture, digits, threads=1) as session:
        sums = session.sums(parameters, np.array([0]))
    assert step.loss == pytest.approx(sums.loss, rel=1e-12)
    for name, values in network.architecture.named(sums.gradient).items():
        np.testing.assert_allclose(step[f"d{name}"], values, rtol=1e-9, atol=1e-14, err_msg=name)


def test_the_gradient_is_pytorchs(mnist):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    network, image = dl.Network(SIZES, activation="tanh", seed=6), mnist[1].images[9]
    step = backprop_step(network, image, 3)
    parts = {
        name: torch.tensor(part.astype(np.float64), requires_grad=True)
        for name, part in network.architecture.named(network.parameters).items()
    }
    a = torch.tensor(image.reshape(1, 784) / 255)
    for number in (1, 2, 3):
        z = a @ parts[f"W{number}"] + parts[f"b{number}"]
        a = torch.tanh(z)
    loss = torch.nn.functional.cross_entropy(z, torch.tensor([3]))
    loss.backward()
    assert step.loss == pytest.approx(loss.item(), rel=1e-12)
    for name, part in parts.items():
        np.testing.assert_allclose(step[f"d{name}"], part.grad.numpy(), rtol=1e-9, atol=1e-14, err_msg=name)


def test_the_step_makes_the_loss_smaller_and_leaves_the_network_alone(network, mnist):
    before = network.parameters.copy()
    step = backprop_step(network, mnist[1].images[2], 7, learning_rate=0.02)
    assert step.loss_after < step.loss
    np.testing.assert_array_equal(network.parameters, before)
    after = network.copy()
    for name in network.architecture.named(before):
        setattr(after, name, step[f"new {name}"])
        np.testing.assert_array_equal(step[f"new {name}"], step[name] - 0.02 * step[f"d{name}"])
    assert step.loss_after == pytest.approx(-math.log(after.probabilities(mnist[1].images[2])[7]), rel=1e-4)
    np.testing.assert_allclose(step["new p"], after.probabilities(mnist[1].images[2]), atol=1e-5)


def test_anybody_can_check_a_derivative(network, mnist, rng):
    step = backprop_step(network, mnist[1].images[2], 7)
    network.parameters[:] = 0  # what becomes of the network later is no matter
    places = [("W1", (300, 3)), ("b1", 5), ("b3", (9,)), ("W1", (0, 0))]
    places += [(f"W{layer}", tuple(map(int, rng.integers(0, SIZES[layer - 1 : layer + 1])))) for layer in (1, 2, 3) * 3]
    for name, index in places:
        check = step.check(name, index)
        assert check.agrees, check
        assert check.derivative == step[f"d{name}"][check.index]
    assert any(abs(step.check(*place).numerical) > 1e-3 for place in places)


def test_a_wrong_derivative_does_not_agree():
    assert not Check("W1", (0, 0), 0.5001, 1e-5, 1 + 0.5e-5, 1 - 0.5e-5).agrees
    assert Check("W1", (0, 0), 0.5, 1e-5, 1 + 0.5e-5, 1 - 0.5e-5).agrees


def test_a_very_small_loss_can_be_checked_too(mnist):
    network = dl.load("standard")
    images = mnist[1].images[:200]
    surest = int(network.probabilities(images).max(axis=1).argmax())
    step = backprop_step(network, images[surest], mnist[1].labels[surest])
    assert step.loss < 1e-6
    place = np.unravel_index(np.abs(step["dW3"]).argmax(), step["dW3"].shape)
    check = step.check("W3", tuple(map(int, place)))
    assert check.numerical == pytest.approx(check.derivative, rel=1e-4)


@pytest.mark.parametrize(
    ("logits", "label", "loss"),
    [([0, 40], 1, math.log1p(math.exp(-40))), ([1000, 0], 1, 1000), ([0, 0, 0], 2, math.log(3)), ([5], 0, 0)],
)
def test_the_loss_is_right_to_its_last_digits(logits, label, loss):
    network = dl.Network([1, len(logits)])
    network.parameters[:] = [0] * len(logits) + logits
    assert backprop_step(network, np.ones(1), label).loss == pytest.approx(loss, rel=1e-14)


@pytest.mark.parametrize("sizes", [(784, STRONGEST, 10), (784, 80, 70, 10)])
def test_pages_get_all_of_few_units_and_the_strongest_of_many(sizes, mnist):
    step = backprop_step(dl.Network(sizes, activation="relu"), mnist[1].images[2], 1)
    answer = json.loads(json.dumps(step.to_dict()))
    shown = answer["shown"]
    assert shown[0] == list(range(784))
    assert shown[-1] == list(range(10))
    for layer, size in enumerate(sizes[1:-1], start=1):
        a = np.abs(step[f"a{layer}"])
        assert len(shown[layer]) == min(size, STRONGEST)
        assert a[shown[layer]].min() >= np.delete(a, shown[layer]).max(initial=0)
    told = {one["name"]: one for one in answer["quantities"]}
    assert list(told) == list(step.quantities)
    for name, rows, columns in (("W1", 0, 1), ("dW2", 1, 2), ("new W2", 1, 2)):
        wanted = step[name][np.ix_(shown[rows], shown[columns])]
        np.testing.assert_allclose(told[name]["values"], wanted, rtol=1e-7, err_msg=name)
        assert told[name]["shape"] == list(step[name].shape)
    np.testing.assert_allclose(told["delta1"]["values"], step["delta1"][shown[1]], rtol=1e-7)
    assert told["loss"]["values"] == pytest.approx(step.loss, rel=1e-7)
    assert (told["x"]["smallest"], told["x"]["largest"]) == (0, step["x"].max())


def test_numbers_next_to_nothing_are_told_too(mnist):
    network = dl.Network([784, 5, 10])
    network.parameters[:] *= 1000  # its sigmoids are so sure that slopes go down to 1e-300
    step = backprop_step(network, mnist[1].images[3], 0)
    told = {one["name"]: one["values"] for one in step.to_dict()["quantities"]}
    np.testing.assert_allclose(told["delta1"], step["delta1"], rtol=1e-7, atol=1e-290)


@pytest.mark.parametrize(
    ("name", "index", "words"),
    [
        ("W4", (0, 0), "no parameter 'W4'"),
        ("dW1", (0, 0), "no parameter"),
        ("W1", 3, "W1 has no such number"),
        ("W1", (784, 0), r"must be: W1\[0 to 783, 0 to 11\]"),
        ("W1", (-1, 0), "no such number"),
        ("b1", 1.5, "no such number"),
        ("b1", True, "no such number"),
    ],
)
def test_what_is_no_parameter_is_refused(name, index, words):
    step = backprop_step(dl.Network(SIZES), np.zeros((28, 28)), 0)
    with pytest.raises(dl.errors.InputError, match=words):
        step.check(name, index)


def test_bad_input_is_refused():
    network, image = dl.Network(SIZES, activation="relu"), np.ones((28, 28))
    with pytest.raises(dl.errors.InputError, match="no quantity 'delta4'"):
        backprop_step(network, image, 0)["delta4"]
    for rate in (0, -1, math.nan, "0.1"):
        with pytest.raises(dl.errors.RecipeError, match="learning_rate"):
            backprop_step(network, image, 0, learning_rate=rate)
    with pytest.raises(dl.errors.PictureError, match="label"):
        backprop_step(network, image, 10)
    network.parameters[:] = math.nan
    with pytest.raises(dl.errors.DivergenceError, match="no answer"):
        backprop_step(network, image, 0)
    deep = dl.Network([1] * 12 + [2], activation="tanh")
    for layer in deep.layers:
        layer.W[:, 0] = 3e38
    with pytest.raises(dl.errors.DivergenceError, match="out of the finite numbers"):
        backprop_step(deep, np.zeros(1), 0)
