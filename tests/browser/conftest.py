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
from typing import Any

import numpy as np
import pytest

from tests.browser.serving import Served, serve, train

CHROMIUM = os.environ.get("DIGITLAB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

# No name is resolved: a route of Playwright's would do it, too, but then nothing is kept in the browser's cache.
NOTHING_OUTSIDE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


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
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", NOTHING_OUTSIDE])
        yield browser
        browser.close()


class Watched:
    """What goes wrong behind the pages of browser profiles."""

    def __init__(self, lab: Served) -> None:
        self.stays = re.compile(f"{re.escape(lab.url)}/|data:|blob:")
        self.left: list[str] = []
        self.errors: list[str] = []

    def watch(self, context: Any) -> None:
        """Another profile."""
        context.on("request", lambda request: self.stays.match(request.url) or self.left.append(request.url))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def check(self) -> None:
        """Nothing did."""
        assert self.left == []
        assert self.errors == []


def _profile(chromium: Any, watched: Watched, width: int = 1280, height: int = 800, **more: Any) -> Any:
    context = chromium.new_context(viewport={"width": width, "height": height}, **more)
    context.set_default_timeout(15_000)
    watched.watch(context)
    return context


@pytest.fixture
def open_page(chromium, lab) -> Iterator[Callable[..., Any]]:
    """``open_page(address, width=1280, height=800, dark=False)``: a page of the lab in a browser profile of its own.

    Without an address it is blank.
    """
    contexts, watched = [], Watched(lab)

    def opened(address: str | None = "/", *, dark: bool = False, **more: Any) -> Any:
        contexts.append(_profile(chromium, watched, color_scheme="dark" if dark else "light", **more))
        page = contexts[-1].new_page()
        if address is not None:
            page.goto(lab.url + address)
        return page

    opened.watched = watched  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    watched.check()


@pytest.fixture(scope="module")
def one_page(chromium, lab) -> tuple[Any, Watched]:
    """The page of `walk`."""
    watched = Watched(lab)
    return _profile(chromium, watched).new_page(), watched


@pytest.fixture
def walk(one_page, lab) -> Iterator[Callable[..., Any]]:
    """``walk(address, width=1280, height=800, dark=False)``: the one page of the module, led there from another room.

    It is quicker than a new page by the second that loading takes. What was drawn and what was chosen stay.
    """
    page, watched = one_page
    watched.errors.clear()

    def walked(address: str, *, width: int = 1280, height: int = 800, dark: bool = False) -> Any:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        other = "read" if address.startswith("/#/train") else "train"
        page.goto(f"{lab.url}/#/{other}")
        page.locator(f"main.{other}").wait_for()  # else both moves may come to one
        page.goto(lab.url + address)
        return page

    walked.watched = watched  # type: ignore[attr-defined]
    yield walked
    page.unroute_all()
    watched.check()
