"""The room Judge, in a real browser on a real lab."""

from __future__ import annotations

import re

import pytest

from tests.browser.serving import button, end, usable
from tests.browser.test_rooms import WATCH_JUMPS


@pytest.fixture(scope="module")
def run(trained):
    """The name of the run of the recipe quick."""
    return next(run["name"] for run in trained.ask("/api/runs")["runs"] if run["recipe"] == "quick")


def _judged(walk, run):
    """The room, once the run `quick` is judged."""
    page = walk(f"/#/judge?reader=run:{run}")
    page.locator(".accuracy .big b:not(.none)").wait_for()
    return page


def _largest(judgement):
    """The place of the confusion matrix where most is wrong."""
    cells = [(n, t, p) for t, row in enumerate(judgement["confusion"]) for p, n in enumerate(row) if t != p]
    return max(cells, key=lambda cell: cell[0])


def test_how_good_it_is_comes_in_a_sentence_a_cell_opens_and_curves_are_tables_too(walk, trained, run):
    page = _judged(walk, run)
    judgement = trained.ask(f"/api/judge?reader=run:{run}")
    right = round(judgement["accuracy"] * judgement["count"])
    page.get_by_text(f"It reads {right} of 1,000 test digits right").wait_for()
    count, label, predicted = _largest(judgement)
    page.get_by_role("button", name=f"{label} read as {predicted}: {count} picture").click()
    tiles = page.locator(".cell .tile")
    tiles.nth(count - 1).wait_for()
    assert tiles.count() == count
    cell = trained.ask(f"/api/judge/cell?reader=run:{run}&true={label}&predicted={predicted}")
    assert tiles.first.get_attribute("href") == f"#/inside?reader=run%3A{run}&picture={cell['pictures'][0]['index']}"
    assert f"cell={label}-{predicted}" in page.url
    walk(page.url.removeprefix(trained.url))  # the address holds it
    page.locator(".cell .tile").nth(count - 1).wait_for()
    page.locator(".values summary", has_text="Is it right as often as it says").click()
    bins = judgement["reliability"]
    row = page.locator(".values tbody tr").nth(len(bins) - 1)
    assert row.locator("td").last.inner_text() == str(bins[-1]["count"])


def test_by_keyboard_a_cell_is_reached_and_an_empty_one_says_so(walk, trained, run):
    page = _judged(walk, run)
    empty = next(
        (label, predicted)
        for label, row in enumerate(trained.ask(f"/api/judge?reader=run:{run}")["confusion"])
        for predicted, n in enumerate(row)
        if n == 0
    )
    matrix = page.locator(".matrix")
    assert matrix.locator("[tabindex='0']").count() == 1
    matrix.locator("[tabindex='0']").focus()
    focused = "() => document.activeElement.dataset.place.split('-').map(Number)"
    for axis, keys in ((0, ("ArrowUp", "ArrowDown")), (1, ("ArrowLeft", "ArrowRight"))):
        while (at := page.evaluate(focused)[axis]) != empty[axis]:
            page.keyboard.press(keys[at < empty[axis]])
    page.keyboard.press("Enter")
    words = f"no picture of {empty[0]} was taken for {empty[1]}"
    page.locator(".cell .refusal").get_by_text(words).wait_for()
    walk.watched.errors.clear()  # the browser logs the refusal


def test_mistakes_are_asked_for_when_they_are_seen_come_in_parts_and_lead_inside(walk, trained, run):
    page = _judged(walk, run)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/mistakes" in request.url else None)
    page.wait_for_timeout(200)
    assert asked == []
    page.locator("#gallery-heading").scroll_into_view_if_needed()
    wrong = trained.ask(f"/api/judge/mistakes?reader=run:{run}&most=200")
    first = page.locator(".gallery .tile").first
    page.get_by_text(f"1 to 24 of {wrong['count']} mistakes").wait_for()
    assert f"picture={wrong['pictures'][0]['index']}" in first.get_attribute("href")
    button(page, "^Less sure ones").click()
    index = wrong["pictures"][24]["index"]
    page.locator(f".gallery .tile[href$='picture={index}']").click()
    page.locator("main.inside").get_by_text(f"Test digit {index}", exact=True).wait_for()


