"""Who reads in a lab: who comes first, what ships, and what is read from disk only when it is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.cli import lab as command
from digitlab.errors import ModelFileError, UnknownError
from digitlab.lab import readers
from digitlab.lab.job import Copy
from digitlab.lab.readers import SHIPPED, Readers, read_pixels
from digitlab.network import shipped
from digitlab.reading import reject


class NoTraining:
    """A trainer that has not trained yet, or just has this network."""

    network: dl.Network | None = None

    def newest_copy(self) -> Copy | None:
        return None if self.network is None else Copy(1, self.network, "a run", 0)


def test_before_any_training_what_ships_reads(tmp_path, mnist):
    found = Readers(tmp_path / "runs", NoTraining())
    assert found.default() == found.find().id == SHIPPED == "model:standard"
    listed = found.describe()
    assert [(one.id, one.title) for one in listed.readers] == [(SHIPPED, "standard (ships with digitlab)")]
    assert listed.default == SHIPPED
    picture = mnist[1].images[42]
    reading = read_pixels(found.find(), picture, blank=False)
    assert reading.reader == SHIPPED
    assert reading.probabilities == dl.load("standard").probabilities(picture).tolist()


def test_it_is_the_last_resort(tmp_path, few):
    trainer = NoTraining()
    recipe = dl.recipe("seed", epochs=1)
    dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "mine")
    found = Readers(tmp_path, trainer)
    assert found.find().id == found.default() == "run:mine"
    assert [one.id for one in found.describe().readers] == ["run:mine", SHIPPED]
    assert found.find(SHIPPED).id == SHIPPED
    trainer.network = dl.Network([784, 10])
    assert found.find().id == found.default() == "live"
    assert Readers(tmp_path, NoTraining(), {"other": trainer.network}).find().id == "model:other"


def test_it_is_read_from_disk_once_and_when_it_is_needed(tmp_path, monkeypatch):
    loaded = []
    monkeypatch.setattr(readers, "load_shipped", lambda name: loaded.append(name) or dl.Network([784, 10]))
    found = Readers(tmp_path, NoTraining())
    assert found.at_hand(SHIPPED) is found.at_hand(None) is None
    assert loaded == []
    first = found.find()
    assert found.find() is found.find(SHIPPED) is found.at_hand(None) is first
    assert loaded == ["standard"]


def test_where_it_is_damaged_others_read_and_it_is_said(tmp_path, few, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    found = Readers(tmp_path / "runs", NoTraining())
    with pytest.raises(ModelFileError, match="cannot be read"):
        found.find()
    assert found.describe().readers == []
    recipe = dl.recipe("seed", epochs=1)
    dl.fit(recipe.new_network(), few, recipe, out=tmp_path / "runs" / "mine")
    found.forget()
    assert found.find().id == "run:mine"
    assert [one.id for one in found.describe().readers] == ["run:mine"]


def test_digits_of_the_data_are_neither_rejected_nor_doubted(monkeypatch, tmp_path, mnist):
    reader, picture = Readers(tmp_path, NoTraining()).find(), mnist[1].images[3]
    monkeypatch.setattr(reject, "OPERATING_POINT", 1.1)
    assert read_pixels(reader, picture, blank=False).rejected
    assert not read_pixels(reader, picture, blank=False, known=True).rejected
    monkeypatch.setattr(reject, "OPERATING_POINT", 0.0)
    monkeypatch.setattr(reject, "SURE", 1.1)
    assert read_pixels(reader, picture, blank=False).doubtful
    assert not read_pixels(reader, picture, blank=False, known=True).doubtful


def test_other_models_that_ship_are_none(tmp_path):
    with pytest.raises(UnknownError, match="there is no reader 'model:other'"):
        Readers(tmp_path, NoTraining()).find("model:other")


def test_what_is_named_standard_is_what_ships(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dl.Network([784, 10]).save("standard.safetensors")
    named = command._load(["./standard.safetensors", "standard", "standard.safetensors"])
    assert list(named) == ["standard-2", "standard", "standard-3"]
    assert np.array_equal(named["standard"].parameters, dl.load("standard").parameters)
    found = Readers(Path("runs"), NoTraining(), named)
    assert [one.title for one in found.describe().readers] == [
        "standard-2",
        "standard (ships with digitlab)",
        "standard-3",
    ]
