"""Which settings to try next: Optuna's sampler, asked anew each time with all that is known.

Nothing is kept from one question to the next, so that the same trials always give the same next settings, whether the
sweep went on or was killed and began again.

Source: J. Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (NIPS 2011), the tree-structured Parzen
estimator; F. Hutter et al., "An Efficient Approach for Assessing Hyperparameter Importance" (ICML 2014), fANOVA.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from digitlab.extras import require_extra
from digitlab.sweeping.journal import Trial
from digitlab.sweeping.objective import OBJECTIVES
from digitlab.sweeping.space import Axis, Space


def require_optuna() -> Any:
    """The library, or the line that says how it is brought."""
    return require_extra("optuna", "cluster", "a sweep")


def next_settings(space: Space, trials: Iterable[Trial], objective: str, seed: int) -> dict[str, Any]:
    """The settings of the next trial: others than those before, of which there must be fewer than the space has.

    Args:
        space: what may be tried.
        trials: all that were asked for; those under way count as poor, so that others are not sent to the same place.
        objective: see `OBJECTIVES`.
        seed: of the sweep; each trial draws with it and its own number.
    """
    trials = list(trials)
    tried = {_key(trial.settings) for trial in trials}
    rng = np.random.default_rng([seed, len(trials)])
    with _quiet():
        study = _study(space, trials, objective, seed=int(rng.integers(2**32)))
        asked = study.ask(_distributions(space)).params
    settings = {axis.setting.name: _from_optuna(axis, asked[axis.setting.name]) for axis in space.axes}
    if _key(settings) in tried and space.size < float("inf"):  # the first one, from anywhere on, that was not
        place = int(rng.integers(int(space.size)))
        while _key(settings := space.nth(place)) in tried:
            place = (place + 1) % int(space.size)
    return settings


def importances(space: Space, trials: Iterable[Trial], objective: str) -> dict[str, float]:
    """How much of what the trials differ by is due to each setting alone: shares that sum to 1, by fANOVA.

    Empty where fewer than two trials have finished, or one alone is varied.
    """
    finished = [trial for trial in trials if trial.state == "finished"]
    if len(finished) < 2 or len(space.axes) < 2:
        return {}
    require_extra("sklearn", "cluster", "the importance of settings")  # Optuna's trees are its
    with _quiet():
        study = _study(space, finished, objective, seed=0)
        evaluator = require_optuna().importance.FanovaImportanceEvaluator(seed=0)
        found = require_optuna().importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}


def _study(space: Space, trials: Iterable[Trial], objective: str, seed: int) -> Any:
    """An Optuna study in memory that knows these trials."""
    optuna = require_optuna()
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
    direction = "maximize" if OBJECTIVES[objective] else "minimize"
    study = optuna.create_study(direction=direction, sampler=sampler)
    for trial in trials:
        study.add_trial(_as_optuna(space, trial))
    return study


def _as_optuna(space: Space, trial: Trial) -> Any:
    """A trial in Optuna's words.

    One that diverged or failed is told as pruned before its first epoch, which its sampler takes for the worst of all:
    one that is told as failed would be forgotten, and its like tried again.
    """
    optuna = require_optuna()
    states = {"finished": "COMPLETE", "running": "RUNNING"}
    curve = trial.told.curve if trial.told and trial.state == "pruned" else ()
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState[states.get(trial.state, "PRUNED")],
        params={axis.setting.name: _to_optuna(axis, trial.settings[axis.setting.name]) for axis in space.axes},
        distributions=_distributions(space),
        value=trial.value if trial.state == "finished" else None,
        intermediate_values=dict(enumerate(curve, 1)),
    )


def _distributions(space: Space) -> dict[str, Any]:
    return {axis.setting.name: _distribution(axis) for axis in space.axes}


def _distribution(axis: Axis) -> Any:
    """Values are told to Optuna by their places, as it knows no tuples."""
    known = require_optuna().distributions
    if axis.values:
        return known.CategoricalDistribution(tuple(range(len(axis.values))))
    if axis.whole:
        return known.IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return known.FloatDistribution(axis.low, axis.high, log=axis.log)


def _to_optuna(axis: Axis, value: Any) -> Any:
    return axis.values.index(value) if axis.values else value


def _from_optuna(axis: Axis, told: Any) -> Any:
    return axis.values[told] if axis.values else axis.rounded(told)


def _key(settings: Any) -> tuple[Any, ...]:
    return tuple(sorted(settings.items()))


@contextmanager
def _quiet() -> Iterator[None]:
    """While inside, Optuna says nothing: the library is silent."""
    optuna = require_optuna()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
