"""`DigitClassifier`: a network as an estimator of scikit-learn, for its pipelines, searches and cross-validations.

It learns from any features, not pixels alone, and any classes. Inside they are what everything here is: bytes, with
labels from 0; a `Network`, a `Recipe`, an engine.

Letters for shapes: N samples, P features, K classes.
"""

import dataclasses
import os
import warnings
from collections.abc import Iterable
from inspect import Parameter, Signature
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import SIDE, Rows
from digitlab.data.pixels import normalize
from digitlab.engines import AUTO, find_engine
from digitlab.engines.checks import usable_cores
from digitlab.errors import InputError, require_kind
from digitlab.extras import require_extra
from digitlab.fitting import follow
from digitlab.interop.features import as_bytes, check_bounds, find_bounds, other_pixels
from digitlab.network.activations import softmax
from digitlab.network.card import Card
from digitlab.network.network import BLOCK
from digitlab.runs.options import TrainOptions
from digitlab.runs.starts import check_parts
from digitlab.training.augment import distortion_of
from digitlab.training.events import Advice, Control, EpochDone
from digitlab.training.recipe import Recipe
from digitlab.training.recipe_files import NamedRecipe, recipe
from digitlab.training.standstill import NEAR
from digitlab.training.start import Start
from digitlab.training.state import Counters, State

require_extra("sklearn", "sklearn", "DigitClassifier")
from sklearn.base import BaseEstimator, ClassifierMixin  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402

