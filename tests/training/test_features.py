"""Validation, patience, keeping the best, changes on the way, snapshots, branches; and divergence at every step."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import NumpyEngine
from digitlab.engines.numpy_engine import NumpySession
from digitlab.errors import DivergenceError, InputError, RecipeError, RunError
from digitlab.training import Branch, EpochDone, SettingChanged, StepDone, Stopped, loop
from digitlab.training.optimizers import OPTIMIZERS, Tuning
from digitlab.training.order import batches_of_epoch, split
from digitlab.training.run import HISTORY, MODEL, Run

SAMPLES, HELD_OUT, BATCH = 120, 40, 20
RECIPE = dl.recipe(
    "minibatch", layers=(784, 3, 10), batch_size=BATCH, epochs=4, validation=HELD_OUT, optimizer="momentum"
)
EPOCH = (SAMPLES - HELD_OUT) // BATCH  # steps in each


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


def _trained(recipe: dl.Recipe, digits: dl.Digits, **options) -> tuple[dl.Network, dl.History]:
    network = recipe.new_network()
    return network, dl.fit(network, digits, recipe, threads=1, **options)


# --- validation ---


def test_what_is_held_out_changes_no_bit_of_the_parameters(digits, rng):
    _, held_out = split(SAMPLES, HELD_OUT, RECIPE.seed)
    images, labels = digits.images.copy(), digits.labels.copy()
    images[held_out] = rng.integers(0, 256, images[held_out].shape, np.uint8)
    labels[held_out] = (labels[held_out] + 1) % 10
    network, history = _trained(RECIPE, digits)
    other, otherwise = _trained(RECIPE, dl.Digits(images, labels, "changed"))
    assert np.array_equal(network.parameters, other.parameters)
    assert history.losses == otherwise.losses
    assert history.epochs[0].validation_loss != otherwise.epochs[0].validation_loss


def test_what_is_not_held_out_is_trained_on(digits):
    trained, _ = split(SAMPLES, HELD_OUT, RECIPE.seed)
    network, _ = _trained(RECIPE, digits)
    for sample in trained[::16]:
        labels = digits.labels.copy()
        labels[sample] = (labels[sample] + 1) % 10
        other, _ = _trained(RECIPE, dl.Digits(digits.images, labels, "changed"))
        assert not np.array_equal(network.parameters, other.parameters)


@pytest.mark.parametrize(("count", "held_out"), [(1, 0), (2, 1), (10, 9), (1000, 100), (60_000, 10_000)])
def test_each_sample_is_in_one_part_and_the_seed_alone_says_in_which(count, held_out):
    trained, validation = split(count, held_out, 3)
    assert len(validation) == held_out
    assert sorted([*trained, *validation]) == list(range(count))
    assert np.array_equal(validation, split(count, held_out, 3)[1])
    if count >= 1000:
        assert not np.array_equal(validation, split(count, held_out, 4)[1])


def test_other_settings_than_the_seed_do_not_move_the_split(digits):
    seen = []

    class Spy(NumpyEngine):
        def open(self, architecture, digits, *, threads=None):
            seen.append(digits.sha256())
            return super().open(architecture, digits, threads=threads)

    for changes in ({}, {"batch_size": 7}, {"epochs": 1, "learning_rate": 0.5}, {"keep": "best"}, {"seed": 1}):
        _trained(replace(RECIPE, **changes), digits, engine=Spy())
    assert len(set(seen[:4])) == 1
    assert seen[4] != seen[0]


def test_validation_is_what_evaluate_says_of_the_samples_held_out(digits):
    held_out = digits[split(SAMPLES, HELD_OUT, RECIPE.seed)[1]]
    network = RECIPE.new_network()
    epochs = 0
    for event in dl.train(network, digits, RECIPE, threads=1):
        if isinstance(event, EpochDone):
            report = dl.evaluate(network, held_out)
            assert event.validation_loss == pytest.approx(report.cross_entropy, rel=1e-6)
            assert event.validation_accuracy == report.accuracy
            epochs += 1
    assert epochs == RECIPE.epochs


def test_validation_that_leaves_nothing_is_refused(digits):
    with pytest.raises(RecipeError, match="leaves nothing to train on"):
        dl.train(RECIPE.new_network(), digits, replace(RECIPE, validation=SAMPLES))
    _trained(replace(RECIPE, validation=SAMPLES - 1), digits)


# --- patience, and which parameters are kept ---

WORSE = replace(RECIPE, learning_rate=3.0, epochs=30)


@pytest.fixture(scope="module")
def getting_worse(mnist) -> dl.Digits:
    """Labels that have nothing to do with the pictures: what is learnt of them is wrong elsewhere."""
    labels = np.random.default_rng(0).integers(0, 10, SAMPLES, np.uint8)
    return dl.Digits(mnist[0].images[:SAMPLES], labels, "shuffled")


@pytest.mark.parametrize("patience", [1, 2, 3, 5])
def test_patience_ends_the_training_after_so_many_epochs_without_a_better_one(patience, getting_worse):
    _, patient = _trained(WORSE, getting_worse)
    losses = [event.validation_loss for event in patient.epochs]
    best, last = 0, len(losses) - 1
    for epoch, loss in enumerate(losses):
        best = epoch if loss < losses[best] else best
        if epoch - best == patience:
            last = epoch
            break
    assert last < len(losses) - 1
    _, history = _trained(replace(WORSE, patience=patience), getting_worse)
    assert history.stopped is not None
    assert (history.stopped.reason, history.stopped.epoch) == ("early", last + 1)
    assert [event.validation_loss for event in history.epochs] == losses[: last + 1]


def test_a_run_that_ended_early_is_not_gone_on_with(getting_worse, tmp_path):
    recipe = replace(WORSE, patience=2, keep="best")
    network, history = _trained(recipe, getting_worse, out=tmp_path / "run")
    assert Run(tmp_path / "run").manifest.outcome.state == "early"
    again = recipe.new_network()
    events = list(dl.train(again, getting_worse, recipe, out=tmp_path / "run", resume=True))
    assert isinstance(events[-1], Stopped)
    assert (events[-1].reason, events[-1].epoch) == ("early", len(history.epochs))
    assert np.array_equal(again.parameters, network.parameters)


def test_best_and_last_are_the_parameters_of_these_epochs_to_the_bit(getting_worse, tmp_path):
    network, after = WORSE.new_network(), []
    losses = []
    for event in dl.train(network, getting_worse, WORSE, threads=1):
        if isinstance(event, EpochDone):
            after.append(network.parameters.copy())
            losses.append(event.validation_loss)
    best = int(np.argmin(losses))
    assert best < len(losses) - 1
    for keep, expected in (("best", after[best]), ("last", after[-1])):
        kept, _ = _trained(replace(WORSE, keep=keep), getting_worse, out=tmp_path / keep)
        assert np.array_equal(kept.parameters, expected)
        assert np.array_equal(dl.load(tmp_path / keep).parameters, expected)
        assert np.array_equal(Run(tmp_path / keep).newest_state().parameters, after[-1])  # where it would go on


# --- changes on the way ---


def _by_hand(recipe: dl.Recipe, digits: dl.Digits, rates: list[tuple[int, float]], steps: int) -> np.ndarray:
    """The parameters after so many steps; from each given step on with another learning rate."""
    digits = digits[split(len(digits), recipe.validation, recipe.seed)[0]]
    network = recipe.new_network()
    optimizer = OPTIMIZERS[recipe.optimizer](Tuning(recipe.learning_rate, recipe.momentum))
    batches = [
        batch
        for epoch in range(recipe.epochs)
        for batch in batches_of_epoch(len(digits), recipe.batch_size, recipe.seed, epoch + 1)
    ]
    with NumpyEngine().open(network.architecture, digits, threads=1) as session:
        for (first, rate), (end, _) in zip(rates, [*rates[1:], (steps, 0)], strict=True):
            optimizer.tuning.learning_rate = rate
            session.advance(network.parameters, optimizer, batches[first:end])
    return network.parameters


@pytest.mark.parametrize("step", [1, 2, EPOCH, EPOCH + 1, 4 * EPOCH - 1])
def test_a_change_holds_from_the_next_step_on(step, digits, tmp_path):
    control, network, told = dl.Control(), RECIPE.new_network(), []
    options = {"control": control, "each_step": True, "out": tmp_path / "run", "threads": 1}
    for event in dl.train(network, digits, RECIPE, **options):
        told.append(event)
        if isinstance(event, StepDone) and event.step == step:
            control.change(learning_rate=0.01)
    expected = _by_hand(RECIPE, digits, [(0, RECIPE.learning_rate), (step, 0.01)], 4 * EPOCH)
    assert np.array_equal(network.parameters, expected)
    assert [event for event in told if isinstance(event, SettingChanged)] == [
        SettingChanged(step, "learning_rate", 0.01)
    ]
    manifest = Run(tmp_path / "run").manifest
    assert [(change.step, change.name, change.value) for change in manifest.changes] == [(step, "learning_rate", 0.01)]
    assert told[-2].learning_rate == 0.01


def test_a_change_before_the_first_step_is_another_recipe(digits):
    control = dl.Control()
    control.change(learning_rate=0.02, momentum=0.5)
    network, _ = _trained(RECIPE, digits, control=control)
    other, _ = _trained(replace(RECIPE, learning_rate=0.02, momentum=0.5), digits)
    assert np.array_equal(network.parameters, other.parameters)


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 3},
        {"seed": 1},
        {"layers": (784, 10)},
        {"nothing": 1},
        {"learning_rate": 0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"learning_rate": "fast"},
        {"momentum": 1.0},
        {"beta2": -0.1},
        {"weight_decay": 2},
        {"patience": 1.5},
        {"patience": -1},
        {"learning_rate": 0.5, "momentum": 7},
    ],
)
def test_a_change_that_cannot_be_is_refused_as_a_whole(change):
    control = dl.Control()
    with pytest.raises(RecipeError):
        control.change(**change)
    assert control.take_changes() == []


def test_patience_can_be_changed(getting_worse, tmp_path):
    control = dl.Control()
    control.change(patience=2)
    _, history = _trained(WORSE, getting_worse, control=control, out=tmp_path / "run")
    _, expected = _trained(replace(WORSE, patience=2), getting_worse)
    assert history.stopped is not None
    assert history.stopped.reason == "early"
    assert history.losses == expected.losses


def test_changes_may_come_from_any_thread_at_any_time(digits):
    """None is lost, and each thread's stay in its order."""
    control, recipe = dl.Control(), replace(RECIPE, epochs=200)
    threads = [
        threading.Thread(target=lambda n=n: [control.change(learning_rate=n + k / 1000) for k in range(1, 101)])
        for n in range(1, 5)
    ]
    told = []
    for event in dl.train(recipe.new_network(), digits, recipe, control=control, threads=1):
        if isinstance(event, SettingChanged):
            told.append(event.value)
        elif isinstance(event, EpochDone) and event.epoch == 2:
            for thread in threads:
                thread.start()
        elif isinstance(event, EpochDone) and event.epoch == 100:
            for thread in threads:
                thread.join()
    assert len(told) == 400
    for n in range(1, 5):
        assert [value for value in told if int(value) == n] == [n + k / 1000 for k in range(1, 101)]


