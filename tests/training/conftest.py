"""Some tests share what they train; it is in modules beside them, so their folder is where modules are looked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import resumed_training


@pytest.fixture(scope="module", params=resumed_training.RECIPES)
def whole(request, tmp_path_factory, mnist) -> resumed_training.Whole:
    """A training, and the result of never stopping it."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return resumed_training.train_whole(request.param, mnist[0], folder)