# Beside the settings of a recipe, of whose layers `hidden` are those that the data do not say. The defaults are those
# of `quick`: little data is learnt as well as much, in seconds.
QUICK = recipe("quick")
OTHERS = {"hidden": QUICK.layers[1:-1], "feature_range": None, "engine": AUTO, "threads": None}
PARAMETERS = OTHERS | {name: value for name, value in vars(QUICK).items() if name != "layers"}
SIGNATURE = Signature(
    [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
    + [Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in PARAMETERS.items()]
)


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A fully connected network as a classifier.

    Every setting of a recipe is a parameter (docs/reference/recipe.md), but ``layers``: inputs and outputs follow from
    the data. Values are checked when it is fitted.

    >>> DigitClassifier(hidden=(100,), epochs=5)
    DigitClassifier(epochs=5, hidden=(100,))

    Args:
        hidden: units of each hidden layer; ``()`` for none.
        feature_range: what becomes 0 and what becomes 1 before the first layer, in 256 steps: ``(low, high)``, two
            numbers or two rows ``(P,)``. By default what the data of the first fit show: ``(0, 255)`` or ``(0, 1)``
            where these are their least and their largest number; else each feature has its own least and largest one.
        engine: what computes: ``"auto"``, ``"native"`` (at most 784 features), ``"numpy"``.
        threads: 1 to 256; None for as many as the process may use, and as joblib leaves to each of its workers.
        parameters: the settings, by name; see `from_recipe` for those of a named recipe.

    Attributes:
        classes_: the K classes, sorted.
        n_features_in_: P.
        feature_range_: what became 0, and what became 1.
        network_: the `Network`, P to K; with 784 features, one that everything in digitlab takes.
        recipe_: the `Recipe` that it was trained by.
        history_: an `EpochDone` for each epoch.
    """

    def __init__(self, **parameters: Any) -> None:
        bound = SIGNATURE.bind(self, **parameters)
        bound.apply_defaults()
        for name in PARAMETERS:
            setattr(self, name, bound.arguments[name])

    __init__.__signature__ = SIGNATURE  # type: ignore[attr-defined]  # by which scikit-learn knows the parameters

    @classmethod
    def from_recipe(cls, recipe: Recipe, **parameters: Any) -> Self:
        """The classifier with a recipe's settings, such as those of ``dl.recipe("quick")``, and these ``parameters``.

        >>> DigitClassifier.from_recipe(Recipe(layers=(784, 30, 10)), epochs=5).hidden
        (30,)
        """
        require_kind(recipe, Recipe, "the recipe", 'dl.recipe("quick")')
        settings = {name: getattr(recipe, name) for name in PARAMETERS if name not in OTHERS}
        return cls(**settings | {"hidden": recipe.layers[1:-1]} | parameters)

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn features ``X (N, P)`` and classes ``y (N,)``, from the beginning.

        Raises:
            ValueError: what cannot be features or classes; or (`RecipeError`, `InputError`) a parameter.
            DivergenceError: the learning rate is too large.
        """
        samples, y = validate_data(self, X, y)
        check_classification_targets(y)
        classes, labels = np.unique(y, return_inverse=True)
        self._begin(samples, classes)
        return self._learn(samples, labels, self.recipe_)

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
        """One more epoch, of these samples alone: nothing is held out, and the rate of learning stays what it is.

        Args:
            X: features ``(N, P)``. Where ``feature_range`` is None, those of the first call show it.
            y: classes ``(N,)``.
            classes: all that will ever come; needed in the first call alone.

        Raises:
            ValueError: as `fit`; or a class that is none of those of the first call.
        """
        first = not hasattr(self, "classes_")
        samples, y = validate_data(self, X, y, reset=first)
        check_classification_targets(y)
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        known = self.classes_ if classes is None else np.unique(np.asarray(classes))
        if not first and not np.array_equal(known, self.classes_):
            raise ValueError(f"classes={known} are others than in the first call: {self.classes_}")
        if len(unknown := np.setdiff1d(y, known)):
            raise ValueError(f"y has labels that are none of the classes {known}: {unknown}")
        if first:
            self._begin(samples, known)
        counters = self._state.counters
        recipe = dataclasses.replace(
            self.recipe_, epochs=counters.epoch + 1, schedule="constant", warmup=0, validation=0
        )
        return self._learn(samples, np.searchsorted(known, y), recipe)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class of each sample, ``(N,)``."""
        logits = self._logits(X)
        return np.asarray(self.classes_[logits.argmax(axis=1)])

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """How probable each class is: ``(N, K)``, in the order of ``classes_``."""
        return np.asarray(softmax(self._logits(X)), np.float64)

    def _logits(self, X: ArrayLike) -> NDArray[np.float64]:
        """``(N, K)``; in float64, so that they are the same whatever samples are beside them."""
        check_is_fitted(self, "network_")  # not by `n_features_in_`, which even a fit that failed leaves
        samples = validate_data(self, X, reset=False)
        if words := other_pixels(samples, self.feature_range_):
            warnings.warn(words, stacklevel=3)
        pixels = as_bytes(samples, self.feature_range_)
        parts = []
        for start in range(0, len(pixels), BLOCK):
            seen = self.network_.card.preprocess(pixels[start : start + BLOCK])
            *_, logits = self.network_.activations(normalize(seen, np.float64))
            parts.append(logits)
        return np.concatenate(parts)

    def _begin(self, X: NDArray[Any], classes: NDArray[Any]) -> None:
        """A new network, of which nothing is trained yet."""
        features, given = X.shape[1], self.feature_range
        recipe = Recipe(
            layers=(features, *_hidden(self.hidden), len(classes)),
            **{name: getattr(self, name) for name in PARAMETERS if name not in OTHERS},
        )
        self.feature_range_ = find_bounds(X) if given is None else check_bounds(given, features)
        self._check_pictures(recipe)
        self.classes_, self.recipe_ = classes, recipe
        self.network_ = recipe.new_network()
        self.history_: list[EpochDone] = []
        self._state = State(Counters(), self.network_.parameters)

    def _check_pictures(self, recipe: Recipe) -> None:
        """Refuse to turn, move or deskew what is no picture."""
        moves = distortion_of(recipe).distorts or recipe.preprocessing != "none"
        if moves and (recipe.layers[0] != SIDE * SIDE or np.ndim(self.feature_range_[0])):
            raise InputError(
                f"only pictures of {SIDE} x {SIDE} pixels can be distorted or deskewed",
                must_be=f"{SIDE * SIDE} features with one range for all",
                got=f"{recipe.layers[0]} features"
                + (", each with a range of its own" if np.ndim(self.feature_range_[0]) else ""),
                help="feature_range=(0, 255) says what paper and ink are",
            )

    def _learn(self, X: NDArray[Any], labels: NDArray[np.intp], recipe: Recipe) -> Self:
        """All epochs of the recipe that are not done yet."""
        options = TrainOptions.of({"engine": self.engine, "threads": _threads(self.threads)})
        pixels = as_bytes(X, self.feature_range_)
        images = pixels.reshape(-1, SIDE, SIDE) if pixels.shape[1] == SIDE * SIDE else pixels
        names = _names(self.classes_)
        digits, network = Rows(images, labels, "scikit-learn", names), self.network_
        check_parts(network, digits, recipe, options.threads)
        engine = find_engine(options.engine, network.architecture)
        start = Start(NamedRecipe("", "", recipe), self._state, engine, options.threads)
        advice, then = "", 1.0
        for event in follow(start, network, digits, Control()):
            if isinstance(event, EpochDone):
                self.history_.append(event)
                last = network.parameters.copy()  # at the end, the network's may be an average
            elif isinstance(event, Advice):
                advice, then = event.words, self.history_[-1].accuracy
        self._state.parameters = last
        if advice and self.history_[-1].accuracy < then + NEAR:  # some begin slowly
            warnings.warn(advice, ConvergenceWarning, stacklevel=3)
        return self


def _hidden(hidden: Any) -> Iterable[Any]:
    """The hidden layers; whatever is no list of them is left for the recipe to refuse."""
    return hidden if isinstance(hidden, Iterable) and not isinstance(hidden, str) else (hidden,)


def _names(classes: NDArray[Any]) -> tuple[str, ...]:
    """The classes as names, or their numbers where these cannot be the names on a network's card."""
    names = tuple(map(str, classes.tolist()))
    try:
        return Card(names).labels
    except InputError:
        return tuple(map(str, range(len(names))))


def _threads(asked: int | None) -> int | None:
    """As asked; else no more than OMP_NUM_THREADS, by which joblib shares the cores out among its workers."""
    share = os.environ.get("OMP_NUM_THREADS", "")
    held = asked is None and "DIGITLAB_THREADS" not in os.environ and share.isdecimal() and int(share) > 0
    return min(int(share), usable_cores()) if held else asked
