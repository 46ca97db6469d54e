"""The room in which a network is trained: odd words in its fields, settings of runs, numbers and charts that agree."""

from __future__ import annotations

import json
import re
import shlex

import pytest

import digitlab as dl
from digitlab.cli.commands import app
from digitlab.cli.options import changes_from_flags
from digitlab.cli.train import _choose_recipe
from digitlab.runs.options import Branch
from digitlab.training import SETTINGS
from tests.browser.serving import STORE, becomes, button, end, train


@pytest.fixture(scope="module", autouse=True)
def _begun(lab):
    """The instrument is there: something was trained."""
    train(lab, "minibatch", epochs=1)


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


def test_what_is_typed_is_understood_or_sent_as_it_is(walk):
    page = walk("/#/train")
    for kind, text, value in TYPED:
        setting = {"kind": kind, "low": 0, "high": 1000, "must_be": "something else", "choices": {}}
        found = page.evaluate(
            "([setting, text]) => import('/static/js/kit/settings.js').then(({asValue, wrong}) =>"
            " [asValue(setting, text), wrong(setting, text)])",
            [setting, text],
        )
        assert found == [value, "something else" if isinstance(value, str) else ""], (kind, text)


def test_a_rewind_takes_a_decimal_comma_and_says_what_is_no_number(walk, lab):
    run = train(lab, "minibatch", epochs=2)
    page = walk("/#/train")
    item = page.locator(".runs li", has=page.get_by_title(run))  # not the first: the list may change
    item.get_by_role("button", name=re.compile("^Rewind")).click()
    panel = item.get_by_role("group", name=re.compile("^Rewind"))
    rate = panel.get_by_label("Learning rate from there")
    rate.fill("abc")
    panel.get_by_text(re.compile("must be a number above 0")).wait_for()
    assert rate.get_attribute("aria-invalid") == "true"
    panel.get_by_role("button", name="Branch from here").click()
    page.locator(".trouble").get_by_text(re.compile("setting learning_rate cannot have this value")).wait_for()
    walk.watched.errors.clear()  # the browser logs the refusal
    rate.fill("0,05")
    panel.get_by_role("button", name="Branch from here").click()
    branch = lab.wait_for(lambda now: now["run"] != run and now["phase"] == "finished")
    assert branch["values"]["learning_rate"] == 0.05
    page.wait_for_function("() => document.querySelector('.trouble').innerText === ''")


def test_a_link_with_layers_that_cannot_be_says_so(walk, lab):
    page = walk("/#/train?layers=abc")
    page.locator(".mistakes").get_by_text(re.compile("^Layers must be 2 to ")).wait_for()
    field = page.get_by_role("textbox", name="Layers", exact=True)
    assert (field.input_value(), field.get_attribute("aria-invalid")) == ("abc", "true")
    button = page.get_by_role("button", name=re.compile("^Train it")).first
    button.click()
    page.locator(".trouble").get_by_text(re.compile("setting layers cannot have this value")).wait_for()
    walk.watched.errors.clear()  # the browser logs the refusal
    page.locator(".trouble").get_by_text(re.compile("must be 2 to ")).wait_for()
    assert button.is_enabled()
    field.fill("784-16-10")
    page.locator("#set-layers-error").wait_for(state="detached")  # all of it at once, before it is asked for
    page.locator(".mistakes").wait_for(state="detached")
    assert page.locator(".trouble").inner_text() == ""
    field.press("Enter")
    assert page.url.endswith("?layers=784-16-10")
    assert field.get_attribute("aria-invalid") is None  # what the server said of the value before is gone


def test_a_link_with_names_that_are_not_known_says_so(walk, lab):
    page = walk("/#/train?recipe=nope&layers=784,16,10&speed=7")
    page.locator(".mistakes").get_by_text("nope, speed").wait_for()
    page.get_by_text("Next: seed, 1 setting changed").wait_for()
    page.get_by_role("button", name="As in the recipe").click()
    assert page.evaluate("location.hash") == "#/train"
    assert page.locator(".mistakes").count() == 0
    page = walk("/#/read?reader=run:gone")
    page.get_by_text("The reader of the link is not here: run:gone").wait_for()


@pytest.mark.parametrize("width", [pytest.param(1280, marks=pytest.mark.soak), 380])
def test_what_is_off_is_closed_and_a_digit_follows_its_distortions(walk, lab, width):
    page = walk("/#/train", width=width)
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


def test_the_settings_and_changes_of_an_ended_run_are_shown_and_copied(open_page, lab):
    end(lab)
    lab.ask("/api/train", {"recipe": "minibatch", "settings": {"epochs": 3, "seed": 7}, "paused": True})
    lab.ask("/api/control", {"do": "change", "settings": {"learning_rate": 0.3}})
    lab.ask("/api/control", {"do": "go_on"})
    run = lab.wait_for(lambda training: training["phase"] == "finished")["run"]
    page = open_page("/#/train", permissions=["clipboard-read", "clipboard-write"])
    button(page, "^Settings:").click()
    details = page.get_by_role("group", name="Settings of minibatch")
    details.get_by_text(re.compile("Seed 7$")).wait_for()
    details.get_by_text("Learning rate 0.3 from epoch 1").wait_for()

    def copied(words):
        details.get_by_role("button", name=words).click()
        details.get_by_role("button", name="Copied").first.wait_for()
        return page.evaluate("navigator.clipboard.readText()")

    assert _trained_by(copied("Copy command"), lab.runs) == lab.ask(f"/api/runs/{run}")["values"]
    assert copied("Copy link").endswith("/#/train?recipe=minibatch&epochs=3&seed=7")
    assert copied("Copy changes") == "Learning rate 0.3 from epoch 1"
    details.get_by_role("link", name="Use these settings").click()
    page.get_by_text("Next: minibatch, 2 settings changed").wait_for()
    details.get_by_role("link", name="Judge it").click()
    page.get_by_role("heading", name="How good is it?").wait_for()


