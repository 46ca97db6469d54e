"""The one training of a lab: begun, paused, taken step by step, changed and stopped, from any thread.

A thread of its own pulls the events of `digitlab.train`. Not pulling is pausing: nothing here knows how training works.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from digitlab.data.digits import Digits
from digitlab.errors import BusyError, DigitlabError, InputError, RunError
from digitlab.fitting import train
from digitlab.lab.feed import Feed
from digitlab.lab.job import Job
from digitlab.lab.resume_marker import LEAST_SPEED, MOST_SPEED, ResumeMarker, read_marker, remove_marker, write_marker
from digitlab.lab.runs import changes_of, find_run, lock_run, parent_of, recipe_in_name, sweep_deleted
from digitlab.lab.training_status import TrainingStatus
from digitlab.network.network import Network
from digitlab.runs import Branch
from digitlab.runs.models import claimed_folder
from digitlab.training.events import Control
from digitlab.training.recipe import check_live
from digitlab.training.recipe_files import NamedRecipe
from digitlab.training.state import ENDED

__all__ = ["Trainer"]

SNAPSHOTS = 20  # moments of a training that are kept for good, about; each costs some milliseconds
CHECKPOINT_SECONDS = 0.8  # a kill may cost a second: these, a look at the clock, and the writing
_log = logging.getLogger("digitlab.lab")


class Trainer:
    """One training at a time.

    Args:
        folder: where the runs are kept.
        data: gives the training and the test part.
        feed: what is told.
        engine, threads: what trains.

    Attributes:
        trouble: why the training that was under way when the lab was killed could not go on; None once another begins.
    """

    def __init__(
        self,
        folder: Path,
        data: Callable[[], tuple[Digits, Digits]],
        feed: Feed,
        *,
        engine: str = "auto",
        threads: int | None = None,
    ) -> None:
        self.folder, self._data, self._feed = folder, data, feed
        self._how: dict[str, Any] = {"engine": engine, "threads": threads, "checkpoint_every": CHECKPOINT_SECONDS}
        self._lock = threading.Lock()
        self._beginning = False
        self._closed = False
        self._job: Job | None = None
        self.trouble: DigitlabError | None = None
        self._thread: threading.Thread | None = None

    def start(self, recipe: NamedRecipe, *, branch: tuple[str, int] | None = None, paused: bool = False) -> str:
        """Begin a training; the name of its run.

        Raises:
            BusyError: one is under way.
            RecipeError, InputError, RunError, UnknownError: it cannot be begun so.
        """
        with self._begin(), contextlib.ExitStack() as stack:
            start = None if branch is None else Branch(find_run(self.folder, branch[0]).folder, branch[1])
            digits, _ = self._data()
            network, control = recipe.recipe.new_network(), Control()
            folder = stack.enter_context(claimed_folder(_stem(recipe, branch), self.folder))
            every = max(1, recipe.recipe.epochs // SNAPSHOTS)
            how = self._how | {"out": folder, "branch": start, "snapshot_every": every, "about": recipe.about}
            events = train(network, digits, recipe.recipe, **how, control=control)
            earlier, parent = [], None
            if start is not None:
                earlier = [one for one in find_run(self.folder, start.run.name).history() if one.epoch <= start.epoch]
                parent = {"run": start.run.name, "epoch": start.epoch}
            told: dict[str, Any] = {"earlier": earlier, "parent": parent, "snapshot_every": every}
            status = TrainingStatus(folder.name, recipe, digits, self._feed, **told)
            self._run(Job(status, network, digits, events, control, self._is_watched), stack, paused)
            return folder.name

    def resume(self, run: str, *, paused: bool = False) -> None:
        """Go on with a run that was stopped or killed.

        Raises:
            BusyError: a training is under way, or somebody else is at work in this run.
            UnknownError: there is no such run.
            InputError: it has ended, or was of other data.
            RunError: it is damaged.
        """
        self._resume(ResumeMarker(run, paused))

    def _resume(self, marker: ResumeMarker) -> None:
        with self._begin(), contextlib.ExitStack() as stack:
            found = find_run(self.folder, marker.run)
            if found.manifest.outcome.state in ENDED:
                raise InputError(
                    "this run has ended",
                    must_be="a run that was interrupted",
                    got=found.manifest.outcome.state,
                    help="branch from one of its snapshots",
                )
            lock_run(found.folder).release()  # else the training itself would fail a moment later
            recipe, history = found.named_recipe, found.history()
            digits, _ = self._data()
            network, control = recipe.recipe.new_network(), Control()
            events = train(network, digits, recipe.recipe, **self._how, control=control, out=found.folder, resume=True)
            told: dict[str, Any] = {"earlier": history, "changes": changes_of(found.manifest.changes, history)}
            told |= {"parent": parent_of(found), "snapshot_every": max(1, found.manifest.snapshot_every)}
            status = TrainingStatus(marker.run, recipe, digits, self._feed, **told)
            job = Job(status, network, digits, events, control, self._is_watched)
            job.speed(marker.steps_per_second)
            values = status.state()["values"]
            if wished := {name: value for name, value in marker.settings.items() if values.get(name) != value}:
                job.change(wished)
            self._run(job, stack, marker.paused)

    def _is_watched(self) -> bool:
        return self._feed.watchers > 0

    @contextlib.contextmanager
    def _begin(self) -> Any:
        """One training at a time, and one that is being begun."""
        with self._lock:
            job = self._job
            if self._closed or self._beginning or (job is not None and job.under_way):
                raise BusyError(
                    "the lab is closing" if self._closed else "a training is under way",
                    must_be="one training at a time",
                    got="another one that begins" if job is None or not job.under_way else job.run,
                    help="stop it first, or wait until it is done",
                )
            self._beginning = True
        try:
            yield
        finally:
            self._beginning = False

    def _run(self, job: Job, stack: contextlib.ExitStack, paused: bool) -> None:
        """Hand everything to the thread."""
        if paused:
            job.pause()
        with self._lock:
            before, self._job, self.trouble = self._job, job, None
        try:
            self._mark(job)
        except BaseException:
            self._job = before
            raise
        held = stack.pop_all()
        self._thread = threading.Thread(target=self._work, args=(job, held), name="digitlab-training", daemon=True)
        self._thread.start()

    def _work(self, job: Job, held: contextlib.ExitStack) -> None:
        """The thread: whatever happens, the training ends in a phase that says so."""
        with held:
            job.work()
        with self._lock:
            if read_marker(self.folder).run == job.run:  # else it is that of the next one, or of another lab
                remove_marker(self.folder)
        self._feed.publish("runs", {})

    def _mark(self, job: Job) -> None:
        """Leave a marker that says which training is under way, and what is wished of it."""
        with self._lock:
            if job.under_way:
                status = job.status
                write_marker(self.folder, ResumeMarker(job.run, job.paused, status.wished, status.steps_per_second))

    def continue_after_kill(self) -> str | None:
        """Go on with the training that was under way when the lab was killed; its name, or None."""
        sweep_deleted(self.folder)
        marker = read_marker(self.folder)
        try:
            if marker.run:
                self._resume(marker)
                return marker.run
        except BusyError:  # another lab or program is at work in it: the marker is theirs
            return None
        except DigitlabError as error:
            _log.warning("the training that was under way cannot go on: %s", error)
            self.trouble = RunError(
                f"the training that was under way when the lab was killed cannot go on: {error.what}",
                must_be=error.must_be,
                got=error.got,
                help=error.help,
            )
        remove_marker(self.folder)
        return None

    def pause(self) -> None:
        """Take no more steps, from the next look on."""
        job = self._under_way()
        job.pause()
        self._mark(job)

    def go_on(self) -> None:
        """Take steps again."""
        job = self._under_way()
        job.go_on()
        self._mark(job)

    def step(self) -> None:
        """Take one step, and pause."""
        self._take("step")

    def epoch(self) -> None:
        """Go on to the end of the epoch, and pause."""
        self._take("epoch")

    def _take(self, what: str) -> None:
        job = self._under_way()
        job.take(what)
        self._mark(job)

    def speed(self, steps_per_second: float | None) -> None:
        """Slow motion: so many steps a second; None for full speed."""
        if steps_per_second is not None and not LEAST_SPEED <= steps_per_second <= MOST_SPEED:
            raise InputError(
                "this is no speed",
                must_be=f"{LEAST_SPEED:g} to {MOST_SPEED:g} steps a second, or null",
                got=steps_per_second,
                help="null is full speed",
            )
        job = self._under_way()
        job.speed(steps_per_second)
        self._mark(job)

    def change(self, settings: dict[str, float]) -> None:
        """Give settings other values from the next step on."""
        for name, value in settings.items():  # all of them, or none
            check_live(name, value)
        job = self._under_way()
        job.change(settings)
        if job.paused:  # else it is in the next checkpoint
            self._mark(job)

    def stop(self) -> None:
        """Stop and keep what was learnt. Where nothing is under way, nothing happens."""
        job = self._job
        if job is not None:
            job.stop()

    def _under_way(self) -> Job:
        job = self._job
        if job is None or not job.under_way:
            raise BusyError(
                "no training is under way",
                must_be="a training that was begun",
                got="none" if job is None else job.phase,
                help="POST /api/train begins one",
            )
        return job

    def state(self) -> dict[str, Any] | None:
        """The training under way, or the last one; None where there was none."""
        job = self._job
        return None if job is None else job.status.state()

    def network(self) -> Network | None:
        """A copy of the network under way, or of the last training; never torn between two steps."""
        job = self._job
        return None if job is None else job.newest_copy()[1]

    def version(self) -> int:
        """Another number whenever `network` would answer something new."""
        job = self._job
        return 0 if job is None else job.newest_copy()[0]

    def close(self, timeout: float) -> bool:
        """Stop the training, and wait until it is kept, at most so many seconds; whether it is."""
        with self._lock:
            self._closed = True
        self.stop()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()


def _stem(recipe: NamedRecipe, branch: tuple[str, int] | None) -> str:
    """What the run is called, after its time: as its recipe, or as the run that it comes from."""
    return recipe_in_name(branch[0]) or "branch" if branch else Path(recipe.name or "own").stem[:50]
