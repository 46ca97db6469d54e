"""Photographs in the room that reads: dropped, pasted or chosen; then corrected, and copied."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from tests.browser.serving import button, usable
from tests.reading.photographs import photograph

ROOM = "/#/read?reader=model:standard"
# Two lines on a page that lies on its left side: 12 and 7. The 2 is in doubt and so is the 7, a speck is no digit.
LYING = {
    "reader": "model:standard",
    "version": 1,
    "lines": [
        {
            "text": "12",
            "digits": [
                {"digit": 1, "probability": 0.99, "box": [20, 180, 40, 20], "doubtful": False},
                {"digit": 2, "probability": 0.5, "box": [20, 100, 40, 20], "doubtful": True},
            ],
        },
        {"text": "7", "digits": [{"digit": 7, "probability": 0.6, "box": [220, 180, 40, 20], "doubtful": True}]},
    ],
    "rejected": [{"box": [36, 144, 8, 8], "reason": "too small"}],
    "turn": 90,
    "size": [300, 200],
}
# The same page with a single digit, which fills its middle.
ONE_LYING = {
    "lines": [
        {"text": "7", "digits": [{"digit": 7, "probability": 0.9, "box": [40, 40, 112, 112], "doubtful": False}]}
    ],
    "rejected": [],
}


def _png(size=(300, 200)) -> bytes:
    file = io.BytesIO()
    Image.new("L", size, 250).save(file, "PNG")
    return file.getvalue()


def _bring(page, how: str, name: str, kind: str, content: bytes) -> None:
    """Drop a file into the room, or paste it."""
    page.locator(".photo").wait_for()
    page.evaluate(
        """([how, name, type, content]) => {
          const files = new DataTransfer();
          files.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name, {type}));
          const target = how === 'drop' ? document.querySelector('.reading') : document;
          const dropped = {bubbles: true, cancelable: true, dataTransfer: files};
          target.dispatchEvent(how === 'drop' ? new DragEvent(how, dropped)
            : new ClipboardEvent(how, {clipboardData: files}));
        }""",
        [how, name, kind, base64.b64encode(content).decode()],
    )


def _lines(page) -> list[str]:
    return page.locator(".photo .lines li").all_inner_texts()


def _lies(page) -> None:
    """A photograph, with what the server would say of a page that lies on its side."""
    page.route("**/api/read-picture*", lambda route: route.fulfill(json=LYING))
    page.locator("#picture").set_input_files({"name": "page.png", "mimeType": "image/png", "buffer": _png()})
    page.locator(".mark").first.wait_for()


def test_a_photograph_is_dropped_corrected_and_copied(open_page, mnist):
    photo = photograph(7, 7).jpeg
    reading = dl.read(photo)
    page = open_page(ROOM, permissions=["clipboard-read", "clipboard-write"])
    _bring(page, "drop", "=order 7.jpg", "image/jpeg", photo)
    page.locator(".found").wait_for(timeout=30_000)
    lines = [line.text for line in reading.lines]
    assert _lines(page) == lines
    marks = page.locator(".mark:not([data-kind=rejected])")
    assert marks.count() == len("".join(lines))
    [left, top, width, height] = reading.lines[0].digits[0].box
    sheet, box = page.locator(".sheet").bounding_box(), marks.first.bounding_box()
    scale = sheet["width"] / reading.size[0]
    found = [box["x"] - sheet["x"], box["y"] - sheet["y"], box["width"], box["height"]]
    assert found == pytest.approx([left * scale, top * scale, width * scale, height * scale], abs=1.5)
    other = str((int(lines[0][0]) + 1) % 10)
    marks.first.click()
    page.keyboard.press(other)
    lines[0] = other + lines[0][1:]
    assert _lines(page) == lines
    button(page, "^Copy text").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(lines)
    with page.expect_download() as saved:
        button(page, "^Save CSV").click()
    table = saved.value.path().read_text()
    assert saved.value.suggested_filename.endswith("order 7.csv")
    head, first, *_ = table.splitlines()
    assert head == '"file","line","text","doubtful"'
    doubts = sum(digit.doubtful for digit in reading.lines[0].digits[1:])
    assert first == f'"./=order 7.jpg",1,"{lines[0]}",{doubts}'
    with page.expect_request(re.compile("read-picture.*expect=2")):
        page.get_by_label("Digits in each line").fill("2")
        page.keyboard.press("Enter")


def test_on_a_phone_the_text_of_a_photograph_comes_into_sight(open_page):
    page = open_page(ROOM, width=380, height=500)
    page.locator(".photo").wait_for()
    assert page.evaluate("scrollY") == 0
    _lies(page)
    page.wait_for_function(
        "() => document.querySelector('.photo .lines').getBoundingClientRect().bottom < innerHeight + 1"
    )


@pytest.mark.parametrize(("width", "dark"), [(380, False), pytest.param(1280, True, marks=pytest.mark.soak)])
def test_by_keyboard_one_goes_from_doubt_to_doubt(open_page, width, dark):
    page = open_page(ROOM, width=width, dark=dark)
    _lies(page)
    assert _lines(page) == ["12", "7"]
    boxes = [page.get_by_label(re.compile(words)).bounding_box() for words in ("^Line 1, digit 1", "^Line 1, digit 2")]
    sheet = page.locator(".sheet").bounding_box()
    assert sheet["width"] < sheet["height"]  # it is shown upright
    assert (boxes[1]["x"] - boxes[0]["x"]) / sheet["width"] == pytest.approx(80 / 200, abs=0.01)
    assert boxes[0]["width"] < boxes[0]["height"]
    assert page.locator(".count").inner_text() == "3 digits in 2 lines 2 in doubt turned by 90 degrees"

    def label():
        return page.evaluate("document.activeElement.getAttribute('aria-label')")

    page.locator("#picture").focus()
    while not (label() or "").startswith("Line"):
        page.keyboard.press("Tab")
    assert label() == "Line 1, digit 2: 2, in doubt"
    page.keyboard.press("5")
    assert (label(), _lines(page)) == ("Line 1, digit 2: 5, corrected", ["15", "7"])
    page.keyboard.press("Tab")
    assert label() == "Line 2, digit 1: 7, in doubt"
    page.keyboard.press("Enter")
    page.locator(".count").get_by_text("no doubt left").wait_for()
    page.keyboard.press("Delete")
    assert (label(), _lines(page)) == ("Removed; it was read as 7", ["15"])
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert label() == "No digit: too small. Type it, if it is one"
    page.locator(".of-chosen").get_by_text("too small").wait_for()
    page.keyboard.press("0")
    assert _lines(page) == ["105"]
    page.keyboard.press("Escape")
    assert label() is None
    usable(page)
    with page.expect_request(re.compile("read-picture.*turn=180")):
        button(page, "^Turn to the right").click()
    button(page, "^Close").click()
    page.get_by_role("application", name="Drawing pad").wait_for()
    assert page.locator(".sheet").count() == 0


def test_why_a_digit_is_read_so_is_told_step_by_step(open_page, mnist):
    digit = np.pad(np.kron(mnist[1].images[0], np.ones((4, 4), np.uint8)), 40)  # a 7, on its left side
    page = open_page(ROOM)
    file = io.BytesIO()
    Image.fromarray(255 - np.rot90(digit)).save(file, "PNG")
    page.route("**/api/read-picture*", lambda route: route.fulfill(json=LYING | {"size": [192, 192]} | ONE_LYING))
    page.locator("#picture").set_input_files({"name": "7.png", "mimeType": "image/png", "buffer": file.getvalue()})
    page.locator(".mark").click()
    button(page, "^Why").click()
    page.locator(".reasons").get_by_text("7").first.wait_for()
    assert page.locator(".reasons li").count() > 5
    assert page.locator(".reasons li b").nth(4).inner_text() == "7"  # it was cut out, and turned


def test_what_holds_no_digit_is_no_picture_or_cannot_be_shown_is_said(open_page):
    page = open_page(ROOM)
    _bring(page, "paste", "sheet.png", "image/png", _png())
    page.get_by_text("There is no digit in it.").wait_for()
    assert button(page, "^Copy text").is_disabled()
    for name, kind, words in [
        ("letter.txt", "text/plain", "The lab cannot read this file"),
        ("broken.heic", "", "This is not a picture that can be read"),
    ]:
        _bring(page, "drop", name, kind, b"dear all")
        page.locator(".trouble").get_by_text(words).wait_for()
        assert page.locator(".sheet").count() == 0
    open_page.watched.errors.clear()  # the browser logs the refusals
    page.route("**/api/read-picture*", lambda route: route.fulfill(json=LYING))  # as a lab would that reads HEIC
    _bring(page, "drop", "photo.heic", "image/heic", b"no browser of this test shows it")
    page.get_by_text("This browser cannot show pictures of this kind").wait_for()
    page.locator(".mark").first.wait_for()
    assert _lines(page) == ["12", "7"]
    assert page.locator(".sheet img").is_hidden()


def test_a_reader_of_letters_gets_a_picture_of_one(open_page, lab):
    page = open_page(None)
    readers = lab.ask("/api/readers")
    readers["readers"][0]["classes"] = [*"ABCDEFGHIJ"]
    page.route("**/api/readers", lambda route: route.fulfill(body=json.dumps(readers), content_type="application/json"))
    page.goto(lab.url + ROOM)
    page.get_by_text("This reader knows other classes").wait_for()
    with page.expect_request("**/api/read?reader=*") as asked:
        page.locator("#picture").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": _png()})
    assert asked.value.headers["content-type"] == "image/png"
