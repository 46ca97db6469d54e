"""What the native engine refuses, in Python, before C++ sees it; and numbers too large for an honest answer."""

from __future__ import annotations

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import NativeEngine, NumpyEngine, Session, Sums
from digitlab.engines.optimizer import Hyperparameters
from digitlab.errors import ArchitectureError, DivergenceError, InputError
from digitlab.network import ACTIVATIONS, Architecture
from digitlab.training.optimizers import SGD, Momentum
from tests.engines.native_tools import PATHS, needs_native, open_native, random_digits, some_parameters

pytestmark = needs_native
ARCHITECTURE = Architecture((784, 9, 10))
COUNT = ARCHITECTURE.parameter_count


@pytest.fixture(scope="module")
def session() -> Session:
    return open_native(ARCHITECTURE, random_digits(100, 0))


WRONG_PARAMETERS = {
    "too few": np.zeros(COUNT - 1, np.float32),
    "too many": np.zeros(COUNT + 1, np.float32),
    "none": np.zeros(0, np.float32),
    "two dimensions": np.zeros((COUNT, 1), np.float32),
    "float64": np.zeros(COUNT),
    "float16": np.zeros(COUNT, np.float16),
    "integers": np.zeros(COUNT, np.int32),
    "the other byte order": np.zeros(COUNT, np.dtype(np.float32).newbyteorder()),
    "every second": np.zeros(2 * COUNT, np.float32)[::2],
    "backwards": np.zeros(COUNT, np.float32)[::-1],
    "a list": [0.0] * COUNT,
    "nothing": None,
    "text": "weights",
}


@pytest.mark.parametrize("parameters", WRONG_PARAMETERS.values(), ids=WRONG_PARAMETERS)
def test_wrong_parameters_are_refused(parameters, session):
    with pytest.raises(InputError, match="parameters must be"):
        session.sums(parameters, slice(None))
    with pytest.raises(InputError, match="parameters must be"):
        session.advance(parameters, SGD(Hyperparameters(0.1)), [np.arange(3)])


WRONG_BATCHES = {
    "floats": np.array([0.0, 1.0]),
    "truths": np.ones(100, bool),
    "two dimensions": np.zeros((2, 2), np.intp),
    "no dimension": np.array(3),
    "objects": np.array([1, 2], object),
    "text": np.array(["1"]),
    "a list": [1, 2],
    "a number": 5,
    "nothing": None,
}


@pytest.mark.parametrize("batch", WRONG_BATCHES.values(), ids=WRONG_BATCHES)
def test_wrong_batches_are_refused(batch, session):
    parameters = some_parameters(ARCHITECTURE)
    before = parameters.copy()
    with pytest.raises(InputError, match="a batch must be"):
        session.sums(parameters, batch)
    with pytest.raises((InputError, TypeError)):
        session.advance(parameters, SGD(Hyperparameters(0.1)), [np.arange(3), batch])
    if isinstance(batch, np.ndarray) and batch.ndim:
        np.testing.assert_array_equal(parameters, before)


@pytest.mark.parametrize("wrong", [100, -101, 2**40, -(2**63), 2**63 - 1])
def test_samples_that_are_not_there_are_refused(wrong, session):
    parameters = some_parameters(ARCHITECTURE)
    before = parameters.copy()
    for batch in (np.array([wrong]), np.array([0, wrong, 5])):
        with pytest.raises(IndexError, match="numbered 0 to 99"):
            session.sums(parameters, batch)
        with pytest.raises(IndexError, match="numbered 0 to 99"):
            session.advance(parameters, SGD(Hyperparameters(0.1)), [batch])
    np.testing.assert_array_equal(parameters, before)


def test_samples_beyond_signed_numbers_are_refused(session):
    """2^64 - 1 must not become -1, the last sample."""
    with pytest.raises(IndexError):
        session.sums(some_parameters(ARCHITECTURE), np.array([2**64 - 1], np.uint64))


WRONG_MEMORIES = {
    "too short": np.zeros(COUNT - 1, np.float32),
    "float64": np.zeros(COUNT),
    "every second": np.zeros(2 * COUNT, np.float32)[::2],
}


@pytest.mark.parametrize("memory", WRONG_MEMORIES.values(), ids=WRONG_MEMORIES)
def test_wrong_memories_of_an_optimizer_are_refused(memory, session):
    """C++ would write beyond the end of it, or into a copy that nobody sees."""
    optimizer = Momentum(Hyperparameters(0.1))
    optimizer.memory["velocity"] = memory
    with pytest.raises((InputError, TypeError, ValueError)):
        session.advance(some_parameters(ARCHITECTURE), optimizer, [np.arange(3)])


