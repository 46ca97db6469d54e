"""SIGKILL of a worker, the client, the scheduler: no trial is lost, none is done twice, the bits are the same."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import digitlab as dl
from digitlab.errors import ClusterError, RunLockedError
from digitlab.runs.lock import LOCK, _lives
from digitlab.runs.run import HISTORY, Run
from digitlab.sweeping import Sweep, read_sweep
from digitlab.sweeping.folder import JOURNAL, TOKEN, trial_folder
from tests.cluster.processes import Dask, until
from tests.sweeping.small import LONG, LONG_AND_SHORT, RECIPE, sweep_small

TRIALS = 4
KILLS = round(float(os.environ.get("DIGITLAB_SOAK", "1")) * 30)

CLIENT = """
import sys
import digitlab as dl
from pathlib import Path
from tests.sweeping.small import LONG_AND_SHORT, sweep_small
if __name__ == "__main__":
    digits = dl.load_mnist()[0][:1000][:400]
    out, scheduler, trials = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    sweep_small(digits, out, vary=LONG_AND_SHORT, scheduler=scheduler, workers=2, trials=trials)
"""


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """A scheduler and two workers."""
    with Dask(tmp_path_factory.mktemp("dask"), workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def expected(digits) -> Callable[[dict], bytes]:
    """The parameters that a trial of these settings must come to, as if nobody had disturbed it."""
    known: dict[tuple, bytes] = {}

    def train(settings: dict) -> bytes:
        key = tuple(settings.items())
        if key not in known:
            recipe = dataclasses.replace(RECIPE, **settings)
            network = recipe.new_network()
            dl.fit(network, digits, recipe)
            known[key] = network.parameters.tobytes()
        return known[key]

    return train


def _check(sweep: Sweep, expected: Callable[[dict], bytes]) -> None:
    """All settings that there are were tried once, and each came to what it must."""
    assert [trial.state for trial in sweep.trials] == ["finished"] * TRIALS
    assert len({tuple(trial.settings.items()) for trial in sweep.trials}) == TRIALS
    lines = [json.loads(line) for line in (sweep.folder / JOURNAL).read_text().splitlines()]
    for what in ("asked", "told"):
        assert sorted(line["trial"] for line in lines if line["what"] == what) == list(range(1, TRIALS + 1))
    for trial in sweep.trials:
        run = Run(sweep.run_of(trial))
        assert [epoch.epoch for epoch in run.history()] == list(range(1, trial.settings["epochs"] + 1))
        assert run.network().parameters.tobytes() == expected(dict(trial.settings)), trial
        assert trial.told.curve == [epoch.validation_accuracy for epoch in run.history()]
    assert len(list((sweep.folder / "trials").iterdir())) == TRIALS
    assert not list(sweep.folder.glob(f"{TOKEN}*"))


def _at_work(out: Path) -> tuple[int, int] | None:
    """A trial that is in the middle of its training, and the process that is at it."""
    for number in range(1, TRIALS + 1):
        folder = trial_folder(out, number)
        try:
            holder = (folder / LOCK).read_text().strip()
            epochs = len((folder / HISTORY).read_bytes().splitlines())
        except OSError:
            continue
        if holder and 3 <= epochs < LONG - 50 and _lives(int(holder)):  # else it was killed before
            return number, int(holder)
    return None


class _When:
    """Beside a sweep: do this as soon as a trial is at work."""

    def __init__(self, out: Path, do: Callable[[int], object]) -> None:
        self.done = False
        self._out, self._do = out, do
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> _When:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        assert self.done

    def _watch(self) -> None:
        until(lambda: _at_work(self._out), "no trial was at work")
        self._do(_at_work(self._out)[1])
        self.done = True


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="only there a path can mean two folders")
def test_workers_that_see_another_folder_are_refused(dask, digits, tmp_path, monkeypatch):
    """Under this path each process sees the folder that it is in."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ClusterError, match="its folder /proc/self/cwd/sweep, which all must share, is another one"):
        sweep_small(digits, Path("/proc/self/cwd/sweep"), scheduler=dask.address)
    assert not list((tmp_path / "sweep" / "trials").iterdir())


def test_a_worker_is_killed(dask, digits, expected, tmp_path):
    with _When(tmp_path / "sweep", dask.kill_worker):
        found = sweep_small(digits, tmp_path / "sweep", vary=LONG_AND_SHORT, scheduler=dask.address, workers=2)
    _check(found, expected)
    assert [worker.poll() for worker in dask.workers].count(None) == 1
    dask.add_worker()


def test_the_client_is_killed(dask, digits, expected, tmp_path):
    """Its workers may train on; whoever comes next waits for them, takes what they came to, and adds a trial."""
    out = tmp_path / "sweep"
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(out), dask.address, str(TRIALS - 1)])
    try:
        until(lambda: _at_work(out) or client.poll() is not None, "no trial was at work")
        assert client.poll() is None
        with pytest.raises(RunLockedError, match="somebody is at work"):
            sweep_small(digits, out, vary=LONG_AND_SHORT, scheduler=dask.address)
    finally:
        client.kill()
        client.wait()
    assert any(trial.told is None for trial in read_sweep(out).trials)
    _check(sweep_small(digits, out, vary=LONG_AND_SHORT, scheduler=dask.address), expected)


def test_the_scheduler_is_killed(dask, digits, expected, tmp_path, capfd):
    """The call ends with an error; the same call, on this machine now, goes on."""
    out = tmp_path / "sweep"
    with _When(out, lambda _: dask.kill_scheduler()), pytest.raises(ClusterError) as error:
        sweep_small(digits, out, vary=LONG_AND_SHORT, scheduler=dask.address, workers=2)
    assert "the scheduler of the sweep is gone" in error.value.what
    assert "the same call goes on" in error.value.help
    assert capfd.readouterr() == ("", "")  # Dask itself says nothing
    _check(sweep_small(digits, out, vary=LONG_AND_SHORT), expected)


@pytest.mark.soak
def test_killed_again_and_again_whoever_it_is_it_comes_to_the_same_end(digits, expected, tmp_path):
    """A worker, the client or the scheduler, at random moments of trials that take long."""
    rng, kills = random.Random(20260101), 0
    while kills < KILLS:
        out, told = tmp_path / f"sweep-{kills}", 0
        while told < TRIALS:
            (tmp_path / f"dask-{kills}").mkdir(exist_ok=True)
            with Dask(tmp_path / f"dask-{kills}", workers=2) as dask:
                client = subprocess.Popen([sys.executable, "-c", CLIENT, str(out), dask.address, str(TRIALS)])
                try:
                    until(lambda out=out, client=client: _at_work(out) or client.poll() is not None, "nothing")
                    time.sleep(rng.uniform(0, 0.3))
                    whoever = rng.choice([client, dask.scheduler, *dask.workers])
                    whoever.kill()
                    kills += 1
                    if whoever is not client:
                        client.wait(timeout=300)
                finally:
                    client.kill()
                    client.wait()
            told = sum(trial.told is not None for trial in read_sweep(out).trials)
        _check(read_sweep(out), expected)
