"""The HTML report in a real browser: in both themes, at any width and on paper, with nothing that reaches outside."""

from __future__ import annotations

import pytest

import digitlab as dl
from digitlab.display import html_report
from digitlab.display.html_subject import Subject
from tests.browser.serving import usable


@pytest.fixture(scope="module")
def address(mnist, tmp_path_factory):
    """A report with a few of the figures, as a file."""
    train, test = mnist
    sections, html_report.SECTIONS = html_report.SECTIONS, html_report.SECTIONS[:2]
    try:
        path = tmp_path_factory.mktemp("report") / "report.html"
        html_report.save_html_report(Subject("mine", dl.Network([784, 10]), train[:2000], test), path)
    finally:
        html_report.SECTIONS = sections
    return path.as_uri()


@pytest.fixture
def opened(chromium, address):
    """``opened(width, dark)``: the report, without any network."""
    contexts, outside, errors = [], [], []

    def open_report(width, dark):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: outside.append(request.url))
        page.on("console", lambda said: errors.append(said.text))
        page.goto(address)
        return page

    yield open_report
    assert {url for url in outside if not url.startswith("data:")} == {address}
    assert errors == []
    for context in contexts:
        context.close()


def _lightness(page, selector):
    colour = page.locator(selector).first.evaluate("one => getComputedStyle(one).backgroundColor")
    return sum(int(part) for part in colour.strip("rgb()").split(",")) / 3


@pytest.mark.parametrize(("width", "dark"), [(380, True), (1280, False)], ids=["phone, dark", "screen, light"])
def test_it_fits_the_width_and_the_theme_and_all_can_use_it(opened, width, dark):
    page = opened(width, dark)
    assert (_lightness(page, "body") < 60) == dark
    assert _lightness(page, ".drawing") == 255  # figures are drawn on white
    pictures = page.locator("img").evaluate_all("all => all.map(one => one.complete && one.naturalWidth)")
    assert len(pictures) > 15
    assert all(pictures)
    usable(page)
