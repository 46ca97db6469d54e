"""Recipes: every way to make one checks every value, and says what would be right."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import digitlab as dl
from digitlab.errors import RecipeError
from digitlab.training import SETTINGS
from digitlab.training.augment import Distortion
from digitlab.training.settings import by_group

WRONG = {
    "layers": [(784,), (784, 0, 10), "784,10", (784, 2.5, 10), None, 784],
    "activation": ["swish", "", None, 3, ["relu"]],
    "initializer": ["magic", None],
    "optimizer": ["lion", None],
    "learning_rate": [0, -0.1, 1001, math.nan, math.inf, "0.1", None, True, 0.1j],
    "momentum": [-0.1, 1, math.nan, "high"],
    "beta1": [-0.1, 1],
    "beta2": [-0.1, 1],
    "weight_decay": [-0.1, 1.1, math.nan],
    "schedule": ["linear", None],
    "decay": [0, 1.1],
    "decay_every": [0, 1.5],
    "warmup": [-1, 1001],
    "validation": [-1, 0.5, True],
    "patience": [-1, 2.5],
    "keep": ["first", None],
    "batch_size": [-1, 1_000_001, 32.0, "32", True],
    "epochs": [0, -3, 1_000_001, 2.5, None, True],
    "seed": [-1, 2**32, 0.0, "zero"],
    "preprocessing": ["blur", None],
    "dropout": [-0.1, 1, math.nan],
    "max_norm": [-1, math.inf],
    "label_smoothing": [-0.1, 1],
    "averaging": [-0.1, 1],
    "rotation": [-1, 91],
    "shear": [-0.1, 1.1],
    "scale": [-0.1, 1],
    "stretch": [-0.1, 1],
    "shift": [-1, 29],
    "elastic_alpha": [-1, 1001, math.nan],
    "elastic_sigma": [0, 0.4, 29],
    "thickness": [-1, 4.5],
    "noise": [-0.1, 1.1],
    "erasing": [-1, 29],
}
PAIRS = [(name, value) for name, values in WRONG.items() for value in values]


def test_the_classic_experiment_is_the_default():
    classic = dl.recipe("seed")
    assert classic == dl.Recipe()
    assert classic.layers == (784, 64, 10)
    assert (classic.activation, classic.optimizer, classic.batch_size) == ("sigmoid", "sgd", 0)
    assert (classic.learning_rate, classic.epochs) == (0.1, 1000)


@pytest.mark.parametrize(("name", "value"), PAIRS)
def test_a_wrong_value_is_refused_however_the_recipe_is_made(name, value):
    for make in (
        lambda: dl.Recipe(**{name: value}),
        lambda: dataclasses.replace(dl.Recipe(), **{name: value}),
        lambda: dl.recipe("seed", **{name: value}),
    ):
        with pytest.raises(RecipeError, match=f"the setting {name} cannot have this value") as caught:
            make()
        assert caught.value.must_be == SETTINGS[name].must_be
        assert caught.value.help


def test_every_setting_has_a_wrong_value_above():
    assert set(WRONG) == set(SETTINGS)


def test_dropout_without_hidden_units_is_refused_with_the_reason():
    with pytest.raises(RecipeError, match="no hidden units to leave out") as caught:
        dl.Recipe(layers=(784, 10), dropout=0.5)
    assert caught.value.got == "layers 784,10"
    assert "outputs are never left out" in str(caught.value)


def test_deskewing_of_anything_but_28x28_is_refused_with_the_reason():
    with pytest.raises(RecipeError, match="28 x 28 pixels can be made upright") as caught:
        dl.Recipe(layers=(100, 10), preprocessing="deskew")
    assert caught.value.got == "layers 100,10"


def test_recipes_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        dl.Recipe().epochs = 3  # type: ignore[misc]


def test_values_take_their_plain_form():
    recipe = dl.Recipe(learning_rate=1, layers=[784, 10])  # type: ignore[arg-type]
    assert isinstance(recipe.learning_rate, float)
    assert recipe.layers == (784, 10)


@given(
    st.builds(
        dl.Recipe,
        layers=st.lists(st.integers(1, 300), min_size=2, max_size=5).map(tuple),
        activation=st.sampled_from(sorted(SETTINGS["activation"].choices)),
        optimizer=st.sampled_from(sorted(SETTINGS["optimizer"].choices)),
        learning_rate=st.floats(0, 1000, exclude_min=True),
        momentum=st.floats(0, 1, exclude_max=True),
        batch_size=st.integers(0, 1_000_000),
        epochs=st.integers(1, 1_000_000),
        seed=st.integers(0, 2**32 - 1),
    )
)
def test_toml_gives_the_same_recipe_back(tmp_path_factory, recipe):
    path = tmp_path_factory.mktemp("recipe") / "mine.toml"
    path.write_text(recipe.to_toml())
    assert dl.recipe(path) == recipe


def test_every_shipped_recipe_loads_and_explains_itself():
    recipes = dl.named_recipes()
    assert {"seed", "minibatch"} <= set(recipes)
    for named in recipes.values():
        assert len(named.about) > 40
        assert named.recipe == dl.recipe(named.name)


def test_recipes_come_in_groups_the_everyday_ones_first(monkeypatch, tmp_path):
    monkeypatch.setattr("digitlab.training.recipe_files.FOLDER", tmp_path)
    for name in ("b-paper", "a-paper-too", "a-paper", "ladder-1-b", "ladder-0-a", "quick", "minibatch", "seed"):
        (tmp_path / f"{name}.toml").write_text("epochs = 2\n")
    groups = by_group(dl.named_recipes().values())
    assert {group: [one.name for one in members] for group, members in groups.items()} == {
        "Everyday": ["seed", "minibatch", "quick"],
        "The ladder, one change a rung": ["ladder-0-a", "ladder-1-b"],
        "Published networks, trained again": ["a-paper", "a-paper-too", "b-paper"],
    }


def test_every_setting_has_a_heading():
    groups = by_group(SETTINGS.values())
    assert [setting.name for setting in groups["The network"]][:2] == ["layers", "activation"]
    assert {"dropout", "averaging"} <= {setting.name for setting in groups["Against learning by heart"]}
    kinds = {field.name for field in dataclasses.fields(Distortion)}
    assert {setting.name for setting in groups["Distorted digits"]} == kinds


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("epoch = 3", "there is no setting 'epoch'"),
        ("epochs = 0", "the setting epochs"),
        ("epochs = 3\nepochs = 4", "this is not TOML"),
        ("epochs: 3", "this is not TOML"),
        ("[settings]\nepochs = 3", "there is no setting 'settings'"),
        ("layers = [[784], [10]]", "the setting layers"),
        ("seed = 1979-05-27", "the setting seed"),
        ("\x00", "this is not TOML"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, content, complaint):
    path = tmp_path / "mine.toml"
    path.write_text(content)
    with pytest.raises(RecipeError, match=complaint):
        dl.recipe(path)


def test_what_is_not_a_file_of_text_is_refused(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "huge.toml").write_bytes(b"#" * 100_000)
    for name in ("missing.toml", "folder.toml", "bytes.toml", "huge.toml"):
        with pytest.raises(RecipeError, match=name):
            dl.recipe(tmp_path / name)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(RecipeError, match="did you mean seed"):
        dl.recipe("sead")
    with pytest.raises(RecipeError, match="did you mean learning_rate"):
        dl.recipe("seed", learningrate=1)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_recipe_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("recipe") / "mine.toml"
    path.write_bytes(content)
    with contextlib.suppress(RecipeError):
        assert isinstance(dl.recipe(path), dl.Recipe)


def test_the_table_says_everything_about_each_setting():
    for field in dataclasses.fields(dl.Recipe):
        setting = SETTINGS[field.name]
        assert setting.default == field.default == setting.check(field.default)
        assert setting.help
        assert setting.why
        assert setting.flag == "--" + field.name.replace("_", "-")
        if setting.applies:
            other = SETTINGS[setting.applies.setting]
            assert set(setting.applies.values) <= set(other.choices)
            assert setting.applies.values or "number" in other.kind


def test_to_toml_is_plain_toml():
    assert tomllib.loads(dl.Recipe().to_toml())["layers"] == [784, 64, 10]
