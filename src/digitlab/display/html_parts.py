"""The parts of an HTML report: a table of sections, each with its figures, in the order of the page.

Whoever adds a figure adds a line here. One that does not apply to a model raises an error whose words say why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from digitlab import figures
from digitlab.display.html_subject import Subject
from digitlab.errors import InputError
from digitlab.evaluation.cells import cell_of
from digitlab.evaluation.coverage import coverage_curve
from digitlab.evaluation.curves import curves_of
from digitlab.evaluation.robustness import attack_examples
from digitlab.evaluation.temperatures import temperature_curve
from digitlab.inside import ablation, attribute, noise_curve, project, pruning_curve
from digitlab.inside.attribution import METHODS
from digitlab.inside.counterfactual import find_counterfactual

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Part:
    """One figure.

    Attributes:
        name: what it shows, in a few words, for whoever gets a line in its place.
        alt: what can be seen, for whoever cannot see it.
        draw: makes it.
    """

    name: str
    alt: str
    draw: Callable[[Subject], Figure]


@dataclass(frozen=True)
class Section:
    """Some figures under one title.

    Attributes:
        id: its address in the page.
        title: in few words.
        about: a sentence or two that lead there; ``{example}`` is the picture that is looked at closely.
        parts: its figures.
    """

    id: str
    title: str
    about: str
    parts: tuple[Part, ...]


def _curves(subject: Subject) -> Figure:
    if subject.run is None:
        raise InputError("the model is no run, and a model file does not tell how it learnt")
    return figures.draw_curves(curves_of([(subject.model, subject.run, subject.epoch)]))


def _attacks(subject: Subject) -> Figure:
    attacked = attack_examples(subject.network, subject.test)
    if not attacked:
        raise InputError("no attack that was tried made it misread a picture")
    return figures.draw_attacks(attacked, subject.report.names)


def _damage(subject: Subject) -> Figure:
    both = subject.network, subject.test
    return figures.draw_damage(ablation(*both), pruning_curve(*both), noise_curve(*both), temperature_curve(*both))


def _map_of_last_hidden(subject: Subject) -> Figure:
    if not (hidden := len(subject.network.layers) - 1):
        raise InputError("the network has no hidden layer")
    return figures.draw_projection(project(subject.network, subject.test, hidden))


def _attributions(subject: Subject, of_label: bool) -> Figure:
    """Of the answer to the example, or of its label."""
    image, label, answer = subject.image, subject.label, subject.answer
    if of_label and label == answer:
        raise InputError("the example is read rightly, so the answer and the label are the same")
    found = [attribute(subject.network, image, label if of_label else answer, method) for method in METHODS]
    return figures.draw_attributions(found, subject.report.names)


def _cell(subject: Subject, place: int) -> Figure:
    """A kind of mistake, which is a cell of the confusion matrix; place 0 is the most frequent one."""
    if place >= len(subject.report.confused):
        raise InputError("it makes no more kinds of mistakes" if place else "it makes no mistake")
    true, taken, _ = subject.report.confused[place]
    return figures.draw_cell(cell_of(subject.network, subject.predictions, subject.train, true, taken))


def _counterfactual(subject: Subject) -> Figure:
    """What would make the network read the example rightly; where it does, what would make it read something else."""
    wanted = subject.label if subject.label != subject.answer else None
    found = find_counterfactual(subject.network, subject.image, wanted)
    if found is None:
        raise InputError("no change was found that makes the answer flip")
    return figures.draw_counterfactual(replace(found, names=subject.report.names))


SECTIONS = (
    Section(
        "confusion",
        "Which ones look alike to it",
        "Where a network is wrong, it is mostly wrong in the same way: some classes look alike to it.",
        (
            Part(
                "the confusion matrix",
                "A square of counts: a row for each true class, a column for each answer; errors are orange.",
                lambda subject: figures.draw_confusion(subject.report),
            ),
        ),
    ),
    Section(
        "mistakes",
        "Its mistakes",
        "Who has looked at the mistakes knows more than the accuracy tells: some nobody could have read, and some come "
        "in kinds.",
        (
            Part(
                "the surest mistakes",
                "A gallery of pictures, each with its label, what it was read as, and how sure the network was.",
                lambda subject: figures.draw_mistakes(subject.predictions),
            ),
            *(
                Part(
                    f"its {rank} kind of mistake",
                    "The average of the pictures of one kind of mistake; bars of the units that pushed most; some of "
                    "the pictures beside the training digits nearest to them.",
                    partial(_cell, place=place),
                )
                for place, rank in enumerate(("most frequent", "second", "third"))
            ),
        ),
    ),
    Section(
        "sure",
        "Does it know when it does not know?",
        "A network gives a probability with each answer. It is worth something if answers given with 90 % are right "
        "nine times in ten, and if the errors are among those that it is less sure of.",
        (
            Part(
                "the reliability diagram",
                "Points of the share that is right against how sure the network was, with intervals, beside a "
                "diagonal; below, bars that count the pictures.",
                lambda subject: figures.draw_reliability(subject.report.reliability),
            ),
            Part(
                "the coverage curve",
                "A falling curve: the share of errors left against the share of pictures passed on to a person.",
                lambda subject: figures.draw_coverage(coverage_curve(subject.predictions)),
            ),
        ),
    ),
    Section(
        "robust",
        "What it withstands",
        "Test pictures are clean. These are spoiled, turned, and changed on purpose, along the gradient, where it "
        "hurts most; the network is the same.",
        (
            Part(
                "the corruptions",
                "One digit as it is and under fifteen corruptions, with the accuracy under each.",
                lambda subject: figures.draw_corruptions(
                    subject.test.images, subject.example, measured=subject.robustness
                ),
            ),
            Part(
                "the robustness",
                "Bars of the accuracy under each corruption; curves of the accuracy with noise, turned, and attacked.",
                lambda subject: figures.draw_robustness({subject.model: subject.robustness}),
            ),
            Part(
                "the attacks",
                "Pictures in three rows: as they are, what an attack changes, and attacked, with the wrong answers.",
                _attacks,
            ),
        ),
    ),
    Section(
        "inside",
        "What it has learnt",
        "A network is nothing but its weights. These figures are of all of it, not of one picture.",
        (
            Part(
                "the weights of the first layer",
                "A square for each unit, with its weight for each pixel: red is positive, blue negative.",
                lambda subject: figures.draw_weights(subject.network),
            ),
            Part(
                "the map of the pixels",
                "A map on which each test picture is a small number in the colour of its class.",
                lambda subject: figures.draw_projection(project(subject.network, subject.test, 0)),
            ),
            Part(
                "the map of the last hidden layer",
                "The same map of what the last hidden layer makes of them, where classes should lie further apart.",
                _map_of_last_hidden,
            ),
            Part(
                "what damage costs",
                "Four panels: accuracy with one unit off, with weights pruned, and with noise on the weights; and what "
                "a temperature does to cross-entropy and calibration.",
                _damage,
            ),
        ),
    ),
    Section(
        "example",
        "How it reads one picture",
        "The picture is {example}. Here is what went on in the network when it read it.",
        (
            Part(
                "the activations",
                "A cell for each unit of each hidden layer, brighter where it hands on more.",
                lambda subject: figures.draw_activations(subject.contributions),
            ),
            Part(
                "the contributions",
                "A table of what the strongest units push to each class, which adds up to the logits.",
                lambda subject: figures.draw_contributions(subject.contributions),
            ),
            Part(
                "the attributions of its answer",
                "The picture, and beside it which pixels speak for the answer, by three methods.",
                partial(_attributions, of_label=False),
            ),
            Part(
                "the attributions of the label",
                "The picture, and beside it which pixels speak for the label, by three methods.",
                partial(_attributions, of_label=True),
            ),
            Part(
                "the smallest change that flips its answer",
                "The picture, what has to change, and the changed picture with its new answer.",
                _counterfactual,
            ),
        ),
    ),
    Section(
        "learning",
        "How it learnt",
        "The loss and the accuracy after each epoch, of pictures that were held out where there are some.",
        (
            Part(
                "the learning curves",
                "Two panels: loss against epochs, which should fall, and accuracy against epochs, which should rise.",
                _curves,
            ),
        ),
    ),
)
