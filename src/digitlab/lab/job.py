"""One training of the lab at work: pulled event by event, paused, taken step by step, and looked into."""

import contextlib
import itertools
import logging
import threading
import time
from typing import NamedTuple, cast

from digitlab.data.digits import Digits
from digitlab.engines.blas import hold_to_one_thread, release
from digitlab.errors import DigitlabError, LabError
from digitlab.fitting import follow
from digitlab.lab.insight import Probe
from digitlab.lab.records import Phase, Trouble
from digitlab.lab.training_status import TrainingStatus
from digitlab.network.network import Network
from digitlab.training.events import Control, EpochDone, Event, LayersMeasured, StepDone, Stopped
from digitlab.training.start import Start

BEAT = 0.5  # seconds between two tellings: each wakes a browser, which often shares the cores that train
COPY_EVERY = 0.05  # between two copies of the network, at least
SHARE = 100  # copying may take one part in so many of the time, and so may looking inside
_versions = itertools.count(1)
_log = logging.getLogger("digitlab.lab")


class Copy(NamedTuple):
    """The network of a training between two steps; nobody changes it any more.

    Attributes:
        version: another number whenever the network is another one.
        network: as it was.
        run: whose training it is.
        epoch: how many were done.
    """

    version: int
    network: Network
    run: str
    epoch: int


