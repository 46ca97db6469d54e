"""The native engine among threads and processes: many callers, forks, Ctrl-C, and an installation without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from digitlab.engines import Session
from digitlab.engines.optimizer import Hyperparameters
from digitlab.network import Architecture
from digitlab.training.optimizers import SGD
from tests.engines.native_tools import assert_same_sums, needs_native, open_native, random_digits, some_parameters

ARCHITECTURE = Architecture((784, 9, 10))
PARAMETERS = some_parameters(ARCHITECTURE)


@pytest.fixture(scope="module")
def session() -> Session:
    return open_native(ARCHITECTURE, random_digits(3000, 0), threads=2)


@needs_native
def test_many_threads_may_ask_one_session(session):
    whole = session.sums(PARAMETERS, slice(None))
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda _: session.sums(PARAMETERS, slice(None)), range(40)):
            assert_same_sums(answer, whole)


@needs_native
def test_many_threads_may_ask_and_advance_one_session_with_numbers_of_their_own(session):
    batches = [np.arange(start, start + 64) for start in range(0, 640, 64)]

    def work(number: int) -> bytes:
        parameters = PARAMETERS.copy()
        if number % 2:
            return session.sums(parameters, slice(number, None)).gradient.tobytes()
        session.advance(parameters, SGD(Hyperparameters(0.01 * number + 0.01)), batches)
        return parameters.tobytes()

    alone = [work(number) for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(work, range(12))) == alone


@needs_native
def test_many_threads_may_have_sessions_of_their_own():
    digits = random_digits(700, 1)

    def work(number: int) -> bytes:
        with open_native(ARCHITECTURE, digits, threads=1 + number % 3) as own:
            return b"".join(own.sums(PARAMETERS, slice(None)).gradient.tobytes() for _ in range(5))

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(work, range(18)))) == 1


@needs_native
def test_other_python_threads_go_on_meanwhile(session):
    """The lock of the interpreter is not held while C++ computes."""
    counted, over = [0], threading.Event()

    def count() -> None:
        while not over.is_set():
            counted[0] += 1

    counter = threading.Thread(target=count)
    counter.start()
    slow = open_native(ARCHITECTURE, session.digits, "portable", 1)
    slow.sums(PARAMETERS, slice(0, 16))  # the pixels are packed
    before = counted[0]
    slow.sums(PARAMETERS, slice(None))
    assert counted[0] - before > 1000
    over.set()
    counter.join()


def _in_a_child(work) -> bytes:
    """What ``work`` returns in a forked process."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forks among threads: that is the test
        child = os.fork()
    if child == 0:
        try:
            os.write(write, work())
        finally:
            os._exit(0)
    os.close(write)
    ended = time.monotonic() + 20
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise TimeoutError("the child hangs")
        time.sleep(0.005)
    with os.fdopen(read, "rb") as pipe:
        return pipe.read()


@needs_native
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_computes_the_same_and_its_parent_goes_on(session):
    def work() -> bytes:
        return session.sums(PARAMETERS, slice(0, 1000)).gradient[-9:].tobytes()

    expected = work()
    assert _in_a_child(work) == expected
    assert work() == expected
    assert _in_a_child(lambda: _in_a_child(work)) == expected  # a grandchild


@needs_native
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_while_another_thread_computes(session):
    """The child inherits locks that nobody will ever open."""

    def work() -> bytes:
        return session.sums(PARAMETERS, slice(0, 1000)).gradient[-9:].tobytes()

    expected, over = work(), threading.Event()

    def compute() -> None:
        while not over.is_set():
            session.sums(PARAMETERS, slice(None))

    other = threading.Thread(target=compute)
    other.start()
    try:
        assert [_in_a_child(work) for _ in range(5)] == [expected] * 5
    finally:
        over.set()
        other.join()


