"""The two rooms as a person uses them, in a real browser on a real lab."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

import digitlab as dl
from tests.browser.serving import button, end, serve, usable
from tests.browser.shapes import DIGITS, places

SCREENS = [(1280, 800), (380, 760)]
# The page's cumulative layout shift, as https://web.dev/articles/cls has it: of bursts of shifts the largest. Below 0.1
# is good; half of that is asked of this page.
WATCH_JUMPS = """() => {
  window.jumps = 0;
  let burst = 0, first = 0, last = 0;
  new PerformanceObserver(list => {
    for (const {value, startTime, hadRecentInput} of list.getEntries()) if (!hadRecentInput) {
      if (startTime - last > 1000 || startTime - first > 5000) [burst, first] = [0, startTime];
      [burst, last] = [burst + value, startTime];
      window.jumps = Math.max(window.jumps, burst);
    }
  }).observe({type: 'layout-shift', buffered: false});
}"""


def _pad(page):
    return page.get_by_role("application", name="Drawing pad")


def _draw(page, strokes):
    """With the mouse, on the pad."""
    _pad(page).scroll_into_view_if_needed()
    box = _pad(page).bounding_box()
    for stroke in strokes:
        first, *others = places(stroke, box)
        page.mouse.move(*first)
        page.mouse.down()
        for place in others:
            page.mouse.move(*place)
        page.mouse.up()


@pytest.mark.soak  # nothing else may be at work
def test_first_paint_comes_within_a_second(open_page):
    page = open_page("/")
    paint = page.evaluate(
        "() => new Promise(done => new PerformanceObserver(list => done(list.getEntries()[0].startTime))"
        ".observe({type: 'paint', buffered: true}))"
    )
    assert paint < 1000


@pytest.mark.parametrize("width", [pytest.param(1280, marks=pytest.mark.soak), 380])
def test_before_any_training_the_network_that_ships_reads_and_is_named(open_page, lab, width):
    assert lab.training() is None
    page = open_page("/", width=width)
    page.get_by_role("link", name="Or draw a digit first").click()
    chosen = page.get_by_label("Reader").locator("option:checked")
    chosen.get_by_text("standard (ships with digitlab)").wait_for(state="attached")
    for digit in (3, 7):
        _draw(page, DIGITS[digit])
        page.wait_for_function(
            "digit => document.querySelector('.answer .winner')?.innerText.trim().startsWith(digit)", arg=str(digit)
        )
        button(page, "^Clear").click()
    button(page, "^Random test digit").click()
    page.locator(".verdict").wait_for()
    page.get_by_role("link", name="Train one of your own").click()
    page.get_by_role("button", name="Train it").wait_for()


def test_one_click_trains_the_classic_experiment(open_page, lab, some_digits):
    page = open_page("/")
    page.get_by_role("button", name="Train it").click()
    training = lab.wait_for(lambda training: training["phase"] == "running" and training["epoch"] >= 10)
    assert training["values"]["epochs"] == 1000
    recipe, (digits, _) = dl.recipe("seed", epochs=10), dl.open_data(some_digits)
    assert training["history"]["loss"][:10] == dl.fit(recipe.new_network(), digits, recipe).losses
    end(lab)


def test_a_training_comes_to_its_end(walk, lab):
    page = walk("/#/train?epochs=50")
    button(page, "^Train it").click()
    training = lab.wait_for(lambda training: training["phase"] == "finished")
    assert training["values"]["epochs"] == training["epoch"] == 50
    accuracy = f"{100 * training['history']['accuracy'][-1]:.1f}"
    page.locator(".readout .big").get_by_text(accuracy).wait_for()


@pytest.mark.soak
def test_one_click_trains_the_classic_experiment_to_its_end(open_page, lab):
    lab.end()
    lab.process = serve(lab.runs, port=int(lab.url.rsplit(":", 1)[1])).process
    page = open_page("/")
    page.get_by_role("button", name="Train it").click()
    training = lab.wait_for(lambda training: training["phase"] == "finished", seconds=600)
    assert training["history"]["loss"][-1] == pytest.approx(0.4087, abs=1e-3)
    page.get_by_text(re.compile(r"89\.3")).first.wait_for()


def test_pause_change_go_on_and_reload_in_mid_run(open_page, lab):
    page = open_page("/#/train")
    lab.ask("/api/train", {"recipe": "seed", "settings": {"epochs": 50_000}})
    button(page, "^Pause").click()
    paused = lab.wait_for(lambda training: training["phase"] == "paused")
    rate = page.get_by_label("Learning rate", exact=True).first
    rate.fill("0.25")
    rate.press("Enter")
    button(page, "^Go on$").click()
    changed = lab.wait_for(lambda training: training["changes"])
    assert (changed["changes"][0]["name"], changed["changes"][0]["value"]) == ("learning_rate", 0.25)
    page.reload()
    button(page, "^Stop").wait_for()
    lab.wait_for(lambda training: training["epoch"] > paused["epoch"] + 5)
    page.get_by_text(re.compile("of 50,000")).first.wait_for()
    button(page, "^Stop").click()
    lab.wait_for(lambda training: training["phase"] == "interrupted")


def test_two_tabs_that_press_start_together_begin_one_training(open_page, lab):
    end(lab)
    before = {run["name"] for run in lab.ask("/api/runs")["runs"]}
    pages = [open_page("/#/train?recipe=minibatch&epochs=20000") for _ in range(2)]
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
    end(lab)


def test_an_earlier_run_is_laid_over_rewound_and_branched(open_page, trained):
    first = trained.training()
    end(trained)
    page = open_page("/#/train")
    item = page.locator(".runs li").filter(has_text="quick").first
    item.get_by_role("button", name=re.compile("^Rewind")).click()
    panel = item.get_by_role("group", name=re.compile("^Rewind"))
    slider = panel.get_by_role("slider")
    panel.get_by_text(re.compile("Back to epoch [1-9]")).wait_for()  # its snapshots are known
    slider.press("Home")
    panel.get_by_text(re.compile("Back to epoch 0$")).wait_for()
    at_first = _painted(panel, lambda _: True)
    slider.press("End")
    last = trained.ask(f"/api/runs/{first['run']}")["snapshots"][-1]
    panel.get_by_text(re.compile(f"Back to epoch {last}$")).wait_for()
    _painted(panel, lambda now: now != at_first)  # the weights of then are shown
    for _ in range(3):
        slider.press("ArrowLeft")
    epoch = int(slider.get_attribute("aria-valuetext").split()[-1])
    assert 1 < epoch < last
    panel.get_by_label("Learning rate from there").fill("0.05")
    panel.get_by_label("Epochs in all").fill(str(epoch + 2))
    panel.get_by_role("button", name="Branch from here").click()
    branch = trained.wait_for(lambda now: now["run"] != first["run"] and now["phase"] == "finished")
    assert branch["parent"] == {"run": first["run"], "epoch": epoch}
    assert branch["values"]["learning_rate"] == 0.05
    assert branch["history"]["epoch"] == list(range(1, epoch + 3))
    assert branch["history"]["loss"][:epoch] == first["history"]["loss"][:epoch]
    page.get_by_text(f"branched from quick at epoch {epoch}").wait_for()
    page.get_by_role("checkbox", name=re.compile("Lay the curves of quick")).last.check()
    page.locator(".curves .legend li").nth(1).wait_for()


def _painted(panel, wanted):
    """The picture of the weights, once it is as wanted; a picture that is blank is none."""
    canvas = panel.get_by_role("img", name=re.compile("^Weights"))
    blank = canvas.evaluate("c => { const n = document.createElement('canvas'); n.width = c.width; n.height = c.height;"
                            " return n.toDataURL(); }")  # fmt: skip
    for _ in range(100):
        now = canvas.evaluate("canvas => canvas.toDataURL()")
        if now != blank and wanted(now):
            return now
        time.sleep(0.05)
    raise AssertionError("it was not painted")


def test_a_snapshot_reads_what_is_drawn(walk, trained):
    run = next(run["name"] for run in trained.ask("/api/runs")["runs"] if run["recipe"] == "quick")
    epoch = trained.ask(f"/api/runs/{run}")["snapshots"][0]
    page = walk(f"/#/read?reader=run:{run}@{epoch}")
    page.get_by_text(f"quick at epoch {epoch}").first.wait_for(state="attached")
    with page.expect_response(re.compile(rf"/api/read\?reader=.*%40{epoch}")) as answered:
        _draw(page, DIGITS[7])
    assert answered.value.ok


def test_a_change_while_it_is_paused_is_shown_and_taken_with_the_next_step(walk, lab):
    end(lab)
    lab.ask("/api/train", {"recipe": "seed", "paused": True})
    lab.wait_for(lambda training: training["phase"] == "paused")
    page = walk("/#/train")
    rate = page.get_by_label("Learning rate", exact=True).first
    rate.fill("0.3")
    rate.press("Enter")
    assert lab.wait_for(lambda training: training["values"]["learning_rate"] == 0.3)["changes"] == []
    assert rate.input_value() == "0.3"
    button(page, "^One step").click()
    page.get_by_text("Learning rate 0.3 from epoch 1").wait_for()
    assert lab.wait_for(lambda training: training["phase"] == "paused")["step"] == 1
    end(lab)


def test_drawn_digits_are_read_while_they_are_drawn(open_page, trained):
    page = open_page(_reads_with_quick(trained))
    for digit in (0, 2, 5, 8):
        _draw(page, DIGITS[digit])
        page.wait_for_function(
            "digit => document.querySelector('.answer .winner')?.innerText.trim().startsWith(digit)", arg=str(digit)
        )
        button(page, "^Clear").click()


def _reads_with_quick(trained):
    """The address of a room that reads with what quick has learnt, whatever was trained since."""
    runs = trained.ask("/api/runs")["runs"]
    return "/#/read?reader=run:" + next(run["name"] for run in runs if run["recipe"] == "quick" and not run["parent"])


def test_by_keyboard_alone_a_digit_is_drawn_and_read(open_page, trained):
    page = open_page(_reads_with_quick(trained))
    page.get_by_role("application").wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "application":
            break
    for key, times in (("ArrowUp", 9), (" ", 1), ("ArrowDown", 18), (" ", 1)):
        for _ in range(times):
            page.keyboard.press(key)
    page.wait_for_function("() => document.querySelector('.answer .winner')?.innerText.trim().startsWith('1')")
    page.keyboard.press("Delete")
    page.wait_for_function("() => document.querySelector('.answer .winner')?.innerText.trim().startsWith('?')")


def test_by_keyboard_alone_a_training_begins_pauses_and_stops(open_page, lab):
    end(lab)
    page = open_page("/#/train?recipe=minibatch&epochs=20000")
    button(page, "^Train it").wait_for()

    def press(name, phase):
        for _ in range(40):
            if page.evaluate("document.activeElement.innerText.trim()") == name:
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        lab.wait_for(lambda training: training["phase"] == phase, seconds=10)

    press("Train it", "running")
    page.wait_for_function("() => document.activeElement.innerText.trim() === 'Pause'")  # whoever began it is on it
    press("Pause", "paused")
    press("One step", "paused")
    press("Stop", "interrupted")


@pytest.mark.parametrize("width", [1280, pytest.param(380, marks=pytest.mark.soak)])
def test_nothing_jumps_while_it_trains(open_page, lab, width):
    end(lab)
    page = open_page("/#/train", width=width)
    button(page, "^Train it").wait_for()
    page.evaluate(WATCH_JUMPS)
    lab.ask("/api/train", {"recipe": "minibatch", "settings": {"epochs": 40}})
    lab.wait_for(lambda training: training["phase"] == "finished" and training["epochs"] == 40)
    page.get_by_text("finished").first.wait_for()
    page.wait_for_timeout(600)
    assert page.evaluate("window.jumps") < 0.05


def test_a_random_test_digit_comes_with_its_label(walk, trained):
    page = walk("/#/read")
    button(page, "Random test digit").click()
    verdict = page.locator(".verdict").inner_text()
    index = int(re.sub(r"\D", "", page.locator(".answer .note").first.inner_text()))
    answer = trained.ask(f"/api/test-digit?index={index}")
    assert answer["name"] in verdict
    assert ("✓" in verdict) is (answer["reading"]["digit"] == answer["label"])


@pytest.mark.parametrize(
    ("room", "width", "height", "dark"),
    [
        pytest.param(room, *screen, dark, marks=() if (room == "read") ^ (screen[0] < 700) ^ dark else pytest.mark.soak)
        for room in ("train", "read")
        for screen in SCREENS
        for dark in (False, True)
    ],
)  # any two of room, screen and colours are met together by default; all three in the soak
def test_rooms_are_accessible_and_fit_the_screen(walk, trained, room, width, height, dark):
    page = walk(f"/#/{room}", width=width, height=height, dark=dark)
    page.get_by_role("heading").first.wait_for()
    time.sleep(0.5)
    usable(page)


def test_the_page_is_small(lab):
    static = Path(__file__).parents[2] / "src" / "digitlab" / "lab" / "static"
    served = [path for path in static.rglob("*") if path.suffix in {".html", ".css", ".js", ".svg"}]
    assert served
    assert sum(path.stat().st_size for path in served) <= 500_000


def test_ctrl_c_ends_it_with_a_page_open(open_page, lab):
    page = open_page("/#/train")
    assert lab.end(signal.SIGINT) == 0
    page.close()
    open_page.watched.errors.clear()  # the browser logs that the server has gone
