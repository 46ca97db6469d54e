"""Steps taken in C++ are those of `Session.advance`, the definition in base.py: the same bits, the same ending."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import Session, StepResults
from digitlab.engines.optimizer import Hyperparameters, Optimizer
from digitlab.network import Architecture
from digitlab.training.optimizers import OPTIMIZERS, SGD
from tests.engines.native_tools import (
    FAST,
    PATHS,
    assert_same_sums,
    needs_native,
    open_native,
    random_digits,
    some_parameters,
)

pytestmark = needs_native
SIZES = [1, 32, 31, 64, 65, 100, 1, 7, 128, 512]  # of the batches
ARCHITECTURES = [Architecture((784, 17, 10)), Architecture((784, 33, 9, 10), "gelu"), Architecture((784, 10))]


@pytest.fixture(scope="module")
def digits() -> dl.Digits:
    return random_digits(600, 3, lit=650)


@dataclass
class Journey:
    """Steps from the same start with the same optimizer, in one way or the other."""

    session: Session
    optimizer: Optimizer
    seed: int = 0
    parameters: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.parameters = some_parameters(self.session.architecture, self.seed)

    def take(self, batches: list, *, defined: bool) -> StepResults:
        """By the definition, or in C++."""
        advance = Session.advance if defined else type(self.session).advance
        return advance(self.session, self.parameters, self.optimizer, batches)


def _batches(sizes: list[int], count: int, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.integers(0, count, size) for size in sizes]


def _assert_same(one: Journey, other: Journey, done: StepResults, expected: StepResults) -> None:
    assert (done.losses, done.hits, done.counts) == (expected.losses, expected.hits, expected.counts)
    assert one.parameters.tobytes() == other.parameters.tobytes()
    assert one.optimizer.memory.keys() == other.optimizer.memory.keys()
    for name, memory in one.optimizer.memory.items():
        np.testing.assert_array_equal(memory, other.optimizer.memory[name], strict=True)  # NaN equals NaN here
    assert one.optimizer.taken == other.optimizer.taken
    assert (done.failed is None) == (expected.failed is None)
    assert (done.beyond is None) == (expected.beyond is None)
    if done.failed and expected.failed:
        np.testing.assert_equal((done.failed.loss, done.failed.hits), (expected.failed.loss, expected.failed.hits))
        np.testing.assert_array_equal(done.failed.gradient, expected.failed.gradient)
        np.testing.assert_array_equal(done.beyond, expected.beyond)


def _compare(
    session: Session, name: str, hyperparameters: Hyperparameters, batches: list, memory: dict | None = None
) -> StepResults:
    one, other = (Journey(session, OPTIMIZERS[name](hyperparameters, lambda t: 0.9**t)) for _ in range(2))
    for journey in (one, other):
        journey.optimizer.memory = {key: value.copy() for key, value in (memory or {}).items()}
    done, expected = one.take(batches, defined=False), other.take(batches, defined=True)
    _assert_same(one, other, done, expected)
    again = one.take(batches[:3], defined=False), other.take(batches[:3], defined=True)  # going on from there
    _assert_same(one, other, *again)
    return done


@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_those_of_the_definition(name, architecture, decay, digits):
    with open_native(architecture, digits, threads=2) as session:
        done = _compare(session, name, Hyperparameters(0.02, weight_decay=decay), _batches(SIZES, len(digits)))
    assert done.counts == SIZES


@pytest.mark.parametrize("threads", [1, 3, 7])
@pytest.mark.parametrize("name", ["momentum", "adamw"])
def test_steps_are_those_of_the_definition_on_any_number_of_threads(name, threads, digits):
    with open_native(ARCHITECTURES[0], digits, threads=threads) as session:
        _compare(session, name, Hyperparameters(0.02, weight_decay=0.01), _batches(SIZES[:6], len(digits)))


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
@pytest.mark.parametrize("path", PATHS)
def test_steps_are_those_of_the_definition_on_every_path(path, architecture, digits):
    with open_native(architecture, digits, path, threads=2) as session:
        _compare(session, "nesterov", Hyperparameters(0.02, weight_decay=0.01), _batches(SIZES[:6], len(digits)))


@pytest.mark.parametrize("rate", [1e36, 1e38, 1e39])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_that_diverges_ends_as_the_definition_does(name, activation, rate, digits):
    """The learning rate grows on the way, so that some steps are good."""
    architecture = Architecture((784, 17, 10), activation)
    with open_native(architecture, digits, threads=2) as session:
        batches = _batches(SIZES, len(digits))
        one, other = (
            Journey(session, OPTIMIZERS[name](Hyperparameters(1.0), lambda t: 0.01 if t < 4 else rate))
            for _ in range(2)
        )
        done, expected = one.take(batches, defined=False), other.take(batches, defined=True)
    _assert_same(one, other, done, expected)
    assert len(done.losses) >= 4


def test_a_training_that_diverges_is_told_and_stops_at_the_last_good_step(digits):
    with open_native(ARCHITECTURES[0], digits) as session:
        journey = Journey(session, SGD(Hyperparameters(1.0), lambda t: 0.01 if t < 4 else 1e39))
        done = journey.take(_batches(SIZES, len(digits)), defined=False)
    assert len(done.losses) == 4
    assert done.failed is not None
    assert done.beyond is not None
    assert not np.isfinite(done.beyond).all()
    assert np.isfinite(journey.parameters).all()


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
@pytest.mark.parametrize(("name", "where"), [("momentum", "velocity"), ("nesterov", "velocity"), ("adam", "v")])
def test_a_spoilt_memory_ends_a_training_as_the_definition_does(name, where, spoilt, digits):
    architecture = ARCHITECTURES[0]
    memory = {key: np.zeros(architecture.parameter_count, np.float32) for key in OPTIMIZERS[name].kept}
    memory[where][-3] = spoilt
    with open_native(architecture, digits, threads=2) as session:
        _compare(session, name, Hyperparameters(0.02), _batches([32, 32, 32], len(digits)), memory)


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_spoilt_parameters_take_no_step(spoilt, digits):
    with open_native(ARCHITECTURES[0], digits) as session:
        journey = Journey(session, SGD(Hyperparameters(0.1)))
        journey.parameters[5] = spoilt
        before = journey.parameters.copy()
        done = journey.take(_batches([32], len(digits)), defined=False)
    assert done.losses == []
    assert done.failed is not None
    assert not done.failed.finite
    np.testing.assert_array_equal(journey.parameters, before)


@pytest.mark.parametrize("sizes", [[], [0], [32, 0, 32], [513], [32, 600]])
def test_batches_beyond_what_is_taken_at_once(sizes, digits):
    """None, an empty one, more than a block: whichever way these go, they go as the definition says."""
    with open_native(ARCHITECTURES[0], digits) as session:
        one, other = (Journey(session, SGD(Hyperparameters(0.1))) for _ in range(2))
        batches = _batches(sizes, len(digits))
        with np.errstate(invalid="ignore", divide="ignore"):
            done, expected = one.take(batches, defined=False), other.take(batches, defined=True)
    _assert_same(one, other, done, expected)


@pytest.mark.parametrize("batches", [[slice(0, 32), slice(40, 90, 2)], [np.arange(5), slice(0, 32)]])
def test_ranges_are_batches_too(batches, digits):
    with open_native(ARCHITECTURES[0], digits) as session:
        _compare(session, "momentum", Hyperparameters(0.1), batches)


def test_negative_and_unsigned_indices(digits):
    batches = [np.array([-1, 0, -600]), np.array([3, 4], np.uint8), np.arange(9, dtype=np.int16)]
    with open_native(ARCHITECTURES[0], digits) as session:
        _compare(session, "sgd", Hyperparameters(0.1), batches)
        plain = session.sums(some_parameters(ARCHITECTURES[0]), np.array([599, 0, 0]))
        assert_same_sums(session.sums(some_parameters(ARCHITECTURES[0]), batches[0]), plain)


@pytest.mark.soak
@pytest.mark.parametrize("path", FAST)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_epoch_of_all_digits_is_that_of_the_definition(name, path, mnist):
    order = np.random.default_rng(0).permutation(60_000)
    with open_native(Architecture((784, 64, 10)), mnist[0], path) as session:
        _compare(session, name, Hyperparameters(0.01), [order[start : start + 33] for start in range(0, 60_000, 33)])
