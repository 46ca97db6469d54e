"""The page where more comes than it expects: long drawings, odd words in its fields, runs that go, troubles."""

from __future__ import annotations

import json
import re

import pytest

from tests.browser.serving import STORE, becomes, button, end, train
from tests.browser.shapes import DIGITS

MOVES = """points => {
  const pad = document.querySelector('.paper canvas'), box = pad.getBoundingClientRect();
  pad.setPointerCapture = () => {};  // the pointer is none of the browser's
  window.tell = (kind, [x, y]) => pad.dispatchEvent(new PointerEvent(kind, {
    bubbles: true, pointerId: 7, button: 0, clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
}"""


def _is_read(page, name):
    page.wait_for_function(
        "name => document.querySelector('.answer .winner')?.innerText.trim().startsWith(name)", arg=name
    )


def _pad(open_page):
    """A pad, and every body that it sends."""
    page = open_page("/#/read")
    sent = []
    page.on("request", lambda request: sent.append(request.post_data) if "/api/read" in request.url else None)
    page.locator(".paper canvas").wait_for()
    page.evaluate(MOVES)
    return page, sent


def test_a_very_long_drawing_is_read_to_its_end(open_page, trained):
    page, sent = _pad(open_page)
    zero = DIGITS[0][0][:-1] * 334  # round and round
    assert len(zero) > 8000
    moves = "points => { tell('pointerdown', points[0]); for (const one of points) tell('pointermove', one); }"
    page.evaluate(moves, [[x + i % 7 / 300, y + i % 5 / 300] for i, (x, y) in enumerate(zero)])
    _is_read(page, "0")
    page.wait_for_timeout(300)
    assert 30_000 < len(sent[-1]) < 60_000
    page.evaluate("tell('pointerup', [0.5, 0.5])")
    page.evaluate("tell('pointerdown', [0.5, 0.5]); tell('pointerup', [0.5, 0.5])")
    page.wait_for_timeout(500)
    assert json.loads(sent[-1])["strokes"][1] == [[140, 140]]
    assert page.locator(".trouble").inner_text() == ""


def test_a_dash_is_not_a_digit_and_says_so(open_page, trained):
    page, _ = _pad(open_page)
    page.evaluate("tell('pointerdown', [0.2, 0.5]); tell('pointermove', [0.8, 0.45]); tell('pointerup', [0.8, 0.45])")
    _is_read(page, "Not a digit")
    assert page.locator(".answer .winner b").count() == page.locator(".bars .first").count() == 0
    assert "%" in page.locator(".bars .share").first.inner_text()


def test_points_that_lie_together_are_one_and_the_end_is_kept(open_page, trained):
    page, sent = _pad(open_page)
    line = [[0.5, 0.2 + 0.6 * i / 8000] for i in range(8001)]
    page.evaluate(
        "points => { tell('pointerdown', points[0]); for (const one of points) tell('pointermove', one);"
        " tell('pointerup', points.at(-1)); }",
        line,
    )
    _is_read(page, "1")
    page.wait_for_timeout(300)
    [stroke] = json.loads(sent[-1])["strokes"]
    assert len(stroke) < 400
    assert stroke[0] == pytest.approx([140, 56], abs=0.5)
    assert stroke[-1] == pytest.approx([140, 224], abs=0.5)


def test_more_than_a_thousand_dots_are_read(open_page, trained):
    page, sent = _pad(open_page)
    dots = [[0.5 + i % 3 / 300, 0.2 + 0.6 * (i % 100) / 100] for i in range(1100)]
    page.evaluate("points => { for (const one of points) { tell('pointerdown', one); tell('pointerup', one); } }", dots)
    _is_read(page, "1")
    page.wait_for_timeout(500)
    assert len(json.loads(sent[-1])["strokes"]) < 1000
    assert page.locator(".trouble").inner_text() == ""


def test_curves_of_a_run_that_is_deleted_elsewhere_go(open_page, trained):
    run = train(trained, "minibatch", epochs=1)
    train(trained, "minibatch", epochs=2)
    page = open_page("/#/train")
    page.get_by_role("checkbox", name=re.compile("^Lay the curves of minibatch")).nth(1).check()
    becomes(page, "Object.keys(current().laid)", [run])
    trained.ask(f"/api/runs/{run}/delete", {})
    becomes(page, "Object.keys(current().laid)", [])


