"""The cluster engine: the native engine's bits from any number of workers, whoever dies, with real processes."""

from __future__ import annotations

import functools
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digitlab as dl
from digitlab.engines import ClusterEngine, NativeEngine, cluster, find_engine
from digitlab.engines.regularization import Regularization
from digitlab.engines.shards import BLOCK, Shard, Work, add_halves, answer, is_exact, shares
from digitlab.engines.stragglers import Stopwatch
from digitlab.errors import ClusterError, InputError
from digitlab.network import Architecture
from digitlab.network.initializers import first_parameters
from digitlab.training import EpochDone, Remark
from tests.engines.native_tools import assert_same_sums, needs_native, random_digits
from tests.engines.test_regularization import ALL

pytest.importorskip("distributed")
pytestmark = needs_native
SHALLOW, DEEP = Architecture((784, 19, 10), "sigmoid"), Architecture((784, 33, 18, 10), "relu")


def turned_over(images, numbers, *, epoch, threads):
    """A distortion that is another one in each epoch."""
    return np.roll(images, epoch, axis=2)


def turned_over_by_survivors(images, numbers, *, marker, **others):
    """The same; but who is first to be asked while there is a marker takes it away and dies."""
    try:
        marker.unlink()
    except FileNotFoundError:
        return turned_over(images, numbers, **others)
    return os.kill(os.getpid(), signal.SIGKILL)


def deadly(images, numbers, *, epoch, threads):
    return os.kill(os.getpid(), signal.SIGKILL)


@given(st.integers(1, 3000), st.integers(1, 80), st.booleans())
def test_each_sample_is_in_one_share(count, workers, exact):
    pieces, leaf = shares(count, workers, exact=exact)
    assert len(pieces) == workers
    assert [sample for own in pieces for piece in own for sample in piece] == list(range(count))
    assert all(piece.start % BLOCK == 0 for own in pieces for piece in own)
    assert leaf >= min(count, BLOCK)


@functools.cache
def _asked(architecture: Architecture) -> tuple[Shard, np.ndarray]:
    regularization = replace(ALL, distort=None, max_norm=0.0)
    return Shard(random_digits(2500, 1), architecture, 1, regularization), first_parameters(architecture, "lecun", 0)


def _by_workers(architecture: Architecture, workers: int, order: np.ndarray | None):
    """What so many workers would answer, without any: their answers are put together as the session does it."""
    whole, parameters = _asked(architecture)
    count = len(whole.digits) if order is None else len(order)
    exact = is_exact(architecture, count)
    pieces, leaf = shares(count, workers, exact=exact)
    known = {}
    for own in filter(None, pieces):
        start, stop = own[0].start, own[-1].stop
        shard = whole.part(start, stop) if order is None else whole
        work = Work(own, leaf, start, None if order is None else order[start:stop])
        known |= answer(shard, work, parameters, 3).sums
    if not exact:
        return add_halves(range(count), known.get)
    first, *others = known.values()
    return sum(others, first)


@settings(max_examples=15)
@given(st.integers(1, 25), st.booleans())
def test_any_number_of_workers_gives_the_native_bits(workers, shuffled):
    """Of shards, with dropout and smoothed labels, and of mini-batches in any order."""
    order = np.random.default_rng(workers).permutation(2500)[:1111] if shuffled else None
    whole, parameters = _asked(SHALLOW)
    assert_same_sums(
        _by_workers(SHALLOW, workers, order),
        whole.session.sums(parameters, slice(None) if order is None else order, 3),
    )


@pytest.mark.parametrize("workers", [2, 3, 5, 8, 40])
def test_any_number_of_workers_gives_the_same_bits_in_deeper_networks(workers):
    assert_same_sums(_by_workers(DEEP, workers, None), _by_workers(DEEP, 1, None))


def test_real_workers_train_to_the_native_bits(scheduler, few):
    for chosen in (
        {"batch_size": 0, "epochs": 3},
        {"batch_size": 300, "epochs": 2, "dropout": 0.2, "rotation": 10.0},
    ):
        recipe = dl.recipe("seed", validation=100, **chosen)
        ours, theirs = recipe.new_network(), recipe.new_network()
        told = [
            [(epoch.loss, epoch.accuracy, epoch.validation_loss) for epoch in dl.fit(*one, recipe, engine=name).epochs]
            for one, name in (((ours, few), f"cluster:{scheduler}"), ((theirs, few), "native"))
        ]
        assert told[0] == told[1]
        assert np.array_equal(ours.parameters, theirs.parameters)


