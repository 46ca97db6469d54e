"""The page where more comes than it expects: long drawings, runs that go, another room, troubles."""

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


def test_the_reader_can_be_saved_as_one_html_file(open_page, trained):
    page, _ = _pad(open_page)
    with page.expect_download() as saved:
        button(page, "Save as one HTML file").click()
    assert saved.value.suggested_filename.endswith("digitlab.html")
    text = saved.value.path().read_text("utf-8")
    assert "<title>A neural network that reads handwritten digits</title>" in text
    assert '"sizes": [784, ' in text


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


def test_curves_of_a_run_that_is_deleted_elsewhere_go(walk, trained):
    run = train(trained, "minibatch", epochs=1)
    train(trained, "minibatch", epochs=2)
    page = walk("/#/train")
    page.get_by_role("checkbox", name=re.compile("^Lay the curves of minibatch")).nth(1).check()
    becomes(page, "Object.keys(current().laid)", [run])
    trained.ask(f"/api/runs/{run}/delete", {})
    becomes(page, "Object.keys(current().laid)", [])


def test_a_random_test_digit_is_answered_in_sight(walk, trained):
    page = walk("/#/read", width=380, height=760)
    random = button(page, "^Random test digit")
    random.scroll_into_view_if_needed()
    random.click()
    page.locator(".verdict").wait_for()
    page.wait_for_function(IN_SIGHT, arg=".answer .winner")


IN_SIGHT = """answer => {
  const {top, bottom} = document.querySelector(answer).getBoundingClientRect();
  return top > -1 && bottom < innerHeight + 1;
}"""


def test_on_a_phone_the_answer_comes_into_sight_after_the_last_stroke(open_page, trained):
    page = open_page("/#/read", width=380, height=760)
    page.locator(".paper canvas").wait_for()
    page.evaluate(MOVES)
    for x in (0.35, 0.65):  # two strokes: between them nothing moves
        page.evaluate("x => { tell('pointerdown', [x, 0.2]); tell('pointermove', [x, 0.8]); }", x)
        page.evaluate("x => tell('pointerup', [x, 0.8])", x)
        page.wait_for_timeout(500)
        assert page.evaluate("scrollY") == 0
    assert not page.evaluate(f"({IN_SIGHT})('.answer .winner')")
    page.wait_for_function(IN_SIGHT, arg=".answer .winner")
    page.wait_for_function(IN_SIGHT, arg=".paper")  # and the pad stays


def test_a_room_is_a_folder_and_a_row(open_page, lab):
    end(lab)
    page = open_page(None)
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
    page.get_by_role("heading", name="Read digits").wait_for()
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
def test_a_trouble_covers_no_control_and_stays_in_its_room(walk, trained, room, width, height):
    page = walk(f"/#/{room}", width=width, height=height)
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


def test_a_trouble_begins_as_a_sentence_does(walk):
    page = walk("/#/train")
    for what, said in [("the disk is full", "The disk is full"), ("runs/a.npz is none", "runs/a.npz is none")]:
        _trouble(page, what)
        assert page.locator(".trouble strong").inner_text() == said
