"""A cluster that is not there, is another one, or whose workers would compute something else: refused in one line."""

from __future__ import annotations

import functools
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from digitlab.cluster import connecting
from digitlab.cluster.connecting import connect
from digitlab.engines import ClusterEngine
from digitlab.errors import ClusterError, InputError
from digitlab.network import Architecture
from digitlab.network.initializers import first_parameters
from tests.cluster.processes import WITHOUT_DIGITLAB, Dask, until

pytest.importorskip("distributed")


def _refused(*arguments, **options) -> str:
    with pytest.raises(ClusterError) as caught, connect(*arguments, **options):
        pass
    return str(caught.value)


def test_workers_are_processes_with_one_thread_that_leave_nothing():
    with connect(workers=1) as workers:
        (pid,) = workers.client.run(os.getpid).values()
        assert pid != os.getpid()
        (environment,) = workers.client.run(lambda: dict(os.environ)).values()
        assert {environment[name] for name in connecting.THREADS} == {"1"}
    until(lambda: not _is_alive(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_end_with_whoever_started_them():
    program = (
        "import os, sys\nfrom digitlab.cluster.connecting import connect\nif __name__ == '__main__':\n"
        "    with connect(workers=1) as workers:\n        print(*workers.client.run(os.getpid).values(), flush=True)\n"
        "        sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    until(lambda: not _is_alive(pid))


def test_a_script_that_begins_at_once_is_told_how_to(tmp_path):
    """Each of its workers reads it again, and would start workers; none of them says so, but whoever started them."""
    script = tmp_path / "script.py"
    script.write_text("from digitlab.cluster.connecting import connect\nwith connect(workers=1): pass\n")
    told = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False).stderr
    assert told.count("ClusterError: no workers could be started on this machine") == 1
    assert told.rstrip().endswith('begin below: if __name__ == "__main__":')


@pytest.mark.parametrize("wrong", [0, 257, -1, True, 1.5, "2"])
def test_wrong_numbers_of_workers_are_refused(wrong):
    with pytest.raises(InputError, match="workers must be a whole number from 1 to 256"), connect(workers=wrong):
        pass


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'digitlab\[cluster\]'"), connect():
        pass


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("nonsense", "missing port"),
        ("http://127.0.0.1:80", "unknown address scheme"),
        ("tcp://127.0.0.1:0", ""),
        ("tls://127.0.0.1:1", "TLS expects"),
    ],
)
def test_an_address_that_cannot_be_is_refused(address, why, monkeypatch):
    monkeypatch.setattr(connecting, "SECONDS", 0.2)
    assert f"no scheduler answers at '{address}'\n  got: " in (told := _refused(address))
    assert why in told


@pytest.mark.parametrize(
    "words", [None, b"SSH-2.0-OpenSSH_9.2p1\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(16), b""]
)
def test_nobody_and_another_program_are_told_of_within_seconds(words, monkeypatch, caplog):
    """A program that says something else, or nothing at all; None: nobody listens."""
    monkeypatch.setattr(connecting, "SECONDS", 0.2)
    monkeypatch.setattr(connecting, "PATIENCE", 0.2)
    with socket.socket() as other, ThreadPoolExecutor(1) as pool:
        other.bind(("127.0.0.1", 0))
        if words is not None:
            other.listen()
            pool.submit(_say, other, words)
        told = _refused(address := f"tcp://127.0.0.1:{other.getsockname()[1]}")
    assert told.startswith(f"no scheduler answers at '{address}'\n  got: ")
    assert told.endswith("an address looks like tcp://host:8786")
    assert not caplog.records


def _say(other: socket.socket, words: bytes) -> None:
    connection, _ = other.accept()
    with connection:
        connection.sendall(words)
        while connection.recv(4096):
            pass


def test_a_worker_is_no_scheduler(scheduler):
    with connect(scheduler) as workers:
        (worker, *_) = workers.client.run(os.getpid)
    assert _refused(worker) == f"at {worker} there is a Worker\n  must be: a scheduler"


def test_another_dask_or_digitlab_is_refused_with_both_versions(scheduler, monkeypatch):
    import distributed

    theirs = distributed.__version__
    with monkeypatch.context() as patch:
        patch.setattr(distributed, "__version__", "2020.1.0")
        told = _refused(scheduler)
    assert "another version of Dask\n  must be: distributed 2020.1.0" in told
    assert f"got: distributed {theirs}" in told
    monkeypatch.setattr("digitlab.version.__version__", "9.9.9")
    assert "version of digitlab is 0.1.0, here it is 9.9.9" in _refused(scheduler)


def test_workers_that_answer_otherwise_are_refused_with_both_answers(scheduler):
    told = _refused(scheduler, agree={"process": os.getpid})
    assert f", here it is {os.getpid()}" in told
    assert "cannot be used: its process is " in told
    assert "could not say its luck" in _refused(scheduler, agree={"luck": functools.partial(_unlucky, os.getpid())})


def _unlucky(home):
    return 1 // (os.getpid() == home)


def test_late_workers_are_asked_too_and_a_scheduler_that_dies_is_an_error(tmp_path, few, monkeypatch):
    """One without digitlab gets no work, and the training hears why; the others go on."""
    monkeypatch.setattr("digitlab.engines.cluster.SECONDS_BETWEEN_LOOKS", 0.0)
    shape = Architecture((784, 10), "sigmoid")
    parameters = first_parameters(shape, "lecun", 0)
    with Dask(tmp_path) as started:
        with monkeypatch.context() as patch:
            patch.setattr(connecting, "SECONDS_OF_WORKERS", 0.0)
            told = _refused(started.address)
        assert told.splitlines()[0] == f"the scheduler {started.address} has too few workers"
        assert f"dask worker {started.address}" in told
        started.add_worker()
        with ClusterEngine(started.address).open(shape, few) as session:
            session.sums(parameters, slice(None))
            (place,) = session.places
            session.remarks()
            started.add_worker(WITHOUT_DIGITLAB)
            remarks = []
            until(lambda: (session.sums(parameters, slice(None)) and remarks.extend(session.remarks())) or remarks)
            assert "gets no work: it has no digitlab" in remarks[0]
            assert session.places == [place]
            started.kill_scheduler()
            with pytest.raises(ClusterError, match="the scheduler is gone"):
                until(lambda: session.sums(parameters, slice(None)) and False)