@pytest.mark.parametrize("batch", [slice(None), slice(130, 900), slice(0, 999, 3), slice(0, 0), np.arange(999, 0, -2)])
def test_a_batch_of_any_form_has_the_native_bits(batch, scheduler, few):
    parameters, how = first_parameters(SHALLOW, "lecun", 0), replace(ALL, distort=turned_over)
    with (
        ClusterEngine(scheduler).open(SHALLOW, few, regularization=how) as session,
        NativeEngine().open(SHALLOW, few, regularization=how) as native,
    ):
        assert_same_sums(session.sums(parameters, batch, 2), native.sums(parameters, batch, 2))


def test_what_a_worker_refuses_is_the_error_here(scheduler, few):
    with ClusterEngine(scheduler).open(SHALLOW, few) as session:
        parameters = first_parameters(SHALLOW, "lecun", 0)
        for wrong in (parameters[:-1], parameters.astype(np.float64)):
            with pytest.raises(InputError, match="float32 array of shape"):
                session.sums(wrong, slice(None))
        parameters[3] = np.nan
        with pytest.raises(dl.errors.DivergenceError, match="1 of"):
            session.sums(parameters, slice(None))


def test_a_worker_that_is_killed_in_the_middle_of_an_epoch_changes_no_bit(few, tmp_path):
    """It is replaced, by a process that gets its share; the training hears of it, and goes on."""
    marker = tmp_path / "marker"
    marker.touch()
    whole = Shard(few, SHALLOW, 1, Regularization(distort=functools.partial(turned_over_by_survivors, marker=marker)))
    parameters = first_parameters(SHALLOW, "lecun", 0)
    with NativeEngine().open(SHALLOW, few, regularization=Regularization(distort=turned_over)) as native:
        expected = native.sums(parameters, slice(None), 1)
    with cluster.ClusterSession(ClusterEngine(workers=2), whole) as session:
        before, steps = list(session.places), 0
        while marker.exists() or len(session.places) < 2 or session.places == before:
            assert (steps := steps + 1) < 10_000
            assert_same_sums(session.sums(parameters, slice(None), 1), expected)
        assert sum("is gone" in words for words in session.remarks()) == 1


def test_a_step_that_kills_whoever_takes_it_ends(few, monkeypatch):
    monkeypatch.setattr(cluster, "TRIES", 1)
    whole = Shard(few, SHALLOW, 1, Regularization(distort=deadly))
    with cluster.ClusterSession(ClusterEngine(workers=1), whole) as session, pytest.raises(ClusterError, match="die"):
        session.sums(first_parameters(SHALLOW, "lecun", 0), slice(None), 1)


def test_training_tells_what_a_step_sends(scheduler, few):
    told = []
    recipe = dl.recipe("seed", epochs=2)
    dl.fit(recipe.new_network(), few, recipe, engine=ClusterEngine(scheduler), listeners=[told.append])
    kinds = [type(event) for event in told]
    assert kinds.count(Remark) == 1
    assert kinds.index(Remark) == kinds.index(EpochDone) + 1
    assert next(event.words for event in told if isinstance(event, Remark)) == (
        f"workers 2, at {scheduler}: a step with all digits sends them 0.407 MB and gets 0.814 MB back"
    )


def test_who_keeps_the_others_waiting_is_told_of_once():
    watch = Stopwatch()
    told = []
    for _ in range(20):
        watch.add("a", 0.1, 100)
        watch.add("b", 0.12, 100)
        watch.add("c", 0.3, 50)
        told += watch.slow_ones()
    assert told == ["the worker c takes 5.5 times as long as the others, who wait for it: 2.1 s lately"]
    assert watch.seconds == pytest.approx({"a": 2.0, "b": 2.4, "c": 6.0})


def test_a_cluster_is_named_by_its_size_or_its_scheduler():
    assert (found := find_engine("cluster:3")).workers == 3
    assert found.name == "cluster"
    assert find_engine("cluster:tcp://host:8786").scheduler == "tcp://host:8786"
    assert find_engine("auto").name != "cluster"
    for wrong in ("cluster:", "cluster:0", "cluster:257", "cluster:many", "cluster:-1", "cluster:²"):
        with pytest.raises(InputError, match="this is no cluster"):
            find_engine(wrong)
    with pytest.raises(InputError, match="native takes nothing after its name"):
        find_engine("native:2")


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"dask is not installed: pip install 'digitlab\[cluster\]'"):
        find_engine("cluster:2")
