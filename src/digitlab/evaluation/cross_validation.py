"""Cross-validation: what networks say of pictures that they were not trained on, for all pictures of a data set.

The pictures are drawn into folds of equal size; those of each fold are judged by a network that was trained on all
others.

Letters for shapes: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.errors import InputError, describe
from digitlab.runs.options import TrainOptions
from digitlab.runs.starts import begin, check_parts
from digitlab.training.events import Control, EpochDone
from digitlab.training.loop import Loop
from digitlab.training.recipe import Recipe
from digitlab.training.recipe_files import NamedRecipe

MOST_FOLDS = 100


def cross_validated(
    digits: Digits, recipe: Recipe, options: TrainOptions, *, folds: int, progress: Callable[[], object]
) -> NDArray[np.float64]:
    """How probable each class is of each picture, ``(N, K)``, said by a network that was not trained on it.

    Args:
        digits: all pictures.
        recipe: of each training; its seed is also that of the folds.
        options: engine and threads.
        folds: 2 to 100; as many networks are trained.
        progress: called after each epoch of each training.

    Raises:
        InputError: folds that cannot be, or fewer pictures than folds.
        RecipeError: the recipe does not fit the pictures.
        DivergenceError: a training left the finite numbers.
    """
    if isinstance(folds, bool) or not isinstance(folds, int | np.integer) or not 2 <= folds <= MOST_FOLDS:
        raise InputError(f"folds must be a whole number from 2 to {MOST_FOLDS}", got=describe(folds))
    if len(digits) < folds:
        raise InputError("each fold needs a picture", must_be=f"{folds} pictures or more", got=len(digits))
    probabilities = np.empty((len(digits), recipe.layers[-1]))
    order = np.random.default_rng(recipe.seed).permutation(len(digits))
    for fold in np.array_split(order, folds):
        others = np.setdiff1d(np.arange(len(digits)), fold)
        network, learnt = recipe.new_network(), digits[others]
        check_parts(network, learnt, recipe, options.threads)
        start = begin(network, learnt, NamedRecipe("", "", recipe), options)
        for event in Loop(network, learnt, start, Control()).events():
            if isinstance(event, EpochDone):
                progress()
        probabilities[fold] = network.probabilities(digits.images[fold])
    return probabilities
