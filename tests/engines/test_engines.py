"""Every engine answers the same question in the same way. One suite for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_info

import digitlab as dl
from digitlab.data.digits import Rows
from digitlab.engines import ENGINES, NumpyEngine, Session, blas, find_engine
from digitlab.engines.optimizer import Hyperparameters
from digitlab.errors import ArchitectureError, InputError
from digitlab.network import ACTIVATIONS, Architecture
from digitlab.network.initializers import first_parameters
from digitlab.training.optimizers import OPTIMIZERS, SGD

DEPTHS = {1: (784, 10), 2: (784, 9, 10), 3: (784, 9, 8, 10), 4: (784, 9, 8, 7, 10)}


def _loss(session: Session, parameters: np.ndarray) -> float:
    return session.sums(parameters, slice(None)).loss


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", DEPTHS)
def test_gradient_equals_central_differences(activation, depth, few, rng):
    """In float64, in random directions: the slope along d is the gradient's product with d."""
    architecture = Architecture(DEPTHS[depth], activation)
    parameters = first_parameters(architecture, "lecun", 1).astype(np.float64)
    parameters += rng.normal(0, 0.05, parameters.shape)  # biases too
    step = 1e-6 if "relu" in activation else 1e-5  # a long step would cross ReLU's corners
    with NumpyEngine(np.float64).open(architecture, few[:50]) as session:
        gradient = session.sums(parameters, slice(None)).gradient
        for _ in range(5):
            direction = rng.normal(size=parameters.shape)
            direction *= np.linalg.norm(parameters) / np.linalg.norm(direction)
            numerical = (
                _loss(session, parameters + step * direction) - _loss(session, parameters - step * direction)
            ) / (2 * step)
            assert numerical == pytest.approx(gradient @ direction, rel=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_engine_equals_the_float64_definition(engine, activation, few):
    architecture = Architecture((784, 17, 10), activation)
    if reason := engine.why_not(architecture):
        pytest.skip(reason)
    parameters = first_parameters(architecture, "lecun", 0)
    with NumpyEngine(np.float64).open(architecture, few) as session:
        exact = session.sums(parameters.astype(np.float64), slice(None))
    with engine.open(architecture, few) as session:
        answer = session.sums(parameters, slice(None))
    assert answer.loss == pytest.approx(exact.loss, rel=1e-6)
    assert (answer.hits, answer.count) == (exact.hits, exact.count)
    error = np.linalg.norm(answer.gradient - exact.gradient) / np.linalg.norm(exact.gradient)
    assert error < 1e-6


@pytest.mark.parametrize("sizes", [(1, 2), (64, 17, 10), (783, 5, 4, 3), (785, 9, 10), (12, 300)])
def test_any_number_of_inputs_and_classes(engine, sizes, rng):
    """Rows of features, beside the definition; each step is the question plus the optimizer, with its memory."""
    architecture = Architecture(sizes, "tanh")
    features = rng.integers(0, 256, (500, sizes[0]), np.uint8)
    rows = Rows(features, rng.integers(0, sizes[-1], 500), "random", tuple(map(str, range(sizes[-1]))))
    if reason := engine.why_not(architecture):
        assert max(sizes[0] - 784, sizes[-1] - 256) > 0, reason
        with pytest.raises(InputError, match="784 inputs and 256 classes"):
            engine.open(architecture, rows)
        return
    parameters = first_parameters(architecture, "lecun", 0)
    with NumpyEngine(np.float64).open(architecture, rows) as session:
        exact = session.sums(parameters.astype(np.float64), slice(None))
    batches = [np.arange(500)[start::7] for start in range(7)]
    done, defined = (OPTIMIZERS["adam"](Hyperparameters(0.01)) for _ in range(2))
    here, there = parameters.copy(), parameters.copy()
    with engine.open(architecture, rows) as session:
        answer = session.sums(parameters, slice(None))
        session.advance(here, done, batches)
        Session.advance(session, there, defined, batches)
    assert answer.loss == pytest.approx(exact.loss, rel=1e-6)
    assert np.linalg.norm(answer.gradient - exact.gradient) < 1e-6 * np.linalg.norm(exact.gradient)
    assert np.array_equal(here, there)
    assert all(np.array_equal(done.memory[name], defined.memory[name]) for name in done.kept)


def test_sums_of_parts_add_up_to_the_whole(engine, mnist):
    digits = mnist[0][:7500]  # more than two blocks
    network = dl.Network([784, 8, 10])
    with engine.open(network.architecture, digits) as session:
        whole = session.sums(network.parameters, slice(None))
        first = session.sums(network.parameters, slice(0, 1234))
        rest = session.sums(network.parameters, np.arange(1234, 7500))
    both = first + rest
    assert both.loss == pytest.approx(whole.loss, rel=1e-6)
    assert (both.hits, both.count) == (whole.hits, whole.count) == (whole.hits, 7500)
    np.testing.assert_allclose(both.gradient, whole.gradient, atol=1e-5 * np.abs(whole.gradient).max())


def test_any_number_of_threads_gives_the_same_bits(engine, mnist, rng):
    digits, network = mnist[0][:20_000], dl.Network([784, 17, 10])
    batches = [slice(None), rng.permutation(20_000)[:9_999]]
    answers = []
    for threads in (1, 2, 3, 7):
        with engine.open(network.architecture, digits, threads=threads) as session:
            answers.append([session.sums(network.parameters, batch) for batch in batches])
    for others in answers[1:]:
        for first, other in zip(answers[0], others, strict=True):
            assert (first.loss, first.hits, first.count) == (other.loss, other.hits, other.count)
            assert first.gradient.tobytes() == other.gradient.tobytes()


def test_a_batch_is_its_samples_in_any_form(engine, few):
    network = dl.Network([784, 8, 10])
    with engine.open(network.architecture, few) as session:
        by_range = session.sums(network.parameters, slice(10, 20))
        by_index = session.sums(network.parameters, np.arange(10, 20))
        by_steps = session.sums(network.parameters, slice(10, 20, 2)) + session.sums(
            network.parameters, slice(11, 20, 2)
        )
        with pytest.raises(IndexError):
            session.sums(network.parameters, np.array([len(few)]))
    for answer in (by_index, by_steps):
        assert answer.count == 10
        np.testing.assert_allclose(answer.gradient, by_range.gradient, atol=1e-5)


def test_sums_do_not_change_the_parameters_or_the_digits(engine, few):
    network = dl.Network([784, 8, 10])
    parameters, images = network.parameters.copy(), few.images.copy()
    with engine.open(network.architecture, few) as session:
        first = session.sums(network.parameters, slice(None))
        second = session.sums(network.parameters, slice(None))
    assert np.array_equal(first.gradient, second.gradient)
    assert np.array_equal(network.parameters, parameters)
    assert np.array_equal(few.images, images)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_advance_is_the_question_plus_the_optimizer(engine, name, few, rng):
    """The default of `Session`, written out again: whatever an engine does inside, it must give this."""
    network = dl.Network([784, 8, 10])
    batches = [rng.permutation(len(few))[:32] for _ in range(10)]
    twin, steps, optimizer = (
        network.copy(),
        OPTIMIZERS[name](Hyperparameters(0.01)),
        OPTIMIZERS[name](Hyperparameters(0.01)),
    )
    losses = []
    with engine.open(network.architecture, few) as session:
        done = session.advance(network.parameters, optimizer, batches)
        for batch in batches:
            answer = session.sums(twin.parameters, batch)
            losses.append(answer.loss)
            steps.step(twin.parameters, (answer.gradient / answer.count).astype(np.float32))
    assert done.losses == losses
    assert done.counts == [32] * 10
    assert done.failed is None
    assert np.array_equal(network.parameters, twin.parameters)


def test_advance_stops_before_a_step_that_is_not_finite(engine, few):
    network = dl.Network([784, 8, 10], activation="relu")
    network.parameters[:] = 1e30  # the products overflow
    with engine.open(network.architecture, few) as session:
        done = session.advance(network.parameters, SGD(Hyperparameters(0.1)), [slice(0, 10)])
    assert done.losses == []
    assert done.failed is not None
    assert (network.parameters == np.float32(1e30)).all()


def test_a_step_beyond_the_finite_numbers_is_taken_back(engine, few):
    network = dl.Network([784, 8, 10])
    before = network.parameters.copy()
    with engine.open(network.architecture, few) as session:
        done = session.advance(network.parameters, SGD(Hyperparameters(1e39)), [slice(0, 10)])
    assert done.beyond is not None
    assert not np.isfinite(done.beyond).all()
    assert np.array_equal(network.parameters, before)


def test_what_does_not_fit_is_refused(engine, few):
    for sizes in ((783, 8, 10), (784, 8, 9)):
        with pytest.raises(ArchitectureError, match="784 inputs"):
            engine.open(Architecture(sizes), few)
    with pytest.raises(InputError, match="nothing to learn from"):
        engine.open(Architecture((784, 10)), few[:0])


@pytest.mark.parametrize("threads", [0, 257, -1, True, 1.5])
def test_wrong_threads_are_refused(engine, threads, few):
    with pytest.raises(InputError, match="threads must be a whole number"):
        engine.open(Architecture((784, 10)), few, threads=threads)


def test_threads_come_from_the_argument_then_from_the_environment(engine, few, monkeypatch):
    monkeypatch.setenv("DIGITLAB_THREADS", "1")
    with engine.open(Architecture((784, 10)), few) as session:
        assert session.threads == 1
    with engine.open(Architecture((784, 10)), few, threads=2) as session:
        assert session.threads == 2
    monkeypatch.setenv("DIGITLAB_THREADS", "many")
    with pytest.raises(InputError, match="DIGITLAB_THREADS"):
        engine.open(Architecture((784, 10)), few)


def blas_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Matrix products have two threads, where the tests give them one."""
    controller = ThreadpoolController()
    with blas._in_control(controller):
        limits = controller.limit(limits=2, user_api="blas")
    try:
        if 1 in blas_threads():
            pytest.skip("matrix products cannot have two threads here")
        yield
    finally:
        with blas._in_control(controller):
            limits.restore_original_limits()


@pytest.mark.usefixtures("two_threads")
def test_numpy_engine_gives_the_matrix_products_their_threads_back(few):
    before, shape = blas_threads(), Architecture((784, 10))
    first = NumpyEngine().open(shape, few)
    second = NumpyEngine().open(shape, few)
    assert set(blas_threads()) == {1}
    first.close()
    first.close()  # twice is the same as once
    assert set(blas_threads()) == {1}  # the second session still needs it
    second.close()
    assert blas_threads() == before
    dl.train(dl.Network([784, 64, 10]), few, dl.recipe("seed"))  # never pulled: nothing is taken
    assert blas_threads() == before


def test_engines_are_found_by_name():
    assert find_engine("auto").name in ENGINES
    assert find_engine("numpy").name == "numpy"
    given = NumpyEngine(np.float64)
    assert find_engine(given) is given
    with pytest.raises(InputError, match=r"no engine 'abacus'[\s\S]*auto, native, numpy"):
        find_engine("abacus")
    with pytest.raises(InputError, match="no engine"):
        find_engine(["numpy"])  # type: ignore[arg-type]


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("first", ["main", "other"])
def test_a_training_in_any_thread_holds_the_products_to_one_thread_and_gives_the_same_bits(first, few):
    """threadpoolctl heeds one thread alone; a session must not depend on which one it was."""
    digits = dl.Digits(np.tile(few.images, (4, 1, 1)), np.tile(few.labels, 4), "more than one block")
    recipe, seen = dl.recipe("seed", epochs=2), []

    def train() -> np.ndarray:
        network = recipe.new_network()
        dl.fit(network, digits, recipe, engine="numpy", listeners=[lambda _: seen.append(blas_threads())])
        return network.parameters

    before = blas_threads()
    with ThreadPoolExecutor(2) as pool:  # its threads stay alive
        results = [train()] if first == "main" else []
        results += pool.map(lambda _: train(), range(4))
        results += [train()]
    assert {count for counts in seen for count in counts} == {1}
    assert all(np.array_equal(result, results[0]) for result in results)
    assert blas_threads() == before


@pytest.mark.usefixtures("two_threads")
def test_a_session_may_be_closed_in_another_thread(few):
    before = blas_threads()
    session = NumpyEngine().open(Architecture((784, 10)), few)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(session.close).result()
    assert blas_threads() == before
