"""`sweep`: ask for settings, let workers train them, take down what came of it, and ask again.

It can be stopped or killed at any moment, and so can its scheduler and its workers; the same call goes on.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from digitlab.cluster.connecting import Agreement, connect
from digitlab.data.digits import Digits
from digitlab.engines import AUTO, ClusterEngine, find_engine
from digitlab.errors import InputError, require_kind, require_name
from digitlab.fitting import stop_on_interrupt
from digitlab.reproduction.trainings import HELD_OUT
from digitlab.runs.manifest import DataRecord
from digitlab.runs.starts import check_parts
from digitlab.sweeping.choosing import next_settings, require_optuna
from digitlab.sweeping.crew import Crew
from digitlab.sweeping.folder import JOURNAL, Spec, ask_to_stop, claimed, whose
from digitlab.sweeping.journal import Journal, Trial
from digitlab.sweeping.objective import OBJECTIVES, PRUNERS, Objective, Pruner, bars
from digitlab.sweeping.results import Sweep, read_sweep
from digitlab.sweeping.space import parse_space
from digitlab.sweeping.training_trial import engine_in_words
from digitlab.training.events import Control
from digitlab.training.recipe import Recipe
from digitlab.training.recipe_files import NamedRecipe
from digitlab.training.settings import check_whole

MOST_TRIALS = 100_000
SHARE_HELD_OUT = 6  # a sixth of the digits, of few

Listener = Callable[[Trial], object]


def sweep(
    recipe: Recipe,
    digits: Digits,
    vary: Mapping[str, str],
    out: str | Path,
    *,
    trials: int,
    objective: str = "validation_accuracy",
    pruner: str = "none",
    sampler_seed: int = 0,
    scheduler: str | None = None,
    workers: int | None = None,
    engine: str = AUTO,
    about: str = "",
    control: Control | None = None,
    listeners: Iterable[Listener] = (),
) -> Sweep:
    """Train a recipe many times with some settings varied, and find the best.

    Args:
        recipe: what all trials have in common. Where it holds out no digits, a sixth of them is held out, 10,000 at
            most: trials are compared by digits that none has learnt from.
        digits: the training set.
        vary: settings, each with a range as text: ``{"learning_rate": "log:1e-3..1", "activation": "relu,gelu"}``.
        out: a new folder, or one in which this was begun: it goes on there. All workers must see it under its path.
        trials: how many there shall be in all, those that were done before included; fewer where there are no more
            different settings.
        objective: ``"validation_accuracy"`` or ``"validation_loss"``.
        pruner: ``"none"``, or ``"median"`` to give up trials that do worse than half of the others did.
        sampler_seed: of the choice of settings; the seed of the trainings is the recipe's.
        scheduler: the address of a Dask scheduler; None for processes of this machine.
        workers: how many processes, or how many workers must be there; None for one for each core, or any.
        engine: its name; see `TrainOptions`.
        about: what the recipe is for, in words; kept with each trial.
        control: lets another thread stop it. Trials under way end in order, and are gone on with later.
        listeners: called with each `Trial` when it is begun or gone on with, and when it was told what came of it.

    Returns:
        What there is when it ends, as `read_sweep` reads it again.

    Raises:
        RecipeError: a setting that does not exist, a range out of bounds, settings that make no sense together.
        InputError: Dask or Optuna is not installed; a folder with something else in it, or with another sweep.
        ClusterError: no scheduler answers, it goes away, or its workers cannot be used.
        RunError: the folder cannot be written, somebody is at work in it, or it is damaged.
    """
    require_optuna()
    out = Path(out).absolute()
    spec = new_spec(NamedRecipe("", about, recipe), digits, vary, (objective, pruner, sampler_seed))
    wanted, control = _checked(trials, engine), control or Control()
    with claimed(out, spec, digits) as token, contextlib.closing(Journal(out / JOURNAL, spec.space)) as journal:
        plan, agree = _Plan(spec, journal, wanted), _agreement(out, token, engine)
        if not plan.is_done:  # else nobody is needed
            with connect(scheduler, workers, agree=agree) as found, stop_on_interrupt(control):
                _go_on(plan, Crew(found, out, engine), control, out, list(listeners))
    done = read_sweep(out)
    done.keep()  # a program that was killed may have told of a trial, and no more
    return done


def _checked(trials: int, engine: object) -> int:
    require_kind(engine, str, "the engine of a sweep", "its name, as workers know it")
    if isinstance(find_engine(str(engine)), ClusterEngine):
        raise InputError("a trial is trained by one worker, so its engine cannot be a cluster", help="leave it out")
    if check_whole(trials, "trials", low=1) > MOST_TRIALS:
        raise InputError(f"trials must be at most {MOST_TRIALS:,}", got=trials)
    return trials


def _agreement(out: Path, token: Path, engine: str) -> Agreement:
    """What the workers must agree on with whoever sweeps: what computes, and where the trials are kept."""
    return {
        "engine": functools.partial(engine_in_words, engine),
        f"folder {out}, which all must share,": functools.partial(whose, str(token)),
    }


@dataclass
class _Plan:
    """What is to be trained next."""

    spec: Spec
    journal: Journal
    trials: int
    again: list[Trial] = field(default_factory=list)  # asked for before, and to be gone on with first

    def __post_init__(self) -> None:
        self.trials = int(min(self.trials, self.spec.space.size))
        self.again = [trial for trial in self.journal.trials.values() if trial.told is None]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to begin."""
        return not self.again and len(self.journal.trials) >= self.trials

    def next(self) -> Trial | None:
        """A trial that is to be trained, taken down in the journal; None where there is no more."""
        if self.again:
            return self.again.pop(0)
        if self.is_done:
            return None
        known = self.journal.trials.values()
        settings = next_settings(self.spec.space, known, self.spec.objective, self.spec.sampler_seed)
        finished = [trial.told.curve for trial in known if trial.told and trial.state == "finished"]
        return self.journal.ask(settings, bars(finished) if self.spec.pruner == "median" else ())


