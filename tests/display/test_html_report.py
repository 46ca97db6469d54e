"""The HTML report: one page that needs nothing but itself, holds what was measured, and says what it leaves out."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import digitlab as dl
from digitlab.display import html_report
from digitlab.display.html_parts import SECTIONS, Part, Section
from digitlab.display.html_report import piece_count, save_html_report
from digitlab.display.html_step import step_table
from digitlab.display.html_subject import Subject
from digitlab.engines.checks import usable_cores
from digitlab.errors import FileError, InputError
from digitlab.figures import new_figure
from digitlab.figures.embedded import Embedded


class _Page(HTMLParser):
    """What a page is made of."""

    EMPTY = frozenset({"meta", "img", "br", "link", "input"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)
        assert self.open == [], "tags that are not closed"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for one, attributes in self.tags if one == tag]

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


def _draw(subject):
    figure = new_figure(3, 2, "A title & <b>more</b>", "One sentence.")
    figure.subplots().plot([0, subject.report.accuracy])
    return figure


def _refuse(_subject):
    raise InputError("this one has <no> layers")


FEW = (
    Section("first", "First", "About it.", (Part("what is drawn", "A line.", _draw),)),
    Section("last", "Last", "About it.", (Part("what cannot be", "Nothing.", _refuse),)),
)


@pytest.fixture
def few_parts(monkeypatch):
    """A report of two parts, so that tests are quick."""
    monkeypatch.setattr(html_report, "SECTIONS", FEW)


def _subject(network, test, model="mine"):
    return Subject(model, network, test, test)


def test_the_page_needs_nothing_but_itself(few_parts, mnist):
    page = html_report.html_report(_subject(dl.Network([784, 10]), mnist[1]))
    found = _Page(page)
    assert page.startswith("<!DOCTYPE html>")
    assert not found.all("script")
    assert not found.all("link")
    for tag, attributes in found.tags:
        for name in ("src", "href", "action", "srcset"):
            if (value := attributes.get(name)) is not None:
                assert value.startswith(("data:image/", "#")), (tag, value)
    assert "url(" not in page.replace("url(#", "")
    assert "@import" not in page
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"][1:] for attributes in found.all("a")} <= set(ids)
    assert all(attributes["alt"] for attributes in found.all("img"))


def test_it_holds_the_numbers_and_says_what_it_leaves_out(few_parts, mnist):
    told = []
    subject = replace(_subject(dl.Network([784, 10]), mnist[1]), tell=lambda: told.append(1))
    text = _Page(html_report.html_report(subject)).text
    report = subject.report
    low, high = report.accuracy_interval
    assert f"It reads {100 * report.accuracy:.2f} % of the 10,000 digits of MNIST test rightly" in text
    assert f"(95 % interval {100 * low:.2f} to {100 * high:.2f})" in text
    assert "among the 15 digits whose label people dispute" in text
    assert f"{100 * report.accuracy_without_label_errors:.2f} %" in text
    assert f"{report.per_digit[3].recall:.4f}" in text
    assert "Northcutt, Athalye and Mueller (2021)" in text
    assert "5 of 5 people see a 9" in text
    assert "high-school pupils" in text
    assert "A title & <b>more</b>" in text
    assert "One sentence." in text
    assert "Left out: what cannot be. This one has <no> layers." in text
    assert len(told) == 2


def test_names_are_words_and_no_markup(few_parts, few):
    names = ("<script>alert(1)</script>", 'a"b', *(f"class {number}" for number in range(8)))
    digits = dl.Digits(few.images, few.labels, "<i>drawn</i>\x1b[31m", names)
    page = html_report.html_report(_subject(dl.Network([784, 10]), digits, model="<model>"))
    found = _Page(page)
    assert not found.all("script")
    assert not found.all("i")
    assert "\x1b" not in page
    assert "<script>alert(1)</script>" in found.text
    assert "dispute" not in found.text


def test_the_same_model_gives_the_same_page(few_parts, few):
    network = dl.Network([784, 10])
    assert html_report.html_report(_subject(network, few)) == html_report.html_report(_subject(network, few))


def test_a_page_takes_its_place_whole_or_not_at_all(few_parts, few, tmp_path):
    subject = _subject(dl.Network([784, 10]), few)
    for place in ("report.txt", "nowhere/report.html"):
        with pytest.raises(InputError):
            save_html_report(subject, tmp_path / place)
    save_html_report(subject, tmp_path / "report.html")
    assert "</html>" in (tmp_path / "report.html").read_text("utf-8")
    os.mkfifo(tmp_path / "pipe.html")
    with pytest.raises(FileError, match="cannot be written"):
        save_html_report(subject, tmp_path / "pipe.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe.html", "report.html"]


def test_the_example_is_the_surest_mistake_that_nobody_disputes(mnist):
    test, network = mnist[1], dl.load("standard")
    subject = _subject(network, test)
    predictions, index = subject.predictions, subject.example
    disputed = {one.error.index for one in subject.report.label_errors}
    others = [one for one in np.flatnonzero(~predictions.right) if one not in disputed]
    assert index == max(others, key=lambda one: predictions.confidence[one])
    right = dl.Digits(test.images[:5], network.predict(test.images[:5]).astype(np.uint8), "all right")
    calm = _subject(network, right)
    assert calm.example == calm.predictions.confidence.argmin()


@pytest.mark.parametrize("layers", [[784, 10], [784, 12, 8, 10]])
def test_a_step_is_told_number_by_number(few_parts, few, layers):
    subject = _subject(dl.Network(layers), few)
    step = subject.step
    assert 0.4 * step.loss < step.loss_after < step.loss
    text = _Page(html_report.html_report(subject)).text
    for quantity in step.quantities.values():
        assert f" {quantity.name} " in text
        assert quantity.about in text
    assert " , ".join(f"{value:.4g}" for value in step["p"]) in text
    assert f"the loss on this picture from {step.loss:.4g} to {step.loss_after:.4g}" in text
    check = step_table(subject).check
    assert check.agrees
    assert f"d{check.name} says {check.derivative:.6g}" in text


@pytest.fixture
def unrendered(monkeypatch):
    """Figures are made, but not rendered: that takes long, and each has tests of its own."""

    def words(figure):
        return Embedded(figure.get_suptitle(), figure.get_supxlabel(), "png", b"", 100, 100)

    monkeypatch.setattr(html_report, "embed", words)


def _all_drawn(subject, sections):
    drawn = [one for section in sections for one in html_report._draw(section, subject)]
    for one in drawn:
        if one.figure is not None:
            assert one.figure.title, one.part.name
            assert one.figure.look[-1] in ".?", one.part.name
    return {one.part.name: one.why_not for one in drawn if one.figure is None}


def test_every_part_is_drawn_or_left_out_with_a_reason(few, unrendered):
    told = []
    subject = replace(_subject(dl.Network([784, 12, 10]), few[:20]), tell=lambda: told.append(1))
    missing = _all_drawn(subject, SECTIONS)
    assert missing.pop("the learning curves") == "the model is no run, and a model file does not tell how it learnt"
    assert set(missing) <= {"the attributions of the label", "the attacks", "the smallest change that flips its answer"}
    assert len(told) == piece_count()


def test_what_a_network_without_hidden_units_lacks_is_said(few, unrendered):
    inside = [section for section in SECTIONS if section.id in {"inside", "example"}]
    missing = _all_drawn(_subject(dl.Network([784, 10]), few[:20]), inside)
    assert len(missing) <= 3
    assert missing["the map of the last hidden layer"] == "the network has no hidden layer"
    assert missing["the activations"] == "there are no activations to draw: the network has no hidden layer"


@pytest.mark.soak
def test_the_whole_report_on_the_model_that_ships_is_made_in_a_minute_and_not_large(mnist, tmp_path):
    with threadpool_limits(usable_cores(), user_api="blas"):  # as many as a user has; tests have one
        begun = time.perf_counter()
        save_html_report(Subject("standard", dl.load("standard"), *mnist), tmp_path / "report.html")
        assert time.perf_counter() - begun < 60
    assert (tmp_path / "report.html").stat().st_size < 4_000_000
    page = _Page((tmp_path / "report.html").read_text("utf-8"))
    assert page.text.count("Left out: ") == 1  # it is no run


def test_who_makes_no_mistake_has_none_to_look_at(mnist, unrendered):
    test, network = mnist[1], dl.load("standard")
    right = dl.Digits(test.images[:5], network.predict(test.images[:5]).astype(np.uint8), "all right")
    chosen = [section for section in SECTIONS if section.id in {"mistakes", "example"}]
    missing = _all_drawn(_subject(network, right), chosen)
    assert missing["its most frequent kind of mistake"] == "it makes no mistake"
    assert "the answer and the label are the same" in missing["the attributions of the label"]
