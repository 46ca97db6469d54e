"""What many tests need: the real digits, loaded once, and a few of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import hypothesis
import numpy as np
import pytest

import digitlab as dl
from digitlab.cluster.connecting import connect
from digitlab.data import catalogue

# No deadlines: how long an example takes is not what is tested, and other work on the machine counts too.
hypothesis.settings.register_profile("digitlab", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("digitlab")


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> Iterator[None]:
    """Ctrl-C works, here and in every child.

    Under `nohup` and in the background SIGINT is ignored, and children inherit that. From a process that handles the
    signal they inherit the default.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """One thread for each training, here and in every child, where neither a test nor the caller says more.

    Threads wait for each other after each step, and on a busy machine they wait for their turn as well.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITLAB_THREADS", os.environ.get("DIGITLAB_THREADS", "1"))
        yield


@pytest.fixture(scope="session")
def mnist() -> tuple[dl.Digits, dl.Digits]:
    """The real training and test sets."""
    return dl.load_mnist()


@pytest.fixture
def loaded_once(mnist: tuple[dl.Digits, dl.Digits], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loads MNIST in this process gets what was loaded and checked already; tests/data holds loading itself."""
    read, here = catalogue.read_published, catalogue.MNIST.folder
    monkeypatch.setattr(
        catalogue, "read_published", lambda folder, *rest: mnist if folder == here else read(folder, *rest)
    )


@pytest.fixture(scope="session")
def few(mnist: tuple[dl.Digits, dl.Digits]) -> dl.Digits:
    """The first 1,000 training digits: enough to learn something from in a moment."""
    return mnist[0][:1000]


@pytest.fixture(scope="session")
def scheduler() -> Iterator[str]:
    """The address of a Dask scheduler with two workers, which are processes of this machine."""
    pytest.importorskip("distributed")
    with connect(workers=2) as workers:
        yield workers.scheduler


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20260101)


@pytest.fixture
def as_nobody() -> Callable[[], AbstractContextManager[None]]:
    """``with as_nobody():``. Root may read and write everywhere; only somebody else meets refused permissions."""

    @contextmanager
    def changed() -> Iterator[None]:
        before = os.geteuid()
        os.seteuid(before or 65534)
        try:
            yield
        finally:
            os.seteuid(before)

    return changed
