"""A real lab on a free port of this machine, with one small run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import digitlab as dl
from digitlab.lab.feed import Feed
from digitlab.lab.trainer import Trainer
from tests.lab.lab_tools import Served, start_lab, stop_lab


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, few: dl.Digits) -> Path:
    """A folder with one run, called ``small``."""
    folder = tmp_path_factory.mktemp("runs")
    recipe = dl.recipe("seed", epochs=3, layers=(784, 16, 10))
    dl.fit(recipe.new_network(), few, recipe, out=folder / "small")
    return folder


@pytest.fixture(scope="session")
def lab(runs: Path) -> Iterator[Served]:
    """One lab for the tests that leave it as it was."""
    served = start_lab(runs, "--allow-host", "hub.example.org", "--allow-host", "tunnel.example.org:9000")
    yield served
    code, complaints = stop_lab(served)
    assert code == 0
    assert "Traceback" not in complaints


@pytest.fixture
def labs() -> Iterator[Callable[..., Served]]:
    """Makes labs, and stops those that still run."""
    made: list[Served] = []

    def make(*arguments: Any, **options: Any) -> Served:
        made.append(start_lab(*arguments, **options))
        return made[-1]

    yield make
    for served in made:
        if served.process.poll() is None:
            stop_lab(served)


@pytest.fixture
def feed() -> Feed:
    """A feed that nobody has told anything yet."""
    return Feed()


@pytest.fixture
def trainer(few, feed, tmp_path) -> Iterator[Trainer]:
    """A trainer without a lab around it."""
    one = Trainer(tmp_path / "runs", lambda: (few, few), feed, threads=1)
    yield one
    one.close(10)