class Job:
    """What `Trainer` hands to its thread, which calls `work`; everybody else calls the rest.

    Args:
        start: what the training starts from.
        network: what is trained.
        digits: on what.
        status: what it comes to, for whoever asks.
    """

    def __init__(self, start: Start, network: Network, digits: Digits, status: TrainingStatus) -> None:
        self.status = status
        self._network, self._digits = network, digits
        self._control = Control()
        self._control.detail = "looks"
        self._events = follow(start, network, digits, self._control)
        self._wake = threading.Condition()
        self._pausing, self._allowed = False, ""  # allowed: "step" or "epoch", then pause again
        self._more_steps = 0  # wished while one is allowed
        self._probe: Probe | None = None
        self._measured: LayersMeasured | None = None
        self._make_copy()
        self._next_beat = self._next_copy = self._next_look = self._next_measuring = 0.0

    @property
    def run(self) -> str:
        """The name of the run."""
        return self.status.run

    @property
    def under_way(self) -> bool:
        """Whether it has not ended yet."""
        return self.status.under_way

    @property
    def paused(self) -> bool:
        """Whether it is wished to wait."""
        return self._pausing

    def pause(self) -> None:
        """Wait, from the next look on."""
        with self._wake:
            self._pausing, self._allowed = True, ""
            self._wake.notify_all()

    def go_on(self) -> None:
        """Wait no longer."""
        with self._wake:
            self._pausing, self._allowed = False, ""
            self._set_detail()
            self._wake.notify_all()

    def take(self, what: str) -> None:
        """One ``"step"``, or the rest of the ``"epoch"``; then wait."""
        with self._wake:
            self._more_steps = self._more_steps + 1 if what == self._allowed == "step" else 0
            self._pausing, self._allowed = True, what
            self._set_detail()
            self._wake.notify_all()

    def speed(self, steps_per_second: float | None) -> None:
        """So many steps a second; None for as many as there can be."""
        with self._wake:
            self.status.steps_per_second = steps_per_second
            self._set_detail()
            self._wake.notify_all()
        self.status.tell()

    def change(self, settings: dict[str, float]) -> None:
        """Other values from the next step on."""
        self.status.wish(settings)
        self._control.change(**settings)

    def stop(self) -> None:
        """End it, and keep what was learnt."""
        with self._wake:
            if self.under_way:
                self.status.phase = "stopping"
                self.status.tell()  # here, else the end might be told before
            self._control.stop()
            self._wake.notify_all()

    def _set_detail(self) -> None:
        one_by_one = self.status.steps_per_second is not None or self._allowed == "step"
        self._control.detail = "steps" if one_by_one else "looks"

    def work(self) -> None:
        """Pull every event, until the last one or an error."""
        phase: Phase = "failed"
        status = self.status
        hold_to_one_thread()  # else NumPy's threads, which the probe wakes, spin beside those that train
        try:
            with contextlib.closing(self._events):
                for event in self._events:
                    status.take_in(event)
                    if isinstance(event, Stopped):
                        phase = cast(Phase, event.reason)
                    else:
                        self._after(event)
        except DigitlabError as error:
            status.error = Trouble.of(error)
        except Exception as error:  # a fault of ours, or no memory: the lab goes on, and says so
            _log.exception("the training of %s failed", self.run)
            got, help = f"{type(error).__name__}: {error}", "see the terminal where the lab was started"
            status.error = Trouble.of(LabError("the training ended by a mistake of the lab", got=got, help=help))
        try:
            status.tell_epochs()
            self._make_copy()
            self._look()
        except Exception:  # no memory, say
            _log.exception("the last look at the training of %s failed", self.run)
        finally:  # else the lab would be busy with it for good
            with self._wake:
                status.phase = phase
            release()
            status.tell()
            if self._probe is not None:
                self._probe.close()

    def _after(self, event: Event) -> None:
        """Between two events: tell, look inside, and wait where that is wished."""
        now, each_step, status = time.monotonic(), self._control.detail == "steps", self.status
        if isinstance(event, StepDone) and each_step:
            status.tell_step(event)
        if now >= self._next_copy:
            self._make_copy()
        if isinstance(event, LayersMeasured):  # which has cost the gradient of a batch
            self._measured, self._control.layers_every = event, 0
            self._next_measuring = now + max(BEAT, SHARE * status.batch_seconds)
        if now >= self._next_beat:
            self._beat(event, now)
        if self._ends_allowance(event):
            with self._wake:
                if self._allowed == "step" and self._more_steps:
                    self._more_steps -= 1
                else:
                    self._allowed = ""
        per_second = status.steps_per_second
        if isinstance(event, StepDone) and per_second is not None and not self._must_wait():
            with self._wake:
                self._wake.wait_for(lambda: self._is_hurried(per_second), 1 / per_second)
        if self._must_wait() and not status.ends_epoch(event):
            self._wait()

    def _beat(self, event: Event, now: float) -> None:
        """Tell of the epochs since the last beat; while somebody watches, look inside, and have layers measured."""
        status = self.status
        told = status.tell_epochs()
        if isinstance(event, StepDone) and not told and self._control.detail != "steps":
            status.tell_step(event)  # else a long epoch would seem to stand still
        if status.feed.watchers and now >= self._next_look:
            self._look()
        if status.feed.watchers and now >= self._next_measuring:
            self._control.layers_every = 1
        self._next_beat = time.monotonic() + BEAT

    def _ends_allowance(self, event: Event) -> bool:
        """Whether the step or the epoch that was allowed is over; an epoch's last step tells of the epoch as well."""
        if isinstance(event, EpochDone):
            return self._allowed in {"step", "epoch"}
        return isinstance(event, StepDone) and self._allowed == "step" and not self.status.ends_epoch(event)

    def _is_hurried(self, per_second: float) -> bool:
        return self.status.steps_per_second != per_second or self._control.stopping or self._pausing

    def _must_wait(self) -> bool:
        return self._pausing and not self._allowed and not self._control.stopping

    def _wait(self) -> None:
        """Paused: everything is told first."""
        status = self.status
        self._make_copy()
        status.tell_epochs()
        self._look()
        with self._wake:
            if status.phase == "running":
                status.phase = "paused"
        status.tell()
        with self._wake:
            self._wake.wait_for(lambda: not self._must_wait())
            if status.phase == "paused":
                status.phase = "running"
        if not self._allowed:
            status.tell()

    def _make_copy(self) -> None:
        """A copy for whoever reads with it; only between two steps, and by the thread that takes them."""
        began = time.monotonic()
        self._copy = Copy(next(_versions), self._network.copy(), self.run, self.status.epoch)
        self._next_copy = after_rest(began, COPY_EVERY)

    def _look(self) -> None:
        """Look inside the newest copy."""
        began = time.monotonic()
        with contextlib.suppress(DigitlabError):  # it has no answer any more: training says so itself
            if self._probe is None and self.status.started is not None:
                self._probe = Probe(self._network, self._digits)
            if self._probe is not None:
                self.status.look(self._probe.look(self._copy.network, self._measured), self._copy.version)
        self._next_look = after_rest(began, BEAT)

    def newest_copy(self) -> Copy:
        """The network as it was a moment ago."""
        return self._copy


def after_rest(began: float, least: float) -> float:
    """When something that was begun at a time of the monotonic clock, and has just been done, may be done again."""
    ended = time.monotonic()
    return ended + max(least, SHARE * (ended - began))
