"""A real Dask scheduler and real workers, as somebody would start them: processes of their own that can be killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SECONDS = 120  # for what takes a moment, on a machine that has other work
WORKER = ("-m", "distributed.cli.dask_worker")
WITHOUT_DIGITLAB = (
    "-c",
    "import sys; sys.modules['digitlab'] = None; from distributed.cli.dask_worker import main; main()",
)


def until(true: Callable[[], object], words: str = "it never came to that") -> None:
    """Wait for a condition."""
    limit = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < limit, words
        time.sleep(0.005)


class Dask:
    """A scheduler, and workers of one thread each, whom nobody replaces; all of them are gone after the block."""

    def __init__(self, folder: Path, workers: int = 0) -> None:
        self._folder, self._told = folder, folder / "scheduler.json"
        self._told.unlink(missing_ok=True)
        self.workers: list[subprocess.Popen[bytes]] = []
        # Port 0 is any free one: tests run beside each other.
        where = ("--host=127.0.0.1", "--port=0", f"--scheduler-file={self._told}")
        self.scheduler = self._start("-m", "distributed.cli.dask_scheduler", *where)
        try:
            until(self._is_told, "no scheduler")
            self.address = json.loads(self._told.read_text())["address"]
            for _ in range(workers):
                self.add_worker()
        except BaseException:
            self.__exit__()
            raise

    def add_worker(self, program: tuple[str, str] = WORKER) -> None:
        """One more process."""
        how = ("--nthreads=1", "--no-nanny", "--host=127.0.0.1", f"--local-directory={self._folder}")
        self.workers.append(self._start(*program, self.address, *how))

    def kill_worker(self, process: int) -> None:
        """SIGKILL the worker that has this process number."""
        (worker,) = (one for one in self.workers if one.pid == process)
        worker.kill()
        worker.wait()

    def kill_scheduler(self) -> None:
        """SIGKILL it."""
        self.scheduler.kill()
        self.scheduler.wait()

    def __enter__(self) -> Dask:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        call = [sys.executable, *arguments, "--no-dashboard", "--dashboard-address=127.0.0.1:0"]
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen(call, stdout=log, stderr=log, cwd=self._folder)

    def _is_told(self) -> bool:
        try:
            return bool(json.loads(self._told.read_text()))
        except (OSError, ValueError):
            return False
