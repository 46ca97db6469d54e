"""Three ways to start a training: begin a new one, resume one that was stopped, branch from another one.

Each gives one `Start`, with whoever keeps the run at work already: `digitlab.fitting.follow` trains from it, and closes
the keeper however the training ends.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from digitlab.data.digits import Digits
from digitlab.engines import AUTO, find_engine
from digitlab.engines.checks import check_session, check_threads
from digitlab.errors import InputError, RecipeError, refuse, require_kind
from digitlab.network.card import Card, new_card
from digitlab.network.network import Network
from digitlab.runs.lock import FolderLock
from digitlab.runs.manifest import DataRecord, Manifest, Parent, environment, now, parameters_sha256
from digitlab.runs.options import TrainOptions
from digitlab.runs.run import Run, file_errors, require_run
from digitlab.runs.writer import RunWriter, cut_back
from digitlab.training.events import Started, Stopped
from digitlab.training.recipe import SETTINGS, Recipe
from digitlab.training.recipe_files import NamedRecipe
from digitlab.training.start import Ended, Start
from digitlab.training.state import ENDED, Counters, Outcome, State


def check_parts(network: Network, digits: Digits, recipe: Recipe, threads: int | None) -> None:
    """The three that everybody passes, and easily in another form; and that they belong together."""
    require_kind(network, Network, "the network", "network = recipe.new_network()")
    require_kind(digits, Digits, "the training set", "train, test = dl.load_mnist(), or dl.Digits(images, labels, ...)")
    require_kind(recipe, Recipe, "the recipe", 'dl.recipe("seed")')
    if not (finite := np.isfinite(network.parameters)).all():
        raise InputError(
            "the network must start from finite parameters",
            got=f"{np.count_nonzero(~finite)} that are NaN or infinite",
            help="start from a new network: recipe.new_network()",
        )
    theirs = network.architecture
    if (theirs.sizes, theirs.activation) != (recipe.layers, recipe.activation):
        raise RecipeError(
            "the recipe is for another network",
            must_be=f"a network with layers {list(recipe.layers)} and activation {recipe.activation}",
            got=f"layers {list(theirs.sizes)} and activation {theirs.activation}",
            help="make it with recipe.new_network(), or change the recipe's layers and activation",
        )
    if len(digits) and recipe.validation >= len(digits):
        raise RecipeError(
            f"validation takes {recipe.validation} of the {len(digits)} samples, and leaves none to train on",
            help="a sixth of the samples is usual",
        )
    check_session(network.architecture, digits, threads)
    new_card(network.architecture, digits.classes)  # refuses names that no model file can keep


def begin(network: Network, digits: Digits, recipe: NamedRecipe, options: TrainOptions) -> Start:
    """A new training, from the parameters that the network has.

    Raises:
        InputError: the folder ``options.out`` is not empty.
        RunError: it cannot be made, or another process is at work in it.
    """
    start = Start(
        recipe,
        State(Counters(), network.parameters),
        find_engine(options.engine, network.architecture),
        options.threads,
        snapshot_every=options.snapshot_every or 0,
        warnings=_other_pictures(network.card, recipe.recipe) if network.card.training else (),
    )
    _keep(start, digits, options)
    return start


def branch(network: Network, digits: Digits, recipe: NamedRecipe, options: TrainOptions) -> Start:
    """A new training that begins where ``options.branch`` was; without one, as `begin`.

    Where it is kept, its history begins with that of the other run.

    Raises:
        RecipeError: the other run is of another network.
        InputError: the recipe has no more epochs than were done; or as `begin`.
        RunError: the other run is damaged, or did not keep that epoch; or as `begin`.
    """
    origin = options.branch
    if origin is None:
        return begin(network, digits, recipe, options)
    run, state, sha256 = Run(Path(origin.run)).moment(origin.epoch)
    theirs, ours = run.architecture, network.architecture
    if theirs != ours:
        refuse(
            RecipeError,
            origin.run,
            "a branch must have the layers and the activation of its run",
            must_be=f"layers {theirs}, activation {theirs.activation}",
            got=f"layers {ours}, activation {ours.activation}",
            help="every other setting may differ",
        )
    if origin.epoch >= recipe.recipe.epochs:
        raise InputError(
            f"the branch begins after {origin.epoch} epochs, and its recipe has {recipe.recipe.epochs}",
            help="the epochs before the branch count: give more epochs, or branch from an earlier one",
        )
    counters = msgspec.structs.replace(state.counters, changes=[], waited=0, best_epoch=0, best_loss=None, averaged=0)
    start = Start(
        recipe,
        State(counters, state.parameters, state.memory),
        find_engine(options.engine, ours),
        options.threads,
        earlier=tuple(event for event in run.history() if options.out and event.epoch <= origin.epoch),
        snapshot_every=options.snapshot_every or 0,
        warnings=_other_pictures(run.recipe.new_card(), recipe.recipe),
    )
    _keep(start, digits, options, Parent(str(run.folder), origin.epoch, sha256))
    return start


def resume(digits: Digits, options: TrainOptions, settings: Mapping[str, object] | None = None) -> Start:
    """Go on with the run in ``options.out``, as it began: what was not asked for otherwise is as in that run.

    The run is opened once, under its lock. Of one that has ended, the start says so.

    Raises:
        RecipeError: the run has other ``settings`` than those given.
        InputError: it was trained on other digits.
        RunError: it is damaged, or another process is at work in it.
    """
    folder = options.out or Path()
    require_run(folder)
    with file_errors(folder, "locked"):
        lock = FolderLock(folder)
    try:
        run = Run(folder)
        check_same(run, digits, settings or {})
        if run.manifest.outcome.state in ENDED:
            start = _ended(run, digits, options)
            lock.release()
            return start
        return _going_on(run, lock, options)
    except BaseException:
        lock.release()
        raise


def _going_on(run: Run, lock: FolderLock, options: TrainOptions) -> Start:
    manifest = run.manifest
    every = manifest.snapshot_every if options.snapshot_every is None else options.snapshot_every
    wanted = manifest.engine if options.engine == AUTO else options.engine  # the last bits depend on it
    engine = find_engine(wanted, run.architecture)
    manifest.snapshot_every = every
    state, passed_over = run.newest_whole_state()
    earlier = cut_back(run, state)
    with file_errors(run.folder, "reopened"):
        keeper = RunWriter(run.folder, lock, manifest, options.checkpoint_every)
    warnings = [f"{error.what}: going on from step {state.counters.step:,}" for error in passed_over]
    if engine.name != manifest.engine:
        warnings.append(f"the run began with engine {manifest.engine}: with {engine.name} the last bits will differ")
    elif engine.arithmetic != manifest.arithmetic:
        warnings.append(
            f"the run began with arithmetic {manifest.arithmetic} of engine {engine.name}, and goes on with"
            f" {engine.arithmetic}: as good, but the last bits will differ from those of a run that never stopped"
        )
    return Start(run.named_recipe, state, engine, options.threads, earlier, keeper, every, tuple(warnings))


def _ended(run: Run, digits: Digits, options: TrainOptions) -> Start:
    """Nothing is left to do, and nothing is touched."""
    network, manifest, recipe = run.network(), run.manifest, run.recipe
    shape = network.architecture
    outcome, earlier = manifest.outcome, tuple(run.history())
    started = Started(
        network=f"{shape} ({shape.activation})",
        source=digits.source,
        samples=len(digits) - recipe.validation,
        epochs=recipe.epochs,
        engine=manifest.engine,
        threads=manifest.threads,
        held_out=recipe.validation,
        epoch=outcome.epochs,
        step=outcome.steps,
        earlier=earlier,
    )
    stopped = Stopped(outcome.state, outcome.epochs, outcome.steps, outcome.seconds)
    state = State(Counters(outcome.steps, outcome.epochs), network.parameters)
    ended = Ended(network, (started, stopped))
    return Start(run.named_recipe, state, find_engine(options.engine), options.threads, earlier, ended=ended)


def _other_pictures(before: Card, recipe: Recipe) -> tuple[str, ...]:
    """A warning where parameters that learnt from pictures of one preprocessing go on with those of another."""
    if before.preprocessing == recipe.new_card().preprocessing:
        return ()
    upright = ("slanted digits as they are", "slanted digits made upright")
    learnt, sees = upright if recipe.preprocessing == "deskew" else upright[::-1]
    return (f"the network learnt from {learnt}, and goes on with {sees}: it may take some epochs to get used to them",)


def _keep(start: Start, digits: Digits, options: TrainOptions, parent: Parent | None = None) -> None:
    """Begin a run folder, where one is wanted."""
    if options.out is None:
        return
    manifest = Manifest(
        outcome=Outcome("running", 0, 0, 0.0),
        data=DataRecord(digits.source, len(digits), digits.sha256(), list(digits.classes)),
        engine=start.engine.name,
        threads=check_threads(options.threads),
        environment=environment(start.engine),
        created=now(),
        files={},
        checkpoints=[],
        parent=parent,
        snapshot_every=start.snapshot_every,
        arithmetic=start.engine.arithmetic,
        first_parameters=parameters_sha256(start.state.parameters),
    )
    start.keeper = RunWriter.create(
        options.out, start.recipe.to_toml(), manifest, every=options.checkpoint_every, history=start.earlier
    )


def check_same(run: Run, digits: Digits, settings: Mapping[str, object]) -> None:
    """A run goes on with the settings and the digits that it began with.

    Raises:
        RecipeError: it has other ``settings`` than those given.
        InputError: it was trained on other digits.
    """
    theirs = vars(run.recipe)
    differ = [name for name, value in settings.items() if theirs[name] != value]
    if differ:
        shown = [(SETTINGS[name], theirs[name], settings[name]) for name in differ]
        refuse(
            RecipeError,
            run.folder,
            "a run goes on with the settings that it began with",
            must_be=", ".join(f"{setting.name} {setting.show(value)}" for setting, value, _ in shown),
            got=", ".join(f"{setting.name} {setting.show(value)}" for setting, _, value in shown),
            help="leave the settings out, or branch from the run to change them",
        )
    data = run.manifest.data
    if data.sha256 != digits.sha256() or data.classes not in ([], list(digits.classes)):
        refuse(
            InputError,
            run.folder,
            "the run was trained on other digits",
            must_be=f"{data.count} digits from {data.source}",
            got=repr(digits),
        )
