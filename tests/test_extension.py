"""An activation, an optimizer, a schedule and an engine, added as ARCHITECTURE.md says, and as a user's script would.

Each is one entry in a table, from outside, after everything was imported. It must then be trained with on the default
engine, through a recipe, to the right numbers; and whoever cannot compute it must say so.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import ENGINES, Engine, NativeEngine, NumpyEngine, Session, engines_in_words, find_engine
from digitlab.engines.optimizer import Hyperparameters, Optimizer
from digitlab.errors import InputError, RecipeError
from digitlab.network import ACTIVATIONS, Architecture
from digitlab.network.activations import Activation
from digitlab.network.initializers import first_parameters
from digitlab.runs import Run
from digitlab.training import EpochDone
from digitlab.training.optimizers import OPTIMIZERS, SGD, Adam
from digitlab.training.schedules import SCHEDULES, Schedule
from tests.engines.native_tools import needs_native, relative_error

QUICK = {"layers": (784, 12, 10), "batch_size": 50, "epochs": 3}


class AMSGrad(Optimizer):
    """Adam without its bias corrections, whose rates never grow again. It keeps three vectors.

    Source: S. J. Reddi, S. Kale and S. Kumar, "On the convergence of Adam and beyond" (2018), algorithm 2.
    """

    in_words = "Adam whose rates only shrink"
    kept = ("m", "v", "largest")

    def change(self, parameters, g, n):
        m, v, largest = (self.memory[name] for name in self.kept)
        m += np.float32(0.1) * (g - m)
        v += np.float32(0.001) * (g * g - v)
        np.maximum(largest, v, out=largest)
        parameters -= n.rate * m / (np.sqrt(largest) + np.float32(1e-8))


def _softplus(z, out=None):
    return np.logaddexp(0, z, out=out)


def _softplus_derivative(z, _a, out=None):
    return np.divide(1, 1 + np.exp(-z), out=out)


SOFTPLUS = Activation(_softplus, _softplus_derivative, "a ReLU with a soft corner")


class LoudEngine(NumpyEngine):
    """NumPy's, under another name; it is proud of itself, and of narrow networks only."""

    name = "loud"
    in_words = "NumPy, but louder"
    rank = 99

    @classmethod
    def why_not(cls, architecture=None):
        return "it wants no more than 20 units" if architecture and max(architecture.sizes[1:]) > 20 else ""


def _sgd_of_its_own(parameters, batches, session: Session, rate) -> np.ndarray:
    """Plain gradient descent by hand; ``rate`` of each step from 0."""
    parameters = parameters.copy()
    for step, batch in enumerate(batches):
        answer = session.sums(parameters, batch)
        parameters -= rate(step) * (answer.gradient / answer.count).astype(np.float32)
    return parameters


# An optimizer --------------------------------------------------------------------------------------------------------


@pytest.fixture
def amsgrad(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "amsgrad", AMSGrad)
    return dl.recipe("seed", optimizer="amsgrad", learning_rate=0.002, **QUICK)


@pytest.mark.parametrize("engine", ["auto", "numpy", pytest.param("native", marks=needs_native)])
def test_an_optimizer_with_three_vectors_is_trained_with(engine, amsgrad, few):
    network = amsgrad.new_network()
    history = dl.fit(network, few, amsgrad, engine=engine)
    assert history.epochs[-1].loss < 0.6 * history.epochs[0].loss
    assert network.card.training.engine == find_engine(engine).name  # a step in Python is no reason for another engine


def test_an_optimizer_takes_the_same_steps_as_its_formula_says(amsgrad, few, rng):
    batches = [rng.permutation(len(few))[:50] for _ in range(8)]
    network, optimizer = amsgrad.new_network(), AMSGrad(Hyperparameters(0.002))
    theta = network.parameters.astype(np.float64)
    m = v = largest = np.zeros_like(theta)
    with find_engine().open(network.architecture, few) as session:
        for batch in batches:
            answer = session.sums(theta.astype(np.float32), batch)
            g = answer.gradient / answer.count
            m, v = m + 0.1 * (g - m), v + 0.001 * (g * g - v)
            largest = np.maximum(largest, v)
            theta = theta - 0.002 * m / (np.sqrt(largest) + 1e-8)
        session.advance(network.parameters, optimizer, batches)
    assert optimizer.memory.keys() == {"m", "v", "largest"}
    assert all(vector.any() for vector in optimizer.memory.values())
    np.testing.assert_allclose(network.parameters, theta, rtol=0, atol=2e-5)


def test_weight_decay_works_with_any_optimizer(amsgrad, few):
    free, held = amsgrad.new_network(), amsgrad.new_network()
    dl.fit(free, few, amsgrad)
    dl.fit(held, few, dataclasses.replace(amsgrad, weight_decay=0.1))
    assert np.linalg.norm(held.parameters) < 0.7 * np.linalg.norm(free.parameters)