CHANGES = {2: {"learning_rate": 0.03}, EPOCH: {"momentum": 0.5}, EPOCH + 3: {"weight_decay": 0.01, "patience": 30}}


def _train_with_changes(
    folder: Path, digits: dl.Digits, *, until: int = 1000, resume: bool = False
) -> dict[str, bytes] | None:
    """Train, asking for changes after the same steps; let go after some step. What is in the folder in the end."""
    control, recipe = dl.Control(), replace(RECIPE, keep="best")
    options = {"control": control, "each_step": True, "out": folder, "resume": resume, "threads": 1}
    events = dl.train(recipe.new_network(), digits, recipe, **options)
    for event in events:
        if isinstance(event, StepDone) and event.step in CHANGES:
            control.change(**CHANGES[event.step])
        if isinstance(event, SettingChanged | StepDone) and event.step >= until:
            if isinstance(event, StepDone) and event.step in CHANGES:
                continue  # let them be taken first
            if isinstance(event, SettingChanged) and event.name != [*CHANGES[event.step]][-1]:
                continue
            events.close()
            return None
    run = Run(folder)
    assert len(run.manifest.changes) == 4
    return {name: run.read(name) for name in (HISTORY, MODEL, run.manifest.checkpoints[-1].file)}


def test_a_run_that_is_gone_on_with_keeps_its_changes(digits, tmp_path):
    expected = _train_with_changes(tmp_path / "whole", digits)
    for step in range(1, 4 * EPOCH):
        folder = tmp_path / str(step)
        assert _train_with_changes(folder, digits, until=step) is None
        assert _train_with_changes(folder, digits, resume=True) == expected, step


