"""Real schedulers and workers, as somebody would start them: processes of their own, gone after the test."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

SECONDS = 60.0
WITHOUT_DIGITLAB = "import sys; sys.modules['digitlab'] = None; from distributed.cli.dask_worker import main; main()"


def until(condition: Callable[[], object]) -> None:
    """Wait for it."""
    limit = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < limit, "it never came to that"
        time.sleep(0.02)


class Processes:
    """A scheduler, and the workers that are started."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        told = folder / "scheduler.json"
        self.scheduler = self._start(
            "-m", "distributed.cli.dask_scheduler", "--host=127.0.0.1", "--port=0", "--no-dashboard",
            "--dashboard-address=127.0.0.1:0", f"--scheduler-file={told}",
        )  # fmt: skip
        until(told.exists)
        self.address = str(json.loads(told.read_text())["address"])

    def worker(self, *program: str) -> subprocess.Popen[bytes]:
        """One more, without anybody who would replace it."""
        program = program or ("-m", "distributed.cli.dask_worker")
        return self._start(
            *program, self.address, "--nthreads=1", "--no-nanny", "--no-dashboard",
            "--dashboard-address=127.0.0.1:0", f"--local-directory={self._folder}",
        )  # fmt: skip

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process


@contextmanager
def processes(folder: Path) -> Iterator[Processes]:
    """For as long as the block lasts."""
    with ExitStack() as stack:
        yield Processes(folder, stack)
