"""The digits of a reproduction, and one that nobody disturbed."""

from __future__ import annotations

from pathlib import Path

import pytest

import digitlab as dl
from digitlab.reproduction import Table
from tests.reproduction.small import reproduce_small


@pytest.fixture(scope="session")
def digits(mnist) -> tuple[dl.Digits, dl.Digits]:
    """Few to train on, few to test with."""
    return mnist[0][:400], mnist[1][:200]


@pytest.fixture(scope="session")
def whole(digits, tmp_path_factory) -> tuple[Path, Table]:
    """The folder of a reproduction that nobody disturbed, and its table. Not to be changed."""
    out = tmp_path_factory.mktemp("whole") / "below" / "reproduction"
    return out, reproduce_small(digits, out)