def test_a_change_before_the_first_step_never_costs_the_run(digits, tmp_path, monkeypatch):
    """Killed between a new checkpoint of the same step and the manifest that lists it."""
    control = dl.Control()
    events = dl.train(RECIPE.new_network(), digits, RECIPE, control=control, out=tmp_path / "run", threads=1)
    next(events)
    control.change(learning_rate=0.5)
    assert isinstance(next(events), SettingChanged)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("digitlab.training.keeper._encode", killed)
        with pytest.raises(KeyboardInterrupt):
            events.close()
    assert Run(tmp_path / "run").newest_state().counters.step == 0
    _trained(RECIPE, digits, out=tmp_path / "run", resume=True)


# --- snapshots and branches ---


@pytest.fixture
def parent(digits, tmp_path) -> Path:
    """A finished run with a snapshot of every second epoch, and more checkpoints between."""
    _trained(RECIPE, digits, out=tmp_path / "parent", snapshot_every=2, checkpoint_every=0)
    return tmp_path / "parent"


def test_snapshots_stay_and_of_the_others_the_newest_two(digits, tmp_path):
    recipe = replace(RECIPE, epochs=9)
    _trained(recipe, digits, out=tmp_path / "run", snapshot_every=3, checkpoint_every=0)
    checkpoints = Run(tmp_path / "run").manifest.checkpoints
    assert {record.epoch for record in checkpoints if record.snapshot} == {3, 6, 9}
    assert len([record for record in checkpoints if not record.snapshot]) <= 2
    for epoch in (3, 6, 9):
        state, record = Run(tmp_path / "run").state_at(epoch)
        assert (state.counters.step, state.counters.position, record.step) == (epoch * EPOCH, 0, epoch * EPOCH)
        short, _ = _trained(replace(recipe, epochs=epoch), digits)
        assert np.array_equal(state.parameters, short.parameters)
    listed = {record.file for record in checkpoints}
    assert {path.name for path in (tmp_path / "run").glob("checkpoint-*")} == listed


