"""Comparisons and learning curves as figures: what is drawn is what was measured."""

from __future__ import annotations

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError
from digitlab.evaluation import compare, predict_all
from digitlab.evaluation.curves import LearningCurve, curves_of
from digitlab.figures import draw_comparison, draw_curves, save_figure
from digitlab.runs.run import Run
from digitlab.training import EpochDone

SMALL = dl.recipe("minibatch", layers=(784, 3, 10), batch_size=50, epochs=3)


def _predictions(few: dl.Digits, seed: int):
    return predict_all(dl.Network([784, 5, 10], seed=seed), few)


def test_a_comparison_shows_differences_and_pictures(few, tmp_path):
    first, *others = (_predictions(few, seed) for seed in range(3))
    names = "a name of a run that is much too long for a figure/20260101-120000-seed", "$x$"
    pairs = [compare(first, other, ("first", name)) for other, name in zip(others, names, strict=True)]
    figure = draw_comparison(pairs, few)
    differences, gained, lost = figure.axes
    assert [text.get_text() for text in differences.get_yticklabels()][1] == "$x$"
    assert len(differences.get_yticklabels()[0].get_text()) < 40
    for row, pair in enumerate(pairs):
        bar, dot = differences.lines[2 * row : 2 * row + 2]
        assert bar.get_xdata() == pytest.approx(100 * np.array(pair.interval))
        assert dot.get_xdata() == pytest.approx([100 * pair.difference])
    right = [one for one in pairs[1].changed if one.answers[1] == one.label]
    assert gained.get_title(loc="left") == f"only $x$ is right: {len(right)}"
    assert lost.get_title(loc="left") == f"only first is right: {pairs[1].only_a}"
    assert gained.texts[0].get_text() == f"{right[0].label}, not {right[0].answers[0]}"
    assert np.array_equal(gained.images[0].get_array()[:28, :28].data, few.images[right[0].index] / 255)
    save_figure(figure, tmp_path / "figure.png")


def test_two_that_answer_alike_are_drawn_too(few, tmp_path):
    one = _predictions(few, 0)
    save_figure(draw_comparison([compare(one, one)], few), tmp_path / "figure.png")
    with pytest.raises(InputError, match="no comparison"):
        draw_comparison([], few)


def _epochs(losses: list[float], *, held_out: bool = False) -> tuple[EpochDone, ...]:
    more = {"validation_loss": 9.0, "validation_accuracy": 0.25} if held_out else {}
    return tuple(EpochDone(n, n, loss, 0.5, 0.1, **more) for n, loss in enumerate(losses, 1))


def test_curves_are_laid_over_each_other():
    loss, accuracy = draw_curves([LearningCurve("_a", _epochs([3, 2])), LearningCurve("$b$", _epochs([4, 3, 2]))]).axes
    assert [list(line.get_ydata()) for line in loss.lines] == [[3, 2], [4, 3, 2]]
    assert [list(line.get_ydata()) for line in accuracy.lines] == [[50, 50], [50, 50, 50]]
    assert [text.get_text().strip() for text in loss.get_legend().get_texts()] == ["_a", "$b$"]
    assert loss.get_ylabel() == "loss (cross-entropy)"
    assert len({line.get_color() for line in loss.lines}) == 2


def test_held_out_digits_are_shown_where_all_have_some():
    some, none = LearningCurve("a", _epochs([3], held_out=True)), LearningCurve("b", _epochs([4]))
    figure = draw_curves([some])
    assert figure.axes[0].lines[0].get_ydata() == [9]
    assert figure.get_suptitle().endswith("of the held-out digits")
    assert draw_curves([some, none]).get_suptitle().endswith("of the training digits")
    with pytest.raises(InputError, match="no curve to draw"):
        draw_curves([LearningCurve("empty", ())])


def test_a_branch_begins_on_the_curve_of_its_parent(few, tmp_path):
    digits = few[:200]
    dl.fit(SMALL.new_network(), digits, SMALL, out=tmp_path / "trunk", snapshot_every=1)
    for name, origin, epoch in (("branch", "trunk", 2), ("twig", "branch", 3)):
        recipe = dl.recipe("minibatch", layers=(784, 3, 10), batch_size=50, epochs=4, learning_rate=0.01 * epoch)
        branch = dl.Branch(tmp_path / origin, epoch)
        dl.fit(recipe.new_network(), digits, recipe, out=tmp_path / name, branch=branch, snapshot_every=1)
    trunk, branch, twig = (Run(tmp_path / name) for name in ("trunk", "branch", "twig"))
    curves = curves_of([("mine", twig, None), ("other", trunk, 2)])
    assert [(curve.name, curve.branched_at, curve.beside) for curve in curves] == [
        ("branch", 2, True),
        ("mine", 3, False),
        ("other", 0, False),
    ]
    assert [[epoch.epoch for epoch in curve.own] for curve in curves] == [[2, 3, 4], [3, 4], [1, 2]]
    assert curves[1].own[0].loss == branch.history()[2].loss
    lines = draw_curves(curves).axes[0].lines
    dots = [line for line in lines if line.get_marker() == "o"]
    assert [dot.get_xdata() for dot in dots] == [[2], [3]]
    (tmp_path / "trunk" / "manifest.json").unlink()
    orphan = curves_of([("branch", Run(tmp_path / "branch"), None)])
    assert [(curve.branched_at, len(curve.own)) for curve in orphan] == [(0, 4)]
