"""Sizes and pictures that fit no vector and no block: every path against the portable one, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digitlab as dl
from digitlab.engines import NumpyEngine
from digitlab.network import ACTIVATIONS, Architecture
from tests.engines.native_tools import FAST, assert_same_sums, needs_native, open_native, random_digits, relative_error
from tests.engines.native_tools import some_parameters as parameters_of

pytestmark = needs_native
UNITS = st.sampled_from([1, 2, 3, 15, 16, 17, 31, 33, 48, 100])
SAMPLES = st.sampled_from([1, 2, 3, 15, 16, 17, 63, 64, 65, 127, 511, 512, 513, 700])


def _assert_like_the_portable_path(architecture: Architecture, digits: dl.Digits, batches: list, threads: int) -> None:
    parameters = parameters_of(architecture)
    with open_native(architecture, digits, "portable", 1) as session:
        expected = [session.sums(parameters, batch) for batch in batches]
    for path in FAST or ["portable"]:
        with open_native(architecture, digits, path, threads) as session:
            for batch, truth in zip(batches, expected, strict=True):
                assert_same_sums(session.sums(parameters, batch), truth)


@st.composite
def _networks_and_digits(draw) -> tuple[Architecture, dl.Digits]:
    classes = draw(st.sampled_from([1, 2, 3, 10, 16, 17, 26]))
    hidden = draw(st.lists(UNITS, max_size=3))
    architecture = Architecture((784, *hidden, classes), draw(st.sampled_from(list(ACTIVATIONS))))
    lit = draw(st.sampled_from([0, 1, 63, 64, 65, 400, 767, 768, 783, 784]))
    ink = draw(st.sampled_from([0.02, 0.3, 1.0]))
    return architecture, random_digits(draw(SAMPLES), draw(st.integers(0, 99)), classes=classes, lit=lit, ink=ink)


@settings(max_examples=40, deadline=None)
@given(both=_networks_and_digits(), threads=st.sampled_from([1, 2, 3]), data=st.data())
def test_any_network_on_any_digits(both, threads, data):
    architecture, digits = both
    count = len(digits)
    start = data.draw(st.integers(0, count), label="start")
    stop = data.draw(st.integers(start, count), label="stop")
    some = data.draw(
        st.lists(st.integers(-count, count - 1), max_size=40).map(lambda numbers: np.array(numbers, np.intp))
    )
    batches = [slice(None), slice(start, stop), slice(None, None, 3), slice(None, None, -1), some]
    _assert_like_the_portable_path(architecture, digits, batches, threads)


@pytest.mark.parametrize("hidden", [(), (9,), (9, 8)])
@pytest.mark.parametrize("value", [0, 1, 255])
def test_pictures_of_one_shade(value, hidden):
    """Nothing lit; everything lit, in full: 785 columns with the bias, and the largest sums that there are."""
    images, labels = np.full((1300, 28, 28), value, np.uint8), (np.arange(1300) % 10).astype(np.uint8)
    digits, architecture = dl.Digits(images, labels, "one shade"), Architecture((784, *hidden, 10))
    _assert_like_the_portable_path(architecture, digits, [slice(None), slice(3, 700)], 2)
    parameters = parameters_of(architecture)
    with NumpyEngine(np.float64).open(architecture, digits) as session:
        exact = session.sums(parameters.astype(np.float64), slice(None))
    with open_native(architecture, digits) as session:
        answer = session.sums(parameters, slice(None))
    assert answer.loss == pytest.approx(exact.loss, rel=1e-6)
    assert relative_error(answer.gradient, exact.gradient) < 3e-6  # equal pictures err alike


@pytest.mark.parametrize(
    "batch", [slice(0, 0), slice(5, 5), slice(9, 3), slice(600, 700), np.array([], np.intp)], ids=str
)
@pytest.mark.parametrize("hidden", [(9,), (9, 8)])
def test_an_empty_batch_sums_to_nothing(batch, hidden):
    architecture = Architecture((784, *hidden, 10))
    with open_native(architecture, random_digits(600, 0)) as session:
        answer = session.sums(parameters_of(architecture), batch)
    assert (answer.loss, answer.hits, answer.count) == (0, 0, 0)
    assert not answer.gradient.any()


@pytest.mark.parametrize("hidden", [(3,), (3, 2)])
def test_many_samples_that_are_all_the_same(hidden):
    """Lit in full, and wrong in the same way: as many as make a sum large, and all roundings go in one direction."""
    count = 65_537
    images, labels = np.full((count, 28, 28), 255, np.uint8), np.zeros(count, np.uint8)
    digits = dl.Digits(images, labels, "full ink", ("this", "that"))
    architecture = Architecture((784, *hidden, 2))
    parameters = parameters_of(architecture)
    W, b = architecture.layers(parameters)[-1]
    W[:] = np.float32([-9, 9])
    b[:] = [-9, 9]
    answers = []
    for path in FAST or ["portable"]:
        with open_native(architecture, digits, path, 2) as session:
            answers.append(session.sums(parameters, slice(None)))
    with open_native(architecture, digits[:1]) as session:
        one = session.sums(parameters, slice(None))
    for answer in answers:
        assert_same_sums(answer, answers[0])
    assert answers[0].loss == pytest.approx(one.loss * count, rel=1e-12)
    np.testing.assert_allclose(answers[0].gradient, one.gradient * count, rtol=3e-6)


@pytest.mark.parametrize("activation", ["sigmoid", "gelu"])
@pytest.mark.parametrize("hidden", [(2048,), (2048, 3), (3, 2048)], ids=str)
def test_wide_layers(hidden, activation):
    architecture, digits = Architecture((784, *hidden, 10), activation), random_digits(70, 4, lit=70)
    _assert_like_the_portable_path(architecture, digits, [slice(None), np.arange(69, -1, -1)], 3)


@pytest.mark.soak
@pytest.mark.parametrize("hidden", [(5,), (5, 4)], ids=str)
def test_many_samples_on_the_portable_path_too(hidden, mnist):
    images = np.concatenate([mnist[0].images, mnist[0].images[:5537]])
    labels = np.concatenate([mnist[0].labels, mnist[0].labels[:5537]])
    digits = dl.Digits(images, labels, "65,537 digits")
    order = np.random.default_rng(0).permutation(len(digits))
    _assert_like_the_portable_path(Architecture((784, *hidden, 10)), digits, [slice(None), slice(1, None), order], 3)
