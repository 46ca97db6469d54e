"""The trainings that tests of resuming share."""

from __future__ import annotations

import pytest

from tests.runs import resumed_training


@pytest.fixture(scope="module", params=resumed_training.RECIPES)
def whole(request, tmp_path_factory, mnist) -> resumed_training.Whole:
    """A training, and the result of never stopping it."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return resumed_training.train_whole(request.param, mnist[0], folder)
