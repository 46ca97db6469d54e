"""Calls of the operating system fail, one after the other: the last commit is whole, and goes on to the same bits."""

from __future__ import annotations

import errno
import io
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import digitlab as dl
from digitlab.durable import TEMPORARY_PREFIX
from digitlab.errors import RunError
from digitlab.training import StepDone
from tests.runs.disturbed_run import RECIPE, SAMPLES, result, undisturbed, verify


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


@pytest.fixture(scope="module")
def expected(digits, tmp_path_factory) -> dict[str, bytes]:
    """The result of never being disturbed."""
    return undisturbed(digits, tmp_path_factory.mktemp("expected") / "run")


class Faults:
    """Makes the ``first`` file-system call that changes something fail; and all after it, where it is ``for_good``."""

    def __init__(self, first: int, number: int, *, for_good: bool) -> None:
        self.first, self.number, self.for_good = first, number, for_good
        self.armed, self.calls = False, 0
        self.failed: list[str] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("open", "fsync", "replace", "unlink"):
                patch.setattr(os, name, self._failing(name, getattr(os, name)))
            patch.setattr(os, "fdopen", lambda handle, mode: io.BufferedWriter(_Raw(handle, mode, self)))
            really_open = Path.open
            patch.setattr(Path, "open", lambda path, *how, **named: self._open(really_open, path, *how, **named))
            yield

    def _open(self, really_open: Callable[..., Any], path: Path, mode: str = "r", *how: Any, **named: Any) -> Any:
        if mode != "ab":
            return really_open(path, mode, *how, **named)
        raw = _Raw(path, mode, self)
        return raw if 0 in how or named.get("buffering") == 0 else io.BufferedWriter(raw)

    def meet(self, name: str) -> None:
        if not self.armed:
            return
        self.calls += 1
        if self.calls == self.first or (self.for_good and self.calls > self.first):
            self.failed.append(name)
            raise OSError(self.number, os.strerror(self.number))

    def _failing(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def failing(*arguments: Any, **named: Any) -> Any:
            self.meet(name)
            return call(*arguments, **named)

        return failing


class _Raw(io.FileIO):
    """A file whose writes may fail."""

    def __init__(self, file: int | Path, mode: str, faults: Faults) -> None:
        super().__init__(file, mode)
        self._faults = faults

    def write(self, content: Any) -> int:
        self._faults.meet("write")
        return super().write(content)


def _train_with(faults: Faults, folder: Path, digits: dl.Digits, network: dl.Network) -> list[object]:
    """From the third step on, calls may fail: a checkpoint in an epoch, one at its end, a snapshot, and the end."""
    told = []
    with faults.at_work():
        options = {"checkpoint_every": 0, "snapshot_every": 2, "threads": 1}
        for event in dl.train(network, digits, RECIPE, out=folder, each_step=True, **options):
            told.append(event)
            faults.armed = faults.armed or (isinstance(event, StepDone) and event.step == 3)
    return told


def _parts(error: RunError) -> set[str]:
    """What was got, and the first half of the help."""
    return {error.got, error.help[: error.help.find(";") + 1]}


@pytest.mark.parametrize(
    ("number", "for_good"),
    [
        (errno.EIO, False),
        (errno.ENOSPC, True),
        *(
            pytest.param(*one, marks=pytest.mark.soak)
            for one in ((errno.EIO, True), (errno.ENOSPC, False), (errno.EINTR, False))
        ),
    ],
)
def test_whichever_call_fails_the_last_commit_is_whole_and_goes_on_to_the_same_bits(
    number, for_good, digits, expected, tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # slow, and not the matter here
    kinds, troubles = set(), []
    for first in itertools.count(1):
        folder, faults = tmp_path / str(first), Faults(first, number, for_good=for_good)
        with suppress(RunError):  # harmless, or said in our words; anything else ends the test
            try:
                _train_with(faults, folder, digits, RECIPE.new_network())
            except RunError as error:
                if not {os.strerror(number), "check the folder and the space left on its disk;"} <= _parts(error):
                    troubles.append((first, faults.failed[:1], str(error)))
                raise
            except Exception as error:
                troubles.append((first, faults.failed[:1], f"raised {error!r}"))
        if not faults.failed:
            break
        kinds.add(faults.failed[0])
        try:
            run = verify(folder)
            assert run.newest_state().counters.step >= 2  # the last commit before
            assert for_good or not list(folder.glob(f"{TEMPORARY_PREFIX}*")), "an unfinished file"
            dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
            assert result(folder) == expected, "another result"
            assert not list(folder.glob(f"{TEMPORARY_PREFIX}*")), "a stray file"
        except Exception as error:
            troubles.append((first, faults.failed[:1], repr(error)[:200]))
    assert troubles == []
    assert first > 40
    assert kinds == {"open", "write", "fsync", "replace", "unlink"}