def test_all_vectors_of_an_optimizer_are_kept_in_a_run(amsgrad, few, tmp_path):
    whole, halves = amsgrad.new_network(), amsgrad.new_network()
    dl.fit(whole, few, amsgrad)
    events = dl.train(halves, few, amsgrad, out=tmp_path / "run", checkpoint_every=0)
    next(event for event in events if isinstance(event, EpochDone))
    events.close()
    assert Run(tmp_path / "run").newest_whole_state()[0].memory.keys() == {"m", "v", "largest"}
    dl.fit(halves, few, amsgrad, out=tmp_path / "run", resume=True)
    assert np.array_equal(whole.parameters, halves.parameters)


@pytest.mark.parametrize("parent", [SGD, Adam])
def test_a_formula_that_is_written_over_another_is_the_one_that_is_taken(parent, few, rng):
    """Its parent's rule is known to C++. That must not be taken for its own."""

    class Against(parent):
        def change(self, parameters, g, n):
            parameters += n.rate * g

    batches = [rng.permutation(len(few))[:50] for _ in range(3)]
    network = dl.Network([784, 12, 10])
    with find_engine().open(network.architecture, few) as session:
        by_hand = _sgd_of_its_own(network.parameters, batches, session, lambda _: np.float32(-0.1))
        optimizer = Against(Hyperparameters(0.1))
        optimizer.coefficients = lambda step: Optimizer.coefficients(optimizer, step)  # Adam's rate has corrections
        session.advance(network.parameters, optimizer, batches)
    assert np.array_equal(network.parameters, by_hand)


@needs_native
def test_a_rule_with_another_number_of_vectors_is_refused(few):
    """Whoever takes the name of a rule must keep what it keeps: none is dropped in silence."""

    class Misnamed(AMSGrad):
        rule = "adam"

    network = dl.Network([784, 12, 10])
    with NativeEngine().open(network.architecture, few) as session, pytest.raises(ValueError, match="vectors"):
        session.advance(network.parameters, Misnamed(Hyperparameters(0.1)), [np.arange(9)])


# An activation -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["in front", "between", "behind"])
def softplus(request):
    """Wherever it stands in the table."""
    place = {"in front": 0, "between": 2, "behind": len(ACTIVATIONS)}[request.param]
    shipped = list(ACTIVATIONS.items())
    ACTIVATIONS.clear()
    ACTIVATIONS.update([*shipped[:place], ("softplus", SOFTPLUS), *shipped[place:]])
    yield dl.recipe("seed", activation="softplus", learning_rate=0.05, **QUICK)
    ACTIVATIONS.clear()
    ACTIVATIONS.update(shipped)


def test_an_activation_is_trained_with_on_an_engine_that_knows_it(softplus, few):
    network = softplus.new_network()
    history = dl.fit(network, few, softplus)
    assert network.card.training.engine == "numpy"
    assert history.epochs[-1].loss < 0.8 * history.epochs[0].loss
    assert dl.evaluate(network, few).accuracy > 0.5


def test_a_network_with_a_new_activation_can_be_saved_and_gone_on_with(softplus, few, tmp_path):
    network = softplus.new_network()
    dl.fit(network, few, softplus, out=tmp_path / "run")
    assert Run(tmp_path / "run").manifest.engine == "numpy"
    assert np.array_equal(Run(tmp_path / "run").network().logits(few.images), network.logits(few.images))


@needs_native
def test_an_engine_that_does_not_know_an_activation_says_so(softplus, few):
    network = softplus.new_network()
    with pytest.raises(InputError, match="engine native cannot be used: it does not know the activation softplus"):
        next(dl.train(network, few, softplus, engine="native"))
    with pytest.raises(InputError, match="does not know the activation softplus"):
        next(dl.train(network, few, softplus, engine=NativeEngine()))
    with pytest.raises(InputError, match="does not know the activation softplus"):
        NativeEngine().open(network.architecture, few)


def test_no_other_activation_is_mistaken_for_it(softplus, few):
    """Each of the table has the gradient of the definition in float64, on the default engine."""
    for name in ACTIVATIONS:
        architecture = Architecture((784, 12, 10), name)
        parameters = first_parameters(architecture, "lecun", 0)
        with NumpyEngine(np.float64).open(architecture, few) as session:
            exact = session.sums(parameters.astype(np.float64), slice(None))
        with find_engine("auto", architecture).open(architecture, few) as session:
            answer = session.sums(parameters, slice(None))
        assert relative_error(answer.gradient, exact.gradient) < 1e-6, name
        assert answer.loss == pytest.approx(exact.loss, rel=1e-6), name


@needs_native
def test_names_that_the_compiled_part_does_not_know_are_refused_there_too(few):
    from digitlab.engines._native import COEFFICIENTS, Compiled

    images, labels = few.images.reshape(-1), few.labels
    with pytest.raises(ValueError, match="does not know softplus"):
        Compiled(images, labels, [784, 12, 10], "softplus", 1, "portable", 0, 0, 1.0, 0.0, 0.0, 0)
    session = Compiled(images, labels, [784, 10], "relu", 1, "portable", 0, 0, 1.0, 0.0, 0.0, 0)
    parameters = np.zeros(7850, np.float32)
    with pytest.raises(ValueError, match="does not know amsgrad"):
        session.advance(
            parameters, [], np.arange(3), [3], None, 0, "amsgrad", np.zeros((1, len(COEFFICIENTS)), np.float32)
        )
    with pytest.raises(ValueError, match="coefficients"):
        session.advance(parameters, [], np.arange(3), [3], None, 0, "sgd", np.zeros((1, 3), np.float32))
    assert not parameters.any()