def test_a_branch_that_changes_nothing_is_the_parent_to_the_bit(parent, digits, tmp_path):
    network, history = _trained(RECIPE, digits, out=tmp_path / "run", branch=Branch(parent, 2))
    mine, theirs = Run(tmp_path / "run"), Run(parent)
    states = [run.newest_state() for run in (mine, theirs)]
    assert np.array_equal(states[0].parameters, states[1].parameters)
    assert np.array_equal(states[0].memory["velocity"], states[1].memory["velocity"])
    assert states[0].counters.step == states[1].counters.step == 4 * EPOCH
    assert np.array_equal(network.parameters, dl.load(parent).parameters)
    assert mine.read(HISTORY) == theirs.read(HISTORY)
    assert [event.epoch for event in history.epochs] == [1, 2, 3, 4]
    _, record = theirs.state_at(2)
    assert mine.manifest.parent is not None
    assert mine.manifest.parent.run == str(parent)
    assert mine.manifest.parent.epoch == 2
    assert mine.manifest.parent.sha256 == theirs.manifest.files[record.file].sha256


def test_a_branch_needs_no_folder(parent, digits):
    network, history = _trained(RECIPE, digits, branch=Branch(parent, 2))
    assert np.array_equal(network.parameters, dl.load(parent).parameters)
    assert [event.epoch for event in history.epochs] == [3, 4]