TYPED = [
    ("layer sizes", "784,64,10", [784, 64, 10]),
    ("layer sizes", " 784-64-10 ", [784, 64, 10]),
    ("layer sizes", "784; 64 10", [784, 64, 10]),
    ("layer sizes", "784,-1,10", "784,-1,10"),
    ("layer sizes", "784 -64 10", "784 -64 10"),
    ("layer sizes", "784,1e3,10", "784,1e3,10"),
    ("layer sizes", "784,6.5,10", "784,6.5,10"),
    ("layer sizes", "abc", "abc"),
    ("layer sizes", "", ""),
    ("number", "0,05", 0.05),
    ("number", "0.05", 0.05),
    ("number", "abc", "abc"),
    ("whole number", "12", 12),
    ("whole number", "1,000", "1,000"),
]


def test_what_is_typed_is_understood_or_sent_as_it_is(open_page):
    page = open_page("/#/train")
    for kind, text, value in TYPED:
        setting = {"kind": kind, "low": 0, "high": 1000, "must_be": "something else", "choices": {}}
        found = page.evaluate(
            "([setting, text]) => import('/static/js/kit/settings.js').then(({asValue, wrong}) =>"
            " [asValue(setting, text), wrong(setting, text)])",
            [setting, text],
        )
        assert found == [value, "something else" if isinstance(value, str) else ""], (kind, text)


def test_a_rewind_takes_a_decimal_comma_and_says_what_is_no_number(open_page, trained):
    run = train(trained, "minibatch", epochs=2)
    page = open_page("/#/train")
    item = page.locator(".runs li").first
    item.get_by_role("button", name=re.compile("^Rewind")).click()
    panel = item.get_by_role("group", name=re.compile("^Rewind"))
    rate = panel.get_by_label("Learning rate from there")
    rate.fill("abc")
    panel.get_by_text(re.compile("must be a number above 0")).wait_for()
    assert rate.get_attribute("aria-invalid") == "true"
    panel.get_by_role("button", name="Branch from here").click()
    page.locator(".trouble").get_by_text(re.compile("setting learning_rate cannot have this value")).wait_for()
    open_page.watched.errors.clear()  # the browser logs the refusal
    rate.fill("0,05")
    panel.get_by_role("button", name="Branch from here").click()
    branch = trained.wait_for(lambda now: now["run"] != run and now["phase"] == "finished")
    assert branch["values"]["learning_rate"] == 0.05
    page.wait_for_function("() => document.querySelector('.trouble').innerText === ''")


def test_a_link_with_layers_that_cannot_be_says_so(open_page, trained):
    page = open_page("/#/train?layers=abc")
    page.locator(".mistakes").get_by_text(re.compile("^Layers must be 2 to ")).wait_for()
    field = page.get_by_role("textbox", name="Layers", exact=True)
    assert (field.input_value(), field.get_attribute("aria-invalid")) == ("abc", "true")
    button = page.get_by_role("button", name=re.compile("^Train it")).first
    button.click()
    page.locator(".trouble").get_by_text(re.compile("setting layers cannot have this value")).wait_for()
    open_page.watched.errors.clear()  # the browser logs the refusal
    page.locator(".trouble").get_by_text(re.compile("must be 2 to ")).wait_for()
    assert button.is_enabled()
    field.fill("784-16-10")
    page.locator("#set-layers-error").wait_for(state="detached")  # at once, before it is asked for
    field.press("Enter")
    assert page.locator(".mistakes").count() == 0
    assert page.locator(".trouble").inner_text() == ""
    assert field.get_attribute("aria-invalid") is None  # what the server said of the value before is gone


def test_a_link_with_names_that_are_not_known_says_so(open_page, trained):
    page = open_page("/#/train?recipe=nope&layers=784,16,10&speed=7")
    page.locator(".mistakes").get_by_text("nope, speed").wait_for()
    page.get_by_text("Next: seed, 1 setting changed").wait_for()
    page.get_by_role("button", name="As in the recipe").click()
    assert page.evaluate("location.hash") == "#/train"
    assert page.locator(".mistakes").count() == 0
    page = open_page("/#/read?reader=run:gone")
    page.get_by_text("The reader of the link is not here: run:gone").wait_for()