# Says when it is in the middle of a long sum; then how long Ctrl-C took, and whether the parameters are the same.
LONG_SUM = """
import signal, sys, threading, time
import numpy as np, digitlab as dl
from digitlab.engines import NativeEngine, Session
from digitlab.engines.optimizer import Hyperparameters
from digitlab.training.optimizers import SGD
path, threads, what, hidden = sys.argv[1], int(sys.argv[2]), sys.argv[3], [int(n) for n in sys.argv[4].split(",")]
digits = dl.load_mnist()[0][:10000]
often = np.tile(np.arange(10_000), 1000)  # minutes of work
batches = np.split(often, 100_000)
network = dl.Network([784, *hidden, 10])
before = network.parameters.copy()
pressed = []
def press():
    pressed.append(time.monotonic())
    signal.raise_signal(signal.SIGINT)
with NativeEngine(path).open(network.architecture, digits, threads=threads) as session:
    session.sums(network.parameters, slice(0, 16))
    timer = threading.Timer(0.5, press)
    timer.start()
    try:
        if what == "sums":
            session.sums(network.parameters, often)
        else:
            session.advance(network.parameters, SGD(Hyperparameters(0.1)), batches)
    except KeyboardInterrupt:
        took = time.monotonic() - pressed[0]
    print(took, np.array_equal(before, network.parameters))
    session.sums(network.parameters, slice(0, 100))  # the session can still be used
"""


def _until_ctrl_c_is_answered(what: str, hidden: str) -> float:
    """Seconds from Ctrl-C in the middle of minutes of work to its end, which leaves the parameters as they were."""
    command = [sys.executable, "-c", LONG_SUM, "portable", "2", what, hidden]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    took, same = done.stdout.split()
    assert same == "True"
    return float(took)


LONG_WORK = pytest.mark.parametrize(("what", "hidden"), [("sums", "64"), ("sums", "64,32"), ("advance", "64")])


@needs_native
@LONG_WORK
def test_ctrl_c_is_answered_in_the_middle_of_a_call(what, hidden):
    assert _until_ctrl_c_is_answered(what, hidden) < 20


@needs_native
@LONG_WORK
@pytest.mark.soak  # nothing else may be at work
def test_ctrl_c_is_answered_in_a_moment(what, hidden):
    assert _until_ctrl_c_is_answered(what, hidden) < 0.5


PURE = """
import sys
sys.modules["digitlab.engines._native"] = None
import digitlab as dl
from digitlab.engines import find_engine
from digitlab.engines.native import NativeEngine, available_paths
from digitlab.errors import InputError
assert "_native" in NativeEngine.why_not()
assert available_paths() == []
assert find_engine().name == "numpy"
try:
    find_engine("native")
except InputError as error:
    assert "cannot be used: it was not compiled" in str(error), error
else:
    raise SystemExit("the native engine was found")
recipe = dl.recipe("seed", epochs=2)
network = recipe.new_network()
history = dl.fit(network, dl.load_mnist()[0][:500], recipe)
assert history.epochs[1].loss < history.epochs[0].loss
from digitlab.cli import main
sys.argv = ["digitlab", "doctor"]
raise SystemExit(main())
"""


def test_without_the_compiled_part_everything_goes_on_with_numpy():
    done = subprocess.run([sys.executable, "-c", PURE], capture_output=True, text=True, timeout=60, check=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert "engine numpy" in said, said
    assert "the engine native cannot be used, so training is slower: it was not compiled" in said


# In a process of its own: the threads of pytest, of its plugins and of other tests come and go.
COUNT_THREADS = """
import os, numpy as np, digitlab as dl
from digitlab.engines import NativeEngine
digits = dl.Digits(np.zeros((3000, 28, 28), np.uint8), np.zeros(3000, np.uint8), "none")
network = dl.Network([784, 9, 10])
def count():
    return len(os.listdir("/proc/self/task"))
def grown(asked):
    before = count()
    with NativeEngine().open(network.architecture, digits, threads=asked) as session:
        session.sums(network.parameters, slice(None))
        return session.threads, count() - before
for asked in (1, 5, None, 256):
    print(*grown(asked))
"""


@needs_native
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
def test_threads_are_as_many_as_asked_for():
    """As the operating system counts them."""
    command, environment = [sys.executable, "-c", COUNT_THREADS], os.environ | {"DIGITLAB_THREADS": "3"}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    *few, many = told.splitlines()
    assert few == ["1 0", "5 4", "3 2"]
    assert many.startswith("256 ")
