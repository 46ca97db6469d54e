"""A training as JSON lines: one event, one line, for programs in any language to follow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from digitlab.errors import FileError, InputError, refuse
from digitlab.interop.log_file import LogFile, refuse_used
from digitlab.training.events import (
    Advice,
    EpochDone,
    Event,
    LayersMeasured,
    Remark,
    SettingChanged,
    Started,
    StepDone,
    Stopped,
)

KINDS = {
    Started: "started",
    StepDone: "step",
    EpochDone: "epoch",
    LayersMeasured: "layers",
    SettingChanged: "changed",
    Advice: "advice",
    Remark: "remark",
    Stopped: "stopped",
}
APART = ("seconds", "earlier")  # times, so that the same training gives the same lines; and what has lines of its own
BEGINNING = b'{"event":'
MUST_BE = 'lines of JSON, each with its "event"'
MOST_BYTES = 1 << 20  # of a line


class _Place(msgspec.Struct):
    """What of a line tells where the training was, and that it was this one."""

    event: str
    epoch: int = 0
    step: int = 0
    loss: float | None = None


class JsonLinesLog(LogFile):
    """A listener for `digitlab.fit` that writes each event as a line.

    A line is written at once and wholly. It has no times, so that the same training gives the same lines; what is not
    finite is ``null``. Where a training is resumed, the lines after its checkpoint are cut away and told again.

    Args:
        path: a new or empty file, or a pipe.
        resume: go on with the log that is there.

    Raises:
        InputError: there is something in the file, or (when called) the log of another training.
        FileError: (here and when called) it cannot be written, or what is there is no such log.
    """

    def __init__(self, path: str | Path, *, resume: bool = False) -> None:
        super().__init__(Path(path))
        self._resume = resume
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        known = self._go_on(event) if isinstance(event, Started) else 0
        self.append(_line(event))
        if isinstance(event, Started):
            for epoch in event.earlier:
                if epoch.epoch > known:
                    self.append(_line(epoch))

    def tell_divergence(self, step: int, words: str) -> None:
        """See `LogFile.tell_divergence`."""
        self.append(_encode("diverged", {"step": step, "words": words}))

    def _go_on(self, started: Started) -> int:
        """Cut away what is later than where the training goes on; the last epoch that remains."""
        self._check()
        losses = {epoch.epoch: epoch.loss for epoch in started.earlier}
        end = known = 0
        for line, place in self._lines():
            if place.step > started.step:
                break
            if place.loss is not None and place.loss != losses.get(place.epoch, place.loss):
                help = "choose another place for this one's"
                refuse(InputError, self.path, "this is the log of another training", help=help)
            end += len(line)
            known = place.epoch if place.event == "epoch" else known
        if self.size > end:
            self.cut(end)
        return known

    def _check(self) -> None:
        """Refuse what is there, unless it is a log to go on with."""
        if self.size and not self._resume:
            refuse_used(self.path, "file")
        for _ in self._lines():
            pass

    def _lines(self) -> Iterator[tuple[bytes, _Place]]:
        """The lines that are there, but for a last one that a power failure cut short; with where each was."""
        if not self.size:
            return
        with self._errors(), self.path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MOST_BYTES), b""), 1):
                whole = line.endswith(b"\n") or len(line) == MOST_BYTES
                if not whole and BEGINNING.startswith(line[: len(BEGINNING)]):
                    return
                try:
                    yield line, msgspec.json.decode(line, type=_Place)
                except msgspec.MsgspecError:
                    got = f"something else in line {number}"
                    refuse(FileError, self.path, "not the log of a training", must_be=MUST_BE, got=got)


def _line(event: Event) -> bytes:
    told: dict[str, Any] = msgspec.to_builtins(event)
    for name in APART:
        told.pop(name, None)
    return _encode(KINDS[type(event)], told)


def _encode(kind: str, told: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"event": kind} | told) + b"\n"
