"""The room Inside as a person uses it: every number on the page is the library's."""

from __future__ import annotations

import re
import time

import pytest

from tests.browser.serving import button

PARTS = ("units",)


@pytest.fixture(scope="module")
def run(trained):
    """The name of the run of the recipe quick."""
    return next(run["name"] for run in trained.ask("/api/runs")["runs"] if run["recipe"] == "quick")


def test_a_unit_is_chosen_by_click_and_by_keyboard_and_a_link_shows_the_same(open_page, trained, run):
    page = open_page(f"/#/inside?reader=run:{run}&picture=5&unit=3")
    told = trained.ask(f"/api/inside?reader=run:{run}", {"index": 5})
    page.get_by_text("Test digit 5").wait_for()
    weights = page.get_by_role("slider", name="Units of the first layer")
    weights.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("heading", name="Unit 4 of the hidden layer").wait_for()
    page.wait_for_function("answer => document.querySelector('.facts dd').innerText === answer", arg=_short(told, 4))
    box = weights.bounding_box()
    weights.click(position={"x": 3, "y": box["height"] * 0.4})  # the first of the second row
    page.get_by_role("heading", name="Unit 16 of the hidden layer").wait_for()
    again = open_page("/#" + page.url.partition("#")[2])
    again.get_by_role("heading", name="Unit 16 of the hidden layer").wait_for()


def _short(told, unit):
    value = told["activations"][0][unit]
    return f"{value:.2g}" if abs(value) >= 0.001 else f"{value:.1e}"


def test_pushes_are_those_of_the_digit_that_is_asked_about(open_page, trained, run):
    page = open_page(f"/#/inside?reader=run:{run}&picture=5")
    page.get_by_role("radio", name=re.compile("^4,")).check()
    page.get_by_role("heading", name="What speaks for 4").wait_for()
    told = trained.ask(f"/api/inside?reader=run:{run}", {"index": 5, "digit": 4})
    logit = page.locator(".pushes .strong b").inner_text().replace("\N{MINUS SIGN}", "-")
    assert float(logit) == pytest.approx(told["logits"][4], rel=0.05)


def test_pictures_are_random_mistakes_or_numbers(open_page, trained, run):
    page = open_page(f"/#/inside?reader=run:{run}&picture=5")
    button(page, "^Next mistake").click()
    mistake = trained.ask(f"/api/inside/next-mistake?reader=run:{run}&after=5")["index"]
    page.get_by_text(f"Test digit {mistake}").wait_for()
    page.get_by_text("✗ wrong").wait_for()
    page.get_by_label("Number").fill("7")
    page.get_by_label("Number").press("Enter")
    page.get_by_text("Test digit 7").wait_for()
    button(page, "^Random").click()
    page.wait_for_function("() => !location.hash.includes('picture=7&') && !location.hash.endsWith('picture=7')")
    page.get_by_label("Number").fill("99999999")
    page.evaluate("document.querySelector('.others form').noValidate = true")
    page.get_by_label("Number").press("Enter")
    page.locator(".trouble").get_by_text("The test set has 1000 digits").wait_for()
    open_page.watched.errors.clear()  # the browser logs the refusal


@pytest.mark.parametrize(("width", "height", "dark"), [(1280, 800, False), (380, 760, True)])
@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_accessible_and_fits_the_screen(open_page, trained, run, part, width, height, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(f"/#/inside?reader=run:{run}&part={part}", width=width, height=height, dark=dark, bypass_csp=True)
    page.get_by_text("Test digit 0").wait_for()
    time.sleep(0.3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page)
    assert not found.response["violations"], found.generate_report()
