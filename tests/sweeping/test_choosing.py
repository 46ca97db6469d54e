"""What is tried next, and when a trial is given up: against Optuna itself where it has a word for it."""

from __future__ import annotations

import itertools

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digitlab as dl
from digitlab.sweeping import Told, Trial, parse_space
from digitlab.sweeping.choosing import importances, next_settings
from digitlab.sweeping.objective import bars, best_of, falls_short, is_better, value_of

SPACE = parse_space({"learning_rate": "log:1e-3..1", "activation": "relu,gelu", "layers": "784-10,784-9-10"})
ACCURACY, LOSS = "validation_accuracy", "validation_loss"


def _sweep(space, count: int, value, *, objective=ACCURACY, seed=0) -> list[Trial]:
    """Trials one after the other; ``value`` says what comes of the settings: a number, or a state."""
    trials: list[Trial] = []
    for number in range(1, count + 1):
        chosen = next_settings(space, trials, objective, seed)
        came = value(chosen)
        told = Told(number, came) if isinstance(came, str) else Told(number, "finished", came, [came])
        trials.append(Trial(number, chosen, told=told))
    return trials


def _peak(chosen) -> float:
    """The best learning rate is 0.1; the activation matters a little."""
    return 1 - abs(dl.training.recipe.Recipe(**chosen).learning_rate - 0.1) + 0.01 * (chosen["activation"] == "gelu")


def test_the_same_trials_give_the_same_next_settings_and_another_seed_others():
    trials = _sweep(SPACE, 14, _peak)
    assert next_settings(SPACE, trials, ACCURACY, 0) == next_settings(SPACE, list(trials), ACCURACY, 0)
    again = _sweep(SPACE, 14, _peak)
    assert [trial.settings for trial in again] == [trial.settings for trial in trials]
    others = _sweep(SPACE, 3, _peak, seed=1)
    assert [trial.settings for trial in others] != [trial.settings for trial in trials[:3]]
    assert len({trial.settings["learning_rate"] for trial in trials}) == 14


def test_it_goes_where_it_is_good():
    for objective, sign in ((ACCURACY, 1), (LOSS, -1)):
        trials = _sweep(SPACE, 30, lambda chosen, sign=sign: sign * _peak(chosen), objective=objective)
        rates = [trial.settings["learning_rate"] for trial in trials]
        early, late = (sum(0.03 < rate < 0.3 for rate in part) for part in (rates[:10], rates[-10:]))
        assert late > early
        found = importances(SPACE, trials, objective)
        assert sum(found.values()) == pytest.approx(1)
        assert max(found, key=found.get) == "learning_rate"


def test_it_goes_away_from_where_trials_diverge():
    trials = _sweep(SPACE, 40, lambda chosen: "diverged" if chosen["learning_rate"] > 0.03 else 0.5)
    rates = [trial.settings["learning_rate"] > 0.03 for trial in trials]
    assert sum(rates[-15:]) < sum(rates[:15])


def test_one_trial_or_one_setting_has_no_importances():
    assert importances(SPACE, _sweep(SPACE, 1, _peak), ACCURACY) == {}
    space = parse_space({"learning_rate": "0.1,0.2"})
    assert importances(space, _sweep(space, 2, lambda chosen: chosen["learning_rate"]), ACCURACY) == {}


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.booleans())
def test_a_finite_space_is_tried_to_its_end_each_setting_once(seed, diverge):
    space = parse_space({"epochs": "1..3", "activation": "relu,gelu", "batch_size": "1,2"})
    trials = _sweep(space, 12, lambda chosen: "diverged" if diverge else float(chosen["epochs"]), seed=seed)
    assert len({tuple(trial.settings.items()) for trial in trials}) == space.size


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=5), max_size=9),
    st.lists(st.floats(0, 1), min_size=1, max_size=5),
    st.sampled_from([ACCURACY, LOSS]),
)
def test_a_trial_is_given_up_when_optunas_median_pruner_would(curves, curve, objective):
    """It is asked after each epoch, with the trials that had finished when this one was begun."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    direction = "maximize" if objective == ACCURACY else "minimize"
    study = optuna.create_study(direction=direction)
    for one in curves:
        values = dict(enumerate(one, 1))
        study.add_trial(optuna.trial.create_trial(value=one[-1], intermediate_values=values))
    pruner = optuna.pruners.MedianPruner(n_startup_trials=0, n_warmup_steps=0, n_min_trials=5)
    ours = bars(curves)
    for epoch in range(1, len(curve) + 1):
        trial = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING, intermediate_values=dict(enumerate(curve[:epoch], 1))
        )
        assert falls_short(objective, curve[:epoch], ours) == pruner.prune(study, trial)


def test_objectives():
    assert is_better(ACCURACY, 0.9, 0.8)
    assert is_better(LOSS, 0.8, 0.9)
    assert (best_of(ACCURACY, [1, 3, 2]), best_of(LOSS, [2, 1, 3])) == (3, 1)
    history = [
        dl.EpochDone(epoch, epoch, 1.0, 0.5, 0.0, 0.1, loss, accuracy)
        for epoch, (loss, accuracy) in enumerate([(0.5, 0.7), (0.3, 0.6), (0.4, 0.8)], 1)
    ]
    last, best = dl.recipe(validation=1), dl.recipe(validation=1, keep="best")
    found = [value_of(*each, history) for each in itertools.product((ACCURACY, LOSS), (last, best))]
    assert found == [0.8, 0.6, 0.4, 0.3]