@pytest.mark.parametrize("width", [1280, 380])
def test_what_is_off_is_closed_and_a_digit_follows_its_distortions(open_page, trained, width):
    page = open_page("/#/train", width=width)
    page.get_by_label("Learning rate", exact=True).wait_for()
    rotation = page.get_by_label("Rotation degrees", exact=True)
    assert not rotation.is_visible()
    assert page.locator(".distorted").count() == 0
    page.locator("summary", has_text="Distorted digits").click()
    pictures = page.locator(".distorted canvas")

    def painted():
        pictures.nth(8).wait_for()
        return pictures.evaluate_all("all => all.map(one => one.toDataURL())")

    rotation.fill("15")  # it is enough to type
    turned = painted()
    assert len(set(turned)) == 9
    rotation.fill("60")
    page.wait_for_function(
        "before => document.querySelectorAll('.distorted canvas')[1].toDataURL() !== before", arg=turned[1]
    )
    assert painted()[0] == turned[0]  # the digit as it is
    assert "rotation" not in page.url
    rotation.press("Enter")
    page.wait_for_url("**rotation=60*")
    assert page.get_by_label("Elastic sigma").count() == 0
    alpha = page.get_by_label("Elastic alpha", exact=True)
    alpha.fill("34")
    alpha.press("Enter")
    page.get_by_label("Elastic sigma pixels", exact=True).wait_for()
    for field in (rotation, alpha):
        field.fill("0")
        field.press("Enter")
    page.locator(".distorted").wait_for(state="detached")
    assert rotation.is_visible()  # it does not close under one's hands


def test_the_settings_and_changes_of_an_ended_run_are_shown(open_page, lab):
    end(lab)
    lab.ask("/api/train", {"recipe": "minibatch", "settings": {"epochs": 3, "seed": 7}, "paused": True})
    lab.ask("/api/control", {"do": "change", "settings": {"learning_rate": 0.3}})
    lab.ask("/api/control", {"do": "go_on"})
    lab.wait_for(lambda training: training["phase"] == "finished")
    page = open_page("/#/train")
    button(page, "^Rewind").click()
    page.locator(".rewind").get_by_text("Seed 7").wait_for()
    page.locator(".rewind").get_by_text("Learning rate 0.3 from epoch 1").wait_for()


def test_a_training_that_learns_nothing_says_why(open_page, lab):
    train(lab, "minibatch", layers=[784, 10], learning_rate=1e-6, epochs=1)
    advice = open_page("/#/train").locator(".readout .advice")
    advice.get_by_text("Nothing is learnt so far: the loss falls too slowly;").wait_for()


def test_the_readout_never_mixes_a_step_with_an_epoch(open_page, lab):
    end(lab)
    lab.ask("/api/train", {"recipe": "minibatch", "settings": {"batch_size": 500}, "paused": True})
    page = open_page("/#/train")
    shown = page.locator(".readout .numbers")

    def agrees(part, words):
        shown.get_by_text(words).wait_for()
        told = page.evaluate(f"() => {STORE}.then(({{current}}) => ({part}))")
        assert [f"{100 * told['accuracy']:.1f}", f"{told['loss']:.3f}"] == [
            shown.locator(".big b").inner_text().split()[0],
            shown.locator("dd").nth(2).inner_text().strip(),
        ]

    button(page, "^One step").click()
    lab.wait_for(lambda training: training["step"] == 1)
    agrees("current().steps.at(-1)", "newest step")
    button(page, "^One epoch").click()
    lab.wait_for(lambda training: training["epoch"] == 1 and training["phase"] == "paused")
    last = "{accuracy: current().history.accuracy.at(-1), loss: current().history.loss.at(-1)}"
    agrees(last, "training digits right")
    button(page, "^One step").click()
    agrees("current().steps.at(-1)", "newest step")
    end(lab)
    agrees(last, "training digits right")


