"""The digits of a sweep, and one that nobody disturbed."""

from __future__ import annotations

import pytest

import digitlab as dl
from digitlab.sweeping import Sweep
from tests.sweeping.small import sweep_small

pytest.importorskip("optuna", reason="sweeps need Optuna")
pytest.importorskip("distributed", reason="sweeps need Dask")


@pytest.fixture(scope="session")
def digits(few) -> dl.Digits:
    """Few to train on."""
    return few[:400]


@pytest.fixture(scope="session")
def whole(digits, tmp_path_factory) -> tuple[Sweep, list]:
    """A sweep with a pruner that nobody disturbed, and what its listeners heard. Not to be changed."""
    heard: list = []
    out = tmp_path_factory.mktemp("whole") / "below" / "sweep"
    found = sweep_small(digits, out, trials=9, pruner="median", listeners=[heard.append])
    return found, heard