# A schedule ----------------------------------------------------------------------------------------------------------


def test_a_schedule_is_trained_with(monkeypatch, few):
    monkeypatch.setitem(SCHEDULES, "harmonic", Schedule(lambda t, s: 1 / (1 + t / s.epoch_steps), "1, 1/2, 1/3, ..."))
    recipe = dl.recipe("seed", schedule="harmonic", **QUICK | {"batch_size": 0})
    network = recipe.new_network()
    with find_engine().open(network.architecture, few) as session:
        by_hand = _sgd_of_its_own(network.parameters, [slice(None)] * 3, session, lambda t: 0.1 / (1 + t))
    history = dl.fit(network, few, recipe)
    assert [epoch.learning_rate for epoch in history.epochs] == pytest.approx([0.1, 0.05, 0.1 / 3])
    np.testing.assert_allclose(network.parameters, by_hand, rtol=0, atol=1e-7)


# An engine -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def loud(monkeypatch):
    monkeypatch.setitem(ENGINES, "loud", LoudEngine)


def test_an_engine_is_the_default_where_its_rank_is_the_highest(loud, few, tmp_path):
    recipe = dl.recipe("seed", **QUICK)
    network, twin = recipe.new_network(), recipe.new_network()
    dl.fit(network, few, recipe, out=tmp_path / "run")
    dl.fit(twin, few, recipe, engine="numpy")
    assert Run(tmp_path / "run").manifest.engine == network.card.training.engine == "loud"
    assert np.array_equal(network.parameters, twin.parameters)
    assert engines_in_words().startswith("auto (the best that can be used), loud (NumPy, but louder), native")
    with pytest.raises(InputError, match="auto, loud, native, numpy"):
        find_engine("abacus")


def test_where_an_engine_cannot_the_next_one_does(loud, few):
    wide = dl.Network([784, 21, 10])
    recipe = dl.recipe("seed", **QUICK | {"layers": wide.architecture.sizes})
    dl.fit(wide, few, recipe)
    assert wide.card.training.engine == ("numpy" if NativeEngine.why_not() else "native")
    with pytest.raises(InputError, match="engine loud cannot be used: it wants no more than 20 units"):
        dl.fit(wide, few, recipe, engine="loud")


def test_an_engine_without_a_rank_is_taken_only_when_it_is_named(monkeypatch, few):
    class Quiet(LoudEngine):
        name = "quiet"
        rank = Engine.rank

    monkeypatch.setitem(ENGINES, "quiet", Quiet)
    architecture = Architecture((784, 10))
    assert find_engine("auto", architecture).name != "quiet"
    assert find_engine("quiet", architecture).name == "quiet"


def test_where_no_engine_can_each_says_why(monkeypatch):
    for name in list(ENGINES):
        monkeypatch.delitem(ENGINES, name)
    monkeypatch.setitem(ENGINES, "loud", LoudEngine)
    with pytest.raises(InputError, match=r"no engine can be used[\s\S]*loud: it wants no more than 20 units"):
        find_engine("auto", Architecture((784, 21, 10)))


# A recipe ------------------------------------------------------------------------------------------------------------


def test_a_recipe_is_a_file_in_the_folder(monkeypatch, tmp_path, capsys):
    from digitlab.cli import main

    (tmp_path / "mine.toml").write_text('about = "A short one."\nlayers = [784, 12, 10]\nepochs = 2\n')
    monkeypatch.setattr("digitlab.training.recipe_files.FOLDER", tmp_path)
    assert dl.recipe("mine") == dl.Recipe(layers=(784, 12, 10), epochs=2)
    assert dl.named_recipes()["mine"].about == "A short one."
    assert main(("recipes",)) == 0
    assert "A short one." in capsys.readouterr().out


# All of them ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "setting", "entry"),
    [
        (OPTIMIZERS, "optimizer", AMSGrad),
        (ACTIVATIONS, "activation", SOFTPLUS),
        (SCHEDULES, "schedule", Schedule(lambda t, s: 1.0, "as it is")),
    ],
)
def test_a_recipe_takes_what_is_in_the_table_now(table, setting, entry, monkeypatch):
    with pytest.raises(RecipeError, match=setting):
        dl.recipe("seed", **{setting: "toy"})
    monkeypatch.setitem(table, "toy", entry)
    recipe = dl.recipe("seed", **{setting: "toy"})
    assert getattr(recipe, setting) == "toy"
    assert dl.training.SETTINGS[setting].choices["toy"] == entry.in_words
    assert dl.training.SETTINGS[setting].to_dict()["choices"]["toy"] == entry.in_words
    monkeypatch.delitem(table, "toy")
    with pytest.raises(RecipeError, match=setting):
        dl.recipe("seed", **{setting: "toy"})