def test_another_reader_is_better_or_not_in_a_sentence_and_with_pictures(walk, trained, run):
    page = _judged(walk, run)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/compare" in request.url else None)
    page.locator("#compare-heading").scroll_into_view_if_needed()
    page.get_by_label("Compare with").select_option("model:standard")
    compared = trained.ask(f"/api/judge/compare?reader=run:{run}&other=model:standard")
    page.locator(".says").get_by_text("Standard is better than quick").wait_for()
    assert page.locator(".sides-of .tiles").last.locator(".tile").count() == min(60, compared["only_other"])
    assert "with=model%3Astandard" in page.url
    page.get_by_label("Compare with").select_option("")
    page.locator(".says").wait_for(state="detached")
    assert len(asked) == 1
    page.get_by_label("Compare with").select_option(f"run:{run}")
    page.locator(".compare .refusal").get_by_text("A model is not compared with itself").wait_for()
    walk.watched.errors.clear()  # the browser logs the refusal


def test_robustness_is_measured_when_it_is_asked_for_and_kept(walk, trained, run):
    page = _judged(walk, run)
    page.locator("#robust-heading").scroll_into_view_if_needed()
    button(page, "^Measure it").click()
    page.get_by_text("spoiled in 15 ways").wait_for()
    measured = trained.ask(f"/api/judge/robustness?reader=run:{run}")["result"]
    assert page.locator(".corruptions li").count() == 16
    assert f"{100 * measured['corruptions'][0]['accuracy']:.1f}" in page.locator(".corruptions li").nth(1).inner_text()
    page = _judged(walk, run)
    page.locator("#robust-heading").scroll_into_view_if_needed()
    page.get_by_text("spoiled in 15 ways").wait_for()  # it is kept


def test_a_network_that_learns_is_judged_as_it_was_until_it_is_judged_again(walk, trained, run):
    end(trained)
    trained.ask("/api/train", {"recipe": "minibatch", "paused": True})
    trained.wait_for(lambda training: training["phase"] == "paused")
    page = walk("/#/judge?reader=live")
    shown = page.locator(".accuracy .big b:not(.none)")
    shown.wait_for()
    before = shown.inner_text()
    trained.ask("/api/control", {"do": "epoch"})
    trained.wait_for(lambda training: training["epoch"] == 1 and training["phase"] == "paused")
    page.get_by_text("The training has gone on since.").wait_for()
    page.locator(".matrix .wrong").first.click()
    page.locator(".cell .average").wait_for()  # of the network that was judged
    assert shown.inner_text() == before
    button(page, "^Judge it again").click()
    page.wait_for_function("before => document.querySelector('.accuracy .big b').innerText !== before", arg=before)
    page.wait_for_timeout(200)
    walk.watched.errors.clear()  # of a cell that is empty now, the browser logs the refusal
    end(trained)


def test_an_epoch_that_was_kept_is_judged_too(walk, trained, run):
    page = _judged(walk, run)
    epoch = trained.ask(f"/api/runs/{run}")["snapshots"][0]
    slider = page.get_by_role("slider", name=re.compile("^Rewind"), disabled=False).first
    slider.press("Home")
    page.wait_for_url(f"**reader=run%3A{run}%40{epoch}*")
    accuracy = trained.ask(f"/api/judge?reader=run:{run}@{epoch}")["accuracy"]
    page.locator(".accuracy .big").get_by_text(f"{100 * accuracy:.1f}").wait_for()


def test_what_cannot_be_judged_is_said_in_the_servers_words(walk, trained, run):
    page = _judged(walk, run)
    refusal = '{"error": {"what": "the network knows other classes", "must_be": "0, 1", "got": "a, b", "help": ""}}'
    page.route("**/api/judge?*", lambda route: route.fulfill(status=400, body=refusal, content_type="application/json"))
    walk(f"/#/judge?reader=run:{run}")
    page.locator(".refusal").get_by_text("The network knows other classes").wait_for()
    walk.watched.errors.clear()  # the browser logs the refusal


@pytest.mark.parametrize(("width", "dark"), [pytest.param(1280, True, marks=pytest.mark.soak), (380, False)])
def test_it_fits_is_accessible_and_nothing_jumps(walk, trained, run, width, dark):
    page = walk("/#/read", width=width, dark=dark)
    page.evaluate(WATCH_JUMPS)
    _, label, predicted = _largest(trained.ask(f"/api/judge?reader=run:{run}"))
    page.goto(f"{trained.url}/#/judge?reader=run:{run}&cell={label}-{predicted}&with=run:{run}@0")
    page.locator(".cell .tile").first.wait_for()
    page.locator("#gallery-heading").scroll_into_view_if_needed()
    page.locator(".gallery .tile").nth(9).wait_for()
    page.locator("#compare-heading").scroll_into_view_if_needed()
    page.locator(".sides-of .tile").first.wait_for()
    assert page.evaluate("window.jumps") < 0.05
    usable(page)
