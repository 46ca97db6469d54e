"""A real browser on a real lab: Chromium, a server of its own for each module, and the real digits.

Every request that would leave this machine is refused and counted, and every error that the page logs fails the test.
Chromium comes with the system (`apt-get install chromium`); `DIGITLAB_CHROMIUM` names another one. Where there is none,
the tests are skipped, and say so.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

CHROMIUM = os.environ.get("DIGITLAB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Served:
    """A lab that is running."""

    process: subprocess.Popen[str]
    url: str
    runs: Path
    command: list[str] = field(default_factory=list)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What the server answers: GET, or POST with a body."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"} if data else {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

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


def serve(runs: Path, *arguments: str) -> Served:
    """`digitlab lab` on a free port, once it answers."""
    program = "import sys; from digitlab.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "lab", "--no-browser", "--port", "0", "--runs", str(runs), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout
    for line in process.stdout:
        if "http://" in line:
            return Served(process, line[line.index("http://") :].split()[0].rstrip("/"), runs, command)
    raise AssertionError(f"the server ended with {process.wait()}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Served]:
    """A lab with no runs yet."""
    served = serve(tmp_path_factory.mktemp("runs"))
    yield served
    if served.process.poll() is None:
        served.end()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser. Playwright's loop stands in the way of others, so it ends with the module."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Watched:
    """What went wrong behind a page."""

    left: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture
def open_page(chromium, lab) -> Iterator[Callable[..., Any]]:
    """``open_page(address, width=1280, height=800, dark=False)``: a page of the lab in a browser profile of its own."""
    contexts, watched = [], Watched()

    def opened(address: str = "/", *, width: int = 1280, height: int = 800, dark: bool = False, **more: Any) -> Any:
        scheme = "dark" if dark else "light"
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **more)
        contexts.append(context)
        context.set_default_timeout(15_000)

        def watch(route: Any) -> None:
            if route.request.url.startswith((lab.url + "/", "data:", "blob:")):
                route.continue_()
            else:
                watched.left.append(route.request.url)
                route.abort()

        context.route("**/*", watch)
        page = context.new_page()
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.on("console", lambda said: watched.errors.append(said.text) if said.type == "error" else None)
        page.goto(lab.url + address)
        return page

    opened.watched = watched  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert watched.left == []
    assert watched.errors == []