def test_a_branch_with_another_rate_goes_its_own_way_from_there(parent, digits, tmp_path):
    recipe = replace(RECIPE, learning_rate=0.01)
    network, history = _trained(recipe, digits, out=tmp_path / "run", branch=Branch(parent, 2))
    rates = [(0, RECIPE.learning_rate), (2 * EPOCH, 0.01)]
    assert np.array_equal(network.parameters, _by_hand(recipe, digits, rates, 4 * EPOCH))
    assert history.losses[:2] == [event.loss for event in Run(parent).history()[:2]]


def test_a_branch_to_another_optimizer_starts_with_an_empty_memory(parent, digits, tmp_path):
    recipe = replace(RECIPE, optimizer="adam", learning_rate=0.01, epochs=3)
    network, _ = _trained(recipe, digits, out=tmp_path / "run", branch=Branch(parent, 2))
    expected = Run(parent).state_at(2)[0].parameters
    training = digits[split(SAMPLES, HELD_OUT, recipe.seed)[0]]
    optimizer = OPTIMIZERS["adam"](Tuning(0.01, recipe.momentum, recipe.beta1, recipe.beta2))
    with NumpyEngine().open(network.architecture, training, threads=1) as session:
        session.advance(expected, optimizer, batches_of_epoch(len(training), BATCH, recipe.seed, 3))
    assert np.array_equal(network.parameters, expected)
    state = Run(tmp_path / "run").newest_state()
    assert set(state.memory) == {"m", "v"}
    assert state.counters.memory_since == 2 * EPOCH


def test_a_branch_that_cannot_be_is_refused(parent, digits, tmp_path):
    for epoch in (1, 5):
        with pytest.raises(RunError, match=f"no checkpoint of the end of epoch {epoch}"):
            dl.train(RECIPE.new_network(), digits, RECIPE, branch=Branch(parent, epoch))
    wide = replace(RECIPE, layers=(784, 4, 10))
    with pytest.raises((RecipeError, RunError)):
        dl.train(wide.new_network(), digits, wide, branch=Branch(parent, 2))
    relu = replace(RECIPE, activation="relu" if RECIPE.activation != "relu" else "tanh")
    with pytest.raises(RecipeError, match="the run is of another network"):
        dl.train(relu.new_network(), digits, relu, branch=Branch(parent, 2))
    with pytest.raises(RunError, match="this is not a run"):
        dl.train(RECIPE.new_network(), digits, RECIPE, branch=Branch(tmp_path / "nowhere", 2))


def test_a_branch_that_is_cut_off_goes_on_to_the_same_bits(parent, digits, tmp_path):
    _trained(RECIPE, digits, out=tmp_path / "whole", branch=Branch(parent, 2))
    options = {"out": tmp_path / "cut", "threads": 1}
    events = dl.train(RECIPE.new_network(), digits, RECIPE, branch=Branch(parent, 2), each_step=True, **options)
    next(event for event in events if isinstance(event, StepDone) and event.step == 2 * EPOCH + 1)
    events.close()
    dl.fit(RECIPE.new_network(), digits, RECIPE, resume=True, **options)
    for name in (HISTORY, MODEL, f"checkpoint-{4 * EPOCH}.safetensors"):
        assert Run(tmp_path / "cut").read(name) == Run(tmp_path / "whole").read(name)


# --- divergence ---

DIVERGING = replace(
    RECIPE, layers=(784, 2, 10), batch_size=4, epochs=10, validation=0, optimizer="sgd"
)  # five steps in each epoch
BAD = [np.nan, np.inf]


