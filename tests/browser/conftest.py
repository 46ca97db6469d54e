"""A real browser on a real lab: Chromium, a server of its own for each module, and some thousands of the real digits.

Every request that would leave this machine is refused and counted, and every error that the page logs fails the test.
Chromium comes with the system (`apt-get install chromium`); `DIGITLAB_CHROMIUM` names another one. Where there is none,
the tests are skipped, and say so.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.browser.serving import Served, serve, train

CHROMIUM = os.environ.get("DIGITLAB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def some_digits(mnist, tmp_path_factory) -> str:
    """The first of MNIST's digits in a file: enough for a network that reads what is drawn, and trained in a moment."""
    (images, labels), (test_images, test_labels) = ((part.images, part.labels) for part in mnist)
    path, few = tmp_path_factory.mktemp("data") / "digits.npz", slice(2500)
    np.savez(path, x_train=images[few], y_train=labels[few], x_test=test_images[:1000], y_test=test_labels[:1000])
    return str(path)


@pytest.fixture(scope="module")
def lab(tmp_path_factory, some_digits) -> Iterator[Served]:
    """A lab with no runs yet."""
    served = serve(tmp_path_factory.mktemp("runs"), "--data", some_digits)
    yield served
    if served.process.poll() is None:
        served.end()


@pytest.fixture(scope="module")
def trained(lab: Served) -> Served:
    """A lab in which the recipe quick has been trained."""
    train(lab, "quick")
    return lab


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

        def refuse(route: Any) -> None:
            watched.left.append(route.request.url)
            route.abort()

        # Only what would leave comes by here: the lab's own requests must not wait while a test waits for the lab.
        context.route(re.compile(f"^(?!{re.escape(lab.url)}/|data:|blob:)"), refuse)
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
