"""A lab in a process of its own, for a browser."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

STORE = "import('/static/js/kit/store.js')"


@dataclass
class Served:
    """A lab that is running."""

    process: subprocess.Popen[str]
    url: str
    runs: Path
    arguments: tuple[str, ...] = ()

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What the server answers: GET, or POST with a body."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"} if data else {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def read(self, path: str) -> str:
        """A file of the page."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def training(self) -> dict[str, Any]:
        """The training under way, or the last one."""
        return self.ask("/api/state")["training"]

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        """The training, once it is as wanted."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if (training := self.training()) and wanted(training):
                return training
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s: {self.training()}")

    def end(self, kind: signal.Signals = signal.SIGINT) -> int:
        """Stop it, and how it ended."""
        self.process.send_signal(kind)
        if self.process.stdout:
            self.process.stdout.close()
        return self.process.wait(10)


def serve(runs: Path, *arguments: str, port: int = 0) -> Served:
    """`digitlab lab`, once it answers; on a free port, if none is given."""
    program = "import sys; from digitlab.cli import main; sys.exit(main())"
    where = ["--port", str(port), "--runs", str(runs)]
    command = [sys.executable, "-c", program, "lab", "--no-browser", *where, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout
    for line in process.stdout:
        if "http://" in line:
            return Served(process, line[line.index("http://") :].split()[0].rstrip("/"), runs, arguments)
    raise AssertionError(f"the server ended with {process.wait()}")


def button(page: Any, name: str) -> Any:
    """The first button of the page whose name is like this."""
    return page.get_by_role("button", name=re.compile(name)).first


def usable(page: Any) -> None:
    """The page fits its screen, and axe finds nothing that would keep anybody out."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page)
    assert not found.response["violations"], found.generate_report()


def end(lab: Served) -> None:
    """Stop whatever is under way."""
    lab.ask("/api/control", {"do": "stop"})
    if lab.training():
        lab.wait_for(lambda training: training["phase"] not in {"running", "paused", "stopping"})


def train(lab: Served, recipe: str, **settings: Any) -> str:
    """A training from its beginning to its end; the name of its run."""
    end(lab)
    run = lab.ask("/api/train", {"recipe": recipe, "settings": settings})["run"]
    lab.wait_for(lambda training: training["run"] == run and training["phase"] == "finished")
    return run


def becomes(page: Any, part: str, wanted: Any, seconds: float = 10) -> None:
    """Until this part of the page's state is as wanted. (Playwright's own waiting does not wait for promises.)"""
    limit = time.monotonic() + seconds
    while (found := page.evaluate(f"() => {STORE}.then(({{current}}) => {part})")) != wanted:
        assert time.monotonic() < limit, f"{part} is {found}, not {wanted}"
        page.wait_for_timeout(50)
