"""What is left of accuracy: each number against its own pictures; and the figures and tables of it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import digitlab as dl
from digitlab.display.robustness import robustness_markdown, robustness_text
from digitlab.errors import InputError
from digitlab.evaluation import CORRUPTIONS, attack_examples, corrupt, measure_robustness
from digitlab.evaluation.corruptions import spoiled
from digitlab.evaluation.metrics import wilson_interval
from digitlab.evaluation.robustness import DEVIATIONS, EPSILONS, PARTS, TURNS
from digitlab.evaluation.spoiling.noise import gaussian_noise
from digitlab.figures import draw_attacks, draw_corruptions, draw_robustness
from digitlab.network.card import new_card


@pytest.fixture(scope="module")
def network(few):
    recipe = dl.recipe("minibatch", layers=(784, 16, 10), epochs=3)
    network = recipe.new_network()
    dl.fit(network, few, recipe)
    return network


@pytest.fixture(scope="module")
def digits(mnist):
    return mnist[1][:150]


@pytest.fixture(scope="module")
def measured(network, digits):
    return measure_robustness(network, digits, seed=3)


def accuracy(network, images, digits):
    return float((network.predict(images) == digits.labels).mean())


def test_each_accuracy_is_that_of_its_pictures(measured, network, digits):
    assert (measured.source, measured.count, measured.seed) == (digits.source, 150, 3)
    assert measured.clean == accuracy(network, digits.images, digits)
    assert [one.name for one in measured.corruptions] == list(CORRUPTIONS)
    for one in measured.corruptions:
        assert one.accuracy == accuracy(network, corrupt(digits.images, one.name, seed=3), digits), one.name
        assert one.interval == pytest.approx(wilson_interval(150 * one.accuracy, 150))
        assert one.approximated == CORRUPTIONS[one.name].approximated
    assert measured.mean_accuracy == pytest.approx(np.mean([one.accuracy for one in measured.corruptions]))
    noisy = spoiled(digits.images, partial(gaussian_noise, deviation=DEVIATIONS[3]), "gaussian_noise", seed=3)
    assert measured.noise.accuracy[3] == accuracy(network, noisy, digits)
    left = np.rot90(digits.images, axes=(1, 2))
    assert measured.rotation.accuracy[-1] == accuracy(network, left, digits)


def test_curves_begin_at_the_clean_accuracy_and_attacks_only_fall(measured):
    assert measured.noise.accuracy[0] == measured.clean
    assert measured.rotation.accuracy[TURNS.index(0)] == measured.clean
    for curve, x in ((measured.fgsm, EPSILONS), (measured.pgd, EPSILONS)):
        assert curve.x == list(x)
        assert curve.accuracy[0] == measured.clean
        assert (np.diff(curve.accuracy) <= 0).all()
        assert curve.accuracy[-1] < 0.2
    assert (np.array(measured.pgd.accuracy) <= measured.fgsm.accuracy).all()


def test_it_tells_how_far_it_is_and_gives_the_same_again(measured, network, digits):
    told: list[None] = []
    assert measure_robustness(network, digits, seed=3, progress=lambda: told.append(None)) == measured
    assert len(told) == PARTS
    assert json.loads(json.dumps(measured.to_dict()))["pgd"]["accuracy"] == measured.pgd.accuracy


def test_a_network_that_deskews_is_attacked_on_upright_digits(network, digits):
    upright = network.copy()
    upright.card = new_card(network.architecture, kind="deskew")
    (one, *_) = attack_examples(upright, digits, 0.2, count=1)
    np.testing.assert_array_equal(one.before, upright.inputs(digits.images[one.index]))
    assert (one.before * 255 != digits.images[one.index]).any()
    assert measure_robustness(upright, digits[:20]).clean == accuracy(upright, digits[:20].images, digits[:20])


def test_what_cannot_be_measured_is_refused(network, digits):
    with pytest.raises(InputError, match="empty"):
        measure_robustness(network, digits[:0])
    with pytest.raises(InputError, match="seed"):
        measure_robustness(network, digits, seed=-1)


def test_tables_have_a_column_for_each_network(measured, digits):
    other = replace(measured, clean=0.5)
    text = robustness_text({"mine": measured, "another one": other}).splitlines()
    assert text[0] == f"{digits.source}: 150 pictures; accuracy in %"
    assert text[1].split() == ["mine", "another", "one"]
    assert text[2].split() == ["as", "they", "are", f"{100 * measured.clean:.2f}", "50.00"]
    assert len({len(line) for line in text[1:] if line.startswith("  ")}) == 1
    assert sum("*" in line for line in text) == 4
    page = robustness_markdown({"a|b": measured})
    assert f"| as they are | {100 * measured.clean:.2f} % |" in page
    assert "a\\|b" in page
    for name, corruption in CORRUPTIONS.items():
        assert f"{name.replace('_', ' ')}" in page
        assert corruption.about in page


def test_figures_show_what_was_measured(measured, network, digits):
    figure = draw_corruptions(digits.images, 4, measured=measured)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["as it is", *(name.replace("_", " ") for name in CORRUPTIONS)]
    assert figure.axes[1].get_xlabel() == f"{100 * measured.corruptions[0].accuracy:.1f} %"
    fog = 1 + list(CORRUPTIONS).index("fog")
    np.testing.assert_array_equal(figure.axes[fog].images[0].get_array(), corrupt(digits.images, "fog")[4])

    bars, noise, rotation, attack = draw_robustness({"one": measured, "two": measured}).axes
    assert [bar.get_width() for bar in bars.patches[1:16]] == [100 * one.accuracy for one in measured.corruptions]
    assert len(bars.patches) == 32
    assert noise.lines[0].get_ydata() == pytest.approx([100 * share for share in measured.noise.accuracy])
    assert list(rotation.lines[1].get_xdata()) == measured.rotation.x
    assert [text.get_text().strip() for text in attack.get_legend().get_texts()] == [
        "one, FGSM",
        "one, PGD",
        "two, FGSM",
        "two, PGD",
    ]

    far = {f"/{'a folder with a long name/' * 5}{name}": measured for name in "ab"}
    draw_robustness(far | {"_c": measured}).draw_without_rendering()  # with a warning, were there no room left
    told = draw_robustness(far | {"_c": measured}).axes[0].get_legend().get_texts()
    assert [text.get_text()[-6:] for text in told] == ["name/a", "name/b", " _c"]

    examples = attack_examples(network, digits, 0.1, count=3)
    figure = draw_attacks(examples, network.card.labels)
    assert len(figure.axes) == 9
    assert f"read as {examples[2].predicted}" in figure.axes[8].get_xlabel()
    assert draw_attacks([], network.card.labels).get_suptitle()


def test_where_nothing_is_read_rightly_nothing_can_be_attacked(few):
    network = dl.Network([784, 10])
    wrong = dl.Digits(few.images[:3], (network.predict(few.images[:3]) + 1) % 10, "all wrong")
    assert attack_examples(network, wrong) == []


def test_a_network_of_one_class_cannot_be_attacked(few):
    digits = dl.Digits(few.images[:3], np.zeros(3, np.uint8), "one class", ("only",))
    with pytest.raises(InputError, match="an attack needs two classes"):
        measure_robustness(dl.Network([784, 1]), digits)
