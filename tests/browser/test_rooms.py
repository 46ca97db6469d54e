"""The two rooms as a person uses them, in a real browser on a real lab."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest
from shapes import DIGITS

SCREENS = [(1280, 800), (380, 760)]


def _draw(page, strokes):
    """With the mouse, on the pad."""
    box = page.get_by_label(re.compile("drawing pad", re.IGNORECASE)).first.bounding_box()
    for stroke in strokes:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def _button(page, name):
    return page.get_by_role("button", name=re.compile(name)).first


def _end(lab):
    lab.ask("/api/control", {"do": "stop"})
    if lab.training():
        lab.wait_for(lambda training: training["phase"] not in {"running", "paused", "stopping"})


@pytest.fixture(scope="module")
def trained(lab):
    """A lab in which the recipe quick has been trained."""
    _end(lab)
    run = lab.ask("/api/train", {"recipe": "quick"})["run"]
    lab.wait_for(lambda training: training["run"] == run and training["phase"] == "finished")
    return lab


def test_first_paint_comes_within_a_second(open_page):
    page = open_page("/")
    paint = page.evaluate(
        "() => new Promise(done => new PerformanceObserver(list => done(list.getEntries()[0].startTime))"
        ".observe({type: 'paint', buffered: true}))"
    )
    assert paint < 1000


def test_one_click_trains_the_classic_experiment_to_its_end(open_page, lab):
    page = open_page("/")
    page.get_by_role("button", name="Train it").click()
    lab.wait_for(lambda training: training["phase"] == "running")
    training = lab.wait_for(lambda training: training["phase"] == "finished", seconds=240)
    assert training["values"]["epochs"] == training["epoch"] == 1000
    assert training["history"]["loss"][-1] == pytest.approx(0.4087, abs=1e-3)
    page.get_by_text(re.compile(r"89\.3")).first.wait_for()


def test_pause_change_go_on_and_reload_in_mid_run(open_page, lab):
    page = open_page("/#/train")
    lab.ask("/api/train", {"recipe": "seed"})
    _button(page, "^Pause").click()
    paused = lab.wait_for(lambda training: training["phase"] == "paused")
    rate = page.get_by_label("Learning rate", exact=True).first
    rate.fill("0.25")
    rate.press("Enter")
    _button(page, "^Go on").click()
    changed = lab.wait_for(lambda training: training["changes"])
    assert (changed["changes"][0]["name"], changed["changes"][0]["value"]) == ("learning_rate", 0.25)
    page.reload()
    _button(page, "^Stop").wait_for()
    lab.wait_for(lambda training: training["epoch"] > paused["epoch"] + 5)
    page.get_by_text(re.compile("of 1,000")).first.wait_for()
    _button(page, "^Stop").click()
    lab.wait_for(lambda training: training["phase"] == "interrupted")


def test_two_tabs_that_press_start_together_begin_one_training(open_page, lab):
    _end(lab)
    before = {run["name"] for run in lab.ask("/api/runs")["runs"]}
    pages = [open_page("/#/train?recipe=minibatch"), open_page("/#/train?recipe=minibatch")]
    held, statuses = [], []
    for page in pages:  # both have pressed before either is heard
        page.route("**/api/train", lambda route: held.append(route))  # noqa: PLW0108  # Playwright looks inside
        page.on("response", lambda got: statuses.append(got.status) if got.url.endswith("/api/train") else None)
        page.get_by_role("button", name=re.compile("^Train it")).first.click()
    while len(held) < 2:
        pages[0].wait_for_timeout(50)
    for request in held:
        request.continue_()
    while len(statuses) < 2:
        pages[0].wait_for_timeout(50)
    open_page.watched.errors.clear()  # the browser logs the refusal
    assert sorted(statuses) == [201, 409]
    lab.wait_for(lambda training: training["run"] not in before and training["epoch"] >= 1)
    assert len(lab.ask("/api/runs")["runs"]) == len(before) + 1
    _end(lab)


def test_drawn_digits_are_read_while_they_are_drawn(open_page, trained):
    page = open_page("/#/read")
    for digit, strokes in DIGITS.items():
        _draw(page, strokes)
        page.wait_for_function(
            "digit => document.querySelector('.answer .winner')?.innerText.trim().startsWith(digit)", arg=str(digit)
        )
        _button(page, "^Clear").click()


def test_a_random_test_digit_comes_with_its_label(open_page, trained):
    page = open_page("/#/read")
    _button(page, "Random test digit").click()
    verdict = page.locator(".verdict").inner_text()
    index = int(re.sub(r"\D", "", page.locator(".answer .note").first.inner_text()))
    answer = trained.ask(f"/api/test-digit?index={index}")
    assert answer["name"] in verdict
    assert ("✓" in verdict) is (answer["reading"]["digit"] == answer["label"])


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "height"), SCREENS)
@pytest.mark.parametrize("room", ["train", "read"])
def test_rooms_are_accessible_and_fit_the_screen(open_page, trained, room, width, height, dark, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(f"/#/{room}", width=width, height=height, dark=dark, bypass_csp=True)
    page.get_by_role("heading").first.wait_for()
    time.sleep(0.5)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=str(tmp_path / "room.png"), full_page=True)
    found = axe.Axe().run(page)
    assert not found.response["violations"], found.generate_report()


def test_the_page_is_small(lab):
    static = Path(__file__).parents[2] / "src" / "digitlab" / "lab" / "static"
    served = [path for path in static.rglob("*") if path.suffix in {".html", ".css", ".js", ".svg"}]
    assert served
    assert sum(path.stat().st_size for path in served) <= 300_000


def test_ctrl_c_ends_it_with_a_page_open(open_page, lab):
    open_page("/#/train")
    began = time.monotonic()
    assert lab.end(signal.SIGINT) == 0
    assert time.monotonic() - began < 2
