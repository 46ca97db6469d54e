"""One set in every form is the same set, and is said to be in that form."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.data.parting import SEED
from tests.data.forms import ELSEWHERE, FORMS, Form


@pytest.fixture(scope="module")
def parts(mnist):
    return mnist[0][:140], mnist[1][:30]


def pairs(*parts: dl.Digits) -> list[tuple[bytes, str]]:
    """Pictures and what they show, in an order of their own."""
    shown = [zip(one.images, one.labels, strict=True) for one in parts]
    return sorted((image.tobytes(), parts[0].classes[label]) for some in shown for image, label in some)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_set_in_any_form_is_the_same(form: Form, parts, tmp_path):
    opened = dl.open_data(str(tmp_path / form.make(tmp_path, *parts)), **form.options)
    if form.parts:
        for digits, true in zip(opened, parts, strict=True):
            assert pairs(digits) == pairs(true)
    else:
        assert pairs(*opened) == pairs(parts[0])
        assert len(opened[1]) == len(parts[0]) // 7
    for digits, part in zip(opened, ("train", "test"), strict=True):
        assert digits.images.dtype == digits.labels.dtype == np.uint8
        assert digits.source.endswith(part)
        assert bool(digits.notes) == bool(form.note)
        assert re.search(form.note, "; ".join(digits.notes))


def score(digits: dl.Digits, test: dl.Digits) -> float:
    """The share of MNIST's test digits that a short training learns to read."""
    recipe = dl.recipe("quick", epochs=3)
    network = recipe.new_network()
    dl.fit(network, digits, recipe, threads=1)
    return float(np.mean(network.predict(test.images) == test.labels))


def around(digits: dl.Digits, others: dl.Digits) -> dl.Digits:
    """Digits among others, placed so that the others are what is drawn for testing."""
    whole = dl.Digits(np.concatenate([digits.images, others.images]), np.append(digits.labels, others.labels), "mixed")
    places = np.random.default_rng(SEED).permutation(len(whole))
    held, left = np.sort(places[: len(others)]), np.sort(places[len(others) :])
    order = np.empty_like(places)
    order[left], order[held] = np.arange(len(digits)), np.arange(len(digits), len(whole))
    return whole[order]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_it_teaches_the_same(form: Form, mnist, tmp_path, taught):
    few = mnist[0][:600]
    train = few if form.parts else around(few, mnist[0][600:700])
    digits, _ = dl.open_data(str(tmp_path / form.make(tmp_path, train, mnist[1][:50])), **form.options)
    assert len(digits) == 600
    assert score(digits, mnist[1]) == pytest.approx(taught, abs=0.01)


@pytest.fixture(scope="module")
def taught(mnist) -> float:
    return score(mnist[0][:600], mnist[1])


def test_the_table_in_the_docs_has_a_row_for_each_form_and_each_row_is_tested():
    page = (Path(__file__).parents[2] / "docs/reference/data.md").read_text("utf-8")
    _, _, *rows = page.split("| form |")[1].split("\n\n")[0].splitlines()
    assert {row.split("|")[1].strip() for row in rows} == {form.row for form in FORMS.values()} | ELSEWHERE.keys()
    assert all((Path(__file__).parent / name).exists() for name in ELSEWHERE.values())