def _go_on(plan: _Plan, crew: Crew, control: Control, out: Path, listeners: list[Listener]) -> None:
    """Until all trials are done, or it is asked to stop; then until those under way have ended in order."""
    told_to_stop = False
    try:
        while True:
            for address in crew.free() if not (control.stopping or plan.is_done) else ():
                if (trial := plan.next()) is not None:
                    crew.send(trial, address)
                    _tell(trial, listeners)
            if not crew.busy and (control.stopping or plan.is_done):
                return
            if control.stopping and not told_to_stop:
                told_to_stop = True
                ask_to_stop(out)
            for trial, told in crew.back():
                if told is None:
                    plan.again.append(trial)
                else:
                    _tell(plan.journal.tell(told), listeners)
                    Sweep(out, plan.spec, tuple(plan.journal.trials.values())).keep()
    except BaseException:
        ask_to_stop(out)  # whoever is still at it, on another machine perhaps
        raise


def _tell(trial: Trial, listeners: list[Listener]) -> None:
    for listener in listeners:
        listener(trial)


def held_out(recipe: Recipe, digits: Digits) -> int:
    """How many digits the trials are compared by."""
    return recipe.validation or max(1, min(HELD_OUT, len(digits) // SHARE_HELD_OUT))


def new_spec(recipe: NamedRecipe, digits: Digits, vary: Mapping[str, str], how: tuple[str, str, int]) -> Spec:
    """What is swept, once all of it was found to be right."""
    objective, pruner, sampler_seed = how
    require_kind(recipe.recipe, Recipe, "the recipe", 'dl.recipe("quick")')
    require_kind(digits, Digits, "the training set", "train, test = dl.load_mnist()")
    require_name(objective, OBJECTIVES, "objective")
    require_name(pruner, PRUNERS, "pruner")
    check_whole(sampler_seed, "sampler_seed", low=0)
    space = parse_space(vary)
    if fixed := [name for name in ("validation", "seed") if name in space.to_dict()]:
        help = "by these two it is decided which ones are held out"
        raise InputError(f"{fixed[0]} cannot be varied: trials are compared by the same digits", help=help)
    base = recipe.changed(validation=held_out(recipe.recipe, digits))
    space.check(base.recipe)
    for layers in space.ends_of("layers", base.recipe):
        shaped = replace(base.recipe, layers=layers)
        check_parts(shaped.new_network(), digits, shaped, 1)
    data = DataRecord(digits.source, len(digits), digits.sha256(), list(digits.classes))
    settings = {**base.to_dict(), "layers": list(base.recipe.layers)}
    return Spec(cast(Objective, objective), cast(Pruner, pruner), sampler_seed, space.to_dict(), data, settings)
