"""The one training of a lab: begun, paused, taken step by step, changed and stopped, from any thread.

A thread of its own pulls the events of a training. Not pulling is pausing: nothing here knows how training works.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from digitlab.data.digits import Digits
from digitlab.errors import BusyError, DigitlabError, InputError, RunLockedError
from digitlab.lab import records
from digitlab.lab.feed import Feed
from digitlab.lab.job import Copy, Job
from digitlab.lab.resume_marker import LEAST_SPEED, MOST_SPEED, ResumeMarker, read_marker, remove_marker, write_marker
from digitlab.lab.runs import folder_of, parent_of, recipe_in_name, sweep_deleted
from digitlab.lab.training_status import TrainingStatus
from digitlab.network.network import Network
from digitlab.runs import starts
from digitlab.runs.models import claimed_folder
from digitlab.runs.options import Branch, TrainOptions
from digitlab.runs.writer import RunWriter
from digitlab.training.recipe import check_live
from digitlab.training.recipe_files import NamedRecipe
from digitlab.training.start import Start

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
        self._options = TrainOptions(engine=engine, threads=threads, checkpoint_every=CHECKPOINT_SECONDS)
        self._lock = threading.Lock()
        self._beginning = False
        self._closed = False
        self._job: Job | None = None
        self.trouble: records.Trouble | None = None
        self._thread: threading.Thread | None = None

    def start(self, recipe: NamedRecipe, *, branch: tuple[str, int] | None = None, paused: bool = False) -> str:
        """Begin a training, or branch from the end of an epoch of another run; the name of its run.

        Raises:
            BusyError: one is under way.
            RecipeError, InputError, RunError, UnknownError: it cannot be begun so.
        """
        with self._one_at_a_time():
            origin = None if branch is None else Branch(folder_of(self.folder, branch[0]), branch[1])
            digits, _ = self._data()
            network = recipe.recipe.new_network()
            starts.check_parts(network, digits, recipe.recipe, self._options.threads)
            with claimed_folder(_stem(recipe, branch), self.folder) as folder:
                every = max(1, recipe.recipe.epochs // SNAPSHOTS)
                options = replace(self._options, out=folder, branch=origin, snapshot_every=every)
                start = starts.branch(network, digits, recipe, options)
            self._set_to_work(start, network, digits, ResumeMarker(folder.name, paused))
            return folder.name

    def resume(self, run: str, *, paused: bool = False) -> None:
        """Go on with a run that was stopped or killed.

        Raises:
            BusyError: a training is under way.
            UnknownError: there is no such run.
            InputError: it has ended, or was of other data.
            RunError: it is damaged, or another program is at work in it.
        """
        self._resume(ResumeMarker(run, paused))

    def _resume(self, marker: ResumeMarker) -> None:
        with self._one_at_a_time():
            folder = folder_of(self.folder, marker.run)
            digits, _ = self._data()
            start = starts.resume(digits, replace(self._options, out=folder))
            if start.ended is not None:
                raise InputError("this run has ended", help="branch from one of its snapshots")
            self._set_to_work(start, start.recipe.recipe.new_network(), digits, marker)

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """One training at a time, and one that is being begun."""
        with self._lock:
            job = self._job
            if self._closed:
                raise BusyError("the lab is closing")
            if self._beginning or (job is not None and job.under_way):
                got = job.run if job is not None and job.under_way else "another one that begins"
                raise BusyError("a training is under way", got=got, help="stop it first, or wait until it is done")
            self._beginning = True
        try:
            yield
        finally:
            self._beginning = False

    def _set_to_work(self, start: Start, network: Network, digits: Digits, marker: ResumeMarker) -> None:
        """Hand everything to a thread, with what the marker says is wished of the training."""
        keeper, before = start.keeper, self._job
        assert isinstance(keeper, RunWriter)
        try:
            status = TrainingStatus(marker.run, start, digits, parent_of(keeper.manifest), self._feed)
            job = Job(start, network, digits, status)
            job.speed(marker.steps_per_second)
            values = status.values
            if wished := {name: value for name, value in marker.settings.items() if values.get(name) != value}:
                job.change(wished)
            if marker.paused:
                job.pause()
            with self._lock:
                self._job, self.trouble = job, None
            self._mark(job)
            self._thread = threading.Thread(target=self._work, args=(job,), name="digitlab-training", daemon=True)
            self._thread.start()
        except BaseException:
            self._job = before
            keeper.close()
            raise
        for warning in start.warnings:
            _log.warning("%s: %s", marker.run, warning)

    def _work(self, job: Job) -> None:
        """The thread: whatever happens, the training ends in a phase that says so."""
        job.work()
        with self._lock:
            if read_marker(self.folder).run == job.run:  # else it is that of the next one, or of another lab
                remove_marker(self.folder)
        self._feed.publish("runs", records.Empty())

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
        except (BusyError, RunLockedError):  # another lab or program is at work in it: the marker is theirs
            return None
        except DigitlabError as error:
            self.trouble = records.Trouble.of(error)
            self.trouble.what = f"the training that was under way when the lab was killed cannot go on: {error.what}"
            _log.warning("%s", self.trouble.what)
        remove_marker(self.folder)
        return None

    def pause(self) -> None:
        """Take no more steps, from the next look on."""
        self._tell(Job.pause)

    def go_on(self) -> None:
        """Take steps again."""
        self._tell(Job.go_on)

    def step(self) -> None:
        """Take one step, and pause."""
        self._tell(lambda job: job.take("step"))

    def epoch(self) -> None:
        """Go on to the end of the epoch, and pause."""
        self._tell(lambda job: job.take("epoch"))

    def speed(self, steps_per_second: float | None) -> None:
        """Slow motion: so many steps a second; None for full speed."""
        if steps_per_second is not None and not LEAST_SPEED <= steps_per_second <= MOST_SPEED:
            raise InputError(
                f"slow motion takes {LEAST_SPEED:g} to {MOST_SPEED:,g} steps a second",
                got=steps_per_second,
                help="null is full speed",
            )
        self._tell(lambda job: job.speed(steps_per_second))

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
        if self._job is not None:
            self._job.stop()

    def _tell(self, wish: Callable[[Job], None]) -> None:
        """Tell the training under way something that outlives a kill."""
        job = self._under_way()
        wish(job)
        self._mark(job)

    def _under_way(self) -> Job:
        job = self._job
        if job is None or not job.under_way:
            raise BusyError("no training is under way", help="begin one first")
        return job

    def state(self) -> records.Training | None:
        """The training under way, or the last one; None where there was none."""
        return None if self._job is None else self._job.status.state()

    def run_under_way(self) -> str | None:
        """The name of the run that is being trained."""
        job = self._job
        return job.run if job is not None and job.under_way else None

    def is_running(self) -> bool:
        """Whether it takes steps now."""
        return self._job is not None and self._job.status.phase in {"running", "stopping"}

    def newest_copy(self) -> Copy | None:
        """A copy of the network under way, or of the last training, never torn between two steps."""
        return None if self._job is None else self._job.newest_copy()

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
