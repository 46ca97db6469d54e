"""The native engine gives the same bits for any number of threads, on any path, and in any split into whole blocks."""

from __future__ import annotations

import functools
import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digitlab as dl
from digitlab.engines import Sums
from digitlab.engines._native import BLOCK
from digitlab.network import ACTIVATIONS, Architecture
from tests.engines.native_tools import (
    FAST,
    PATHS,
    assert_same_sums,
    needs_native,
    open_native,
    random_digits,
    some_parameters,
)
from tests.golden import native_bits

pytestmark = needs_native
SHORT = [name for name in native_bits.TRAININGS if name.endswith(f" {native_bits.FEW}")]
LONG = [name for name in native_bits.TRAININGS if name not in SHORT]
THREADS = (1, 2, 3, 7)
_CUTS = st.integers(1, 19).map(lambda blocks: blocks * BLOCK)  # of 2,500 digits


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", SHORT)
def test_every_path_trains_to_the_recorded_bits(name, path, mnist):
    assert native_bits.bits(name, mnist[0], path) == native_bits.recorded()[name]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("name", SHORT)
def test_any_number_of_threads_trains_to_the_recorded_bits(name, threads, mnist):
    assert native_bits.bits(name, mnist[0], PATHS[0], threads) == native_bits.recorded()[name]


@pytest.mark.skipif(not FAST, reason="the portable path alone would take minutes")
@pytest.mark.parametrize("name", LONG)
def test_all_digits_train_to_the_recorded_bits(name, mnist):
    assert native_bits.bits(name, mnist[0]) == native_bits.recorded()[name]


@pytest.mark.soak
@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", native_bits.TRAININGS)
def test_every_path_and_number_of_threads_trains_to_the_recorded_bits(name, path, threads, mnist):
    assert native_bits.bits(name, mnist[0], path, threads) == native_bits.recorded()[name]


def test_what_is_recorded_is_what_is_trained():
    assert list(native_bits.recorded()) == list(native_bits.TRAININGS)


@functools.cache
def _one_hidden_layer(activation: str):
    """A session on 2,500 random digits, their parameters, and the sums of all of them in natural order."""
    architecture = Architecture((784, 19, 10), activation)
    session = open_native(architecture, random_digits(2500, 1, lit=700))
    parameters = some_parameters(architecture)
    return session, parameters, session.sums(parameters, slice(None))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_sums_of_shards_add_up_to_the_whole(activation, data):
    """In any order, of any number of blocks, as ranges or as indices: the same bits."""
    session, parameters, whole = _one_hidden_layer(activation)
    count = len(session.digits)
    cuts = data.draw(st.lists(_CUTS, max_size=8).map(sorted), label="cuts")
    order = None
    if data.draw(st.booleans(), label="shuffled"):
        order = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(count)
        whole = session.sums(parameters, order)
    shards = [slice(start, stop) for start, stop in zip([0, *cuts], [*cuts, count], strict=True)]
    answers = [session.sums(parameters, shard if order is None else order[shard]) for shard in shards]
    answers = data.draw(st.permutations(answers))
    assert_same_sums(functools.reduce(operator.add, answers), whole)


@pytest.mark.parametrize("architecture", [Architecture((784, 10)), Architecture((784, 70, 10), "relu")], ids=str)
def test_a_range_gives_what_its_indices_give(architecture):
    """Lists that are kept, and lists that are made for the moment."""
    with open_native(architecture, random_digits(1000, 4, lit=700)) as session:
        parameters = some_parameters(architecture)
        for shard in (slice(None), slice(128, 896), slice(128, 897), slice(130, 1000)):
            by_index = session.sums(parameters, np.arange(1000)[shard])
            assert_same_sums(session.sums(parameters, shard), by_index)


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(_CUTS, max_size=4, unique=True).map(sorted), which=st.integers(0, 99))
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_shards_in_sessions_of_their_own_add_up_to_the_whole(activation, cuts, which):
    """As on a cluster: each part sees only its own digits, on a path and with threads of its own."""
    session, parameters, whole = _one_hidden_layer(activation)
    answers = []
    for start, stop in zip([0, *cuts], [*cuts, len(session.digits)], strict=True):
        path, threads = (FAST or PATHS)[(which + start) % len(FAST or PATHS)], 1 + (which + stop) % 3
        with open_native(session.architecture, session.digits[start:stop], path, threads) as part:
            answers.append(part.sums(parameters, slice(None)))
    assert_same_sums(functools.reduce(operator.add, answers), whole)


def test_a_sample_alone_gives_what_it_gives_among_others():
    """Pixels that are lit nowhere in a part are lit in the whole: they must count alike."""
    architecture = Architecture((784, 19, 10))
    digits = random_digits(64, 5)
    parameters = some_parameters(architecture)
    with open_native(architecture, digits) as session:
        whole = [session.sums(parameters, slice(i, i + 1)) for i in range(64)]
    for sample, expected in enumerate(whole):
        with open_native(architecture, digits[sample : sample + 1]) as session:
            assert_same_sums(session.sums(parameters, slice(None)), expected)


def _in_shards_and_whole(architecture: Architecture, digits: dl.Digits, parameters: np.ndarray, cut: int) -> list[Sums]:
    answers = []
    for shard in (digits[:cut], digits[cut:], digits):
        with open_native(architecture, shard) as session:
            answers.append(session.sums(parameters, slice(None)))
    return [answers[0] + answers[1], answers[2]]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_large_weight_of_a_pixel_that_a_shard_never_lights_counts_in_its_grid_too(activation):
    """A unit's weights are rounded on a grid that its largest one sets: all shards must see the same largest."""
    architecture = Architecture((784, 5, 10), activation)
    digits = random_digits(200, 1, ink=1.0)
    digits.images[:BLOCK, 0, 0] = 0
    parameters = some_parameters(architecture)
    architecture.layers(parameters)[0].W[0] = 3.7
    assert_same_sums(*_in_shards_and_whole(architecture, digits, parameters, BLOCK))


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu"])
def test_how_often_pixels_are_lit_does_not_change_the_grid_of_a_unit(activation):
    """How large a unit can get sets the grid of its outputs: just below 2, or above, by the order of a float32 sum."""
    architecture = Architecture((784, 1, 10), activation)
    digits = random_digits(2 * BLOCK, 1, ink=1.0)
    digits.images[digits.images == 0] = 1  # all lit everywhere ...
    digits.images[BLOCK + 1 :, 0, 0] = 0  # ... but the first, which one of the second half lights
    parameters = some_parameters(architecture)
    W, b = architecture.layers(parameters)[0]
    W[:], b[:] = 0, 0
    W[16::16] = 2.0**-25
    W[0] = np.nextafter(np.float32(2), np.float32(0))
    assert_same_sums(*_in_shards_and_whole(architecture, digits, parameters, BLOCK))
