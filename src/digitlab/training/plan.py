"""`train`: a training as a stream of events, new, gone on with, or branched from another run.

It checks everything that can be checked at once, and takes nothing (threads, locks, folders) before it is pulled. Not
pulling it is pausing it. `digitlab.fit` drains it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from digitlab.data.digits import Digits
from digitlab.engines import AUTO, Engine, find_engine
from digitlab.engines.checks import check_threads
from digitlab.errors import require_kind
from digitlab.network.card import Card, TrainingSummary, new_card, plain_text
from digitlab.network.network import Network
from digitlab.training.checks import Branch, branch_state, check_folder, check_parts, check_times, open_run
from digitlab.training.events import Control, EpochDone, Event, Started, Stopped
from digitlab.training.keeper import Keeper, check_free
from digitlab.training.loop import Loop, close_at_exit
from digitlab.training.manifest import ENDED, DataRecord, Manifest, Outcome, Parent, environment, now
from digitlab.training.order import split
from digitlab.training.recipe import Recipe
from digitlab.training.recipe_files import NamedRecipe, check_about
from digitlab.training.run import Run
from digitlab.training.state import Counters, State

__all__ = ["CHECKPOINT_SECONDS", "Branch", "TrainOptions", "train"]

CHECKPOINT_SECONDS = 30.0


class TrainOptions(TypedDict, total=False):
    """Options of a training that do not change its result. See `train`."""

    engine: str | Engine
    threads: int | None
    out: str | Path | None
    resume: bool
    branch: Branch | None
    checkpoint_every: float
    snapshot_every: int | None
    about: str


def train(
    network: Network,
    digits: Digits,
    recipe: Recipe,
    *,
    engine: str | Engine = AUTO,
    threads: int | None = None,
    control: Control | None = None,
    each_step: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
    branch: Branch | None = None,
    checkpoint_every: float = CHECKPOINT_SECONDS,
    snapshot_every: int | None = None,
    about: str = "",
) -> Generator[Event, None, None]:
    """Train ``network`` in place, event by event. Its card then tells the classes' names and how the training went.

    Args:
        network: its layers and activation must be the recipe's. It starts from the parameters that it has.
        digits: the training set.
        recipe: every setting that changes the result.
        engine: ``"auto"``, ``"native"``, ``"numpy"``, or an `Engine`. Does not change the result beyond rounding.
        threads: 1 to 256; None for as many as the process may use.
        control: lets another thread stop it or change settings.
        each_step: tell a `StepDone` for each step as well.
        out: a new folder to keep the run in.
        resume: go on with the run in ``out`` instead, from its newest checkpoint, to the same bits as if it had never
            stopped; ``network`` then takes the run's parameters.
        branch: begin where another run was at the end of an epoch, with its parameters and its optimizer's memory.
        checkpoint_every: seconds between checkpoints; 0 for one after every look at the clock.
        snapshot_every: epochs after which a checkpoint is kept for good; 0 for never. A run that is gone on with keeps
            its own where None is given; a new one then has none.
        about: what the run is for, in words; kept with its recipe.

    Returns:
        A generator of events: `Started`, an `EpochDone` for each epoch (with each step's `StepDone` before), a
        `SettingChanged` for each change, and `Stopped`.

    Raises:
        RecipeError: the recipe is for another network, or for another run.
        InputError: the folder exists already; no digits, or others than the run's; unusable threads.
        RunError: the folder cannot be read or written, or another process is at work in it.
        DivergenceError: (while iterating) a loss, gradient or parameter is not finite.
    """
    check_parts(network, digits, recipe, threads)
    checkpoint_every, snapshot_every = check_times(checkpoint_every, snapshot_every)
    if control is not None:
        require_kind(control, Control, "the control", "control = dl.Control()")
    named = NamedRecipe("", check_about(about, "the call"), recipe)
    start = None if branch is None else branch_state(branch, network, recipe, resume=resume)
    plan = _Plan(network, digits, named, find_engine(engine), threads, check_folder(out), branch, start)
    plan = dataclasses.replace(plan, checkpoint_every=checkpoint_every, snapshot_every=snapshot_every or 0)
    if resume:
        plan = plan.as_it_began(engine, snapshot_every)
    elif plan.folder is not None:
        check_free(plan.folder)
    control = control or Control()
    if each_step:
        control.detail = "steps"
    return close_at_exit(plan.events(control))


@dataclass(frozen=True)
class _Plan:
    """What was asked for, after it was checked."""

    network: Network
    digits: Digits
    named: NamedRecipe
    engine: Engine
    threads: int | None
    folder: Path | None
    branch: Branch | None
    start: State | None
    earlier: Run | None = None
    checkpoint_every: float = CHECKPOINT_SECONDS
    snapshot_every: int = 0

    @property
    def recipe(self) -> Recipe:
        return self.named.recipe

    def as_it_began(self, engine: str | Engine, snapshot_every: int | None) -> _Plan:
        """Going on with the run in the folder: what was not asked for is as in that run."""
        run = open_run(self.folder, self.digits, self.recipe)
        return dataclasses.replace(
            self,
            earlier=run,
            named=run.named_recipe,
            engine=find_engine(run.manifest.engine) if engine == AUTO else self.engine,  # the bits depend on it
            snapshot_every=run.manifest.snapshot_every if snapshot_every is None else snapshot_every,
        )

    def events(self, control: Control) -> Generator[Event, None, None]:
        """The generator itself: takes nothing before it is pulled, and gives everything back however it ends."""
        if self.earlier is not None and self.earlier.manifest.outcome.state in ENDED:
            yield from self._nothing_to_do(self.earlier)
            return
        with contextlib.ExitStack() as stack:
            state, keeper = self.start or State(Counters(), self.network.parameters), None
            last: EpochDone | None = None
            if self.folder is not None and self.earlier is not None:
                every, snapshot_every = self.checkpoint_every, self.snapshot_every
                keeper, state, last = Keeper.reopen(self.folder, every=every, snapshot_every=snapshot_every)
            elif self.folder is not None:
                keeper, last = self._new_keeper(self.folder, state)
            if keeper is not None:
                stack.callback(keeper.close)
            self.network.parameters[:] = state.parameters
            state.parameters = self.network.parameters
            self.network.card = new_card(self.network.architecture, self.digits.classes)
            training, held_out = self._split()
            session = stack.enter_context(self.engine.open(self.network.architecture, training, threads=self.threads))
            loop = Loop(
                self.network,
                self.recipe,
                session,
                held_out,
                state,
                control,
                keeper=keeper,
                snapshot_every=self.snapshot_every,
                last=last,
                seconds=last.seconds if last else 0.0,
                card_after=self._card_after,
            )
            yield from loop.events(self.engine.name)

    def _new_keeper(self, folder: Path, state: State) -> tuple[Keeper, EpochDone | None]:
        """Begin a run folder; a branch begins with its parent's history, whose last epoch is given back."""
        history: list[EpochDone] = []
        parent = None
        if self.branch is not None:
            run = Run(Path(self.branch.run))
            _, record = run.state_at(self.branch.epoch)
            history = [event for event in run.history() if event.epoch <= self.branch.epoch]
            parent = Parent(str(self.branch.run), self.branch.epoch, run.manifest.files[record.file].sha256)
        digits = self.digits
        manifest = Manifest(
            outcome=Outcome("running", 0, 0, 0.0),
            data=DataRecord(digits.source, len(digits), digits.sha256(), list(digits.classes)),
            engine=self.engine.name,
            threads=check_threads(self.threads),
            environment=environment(),
            created=now(),
            files={},
            checkpoints=[],
            parent=parent,
            snapshot_every=self.snapshot_every,
            first_parameters=hashlib.sha256(state.parameters.astype("<f4").tobytes()).hexdigest(),
        )
        keeper = Keeper.create(folder, self.named.to_toml(), manifest, every=self.checkpoint_every, history=history)
        return keeper, history[-1] if history else None

    def _split(self) -> tuple[Digits, Digits | None]:
        """The samples to train on, and those held out."""
        if self.recipe.validation == 0:
            return self.digits, None
        trained, held_out = split(len(self.digits), self.recipe.validation, self.recipe.seed)
        return self.digits[trained], self.digits[held_out]

    def _card_after(self, outcome: Outcome) -> Card:
        """What the network's numbers mean once training has ended so. A temperature was for other parameters."""
        summary = TrainingSummary(
            state=outcome.state,
            epochs=outcome.epochs,
            steps=outcome.steps,
            samples=len(self.digits) - self.recipe.validation,
            held_out=self.recipe.validation,
            source=plain_text(self.digits.source),
            engine=plain_text(self.engine.name),
            loss=outcome.loss,
            accuracy=outcome.accuracy,
            validation_loss=outcome.validation_loss,
            validation_accuracy=outcome.validation_accuracy,
        )
        about = {"about": self.named.about} if self.named.about else {}
        card = new_card(self.network.architecture, self.digits.classes)
        return dataclasses.replace(card, recipe=about | self.recipe.to_dict(), training=summary)

    def _nothing_to_do(self, run: Run) -> Generator[Event, None, None]:
        """A run that has ended is told as it is; nothing is touched."""
        ended = run.network()
        self.network.parameters[:] = ended.parameters
        self.network.card = ended.card
        outcome, shape = run.manifest.outcome, self.network.architecture
        words, samples = f"{shape} ({shape.activation})", len(self.digits) - self.recipe.validation
        yield Started(
            words,
            self.digits.source,
            samples,
            self.recipe.epochs,
            run.manifest.engine,
            run.manifest.threads,
            self.recipe.validation,
            outcome.epochs,
            outcome.steps,
        )
        yield Stopped(outcome.state, outcome.epochs, outcome.steps, outcome.seconds)