@pytest.mark.parametrize("where", ["first", "last", "bias", "unlit"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("hidden", [(), (9,), (9, 8)])
@pytest.mark.parametrize("path", PATHS)
def test_parameters_that_are_not_finite_are_refused(where, value, hidden, path):
    architecture = Architecture((784, *hidden, 10))
    parameters = some_parameters(architecture)
    W, b = architecture.layers(parameters)[0]
    if where == "unlit":
        W[783, 0] = value
    elif where == "bias":
        b[-1] = value
    else:
        parameters[0 if where == "first" else -1] = value
    with (
        open_native(architecture, random_digits(20, 0, lit=700), path, 2) as session,
        pytest.raises(DivergenceError, match=r"1 of \d+ parameters are NaN or infinite"),
    ):
        session.sums(parameters, slice(None))


@pytest.mark.parametrize("size", [1e10, 1e18, 1e20, 1e30, 1e36, 1e38, 3.4e38])
@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_huge_weights_give_the_right_answer_or_none(activation, layer, size):
    """Never finite numbers that are wrong: they are those of the definition, in float64 or in float32 (where a sum may
    overflow on its way, and a sigmoid then hides it), or not finite."""
    architecture, digits = Architecture((784, 9, 8, 10), activation), random_digits(50, 1)
    if layer == 2:
        architecture = Architecture((784, 9, 10), activation)
    parameters = some_parameters(architecture)
    W, _ = architecture.layers(parameters)[min(layer, 1)]
    W[...] = np.sign(W) * np.float32(size)
    with open_native(architecture, digits) as session, np.errstate(all="ignore"):
        answer = session.sums(parameters, slice(None))
    if not answer.finite:
        return
    assert any(_is_close(answer, dtype, architecture, digits, parameters) for dtype in (np.float64, np.float32))


def _is_close(answer: Sums, dtype: type, architecture: Architecture, digits: dl.Digits, parameters: np.ndarray) -> bool:
    with NumpyEngine(dtype).open(architecture, digits) as session:
        exact = session.sums(parameters.astype(dtype), slice(None))
    tolerance = 1e-4 * np.abs(exact.gradient).max()
    return bool(
        abs(answer.loss - exact.loss) <= 1e-4 * exact.loss
        and np.allclose(answer.gradient, exact.gradient, rtol=1e-3, atol=tolerance)
    )


@pytest.mark.parametrize("size", [1e-20, 1e-30, 1e-38, 1e-45])
@pytest.mark.parametrize("hidden", [(9,), (9, 8)])
def test_tiny_weights_count_as_next_to_nothing(hidden, size):
    architecture, digits = Architecture((784, *hidden, 10), "tanh"), random_digits(50, 1)
    parameters = (np.sign(some_parameters(architecture)) * size).astype(np.float32)
    with open_native(architecture, digits) as session:
        answer = session.sums(parameters, slice(None))
    assert answer.loss == pytest.approx(50 * np.log(10), rel=1e-6)
    assert np.isfinite(answer.gradient).all()


@pytest.mark.parametrize("name", ["neon", "AMX", "", " portable", "amx,avx2"])
def test_unknown_paths_are_refused_with_a_list_of_those_that_are_here(name, monkeypatch):
    monkeypatch.delenv("DIGITLAB_SIMD", raising=False)
    if name == "":
        assert NativeEngine(simd=None).simd == PATHS[0]
    else:
        with pytest.raises(InputError, match=r"no instruction path[\s\S]*portable"):
            NativeEngine(name)


@pytest.mark.parametrize("name", [b"amx", 1, True, ["amx"]])
def test_paths_that_are_no_text_are_refused(name):
    with pytest.raises(InputError, match="no instruction path"):
        NativeEngine(name)


def test_a_path_that_this_processor_lacks_is_refused(monkeypatch):
    monkeypatch.setattr("digitlab.engines.native.available_paths", lambda: ["avx2", "portable"])
    monkeypatch.delenv("DIGITLAB_SIMD", raising=False)
    with pytest.raises(InputError, match=r"this processor has no instruction path 'amx'[\s\S]*avx2, portable"):
        NativeEngine("amx")
    assert NativeEngine().simd == "avx2"


def test_the_path_comes_from_the_argument_then_from_the_environment(monkeypatch):
    monkeypatch.setenv("DIGITLAB_SIMD", "portable")
    assert NativeEngine().simd == "portable"
    assert NativeEngine(PATHS[0]).simd == PATHS[0]
    monkeypatch.setenv("DIGITLAB_SIMD", "")
    assert NativeEngine().simd == PATHS[0]
    monkeypatch.setenv("DIGITLAB_SIMD", "neon")
    with pytest.raises(InputError, match="DIGITLAB_SIMD: this processor has no instruction path"):
        NativeEngine()


def test_labels_beyond_the_outputs_are_refused():
    digits = random_digits(20, 0)
    object.__setattr__(digits, "classes", ("a", "b", "c"))  # no honest Digits are like this
    digits.labels.flags.writeable = True
    digits.labels[7] = 9
    with pytest.raises((InputError, ArchitectureError)):
        open_native(Architecture((784, 9, 3)), digits)


@pytest.mark.parametrize("threads", [0, 257, -3, 2.0, "2", True, 10**30])
def test_threads_out_of_bounds_are_refused(threads):
    with pytest.raises(InputError, match="threads must be a whole number"):
        open_native(ARCHITECTURE, random_digits(20, 0), threads=threads)


def test_digits_that_lie_unevenly_in_memory_are_read_right():
    whole = random_digits(40, 6)
    uneven = dl.Digits(np.asfortranarray(whole.images)[::-1], whole.labels[::-1], "backwards")
    parameters = some_parameters(ARCHITECTURE)
    with open_native(ARCHITECTURE, whole) as session, open_native(ARCHITECTURE, uneven) as other:
        one, two = session.sums(parameters, np.arange(40)[::-1]), other.sums(parameters, slice(None))
    np.testing.assert_array_equal(one.gradient, two.gradient)