def _trained_by(command, runs):
    """The settings that a command of `digitlab train` stands for; the digits and the run from elsewhere are there."""
    program, what, *arguments = shlex.split(command)
    assert (program, what) == ("digitlab", "train")
    _, bound, _ = app.parse_args([what, *arguments])
    flags = {name: value for name, value in bound.kwargs.items() if name in SETTINGS}
    origin = bound.kwargs.get("branch")
    assert bound.kwargs["data"].endswith("digits.npz")
    recipe = _choose_recipe(bound.args[0] if bound.args else None, changes_from_flags(flags), _of(origin, runs))
    return json.loads(json.dumps(recipe.recipe.to_dict()))


def _of(origin, runs):
    name, _, epoch = (origin or "@").rpartition("@")
    return Branch(runs / name, int(epoch)) if name else None


def test_the_command_of_a_branch_begins_where_the_branch_did(walk, lab):
    run = train(lab, "minibatch", epochs=2, learning_rate=0.2)
    lab.ask("/api/train", {"from": {"run": run, "epoch": 1}, "settings": {"learning_rate": 0.05}})
    branch = lab.wait_for(lambda now: now["run"] != run and now["phase"] == "finished")["run"]
    page = walk("/#/train")
    becomes(page, "current().runs[0].name", branch)
    button(page, "^Settings:").click()
    command = page.locator(".details code")
    command.get_by_text(f"--from {run}@1 --learning-rate 0.05").wait_for()
    assert _trained_by(command.inner_text(), lab.runs) == lab.ask(f"/api/runs/{branch}")["values"]


def test_test_digits_are_counted_for_a_training_and_for_a_run(walk, lab, some_digits):
    _, test = dl.open_data(some_digits)
    run = train(lab, "minibatch", epochs=2)
    accuracy = f"{100 * dl.evaluate(dl.load(lab.runs / run), test).accuracy:.1f}"
    page = walk("/#/train")
    page.locator(".figures").get_by_text(re.compile(f"{accuracy}.%.*at epoch 2")).wait_for()
    page.locator(".readout").get_by_text("whoever chooses settings by it").wait_for()
    train(lab, "minibatch", epochs=1)
    becomes(page, "current().runs[1].name", run)
    button(page.locator(".runs li").nth(1), "^Settings:").click()
    page.locator(".details").get_by_text(re.compile(f"{accuracy}.% of 1,000 right")).wait_for()
    page.locator(".details").get_by_text("whoever chooses settings by it").wait_for()


def test_what_was_done_to_the_data_is_told(walk, lab, some_digits):
    page = walk("/#/train")
    page.locator(".data").get_by_text("2,500 digits to train on, 1,000 digits to test.").wait_for()
    notes = ["dark ink on bright paper: inverted", "pictures of 20 x 20 pixels were enlarged"]
    told = {**page.evaluate(f"() => {STORE}.then(({{current}}) => current().about)")}
    told["data"]["notes"] = notes
    page.evaluate(f"about => {STORE}.then(({{set}}) => set({{about}}))", told)
    items = page.locator(".data li")
    items.nth(1).wait_for()
    assert items.all_inner_texts() == ["Dark ink on bright paper: inverted", "Pictures of 20 x 20 pixels were enlarged"]


def test_a_training_that_learns_nothing_says_why(walk, lab):
    train(lab, "minibatch", layers=[784, 10], learning_rate=1e-6, epochs=1)
    advice = walk("/#/train").locator(".readout .advice")
    advice.get_by_text("Nothing is learnt so far: the loss falls too slowly;").wait_for()


def test_the_readout_never_mixes_a_step_with_an_epoch(walk, lab):
    end(lab)
    lab.ask("/api/train", {"recipe": "minibatch", "settings": {"batch_size": 500}, "paused": True})
    page = walk("/#/train")
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


def test_the_charts_show_the_step_of_the_readout_and_both_of_them_the_same(walk, lab):
    end(lab)
    lab.ask("/api/train", {"recipe": "minibatch", "settings": {"batch_size": 500}, "paused": True})
    page = walk("/#/train")
    page.locator(".chart .none").nth(1).wait_for()
    assert page.locator(".legend li").count() == 0
    button(page, "^One step").click()
    page.locator(".legend").get_by_text("single steps").wait_for()  # one alone, as a point
    assert page.locator(".legend li").count() == 1
    assert page.locator(".chart .none").count() == 0
    page.get_by_role("radio", name="Time").check()  # steps have no time of their own
    page.locator(".chart .none").nth(1).wait_for()
    page.get_by_role("radio", name="Epochs").check()
    button(page, "^One epoch").click()
    lab.wait_for(lambda training: training["epoch"] == 1 and training["phase"] == "paused")
    page.locator(".legend").get_by_text("training").wait_for()
    button(page, "^One step").click()
    lab.wait_for(lambda training: training["step"] == 6)
    for at, words in ((1.15, "a step of epoch 2"), (1, "epoch 1")):
        told = _under_the_pointer(page, at)
        assert [one.split(":")[0] for one in told] == [words, words]
    end(lab)


def _under_the_pointer(page, epoch):
    """What both charts say where the pointer is at this place on an axis of 1.2 epochs."""
    page.wait_for_timeout(200)  # a chart with one more line is drawn anew
    plot = page.locator(".u-over").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * epoch / 1.2, box["y"] + 20, steps=3)
    page.locator(".chart output").nth(1).get_by_text(re.compile("epoch")).wait_for()
    return page.locator(".chart output").all_inner_texts()