def test_a_random_test_digit_is_answered_in_sight(open_page, trained):
    page = open_page("/#/read", width=380, height=760)
    random = button(page, "^Random test digit")
    random.scroll_into_view_if_needed()
    random.click()
    page.locator(".verdict").wait_for()
    page.wait_for_timeout(100)
    box = page.locator(".answer .winner").bounding_box()
    assert box["y"] > -1
    assert box["y"] + box["height"] < 761


def test_a_room_is_a_folder_and_a_row(open_page, lab):
    end(lab)
    page = open_page("/static/icon.svg")
    table = lab.read("/static/js/rooms.js")
    row = "toy: { title: 'Toys', Room: ToyRoom, busy: () => true },"
    table = f"import {{ ToyRoom }} from './toy/room.js';\n{table.replace('  read: {', f'  {row} read: {{')}"
    room = (
        "import { html } from '../kit/lib.js'; import { useParts } from '../kit/store.js';"
        "export const ToyRoom = () => html`<h1>A toy for ${useParts('address').address.age} years</h1>`;"
    )
    page.route("**/js/rooms.js", lambda route: route.fulfill(body=table, content_type="text/javascript"))
    page.route("**/js/toy/room.js", lambda route: route.fulfill(body=room, content_type="text/javascript"))
    page.goto(f"{lab.url}/#/toy?age=3")
    page.get_by_role("heading", name="A toy for 3 years").wait_for()
    assert page.title() == "Toys · digitlab"
    rooms = page.get_by_role("navigation", name="Rooms")
    assert rooms.inner_text().split()[:3] == ["Train", "Toys", "Read"]
    assert rooms.locator("[aria-current=page] .pulse").count() == 1
    rooms.get_by_role("link", name="Read").click()
    page.get_by_role("heading", name="Read a digit").wait_for()
    assert page.title() == "Read · digitlab"
    rooms.get_by_role("link", name="Toys").click()
    page.get_by_role("heading", name="A toy for").wait_for()
    assert page.evaluate("document.querySelector('main').className") == "room toy"


def _trouble(page, what):
    trouble = {"what": what, "must_be": "a folder with room in it", "got": "", "help": "delete something"}
    page.evaluate(f"trouble => {STORE}.then(({{set}}) => set({{trouble}}))", trouble)
    page.locator(".trouble p").wait_for()
    page.wait_for_function("() => parseInt(document.documentElement.style.getPropertyValue('--trouble')) > 0")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (380, 760)])
@pytest.mark.parametrize("room", ["train", "read"])
def test_a_trouble_covers_no_control_and_stays_in_its_room(open_page, trained, room, width, height):
    page = open_page(f"/#/{room}", width=width, height=height)
    page.get_by_role("heading").first.wait_for()
    button(page, "^Rewind" if room == "train" else "^Show").wait_for()
    _trouble(page, "/tmp/runs is full")
    covered = """() => [...document.querySelectorAll('a, button, input, select')].filter(one => {
      if (one.closest('.trouble') || one.disabled || !one.checkVisibility()) return false;
      if (scrolled) one.scrollIntoView({block: 'nearest'});
      const {left, top, right, bottom} = one.getBoundingClientRect();
      return [[left + 1, top + 1], [right - 1, bottom - 1]].some(([x, y]) =>
        document.elementFromPoint(x, y)?.closest('.trouble'));
    }).map(one => one.outerHTML)"""
    assert page.evaluate(covered.replace("if (scrolled) one.scrollIntoView({block: 'nearest'});", "")) == []
    assert page.evaluate(covered.replace("scrolled", "true")) == []
    assert page.locator(".trouble strong").inner_text() == "/tmp/runs is full"
    style = "one => getComputedStyle(one, '::first-letter').textTransform"
    assert page.locator(".trouble strong").evaluate(style) == "none"
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("link", name="Read" if room == "train" else "Train", exact=True).click()
    page.wait_for_function("() => document.querySelector('.trouble').innerText === ''")
    assert page.evaluate("document.querySelector('.trouble').offsetHeight") == 0


def test_a_trouble_begins_as_a_sentence_does(open_page):
    page = open_page("/#/train")
    for what, said in [("the disk is full", "The disk is full"), ("runs/a.npz is none", "runs/a.npz is none")]:
        _trouble(page, what)
        assert page.locator(".trouble strong").inner_text() == said
