"""Disks that are really full, folders that are really gone or read-only: training says so, and nothing is lost."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
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


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of its own, with 256 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("only root may mount a small file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_on_a_disk_that_is_full_training_says_so_and_goes_on_when_there_is_space(small_disk, digits, expected):
    """The disk is filled so that the space ends in every page of what training writes after its second step."""
    told = []
    for pages in range(1, 16):
        folder, ballast = small_disk / "run", small_disk / "ballast"
        events = dl.train(
            RECIPE.new_network(), digits, RECIPE, out=folder, each_step=True, checkpoint_every=0, threads=1
        )
        next(event for event in events if isinstance(event, StepDone) and event.step == 2)
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize
        ballast.write_bytes(bytes(max(0, free - 4096 * (pages - 1))))
        try:
            list(events)
        except RunError as error:
            told.append(error.got)
        verify(folder)
        ballast.unlink()
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
        assert result(folder) == expected, pages
        shutil.rmtree(folder)
    assert len(told) > 3
    assert set(told) == {"No space left on device"}


def test_where_no_file_may_grow_training_says_so_and_goes_on_when_it_may(digits, expected, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in range(100, 20_000, 2000):
        folder = tmp_path / str(size)
        network = RECIPE.new_network()
        events = dl.train(network, digits, RECIPE, out=folder, each_step=True, checkpoint_every=0, threads=1)
        next(event for event in events if isinstance(event, StepDone) and event.step == 3)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            with pytest.raises(RunError, match="File too large"):
                list(events)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert verify(folder).manifest.outcome.steps >= 2
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
        assert result(folder) == expected, size


def _parameters_after(step: int, digits: dl.Digits) -> np.ndarray:
    network = RECIPE.new_network()
    events = dl.train(network, digits, RECIPE, each_step=True, threads=1)
    next(event for event in events if isinstance(event, StepDone) and event.step == step)
    return network.parameters.copy()


def _until_step_three(folder: Path, digits: dl.Digits, every: float) -> tuple[dl.Network, Iterator[object]]:
    network = RECIPE.new_network()
    events = dl.train(network, digits, RECIPE, out=folder, each_step=True, checkpoint_every=every, threads=1)
    next(event for event in events if isinstance(event, StepDone) and event.step == 3)
    return network, events


def test_a_folder_that_vanishes_is_a_run_error_and_the_network_keeps_its_parameters(digits, tmp_path):
    network, events = _until_step_three(tmp_path / "run", digits, 0)
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(RunError, match="No such file or directory"):
        next(events)
    best = _parameters_after(2, digits)  # that is what the recipe keeps: the best epoch so far
    assert any(np.array_equal(network.parameters, kept) for kept in (best, _parameters_after(3, digits)))
    assert not (tmp_path / "run").exists()


def test_a_folder_whose_loss_shows_at_the_end_alone_costs_nothing_that_was_learnt(digits, tmp_path):
    network, events = _until_step_three(tmp_path / "run", digits, 1e9)
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(RunError, match="No such file or directory"):
        list(events)
    plain = RECIPE.new_network()
    dl.fit(plain, digits, RECIPE, threads=1)
    assert np.array_equal(network.parameters, plain.parameters)


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """Nobody may change the names in the folder; root becomes somebody else meanwhile, for whom that holds."""
    folder.chmod(0o555)
    if os.geteuid():
        yield
    else:
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
    folder.chmod(0o755)


def test_a_folder_that_becomes_read_only_is_a_run_error_and_goes_on_when_it_is_not(digits, expected):
    with tempfile.TemporaryDirectory() as place:  # others may look into it, unlike into tmp_path
        Path(place).chmod(0o755)
        folder = Path(place) / "run"
        _, events = _until_step_three(folder, digits, 0)
        with _read_only(folder), pytest.raises(RunError, match="Permission denied"):
            next(events)
        assert verify(folder).manifest.outcome.steps == 2
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
        assert result(folder) == expected
