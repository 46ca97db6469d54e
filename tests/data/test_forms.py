"""One set in every form is the same set, and is said to be in that form."""

from __future__ import annotations

import re

import numpy as np
import pytest

import digitlab as dl
from tests.data.forms import FORMS, Form


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
