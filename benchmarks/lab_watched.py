"""How fast a training is while a page watches it, as a share of the command line's speed.

    python benchmarks/lab_watched.py [RECIPE] [--epochs N] [--rounds N] [--watchers N]

In turn: `digitlab train`, and `digitlab lab` with the page open in Chromium, which shares the machine's cores. Both
keep a run folder, whose history grows by a line with each epoch: the clock on the wall is read at two of them. Each
round is held to it that both end with the same parameters, to the last bit.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

DIGITLAB = [sys.executable, "-c", "import sys; from digitlab.cli import main; sys.exit(main())"]
FIRST = 0.1  # of the epochs are passed before the clock is read
BAR = 0.9


def epochs_done(runs: Path) -> int:
    """Lines in the newest history."""
    histories = sorted(runs.glob("*/history.jsonl"), key=lambda path: path.stat().st_mtime)
    return histories[-1].read_bytes().count(b"\n") if histories else 0


def epochs_per_second(runs: Path, epochs: int) -> float:
    """Between the first tenth of a training that begins now, and its end."""
    first = max(1, round(FIRST * epochs))
    moments = []
    for wanted in (first, epochs):
        while (done := epochs_done(runs)) < wanted:
            time.sleep(0.02)
        moments.append((time.perf_counter(), done))
    (began, before), (ended, after) = moments
    return (after - before) / (ended - began)


def command_line(recipe: str, epochs: int, place: Path) -> float:
    runs = place / "command-line"
    command = [*DIGITLAB, "train", recipe, "--epochs", str(epochs), "--out", str(runs / "one")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        rate = epochs_per_second(runs, epochs)
        assert process.wait() == 0
    return rate


@contextmanager
def lab(runs: Path) -> Iterator[str]:
    command = [*DIGITLAB, "lab", "--no-browser", "--port", "0", "--runs", str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split("open at ")[1].split()[0]
        finally:
            process.send_signal(signal.SIGINT)


def ask(url: str, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


LISTEN = """
import selectors, socket, sys
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
selector = selectors.DefaultSelector()
for _ in range(count):
    client = socket.create_connection((host, port))
    client.sendall(f"GET /api/events HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n\\r\\n".encode())
    selector.register(client, selectors.EVENT_READ)
while selector.get_map():
    for key, _ in selector.select():
        if not key.fileobj.recv(65536):
            selector.unregister(key.fileobj)
"""


@contextmanager
def listening(url: str, count: int) -> Iterator[None]:
    """So many watchers in one process, which take whatever comes and look at nothing."""
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    with subprocess.Popen([sys.executable, "-c", LISTEN, host, port, str(count)]) as process:
        yield
        process.kill()


def watched(recipe: str, epochs: int, place: Path, chromium: Any, watchers: int) -> float:
    runs = place / "watched"
    with ExitStack() as stack:
        url = stack.enter_context(lab(runs))
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        page.get_by_role("button", name="Train it").wait_for()
        stack.enter_context(listening(url, watchers - 1))
        ask(url, "api/train", {"recipe": recipe, "settings": {"epochs": epochs}})
        rate = epochs_per_second(runs, epochs)
        while ask(url, "api/state")["training"]["phase"] != "finished":
            time.sleep(0.05)
        page.get_by_text("finished").first.wait_for()
        page.close()
    return rate


def model(runs: Path) -> bytes:
    from digitlab import load

    (path,) = runs.glob("*/model.safetensors")
    return load(path).parameters.tobytes()


def main() -> int:
    """Print each round and the median share; 1 where it misses the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", nargs="?", default="seed")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--watchers", type=int, default=1, help="the page, and others that only listen")
    asked = parser.parse_args()
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    shares = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(asked.rounds):
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder)
                alone = command_line(asked.recipe, asked.epochs, place)
                seen = watched(asked.recipe, asked.epochs, place, browser, asked.watchers)
                assert model(place / "command-line") == model(place / "watched")
            shares.append(seen / alone)
            print(f"{alone:7.2f} epochs/s by the command line, {seen:7.2f} watched: {shares[-1]:.3f}", flush=True)
        browser.close()
    share = statistics.median(shares)
    print(f"{asked.recipe}, {asked.epochs} epochs, {asked.watchers} watching: {share:.3f} of the command line's speed")
    return 0 if share >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
