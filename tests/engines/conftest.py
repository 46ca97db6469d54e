"""Every engine that is here, one after the other."""

from __future__ import annotations

import pytest

from digitlab.engines import ENGINES, ClusterEngine, Engine


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """The cluster's uses the two workers of all tests, as starting some takes a second."""
    kind = ENGINES[request.param]
    if why_not := kind.why_not():
        pytest.skip(f"no engine {request.param} here: {why_not}")
    return kind(request.getfixturevalue("scheduler")) if kind is ClusterEngine else kind()
