"""Dropout, smoothed labels, limited norms and distorted pictures: what they are, and alike in every engine."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import ENGINES, NativeEngine, NumpyEngine
from digitlab.engines.optimizer import Hyperparameters
from digitlab.engines.regularization import Regularization
from digitlab.errors import InputError
from digitlab.network import ACTIVATIONS, Architecture
from digitlab.network.architecture import Layer
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.network.initializers import first_parameters
from digitlab.training.optimizers import OPTIMIZERS
from tests.engines.native_tools import PATHS, needs_native, relative_error


def roll(images, numbers, *, epoch, threads):  # all of the protocol
    """A distortion that is easily seen through: each picture is moved by its number and the epoch."""
    return np.stack([np.roll(image, (n + epoch) % 5, axis=1) for image, n in zip(images, numbers, strict=True)])


ALL = Regularization(seed=3, distort=roll, dropout=0.4, label_smoothing=0.1, max_norm=1.0)


@pytest.fixture(params=[name for name in ENGINES if name != "cluster"])  # see test_cluster.py
def engine(request):
    kind = ENGINES[request.param]
    if why_not := kind.why_not():
        pytest.skip(f"no engine {request.param} here: {why_not}")
    return kind()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(784, 10), (784, 19, 10), (784, 33, 18, 10)])
def test_the_gradient_is_the_slope_of_the_loss(activation, sizes, few, rng):
    """In float64, along random directions: with some units left out, labels smoothed and pictures distorted."""
    architecture = Architecture(sizes, activation)
    parameters = first_parameters(architecture, "lecun", 1).astype(np.float64)
    with NumpyEngine(np.float64).open(architecture, few[:40], regularization=ALL) as session:
        gradient = session.sums(parameters, slice(None), 2).gradient
        for _ in range(3):
            step = 1e-6 * rng.normal(size=parameters.shape)
            up, down = (session.sums(p, slice(None), 2).loss for p in (parameters + step, parameters - step))
            assert (up - down) / 2 == pytest.approx(gradient @ step, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(784, 10), (784, 19, 10), (784, 33, 18, 10)])
def test_every_engine_equals_the_float64_definition(engine, activation, sizes, few):
    architecture = Architecture(sizes, activation)
    if reason := engine.why_not(architecture):
        pytest.skip(reason)
    parameters = first_parameters(architecture, "lecun", 0)
    with NumpyEngine(np.float64).open(architecture, few, regularization=ALL) as session:
        exact = session.sums(parameters.astype(np.float64), slice(None), 4)
    with engine.open(architecture, few, regularization=ALL) as session:
        for batch in (slice(None), np.arange(len(few))):
            answer = session.sums(parameters, batch, 4)
            assert answer.loss == pytest.approx(exact.loss, rel=1e-6)
            assert answer.hits == exact.hits
            assert relative_error(answer.gradient, exact.gradient) < 1e-6


def test_in_epoch_0_nothing_is_regularized(engine, few):
    network = dl.Network([784, 19, 10])
    with engine.open(network.architecture, few) as session:
        plain = session.sums(network.parameters, slice(None), 7)
    with engine.open(network.architecture, few, regularization=ALL) as session:
        before, within = (session.sums(network.parameters, slice(None), epoch) for epoch in (0, 7))
    assert before.loss == pytest.approx(plain.loss, rel=1e-12)
    np.testing.assert_allclose(before.gradient, plain.gradient, atol=1e-6 * np.abs(plain.gradient).max())
    assert within.loss != before.loss


@pytest.mark.parametrize("one", ["distort", "dropout", "label_smoothing"])
def test_each_of_them_alone_is_done(engine, one, few):
    network = dl.Network([784, 19, 10])
    alone = Regularization(**{"seed": 3, one: getattr(ALL, one)})
    with (
        engine.open(network.architecture, few) as plainly,
        engine.open(network.architecture, few, regularization=alone) as session,
        NumpyEngine(np.float64).open(network.architecture, few, regularization=alone) as twin,
    ):
        plain, answer = (
            plainly.sums(network.parameters, slice(None), 1),
            session.sums(network.parameters, slice(None), 1),
        )
        exact = twin.sums(network.parameters.astype(np.float64), slice(None), 1)
    assert relative_error(answer.gradient, exact.gradient) < 1e-6
    assert relative_error(answer.gradient, plain.gradient) > 1e-3


@pytest.mark.parametrize("sizes", [(784, 10), (784, 40, 10), (784, 40, 20, 10)])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_advance_is_the_question_the_optimizer_and_the_limit(engine, name, sizes, few, rng):
    network = dl.Network(sizes, activation="relu")
    batches = [rng.permutation(len(few))[:32] for _ in range(6)]
    twin = network.copy()
    ours, theirs = OPTIMIZERS[name](Hyperparameters(0.05)), OPTIMIZERS[name](Hyperparameters(0.05))
    losses = []
    with engine.open(network.architecture, few, regularization=ALL) as session:
        done = session.advance(network.parameters, ours, batches, 5)
        for batch in batches:
            answer = session.sums(twin.parameters, batch, 5)
            losses.append(answer.loss)
            theirs.step(twin.parameters, (answer.gradient / answer.count).astype(np.float32))
            for W, _ in twin.layers:  # written out again
                lengths = np.sqrt(np.cumsum(W.astype(np.float64) ** 2, axis=0)[-1])
                W[...] = W * np.where(lengths > 1.0, 1.0 / lengths, 1.0).astype(np.float32)
    assert done.losses == losses
    assert np.array_equal(network.parameters, twin.parameters)
    for W, _ in network.layers:
        assert np.linalg.norm(W, axis=0).max() < 1 + 1e-6
    assert np.linalg.norm(network.W1, axis=0).max() > 0.99  # the limit was met


@pytest.mark.parametrize("sizes", [(784, 10), (784, 40, 10), (784, 40, 20, 10)])
def test_threads_and_paths_change_no_bit(engine, sizes, mnist):
    digits, network = mnist[0][:2000], dl.Network(sizes, activation="sigmoid")
    batches = [np.arange(start, start + 500) for start in range(0, 2000, 500)]
    paths = [engine] if not isinstance(engine, NativeEngine) else [NativeEngine(path) for path in PATHS]
    seen = set()
    for path, threads in itertools.product(paths, (1, 2, 3)):
        copy = network.copy()
        with path.open(copy.architecture, digits, threads=threads, regularization=ALL) as session:
            answer = session.sums(copy.parameters, slice(None), 2)
            session.advance(copy.parameters, OPTIMIZERS["adam"](Hyperparameters(0.01)), batches, 2)
        seen.add((answer.loss, answer.hits, answer.gradient.tobytes(), copy.parameters.tobytes()))
    assert len(seen) == 1


@needs_native
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("hidden", [(), (40,)])
def test_shards_add_up_to_the_whole_bit_for_bit(activation, hidden, mnist):
    """Of one session, and of sessions that have a part of the digits each, as on other machines."""
    digits = mnist[0][:1000]
    network = dl.Network((784, *hidden, 10), activation=activation)
    with NativeEngine().open(network.architecture, digits, regularization=ALL) as session:
        whole = session.sums(network.parameters, slice(None), 3)
        parts = [session.sums(network.parameters, slice(at, at + 256), 3) for at in (768, 0, 512, 256)]
    apart = []
    for at in (512, 0):
        elsewhere = Regularization(**(vars(ALL) | {"first": at}))
        with NativeEngine().open(network.architecture, digits[at : at + 512], regularization=elsewhere) as session:
            apart.append(session.sums(network.parameters, slice(None), 3))
    for shards in (parts, apart):
        total = sum(shards[1:], start=shards[0])
        assert (total.loss, total.hits) == (whole.loss, whole.hits)
        assert total.gradient.tobytes() == whole.gradient.tobytes()


def test_a_unit_without_weights_is_not_limited():
    W = np.array([[0.0, 3.0, 0.3], [0.0, 4.0, 0.4]], np.float32)
    Regularization(max_norm=1.0).limit_norms([Layer(W, np.zeros(3, np.float32))])
    np.testing.assert_allclose(W, [[0, 0.6, 0.3], [0, 0.8, 0.4]])


def test_dropout_leaves_out_the_share_that_it_says_others_for_each_sample_layer_and_epoch():
    how, numbers = Regularization(seed=1, dropout=0.3), np.arange(1000)
    factors = how.dropout_factors(numbers, 1, 0, 101)
    assert factors.shape == (1000, 101)
    assert set(np.unique(factors)) == {0.0, how.dropout_scale}
    assert how.dropout_scale == pytest.approx(1 / 0.7, rel=1e-5)
    left_out = (factors == 0).mean()
    assert abs(left_out - 0.3) < 4 * np.sqrt(0.3 * 0.7 / factors.size)
    assert factors.mean() == pytest.approx(1, abs=0.01)  # the next layer's sums are as large as with all units
    for other in (
        how.dropout_factors(numbers + 1000, 1, 0, 101),
        how.dropout_factors(numbers, 2, 0, 101),
        how.dropout_factors(numbers, 1, 1, 101),
        Regularization(seed=2, dropout=0.3).dropout_factors(numbers, 1, 0, 101),
    ):
        assert abs((other != factors).mean() - 2 * 0.3 * 0.7) < 0.01
    assert np.array_equal(how.dropout_factors(numbers[::-1][:7], 1, 0, 101), factors[::-1][:7])


def test_smoothed_labels_by_hand():
    """The example of `softmax_cross_entropy`, with its label smoothed by 0.3 to 0.1, 0.8, 0.1."""
    z = np.log(np.array([[1.0, 2.0, 5.0]]))
    loss = softmax_cross_entropy(z, np.array([1]), smoothing=0.3)
    assert loss.total == pytest.approx(-(0.1 * np.log(1 / 8) + 0.8 * np.log(2 / 8) + 0.1 * np.log(5 / 8)))
    np.testing.assert_allclose(loss.delta, [[1 / 8 - 0.1, 2 / 8 - 0.8, 5 / 8 - 0.1]])


def test_smoothed_labels_are_those_of_pytorch(rng):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    z, labels = rng.normal(0, 3, (50, 10)), rng.integers(0, 10, 50)
    theirs = torch.nn.functional.cross_entropy(
        torch.tensor(z), torch.tensor(labels), label_smoothing=0.2, reduction="sum"
    )
    assert softmax_cross_entropy(z.copy(), labels, 0.2).total == pytest.approx(theirs.item())


def test_the_largest_dropout_leaves_a_unit_in_65536():
    how = Regularization(dropout=0.999999)
    assert how.dropout_scale == 65536
    stays = how.dropout_factors(np.arange(1000), 1, 0, 1000) > 0
    assert 0 < np.count_nonzero(stays) < 50  # 15 are to be expected


@pytest.mark.parametrize("wrong", [{"dropout": 1.0}, {"dropout": -0.1}, {"label_smoothing": 1.0}, {"max_norm": -1.0}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Regularization(**wrong)
