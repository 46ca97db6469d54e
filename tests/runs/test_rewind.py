"""Rewinding: the network of any epoch that was kept, of epoch 0, and of the runs that a run was branched from."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

import digitlab as dl
from digitlab.errors import InputError, RunError
from digitlab.runs.models import find_model, name_and_epoch
from digitlab.runs.run import MANIFEST, Run

RECIPE = dl.recipe("minibatch", layers=(784, 3, 10), epochs=6, batch_size=50)


@pytest.fixture(scope="module")
def family(mnist, tmp_path_factory) -> Path:
    """A trunk of six epochs, of which every second one is kept; a branch at 4 of it, and one at 5 of the branch."""
    folder, digits = tmp_path_factory.mktemp("family"), mnist[0][:200]
    for name, recipe, branch in (
        ("trunk", RECIPE, None),
        ("branch", dl.recipe("minibatch", layers=(784, 3, 10), epochs=7, learning_rate=0.02), ("trunk", 4)),
        ("twig", dl.recipe("minibatch", layers=(784, 3, 10), epochs=8, learning_rate=0.03), ("branch", 5)),
    ):
        origin = branch and dl.Branch(folder / branch[0], branch[1])
        every = 1 if name == "branch" else 2
        dl.fit(recipe.new_network(), digits, recipe, out=folder / name, branch=origin, snapshot_every=every)
    return folder


@pytest.fixture
def moved(family, tmp_path) -> Path:
    """The same in another place, where each may be changed."""
    return Path(shutil.copytree(family, tmp_path / "moved"))


def _parameters(model: str | Path) -> bytes:
    return dl.load(model).parameters.tobytes()


def _change(folder: Path, **changes: object) -> None:
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes()) | changes
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


def test_epoch_0_is_the_recipe_and_its_seed(family):
    assert _parameters(f"{family}/trunk@0") == RECIPE.new_network().parameters.tobytes()
    assert "checkpoint-0.safetensors" not in Run(family / "trunk").manifest.files  # it is not needed for that
    assert Run(family / "trunk").kept_epochs() == [0, 2, 4, 6]


def test_each_kept_epoch_is_as_it_was(family, mnist):
    recipe = dl.recipe("minibatch", layers=(784, 3, 10), epochs=2, batch_size=50)
    network = recipe.new_network()
    dl.fit(network, mnist[0][:200], recipe)
    assert _parameters(f"{family}/trunk@2") == network.parameters.tobytes()
    assert _parameters(f"{family}/trunk@6") == _parameters(family / "trunk")


def test_the_epochs_before_a_branch_are_those_of_its_parents(family):
    twig = Run(family / "twig")
    assert twig.kept_epochs() == [0, 2, 4, 5, 6, 8]
    assert [run.folder.name for run in twig.lineage()] == ["twig", "branch", "trunk"]
    for epoch, whose in {0: "trunk", 2: "trunk", 4: "branch", 5: "branch", 6: "twig", 8: "twig"}.items():
        assert _parameters(f"{family}/twig@{epoch}") == _parameters(f"{family}/{whose}@{epoch}"), epoch
    assert _parameters(f"{family}/twig@6") != _parameters(f"{family}/branch@6") != _parameters(f"{family}/trunk@6")


def test_parents_are_found_beside_a_run_that_was_moved(moved, family):
    _change(moved / "branch", parent={"run": "/nowhere/trunk", "epoch": 4, "sha256": ""})
    assert _parameters(moved / "branch@2") == _parameters(family / "trunk@2")


def test_another_run_of_the_parents_name_is_not_the_parent(moved, mnist):
    _change(moved / "branch", parent={"run": "/nowhere/trunk", "epoch": 4, "sha256": ""})
    shutil.rmtree(moved / "trunk")
    other = dl.recipe("minibatch", layers=(784, 3, 10), epochs=6, seed=1)
    dl.fit(other.new_network(), mnist[0][:200], other, out=moved / "trunk", snapshot_every=2)
    assert Run(moved / "branch").kept_epochs() == [5, 6, 7]
    with pytest.raises(RunError, match=r"epoch 2 was not kept\n  must be: one that was kept: the nearest is 5\n"):
        dl.load(moved / "branch@2")


def test_parents_that_cannot_be_are_none(moved):
    """A run that names itself; two that name each other; no path at all."""
    for parent in ("trunk", "branch"):
        _change(moved / "trunk", parent={"run": str(moved / parent), "epoch": 3, "sha256": ""})
        assert len(Run(moved / "branch").lineage()) == 2
        with pytest.raises(RunError, match="epoch 3 was not kept"):
            dl.load(moved / "branch@3")
    _change(moved / "trunk", parent={"run": "\0" * 9999, "epoch": 3, "sha256": ""})
    assert len(Run(moved / "trunk").lineage()) == 1


def test_an_epoch_that_was_not_kept_names_the_nearest_that_were(family):
    with pytest.raises(RunError, match=r"twig: epoch 7 was not kept\n  must be: .* the nearest are 6 and 8\n"):
        dl.load(family / "twig@7")
    with pytest.raises(RunError, match=r"the nearest are 2 and 4\n"):
        dl.load(family / "twig@3")
    with pytest.raises(RunError, match=r"the nearest is 6\n"):
        dl.load(family / "trunk@99")


def test_epoch_0_of_what_was_no_new_network_is_refused(tmp_path, few):
    recipe = dl.recipe("seed", layers=(784, 3, 10), epochs=3)
    network = recipe.new_network()
    network.parameters[:] *= 2
    dl.fit(network, few, recipe, out=tmp_path / "run", checkpoint_every=0)
    assert Run(tmp_path / "run").kept_epochs() == [2, 3]
    with pytest.raises(RunError, match=r"epoch 0 was not kept\n  must be: .* nearest is 2\n"):
        dl.load(tmp_path / "run@0")
    again = recipe.new_network()
    dl.fit(again, few, recipe, out=tmp_path / "new")
    _change(tmp_path / "new", first_parameters="")  # as in the first runs
    _change(tmp_path / "new", checkpoints=Run(tmp_path / "new").manifest.checkpoints[-1:])
    with pytest.raises(RunError, match=r"epoch 0 was not kept"):
        dl.load(tmp_path / "new@0")


def test_a_branch_at_epoch_0_is_the_run_again(family, tmp_path, mnist):
    network = RECIPE.new_network()
    branch = dl.Branch(family / "trunk", 0)
    dl.fit(network, mnist[0][:200], RECIPE, out=tmp_path / "again", branch=branch)
    assert network.parameters.tobytes() == _parameters(family / "trunk")
    manifest = Run(tmp_path / "again").manifest
    assert manifest.parent is not None
    assert manifest.parent.sha256 == manifest.files["checkpoint-0.safetensors"].sha256


def test_a_branch_from_before_a_branch_is_one_of_its_parent(family, tmp_path, mnist):
    recipe = dl.recipe("minibatch", layers=(784, 3, 10), epochs=3)
    dl.fit(recipe.new_network(), mnist[0][:200], recipe, out=tmp_path / "new", branch=dl.Branch(family / "twig", 2))
    parent = Run(tmp_path / "new").manifest.parent
    assert parent is not None
    assert (Path(parent.run).name, parent.epoch) == ("trunk", 2)


def test_a_folder_with_an_at_in_its_name_is_meant_first(moved, monkeypatch):
    shutil.copytree(moved / "branch", moved / "trunk@2")
    assert _parameters(moved / "trunk@2") == _parameters(moved / "branch")
    assert _parameters(moved / "trunk@2@5") == _parameters(moved / "branch@5")
    monkeypatch.chdir(moved)
    shutil.copytree("twig", "runs/mine")
    assert find_model("latest@6").name == str(find_model("latest@6")) == "runs/mine@6"
    assert _parameters("latest@6") == _parameters("twig@6")


def test_what_has_no_epochs_is_refused(moved, monkeypatch):
    monkeypatch.chdir(moved)
    dl.load("trunk").save("model.safetensors")
    for name in ("standard@1", "model.safetensors@1", "trunk@", "trunk@-1", "trunk@x", "trunk@1e3", "@1", "nobody@1"):
        with pytest.raises(InputError, match="there is no such model"):
            dl.load(name)


def test_run_and_epoch_in_two_parts():
    assert name_and_epoch("runs/a@b@10") == ("runs/a@b", 10)
    for text in ("runs/a", "a@", "@3", "a@3 ", "a@٣", "a@1234567890"):
        assert name_and_epoch(text) == (text, None)
