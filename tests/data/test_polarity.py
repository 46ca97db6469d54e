"""Dark ink on bright paper: noticed where it is, and nowhere else."""

from __future__ import annotations

import json

import numpy as np
import pytest

import digitlab as dl
from digitlab.cli import main
from digitlab.data.polarity import is_dark_on_bright
from digitlab.errors import InputError

NOTICED = "dark ink on bright paper"


@pytest.fixture
def files(mnist, tmp_path):
    """The same digits bright on dark, and dark on bright."""
    train, test = mnist[0][:100], mnist[1][:20]
    for name, change in (("bright", lambda x: x), ("dark", lambda x: 255 - x)):
        x, z = change(train.images), change(test.images)
        np.savez(tmp_path / f"{name}.npz", x_train=x, y_train=train.labels, x_test=z, y_test=test.labels)
    return {name: str(tmp_path / f"{name}.npz") for name in ("bright", "dark")}


@pytest.mark.parametrize(
    ("name", "invert", "inverted", "noted"),
    [
        ("bright", "auto", False, False),
        ("bright", "no", False, False),
        ("bright", "yes", True, True),
        ("dark", "auto", True, True),
        ("dark", "yes", True, True),
        ("dark", "no", False, True),
    ],
)
def test_what_is_asked_for_is_done_and_said(name, invert, inverted, noted, files, mnist):
    opened = dl.open_data(files[name], invert=invert)
    for digits, source in zip(opened, mnist, strict=True):
        true = source.images[: len(digits)]
        assert np.array_equal(digits.images, true if (name == "dark") == inverted else 255 - true)
        assert len(digits.notes) == noted


@pytest.mark.parametrize("change", [lambda x: 255 - x, lambda x: 230 - x // 2, lambda x: np.maximum(255 - x, 190) - 5])
def test_dark_ink_of_any_strength_is_noticed(change, mnist):
    for digits in mnist:
        assert is_dark_on_bright(change(digits.images))
        assert not is_dark_on_bright(digits.images)
        assert not is_dark_on_bright(np.minimum(digits.images, 99) + 40)  # faint, on grey


def test_what_is_neither_is_left(few):
    noise = np.random.default_rng(0).integers(0, 256, (50, 28, 28), dtype=np.uint8)
    for images in (noise, np.full_like(noise, 255), noise[:0], np.zeros_like(noise)):
        assert not is_dark_on_bright(images)


def test_commands_say_it_once_and_offer_the_way_out(files, capsys, tmp_path):
    assert main(["data", "verify", files["dark"]]) == 0
    assert capsys.readouterr().err == f"digitlab: {files['dark']}: {NOTICED}: inverted; --invert no would leave it\n"
    assert main(["data", "verify", files["dark"], "--invert", "no", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [f"{NOTICED}: left as it is"]
    train = ["train", "quick", "--epochs", "1", "--data", files["dark"]]
    assert main([*train, "--out", str(tmp_path / "loud"), "--json"]) == 0
    assert capsys.readouterr().err.count(NOTICED) == 1
    assert main([*train, "--out", str(tmp_path / "quiet"), "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["data", "verify", files["dark"], "--invert", "perhaps"]) == 2


def test_a_model_of_bright_ink_reads_dark_ink_too(files, mnist):
    few = mnist[0][:2000]
    recipe = dl.recipe("quick", epochs=2)
    network = recipe.new_network()
    dl.fit(network, few, recipe, threads=1)
    test = dl.open_data(files["dark"])[0]
    assert np.mean(network.predict(test.images) == test.labels) > 0.8


def test_named_data_sets_are_inverted_only_when_asked(mnist):
    assert dl.open_data("mnist")[1].notes == ()
    assert np.array_equal(dl.open_data("mnist", invert="yes")[1].images, 255 - mnist[1].images)
    with pytest.raises(InputError, match=r"no way to invert(?s:.)*auto, yes, no"):
        dl.open_data("mnist", invert="maybe")
