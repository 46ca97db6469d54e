"""The room Inside as a person uses it: every number on the page is the library's."""

from __future__ import annotations

import re

import pytest

from tests.browser.serving import button, usable


@pytest.fixture(scope="module")
def run(trained):
    """The name of the run of the recipe quick."""
    return next(run["name"] for run in trained.ask("/api/runs")["runs"] if run["recipe"] == "quick")


def test_units_are_chosen_by_click_and_by_keyboard_and_what_they_push_adds_up(walk, trained, run):
    page = walk(f"/#/inside?reader=run:{run}&picture=5&unit=3")
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
    page.get_by_role("radio", name=re.compile("^4,")).check()
    page.get_by_role("heading", name="What speaks for 4").wait_for()
    told = trained.ask(f"/api/inside?reader=run:{run}", {"index": 5, "digit": 4})
    logit = page.locator(".pushes .strong b").inner_text().replace("\N{MINUS SIGN}", "-")
    assert float(logit) == pytest.approx(told["logits"][4], rel=0.05)
    walk(page.url.removeprefix(trained.url))  # the address says it all
    page.get_by_role("heading", name="Unit 16 of the hidden layer").wait_for()
    page.get_by_role("heading", name="What speaks for 4").wait_for()


def _short(told, unit):
    value = told["activations"][0][unit]
    return f"{value:.2g}" if abs(value) >= 0.001 else f"{value:.1e}"


def test_pictures_are_random_mistakes_or_numbers(walk, trained, run):
    page = walk(f"/#/inside?reader=run:{run}&picture=61")
    page.get_by_text("It is an 8.").wait_for()
    page = walk(f"/#/inside?reader=run:{run}&picture=5")
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
    walk.watched.errors.clear()  # the browser logs the refusal


def test_damage_is_measured_and_undone(walk, trained, run):
    page = walk(f"/#/inside?reader=run:{run}&picture=5&part=damage")
    large = page.locator(".result .large b")

    def shows(**damage):
        told = trained.ask(f"/api/inside/damage?reader=run:{run}", {"index": 5, **damage})
        large.get_by_text(f"{100 * told['after']['accuracy']:.2f}").wait_for()
        return told

    whole = shows()
    slider = page.get_by_label("Remove the smallest weights")
    slider.press("End")
    assert shows(prune=1)["after"]["accuracy"] < whole["before"]["accuracy"]
    button(page, "^Undo all damage").click()
    squares = page.get_by_role("slider", name="Units of the hidden layer")
    squares.focus()
    for key in ("ArrowRight", "Enter", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("2 units are off").wait_for()
    shows(off=[[1, 1], [1, 2]])
    page.keyboard.press("Enter")
    page.get_by_text("1 unit is off").wait_for()


def test_a_step_shows_where_each_number_comes_from_and_checks_it(walk, trained, run):
    page = walk(f"/#/inside?reader=run:{run}&picture=5&part=step")
    told = trained.ask(f"/api/inside/step?reader=run:{run}", {"index": 5})
    row = page.get_by_role("group", name="delta1", exact=True)
    first = row.get_by_role("button").first
    first.hover()
    page.locator(".how").get_by_text("delta1").first.wait_for()
    unit = told["layers"][0]["shown"][0]
    page.locator(".how p", has_text=f"delta1 of unit {unit}").wait_for()
    assert page.get_by_role("group", name="z1", exact=True).locator(".lit small").inner_text() == str(unit)
    assert page.get_by_role("group", name="z2", exact=True).locator(".above, .below").count() > 0
    first.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".how p", has_text=f"delta1 of unit {told['layers'][0]['shown'][1]}").wait_for()
    page.get_by_label("Learning rate").select_option("1")
    faster = trained.ask(f"/api/inside/step?reader=run:{run}", {"index": 5, "learning_rate": 1})
    assert faster["new_loss"] < told["new_loss"] < told["loss"]
    page.wait_for_function(
        "wanted => Math.abs(Number(document.querySelectorAll('.losses b')[1].innerText) / wanted - 1) < 0.06",
        arg=faster["new_loss"],
    )
    button(page, "^Check it by trying").click()
    page.locator(".check tbody tr").nth(3).wait_for()
    assert page.locator(".check .right").count() == 4


def test_a_dot_of_the_map_shows_its_picture_and_is_looked_at(walk, trained, run):
    page = walk(f"/#/inside?reader=run:{run}&picture=5&part=map")
    page.get_by_text("The map shows").wait_for()
    map = page.get_by_role("slider", name="Map of test digits")
    map.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("status").get_by_text("test digit 0: a 7").wait_for()
    page.keyboard.press("ArrowLeft")
    index = int(map.get_attribute("aria-valuenow"))
    page.keyboard.press("Enter")
    page.get_by_text(f"Test digit {index}", exact=True).wait_for()


def test_a_drawing_of_the_read_room_is_looked_at(walk, trained, run):
    page = walk(f"/#/inside?reader=run:{run}&picture=drawing")
    page.get_by_role("link", name="Go to the Read room").click()
    pad = page.get_by_role("application", name="Drawing pad")
    pad.focus()
    for key in [" ", *["ArrowDown"] * 9]:
        page.keyboard.press(key)
    page.get_by_role("link", name="Look inside the network").click()
    page.get_by_text("The network reads").wait_for()
    page.get_by_role("link", name="One step").click()
    page.get_by_label("Say which digit your drawing is").select_option("1")
    page.get_by_text("Forward: from the picture").wait_for()


@pytest.mark.parametrize(
    ("width", "dark"),
    [(380, True), *(pytest.param(*one, marks=pytest.mark.soak) for one in [(380, False), (1280, True), (1280, False)])],
)
def test_parts_are_accessible_and_fit_the_screen(walk, run, width, dark):
    page = walk(f"/#/inside?reader=run:{run}", width=width, dark=dark)
    page.get_by_text("Test digit 0").wait_for()
    for part in ("Units", "Pixels", "Damage", "One step", "Map"):
        page.get_by_role("link", name=part, exact=True).click()
        page.locator(".parts [aria-current]", has_text=part).wait_for()
        usable(page)
