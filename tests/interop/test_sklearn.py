"""`DigitClassifier` is an estimator: scikit-learn's own checks, its tools around it, the same network as everywhere."""

from __future__ import annotations

import contextlib
import importlib
import pickle
import sys
import warnings

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import NativeEngine
from digitlab.errors import DivergenceError, InputError, RecipeError
from digitlab.training import SETTINGS

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
import joblib
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, learning_curve, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from digitlab.interop.sklearn import DigitClassifier

SMALL = {"threads": 1, "epochs": 5}  # the machine has other work


@pytest.fixture(scope="module")
def small_digits():
    """scikit-learn's own digits: 8 x 8 numbers from 0 to 16."""
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, random_state=0)


@pytest.fixture(scope="module")
def pixels(mnist):
    """Some of MNIST, as scikit-learn's users have it: rows of 784, and labels as words."""
    train, _ = mnist
    return train.images[:2000].reshape(-1, 784), train.labels[:2000].astype(str)


@pytest.fixture
def no_workers_left():
    """joblib keeps its processes for the next call."""
    yield
    joblib.externals.loky.get_reusable_executor().shutdown(wait=True)


@pytest.mark.filterwarnings("default", "ignore:nothing is learnt")  # some checks have next to nothing to learn from
@parametrize_with_checks([DigitClassifier(threads=1)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_every_setting_is_a_parameter_and_the_defaults_are_those_of_quick():
    parameters = DigitClassifier().get_params()
    settings = vars(dl.recipe("quick")) | {"hidden": (64,), "feature_range": None, "engine": "auto", "threads": None}
    del settings["layers"]
    assert parameters == settings
    assert set(SETTINGS) - set(parameters) == {"layers"}
    with pytest.raises(TypeError, match="learning_rat"):
        DigitClassifier(learning_rat=0.1)


def test_it_learns_what_another_classifier_learns(small_digits):
    X, X_test, y, y_test = small_digits
    ours = DigitClassifier(threads=1).fit(X, y).score(X_test, y_test)
    assert ours > 0.95
    assert ours > KNeighborsClassifier().fit(X, y).score(X_test, y_test) - 0.03
    X, X_test, y, y_test = train_test_split(*load_wine(return_X_y=True), random_state=0)
    assert DigitClassifier(threads=1).fit(X, y).score(X_test, y_test) > 0.9  # ranges from 0.1 to 1680, unscaled


def test_on_digits_it_is_the_training_of_everybody(few, mnist):
    recipe, some = dl.recipe("quick", epochs=2), few
    network = recipe.new_network()
    dl.fit(network, some, recipe, threads=1)
    X, y = some.images.reshape(-1, 784), some.labels
    for features in (X, X.astype(np.int64), (X / 255).astype(np.float32)):
        classifier = DigitClassifier.from_recipe(recipe, threads=2).fit(features, y)
        assert np.array_equal(classifier.network_.parameters, network.parameters)
        assert classifier.recipe_ == recipe
    pictures = mnist[1].images[:100]
    classifier = DigitClassifier.from_recipe(recipe).fit(X, y)
    found = classifier.predict_proba(pictures.reshape(-1, 784))
    np.testing.assert_allclose(found, network.probabilities(pictures), atol=1e-6)


def test_words_for_classes_go_all_the_way(pixels, tmp_path):
    X, y = pixels
    classifier = DigitClassifier(**SMALL).fit(X, y)
    assert classifier.classes_.tolist() == list("0123456789")
    assert classifier.score(X, y) > 0.95
    assert classifier.feature_range_ == (0, 255)
    classifier.network_.save(tmp_path / "model.safetensors")
    network = dl.load(tmp_path / "model.safetensors")
    assert network.card.labels == tuple("0123456789")
    assert [network.card.labels[place] for place in network.predict(X[:50])] == classifier.predict(X[:50]).tolist()


@pytest.mark.parametrize("classes", [np.array(["a\nb", ""]), np.array([2.0, -1.0]), np.array([False, True])])
def test_any_classes_come_back_as_they_are(classes):
    X = np.repeat([[0.0], [1.0]], 40, axis=0)
    y = np.repeat(classes, 40)
    found = DigitClassifier(threads=1).fit(X, y).predict(X)
    assert found.dtype == y.dtype
    assert np.array_equal(found, y)


def test_a_scaler_before_it_does_no_harm(pixels):
    """Each scaled pixel has its own least and largest value, so that bytes come back as they were."""
    X, y = pixels
    varied = X[:, (X.min(axis=0) == 0) & (X.max(axis=0) == 255)]
    plain = DigitClassifier(**SMALL).fit(varied, y)
    scaled = make_pipeline(StandardScaler(), DigitClassifier(**SMALL)).fit(varied, y)
    assert np.array_equal(scaled.predict_proba(varied), plain.predict_proba(varied))


@pytest.mark.filterwarnings("default")
def test_a_search_in_two_processes(small_digits, no_workers_left):
    X, X_test, y, y_test = small_digits
    search = GridSearchCV(
        make_pipeline(StandardScaler(), DigitClassifier(epochs=5)),
        {"digitclassifier__learning_rate": [0.01, 0.2], "digitclassifier__hidden": [(20,)]},
        n_jobs=2,
        cv=2,
    )
    search.fit(X[:600], y[:600])
    assert search.best_params_["digitclassifier__learning_rate"] == 0.2
    assert search.score(X_test, y_test) > 0.85


def test_a_value_that_diverges_costs_a_search_no_more_than_itself(small_digits):
    X, _, y, _ = small_digits
    choices = {"learning_rate": [0.2, 1000.0]}
    search = GridSearchCV(DigitClassifier(**SMALL, activation="relu"), choices, cv=2)
    with pytest.warns((FitFailedWarning, UserWarning)):  # the scores of what failed are NaN
        search.fit(X, y)
    assert search.best_params_ == {"learning_rate": 0.2}


def test_calibration_cross_validation_and_learning_curves(small_digits):
    X, X_test, y, y_test = small_digits
    calibrated = CalibratedClassifierCV(DigitClassifier(**SMALL), cv=2, method="isotonic").fit(X, y)
    assert calibrated.score(X_test, y_test) > 0.9
    np.testing.assert_allclose(calibrated.predict_proba(X_test).sum(axis=1), 1)
    assert cross_val_score(DigitClassifier(**SMALL), X, y, cv=2).min() > 0.85
    _, _, scores = learning_curve(DigitClassifier(**SMALL), X, y, cv=2, train_sizes=[0.1, 1.0])
    few, many = scores.mean(axis=1)
    assert few < many


@pytest.mark.parametrize("changes", [{}, {"averaging": 0.5}, {"optimizer": "adam", "learning_rate": 0.01}])
def test_calls_of_partial_fit_are_epochs_of_fit(pixels, changes):
    """To the same bits, with what the optimizer remembers, and pickled in between."""
    X, y = pixels
    parameters = {"threads": 1, "schedule": "constant", "epochs": 3} | changes
    whole = DigitClassifier(**parameters).fit(X, y)
    parts = DigitClassifier(**parameters)
    parts.partial_fit(X, y, classes=np.unique(y))
    parts = pickle.loads(pickle.dumps(parts))
    parts.partial_fit(X, y).partial_fit(X, y)
    assert np.array_equal(parts.network_.parameters, whole.network_.parameters)
    assert [one.loss for one in parts.history_] == [one.loss for one in whole.history_]


def test_partial_fit_takes_what_comes(small_digits):
    """A schedule that has an end, samples to hold out, and a class that is not there at first."""
    X, X_test, y, y_test = small_digits
    classifier = DigitClassifier(threads=1, feature_range=(0, 16), epochs=2, validation=2000)
    low = y < 5
    classifier.partial_fit(X[low], y[low], classes=range(10))
    assert set(classifier.predict(X_test)) <= set(range(5))
    for _ in range(10):
        classifier.partial_fit(X, y)
    assert classifier.score(X_test, y_test) > 0.9
    with pytest.raises(ValueError, match=r"none of the classes.*\[10\]"):
        classifier.partial_fit(X[:2], [3, 10])
    with pytest.raises(ValueError, match="others than in the first call"):
        classifier.partial_fit(X, y, classes=range(11))


def test_validation_and_patience(pixels):
    X, y = pixels
    classifier = DigitClassifier(threads=1, validation=500, patience=2, epochs=100, keep="best").fit(X, y)
    losses = [epoch.validation_loss for epoch in classifier.history_]
    assert len(losses) < 100
    assert np.argmin(losses) == len(losses) - 3
    with pytest.raises(RecipeError, match="none to train on"):
        DigitClassifier(validation=2000).fit(X, y)


def test_pictures_are_distorted_and_deskewed_and_nothing_else_is(pixels, small_digits):
    X, y = pixels
    plain, turned, upright = (
        DigitClassifier(threads=1, epochs=1, **one).fit(X, y)
        for one in ({}, {"rotation": 15, "elastic_alpha": 30}, {"preprocessing": "deskew"})
    )
    assert not np.array_equal(plain.network_.parameters, turned.network_.parameters)
    assert upright.network_.predict(X).astype(str).tolist() == upright.predict(X).tolist()
    assert np.abs(upright.predict_proba(X) - plain.predict_proba(X)).max() > 0.1
    for one in ({"rotation": 15}, {"preprocessing": "deskew"}):
        with pytest.raises(InputError, match="only pictures of 28 x 28 pixels can be"):
            DigitClassifier(**one).fit(small_digits[0], small_digits[2])
        with pytest.raises(InputError, match="each with a range of its own"):
            DigitClassifier(**one).fit(X / 7 - 1, y)


@pytest.mark.filterwarnings("ignore:nothing is learnt")  # of 300 classes, in so few steps
@pytest.mark.parametrize(("features", "classes"), [(1, 2), (64, 10), (785, 3), (30, 300)])
def test_any_number_of_features_and_classes_on_each_engine(features, classes, rng):
    centres = rng.normal(size=(classes, features))
    y = np.arange(600) % classes
    X = centres[y] + rng.normal(scale=0.1 / np.sqrt(features), size=(600, features))
    fitted = {}
    for engine in ("auto", "numpy", "native"):
        classifier = DigitClassifier(**SMALL, engine=engine)
        if engine == "native" and (NativeEngine.why_not() or features > 784 or classes > 256):
            with pytest.raises(ValueError, match="native cannot be used"):
                classifier.fit(X, y)
        else:
            fitted[engine] = classifier.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(fitted["auto"], fitted["numpy"], atol=1e-3)
    np.testing.assert_allclose(fitted.get("native", fitted["auto"]), fitted["auto"], atol=1e-3)


def test_parameters_are_checked_when_it_is_fitted(small_digits):
    X, _, y, _ = small_digits
    for wrong in ({"learning_rate": -1}, {"hidden": "64"}, {"hidden": None}, {"optimizer": "sdg"}, {"dropout": 2}):
        with pytest.raises(RecipeError):
            DigitClassifier(**wrong).fit(X, y)
    failed = DigitClassifier(learning_rate=-1)
    with contextlib.suppress(RecipeError):
        failed.fit(X, y)
    with pytest.raises(NotFittedError):
        failed.predict(X)
    for wrong in ({"engine": "fast"}, {"threads": 0}, {"feature_range": (1, 0)}, {"feature_range": 255}):
        with pytest.raises(InputError):
            DigitClassifier(**wrong).fit(X, y)
    with pytest.raises(TypeError, match="sample_weight"):
        DigitClassifier().fit(X, y, sample_weight=np.ones(len(y)))
    assert len(DigitClassifier(hidden=9, threads=1, epochs=1).fit(X, y).network_.layers) == 2
    assert clone(DigitClassifier(hidden=[9])).hidden == [9]


def test_what_goes_wrong_is_said(pixels):
    X, y = pixels
    with pytest.warns(ConvergenceWarning, match="nothing is learnt so far"):
        DigitClassifier(threads=1, learning_rate=1e-9, epochs=10).fit(X, y)
    with pytest.raises(DivergenceError, match="smaller learning rate"):
        DigitClassifier(threads=1, learning_rate=1000, activation="relu").fit(X, y)


def test_pixels_on_another_scale_are_noticed(pixels):
    X, y = pixels
    divided = (X / 255).astype(np.float32)
    by_255 = DigitClassifier(threads=1, epochs=1).fit(X, y)
    by_1 = DigitClassifier(threads=1, epochs=1).fit(divided, y)
    with pytest.warns(UserWarning, match="the largest pixel is 1, where 255 was full ink"):
        by_255.predict(divided)
    with pytest.warns(UserWarning, match="the largest pixel is 255, where 1 was full ink"):
        by_1.predict(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(by_255.predict(X), by_1.predict(divided))


def test_threads_are_those_that_joblib_leaves(monkeypatch, pixels):
    from digitlab.interop import sklearn as ours

    monkeypatch.setattr(ours, "usable_cores", lambda: 8)
    monkeypatch.delenv("DIGITLAB_THREADS", raising=False)
    for share, threads in (("3", 3), ("64", 8), ("", None), ("0", None), ("2,1", None)):
        monkeypatch.setenv("OMP_NUM_THREADS", share)
        assert ours._threads(None) == threads
        assert ours._threads(5) == 5


def test_without_scikit_learn_one_line_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "digitlab.interop.sklearn")
    with pytest.raises(InputError) as caught:
        importlib.import_module("digitlab.interop.sklearn")
    assert caught.value.help == "pip install 'digitlab[sklearn]'"


def test_a_recipe_is_no_name():
    with pytest.raises(InputError, match="the recipe must be a Recipe"):
        DigitClassifier.from_recipe("seed")
