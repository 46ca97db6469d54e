"""The recipes that ship: each trains, the ladder changes one thing a rung, papers have the networks that they had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import digitlab as dl
from digitlab.training.recipe import SETTINGS
from digitlab.training.recipe_files import named_recipes
from digitlab.training.regularizers import Regularizers

RECIPES = named_recipes()
LADDER = sorted(name for name in RECIPES if name.startswith("ladder-"))
LARGE = 3_000_000  # parameters; these take more than a moment


@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_trains(name, mnist):
    recipe = RECIPES[name].recipe
    if recipe.new_network().parameters.size > LARGE:
        pytest.skip("too large for the default tests; the other nets of its paper are trained")
    few = mnist[0][:200]
    network = recipe.new_network()
    before = network.parameters.copy()
    history = dl.fit(network, few, replace(recipe, epochs=2))
    assert history.epochs[-1].epoch == 2
    assert np.isfinite(network.parameters).all()
    assert not np.array_equal(network.parameters, before)


def test_each_rung_of_the_ladder_changes_one_thing():
    """The learning rate belongs to the optimizer, and the number of epochs to the size of the batches."""
    assert len(LADDER) == 10
    assert RECIPES[LADDER[0]].recipe == dl.recipe("seed")
    distortions = {"rotation", "shear", "scale", "stretch", "shift"}
    one_thing = [
        {"batch_size", "epochs"},
        {"initializer"},
        {"activation"},
        {"optimizer", "learning_rate"},
        {"optimizer", "learning_rate"},
        {"layers"},
        distortions,
        {"elastic_alpha"},
        {"averaging"},
    ]
    for lower, upper, expected in zip(LADDER[:-1], LADDER[1:], one_thing, strict=True):
        below, above = RECIPES[lower].recipe, RECIPES[upper].recipe
        assert {name for name in SETTINGS if getattr(below, name) != getattr(above, name)} == expected


@pytest.mark.parametrize(
    ("name", "layers", "error"),
    [
        ("lecun98-300", (784, 300, 10), 4.7),
        ("lecun98-300-deskewed", (784, 300, 10), 1.6),
        ("lecun98-300-100", (784, 300, 100, 10), 3.05),
        ("nielsen-100", (784, 100, 10), 2.2),
        ("hinton-500-300", (784, 500, 300, 10), 1.53),
        ("simard-800", (784, 800, 10), 1.6),
        ("simard-800-affine", (784, 800, 10), 1.1),
        ("simard-800-elastic", (784, 800, 10), 0.7),
        ("small-64", (784, 64, 10), 2.0),
        ("ciresan-1000-500", (784, 1000, 500, 10), 0.49),
        ("ciresan-2500-2000-1500-1000-500", (784, 2500, 2000, 1500, 1000, 500, 10), 0.35),
    ],
)
def test_a_paper_has_its_network_and_its_result(name, layers, error):
    named = RECIPES[name]
    assert named.recipe.layers == layers
    assert named.published is not None
    assert named.published.error == error
    assert named.recipe.validation == 0  # all 60,000, as `digitlab reproduce` wants it


def test_distortions_are_the_papers_and_nothing_else():
    """Simard et al. (2003): the first without any, the last with elastic ones alone, sigma 4 and alpha 34."""
    none, affine, elastic = (RECIPES["simard-800" + name].recipe for name in ("", "-affine", "-elastic"))
    plain = {name: getattr(Regularizers(), name) for name in vars(Regularizers())}
    assert {name: getattr(none, name) for name in plain} == plain
    assert {name for name in plain if getattr(elastic, name) != plain[name]} == {"elastic_alpha"}
    assert (elastic.elastic_alpha, elastic.elastic_sigma) == (34, 4)
    assert {name for name in plain if getattr(affine, name) != plain[name]} == {
        *("rotation", "shear", "scale", "stretch", "shift")
    }
