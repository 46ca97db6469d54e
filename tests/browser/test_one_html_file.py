"""`digitlab export model.html` in a real browser: what is drawn is read and explained, and nothing is asked for."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.inside import attribute, contributions_of
from digitlab.interop.page import make_page
from digitlab.network.card import new_card
from digitlab.network.shipped import load_shipped
from digitlab.reading.reject import verdict
from tests.browser.serving import usable
from tests.browser.shapes import DIGITS, places

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def network(mnist):
    """One that reads what is drawn, and is small."""
    made = dl.Network([784, 48, 10], activation="relu", seed=1)
    dl.fit(made, mnist[0][:20_000], dl.recipe("quick", layers=[784, 48, 10], activation="relu", epochs=4))
    return made


@pytest.fixture(scope="module")
def small(network, mnist, tmp_path_factory) -> Path:
    """Its page."""
    return saved(make_page(network, mnist[1][:500]), tmp_path_factory.mktemp("page"))


def saved(page, folder) -> Path:
    (folder / "model.html").write_bytes(page.content)
    return folder / "model.html"


@pytest.fixture(scope="module")
def opened(chromium):
    """``opened(path, width, dark)``: a page from the disk, without a network. It must not ask for anything."""
    contexts, asked, errors = [], [], []

    def open_page(path, width=1280, dark=False):
        scheme = "dark" if dark else "light"
        contexts.append(
            chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: request.url == path.as_uri() or asked.append(request.url))
        page.on("console", lambda said: errors.append(said.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path.as_uri())
        page.locator(".paper").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert {url for url in asked if not url.startswith("data:")} == set()
    assert errors == []


@pytest.fixture(scope="module")
def page(opened, small):
    """The one that most tests look at."""
    return opened(small)


@pytest.fixture
def blank(page):
    """The same, with an empty pad."""
    page.locator(".paper canvas").press("Delete")
    page.locator(".winner.blank").wait_for()
    return page


def draw(page, digit):
    """A digit drawn with the mouse."""
    box = page.locator(".paper canvas").bounding_box()
    for stroke in DIGITS[digit]:
        first, *others = places([stroke[0], *stroke[1:-1:2], stroke[-1]], box)
        page.mouse.move(*first)
        page.mouse.down()
        for place in others:
            page.mouse.move(*place)
        page.mouse.up()


def open_file(page, pixels):
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "png")
    page.set_input_files("input[type=file]", {"name": "one.png", "mimeType": "image/png", "buffer": content.getvalue()})


def seen_by(page):
    """The pixels that the page shows as those that the network sees, once all that follows from them is there."""
    page.locator(".reasons[aria-busy=false] .shown").wait_for()
    read = "one => [...one.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 3)"
    return np.array(page.locator(".shown canvas").first.evaluate(read), np.uint8)


def shares(page):
    return [float(re.sub(r"[^\d.]", "", one)) for one in page.locator(".bars .share").all_inner_texts()]


def sums_of(page):
    """What all pixels add up to, and what they should."""
    return [
        float(one.replace(MINUS, "-")) for one in re.findall(rf"[+{MINUS}][\d.]+\d", page.locator(".sum").inner_text())
    ]


def test_a_drawn_digit_is_read_and_explained(blank, network):
    draw(blank, 3)
    blank.locator(".winner b", has_text="3").wait_for()
    pixels = seen_by(blank)
    probabilities = network.probabilities(pixels)
    assert probabilities.argmax() == 3
    assert np.abs(np.array(shares(blank)) - 100 * probabilities).max() < 0.051  # one decimal
    first, second = sums_of(blank)
    assert first == second == pytest.approx(attribute(network, pixels).expected, abs=0.002)
    bars = [one.replace(MINUS, "-").split("\n") for one in blank.locator(".pushing li:has(b)").all_inner_texts()]
    pushes = contributions_of(network, pixels)
    strongest = np.abs(pushes.pushes[:, 3]).argsort()[::-1][0]
    assert bars[0][0] == f"unit {strongest}"
    assert float(bars[0][-1]) == pytest.approx(pushes.pushes[strongest, 3], abs=0.06)
    assert float(bars[-1][-1]) == pytest.approx(pushes.logits[3], abs=0.06)
    assert blank.locator(".pushing ol canvas").count() == 8
    blank.get_by_label("Ask about").select_option("1")  # and why it is no 1
    blank.locator(".shown h3", has_text="The pixels for and against 1").wait_for()
    assert sums_of(blank)[1] == pytest.approx(attribute(network, pixels, 1).expected, abs=0.002)


def test_other_digits_are_read_while_they_are_drawn(blank):
    for digit in (0, 4, 6, 8):
        draw(blank, digit)
        blank.locator(".winner b", has_text=str(digit)).wait_for()
        blank.get_by_role("button", name="Clear").click()


def test_it_draws_by_keyboard(blank):
    pad = blank.locator(".paper canvas")
    for key in [*["ArrowUp"] * 9, "Space", *["ArrowDown"] * 18, "Space"]:
        pad.press(key)
    blank.locator(".winner b", has_text="1").wait_for()


def test_it_opens_and_takes_pictures(blank, mnist):
    test = mnist[1]
    open_file(blank, 255 - np.kron(test.images[0], np.ones((6, 6), np.uint8)))
    blank.locator(".winner b", has_text=str(test.labels[0])).wait_for()
    pasted = """async () => {
      const canvas = new OffscreenCanvas(90, 90);
      const painter = canvas.getContext("2d");
      painter.fillStyle = "white"; painter.fillRect(0, 0, 90, 90);
      painter.fillStyle = "navy"; painter.fillRect(42, 12, 7, 66);
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([await canvas.convertToBlob()], "one.png", { type: "image/png" }));
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
    }"""
    blank.evaluate(pasted)
    blank.locator(".winner b", has_text="1").wait_for()
    text = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    blank.set_input_files("input[type=file]", text)
    blank.get_by_role("alert").filter(has_text="sees no picture").wait_for()


def test_what_is_no_digit_is_said_and_what_is_doubtful(blank, network, mnist):
    images = mnist[1].images
    kinds = [verdict(network, image, network.probabilities(image)) for image in images[:50]]
    doubtful = next(i for i, kind in enumerate(kinds) if kind.doubtful)
    blank.locator(".paper canvas").press("Delete")
    open_file(blank, images[doubtful])
    blank.locator(".doubt", has_text="In doubt").wait_for()
    open_file(blank, np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8))
    blank.locator(".sure", has_text="Not a digit").wait_for()


@pytest.mark.parametrize(("width", "dark"), [(380, True), (1280, False)], ids=["phone, dark", "screen, light"])
def test_all_can_use_it_on_any_screen(blank, width, dark):
    blank.set_viewport_size({"width": width, "height": 800})
    blank.emulate_media(color_scheme="dark" if dark else "light")
    draw(blank, 5)
    seen_by(blank)
    usable(blank)
    background = blank.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(re.findall(r"\d+", background)[0]) < 60) == dark


def test_the_model_that_ships_is_below_4_mb_and_reads_and_explains(opened, tmp_path):
    shipped = load_shipped("standard")
    path = saved(make_page(shipped, None), tmp_path)
    assert path.stat().st_size <= 4_000_000
    page = opened(path, 380)
    draw(page, 7)
    pixels = seen_by(page)
    assert np.abs(np.array(shares(page)) - 100 * shipped.probabilities(pixels)).max() < 0.2  # its weights are float16
    assert sums_of(page) == pytest.approx([attribute(shipped, pixels).expected] * 2, abs=0.02)


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A network of other classes, with names that nobody should believe, and its page."""
    network = dl.Network([784, 16, 4], activation="tanh", seed=2)
    names = ["cat", "<b>dog</b>", "</script>", "a name as long as this, and longer"]
    network.card = new_card(network.architecture, names, kind="deskew")
    return network, saved(make_page(network, None), tmp_path_factory.mktemp("named"))


def test_other_classes_have_their_names_and_no_verdict(opened, named):
    network, path = named
    page = opened(path, 380)
    draw(page, 7)
    pixels = seen_by(page)
    name = network.card.labels[int(network.logits(pixels, preprocessed=True).argmax())]
    assert page.locator(".winner b").inner_text() == name
    assert page.locator("h1").inner_text() == "A neural network that tells apart: " + ", ".join(network.card.labels)
    assert "made upright" in page.locator(".shown").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 380


def test_nothing_can_be_fetched_whatever_asks_for_it(chromium, named):
    page = chromium.new_page()
    page.goto(named[1].as_uri())
    tried = "address => fetch(address).then(() => 'fetched', () => 'refused')"
    assert page.evaluate(tried, "data:text/plain,x") == "refused"
    page.close()