def _poison(kind: str, step: int, value: float, patch: pytest.MonkeyPatch) -> None:
    """At this step, counted from 1, a number goes bad."""
    really_sums, taken = NumpySession.sums, [0]

    def sums(self, parameters, batch):
        taken[0] += 1
        if taken[0] != step:
            return really_sums(self, parameters, batch)
        if kind == "pixels":
            self._inputs[batch[0], 5] = value
        answer = really_sums(self, parameters, batch)
        if kind == "gradient":
            answer.gradient[step % len(answer.gradient)] = value
        if kind == "loss":
            answer.loss = value
        return answer

    patch.setattr(NumpySession, "sums", sums)
    if kind == "parameters":
        really_step = OPTIMIZERS["sgd"].step

        def bad_step(self, parameters, gradient):
            really_step(self, parameters, gradient)
            if self.taken == step:
                parameters[step] = value

        patch.setattr(OPTIMIZERS["sgd"], "step", bad_step)
    if kind == "learning rate":
        factor = loop.rate_factor
        patch.setattr(loop, "rate_factor", lambda name, t, course: value if t == step - 1 else factor(name, t, course))


@pytest.mark.parametrize("kind", ["pixels", "parameters", "gradient", "loss", "learning rate"])
def test_whatever_goes_bad_at_whichever_step_training_stops_right_before_it(kind, mnist, tmp_path, monkeypatch):
    """Fifty steps of each kind; NaN and infinity in turn; with each step told, and without."""
    digits = mnist[0][:20]
    before = [DIVERGING.new_network().parameters.copy()]
    network = DIVERGING.new_network()
    events = dl.train(network, digits, DIVERGING, each_step=True, threads=1)
    before += [network.parameters.copy() for event in events if isinstance(event, StepDone)]
    assert len(before) == 51
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and not the matter here
    for step in range(1, 51):
        folder, network = tmp_path / str(step), DIVERGING.new_network()
        with monkeypatch.context() as patch:
            _poison(kind, step, BAD[step // 2 % 2], patch)
            with pytest.raises(DivergenceError, match=f"diverged at step {step}, in ") as caught:
                list(dl.train(network, digits, DIVERGING, out=folder, each_step=step % 2 == 0, threads=1))
        assert caught.value.step == step
        assert np.array_equal(network.parameters, before[step - 1])
        assert np.array_equal(dl.load(folder).parameters, before[step - 1])
        outcome = Run(folder).manifest.outcome
        assert (outcome.state, outcome.steps, outcome.epochs) == ("diverged", step - 1, (step - 1) // 5)


def test_parameters_that_somebody_spoils_between_two_steps_are_a_divergence_too(digits, tmp_path):
    """There is nothing good to keep then but what was committed before."""
    network = RECIPE.new_network()
    events = dl.train(network, digits, RECIPE, out=tmp_path / "run", each_step=True, threads=1)
    next(event for event in events if isinstance(event, StepDone) and event.step == 3)
    network.W1[0, 0] = np.nan
    with pytest.raises(DivergenceError, match="diverged at step 4"):
        list(events)
    assert np.isfinite(Run(tmp_path / "run").newest_state().parameters).all()


def test_a_branch_that_cannot_grow_is_refused(tmp_path, few):
    recipe = dl.recipe("seed", layers=(784, 8, 10), epochs=3)
    dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "trunk")
    branch = dl.Branch(tmp_path / "trunk", 3)
    for options in ({}, {"resume": True, "out": tmp_path / "trunk"}):
        with pytest.raises(InputError, match="this branch cannot grow"):
            dl.train(recipe.new_network(), few, recipe, branch=branch, **options)


def test_a_branch_tells_where_it_began(tmp_path, few):
    recipe = dl.recipe("seed", layers=(784, 8, 10), epochs=3)
    dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "trunk")
    longer = dl.recipe("seed", layers=(784, 8, 10), epochs=5)
    branch = dl.Branch(tmp_path / "trunk", 3)
    events = dl.train(longer.new_network(), few, longer, out=tmp_path / "branch", branch=branch)
    next(events)
    outcome = Run(tmp_path / "branch").manifest.outcome
    assert (outcome.epochs, outcome.loss) == (3, Run(tmp_path / "trunk").history()[-1].loss)
    events.close()
