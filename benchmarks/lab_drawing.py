"""How soon the answer follows the pen: from a move of the mouse to the answer on the page, in Chromium.

    python -m benchmarks.lab_drawing

Ten digits are drawn, first while the lab is idle, then while it trains on all cores. A wait begins with the first move
that has no answer yet, and ends with the change of the answer's bars; the browser's own drawing comes on top of it.
"""

from __future__ import annotations

import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.lab_watched import ask, lab
from tests.browser.shapes import DIGITS, places

BAR = 50.0  # milliseconds
WATCH = """() => {
  window.waits = [];
  let moved = 0;
  document.addEventListener("pointermove", () => { moved ||= performance.now(); }, true);
  new MutationObserver(() => { if (moved) { window.waits.push(performance.now() - moved); moved = 0; } })
    .observe(document.querySelector(".answer .bars"), { subtree: true, childList: true, attributes: true });
}"""


def draw(page: Any) -> list[float]:
    """Ten digits; the milliseconds that each answer took."""
    box = page.get_by_role("application").bounding_box()
    page.evaluate("window.waits = []")
    for strokes in DIGITS.values():
        for stroke in strokes:
            first, *others = places(stroke, box)
            page.mouse.move(*first)
            page.mouse.down()
            for place in others:
                page.mouse.move(*place)
                time.sleep(0.012)  # about as often as a mouse tells
            page.mouse.up()
        page.wait_for_timeout(100)
        page.get_by_role("button", name=re.compile("^Clear")).click()
    return page.evaluate("window.waits")


def tell(what: str, waits: list[float]) -> float:
    p50, p95 = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    print(f"{what}: {len(waits)} answers, median {p50:.1f} ms, 95 % within {p95:.1f} ms, longest {max(waits):.1f} ms")
    return p95


def main() -> int:
    """Print both; 1 where 95 % of the answers take longer than the bar, in an idle lab."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder, lab(Path(folder)) as url:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        ask(url, "api/train", {"recipe": "minibatch", "settings": {"epochs": 2}})
        while ask(url, "api/state")["training"]["phase"] != "finished":
            time.sleep(0.1)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{url}#/read")
        page.get_by_role("application").wait_for()
        page.evaluate(WATCH)
        draw(page)  # once for nothing
        idle = tell("idle", draw(page))
        ask(url, "api/train", {"recipe": "seed"})
        tell("while it trains, with the network under way", draw(page))
        ask(url, "api/control", {"do": "stop"})
        browser.close()
    return 0 if idle <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
