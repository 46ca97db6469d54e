"""Models compared on one test set: each with the first, and those that differ in their seed alone as groups.

A comparison is honest while no model was chosen by the test pictures. So a run is refused that was trained on them, or
held them out to choose its epoch. What was held out of the TRAINING digits is fair game for the others to train on: how
each makes use of the training digits is part of what is compared. Who compares many models and keeps the best one
chooses, too: the more comparisons there are, the smaller p must be (Bonferroni).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from digitlab.data.digits import SIDE, Digits
from digitlab.data.files import named
from digitlab.errors import InputError, refuse
from digitlab.evaluation.comparison import LEVEL, Comparison, compare
from digitlab.evaluation.metrics import wilson_interval
from digitlab.evaluation.predictions import Predictions, predict_all
from digitlab.evaluation.seeds import Group, GroupComparison, compare_groups
from digitlab.network.card import Card
from digitlab.runs.models import FoundModel
from digitlab.runs.run import Run
from digitlab.training.state import ENDED

MOST_COPIES = 0.01  # of the test pictures, that may be among the training ones: two empty pictures are alike


@dataclass(frozen=True, eq=False)
class Contestant:
    """A model and what it says of the test pictures.

    Attributes:
        name: what it is called.
        card: of its network.
        predictions: its answers.
        run: it comes from, if it does.
        epoch: of the run, if it is meant as it was then.
    """

    name: str
    card: Card
    predictions: Predictions
    run: Run | None = None
    epoch: int | None = None

    @classmethod
    def of(cls, found: FoundModel, test: Digits) -> Contestant:
        """The model that is meant, asked about all pictures of ``test``.

        Raises:
            InputError: it takes other pictures, or knows other classes.
            ModelFileError, RunError: it is damaged; the epoch was not kept.
        """
        network = found.load()
        if (inputs := network.architecture.sizes[0]) != SIDE * SIDE:
            must_be = f"{SIDE * SIDE} inputs"
            refuse(InputError, found.name, "this model takes other pictures", must_be=must_be, got=inputs)
        with named(found.name, InputError):
            predictions = predict_all(network, test)
        run = Run(found.path) if found.path.is_dir() else None
        return cls(found.name, network.card, predictions, run, found.epoch)

    @property
    def settings(self) -> dict[str, Any]:
        """Of its recipe; empty where it is not known."""
        known = self.card.recipe or {} if self.run is None else self.run.recipe.to_dict()
        return {name: value for name, value in known.items() if name != "about"}

    def kin(self) -> str | None:
        """What runs have in common that differ in their seed alone; None where too little is known."""
        if self.run is None:
            training = self.card.training
            if training is None or not self.settings:
                return None
            end = "end" if training.state in ENDED else training.epochs
            return _text([_seedless(self.settings), training.source, training.samples, training.held_out, end])
        runs = self.run.lineage()
        if runs[-1].manifest.parent is not None:  # which is gone
            return None
        outcome = self.run.manifest.outcome
        end = self.epoch if self.epoch is not None else "end" if outcome.state in ENDED else outcome.epochs
        made = [(_seedless(run.recipe.to_dict()), run.manifest.data.sha256, run.branched_at) for run in runs]
        return _text([made, [(change.step, change.name, change.value) for change in self.run.manifest.changes], end])


@dataclass(frozen=True)
class Entry:
    """One of the models: its accuracy, 0 to 1, with the 95 % Wilson interval, and its seed, if it is known."""

    name: str
    accuracy: float
    accuracy_interval: tuple[float, float]
    seed: int | None


@dataclass(frozen=True)
class Contest:
    """What `compare_all` found.

    Attributes:
        source: the test pictures.
        count: how many.
        entries: the models, in their order.
        pairs: each of them but the first, compared with the first.
        groups: where some differ in their seed alone, all of them in groups; else nothing.
        group_pairs: each group but the first, compared with the first.
    """

    source: str
    count: int
    entries: list[Entry]
    pairs: list[Comparison]
    groups: list[Group]
    group_pairs: list[GroupComparison]

    @property
    def sentences(self) -> list[str]:
        """What it comes to. Where there are groups, they are what counts."""
        of_groups = [one.sentence for one in self.groups] + [pair.sentence for pair in self.group_pairs]
        return of_groups or [pair.sentence for pair in self.pairs]

    def to_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "source": self.source,
            "count": self.count,
            "models": [asdict(entry) for entry in self.entries],
            "comparisons": [pair.to_dict() for pair in self.pairs],
            "groups": [group.to_dict() for group in self.groups],
            "group_comparisons": [pair.to_dict() for pair in self.group_pairs],
            "sentences": self.sentences,
        }


def compare_all(contestants: Sequence[Contestant], *, train: Digits | None = None, seed: int = 0) -> Contest:
    """Compare models that answered about the same test pictures.

    Args:
        contestants: two at least.
        train: the training part of the same data, in which copies of the test pictures are looked for.
        seed: of the bootstrap.

    Raises:
        InputError: fewer than two, one of them twice, other pictures, other classes; or one that was trained on the
            test pictures.
    """
    if len(contestants) < 2:
        raise InputError("a comparison needs two models at least", got=len(contestants))
    _require_different(contestants)
    _require_untouched(contestants, train)
    first, *others = contestants
    level = LEVEL / len(others)
    pairs = [
        compare(first.predictions, other.predictions, (first.name, other.name), seed=seed, level=level)
        for other in others
    ]
    groups = _groups(contestants)
    group_level = LEVEL / max(len(groups) - 1, 1)
    return Contest(
        first.predictions.digits.source,
        len(first.predictions),
        [_entry(one) for one in contestants],
        pairs,
        groups,
        [compare_groups(groups[0], other, level=group_level) for other in groups[1:]],
    )


def _entry(one: Contestant) -> Entry:
    right = one.predictions.right
    interval = wilson_interval(int(right.sum()), len(right))
    return Entry(one.name, one.predictions.accuracy, interval, one.settings.get("seed"))


def _groups(contestants: Sequence[Contestant]) -> list[Group]:
    """Those that differ in their seed alone, together; nothing where there are none."""
    together: dict[str, list[Contestant]] = {}
    for one in contestants:
        kin = one.kin() or one.name
        if one.settings.get("seed") in [other.settings.get("seed") for other in together.get(kin, [])]:
            kin += one.name  # a training that was repeated tells nothing new of the seeds
        together.setdefault(kin, []).append(one)
    if len(together) == len(contestants):
        return []
    members = list(together.values())
    titles = _titles([group[0] for group in members])
    return [
        Group(
            title,
            tuple(one.name for one in group),
            tuple(one.predictions.accuracy for one in group),
        )
        for title, group in zip(titles, members, strict=True)
    ]


def _titles(firsts: Sequence[Contestant]) -> list[str]:
    """What tells groups apart: settings that not all have alike; or the name of the first of each."""
    every = [_seedless(one.settings) for one in firsts]
    differing = [name for name in every[0] if any(other.get(name) != every[0][name] for other in every)]
    titles = [", ".join(f"{name} {settings.get(name, '?')}" for name in differing) for settings in every]
    alike = len(set(titles)) < len(titles) or not all(titles)
    return [f"{one.name} and its like" for one in firsts] if alike else titles


def _seedless(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "seed"}


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _require_different(contestants: Sequence[Contestant]) -> None:
    met: dict[object, str] = {}
    for one in contestants:
        place = one.name if one.run is None else (one.run.folder.resolve(), one.epoch)
        if place in met:
            raise InputError(
                "a model is not compared with itself",
                got=one.name if met[place] == one.name else f"{met[place]} and {one.name}, which are the same",
            )
        met[place] = one.name


def _require_untouched(contestants: Sequence[Contestant], train: Digits | None) -> None:
    """Refuse a run that knows the test pictures: as what it learnt, or held out. Of other models nobody knows."""
    test = contestants[0].predictions.digits
    known_train = None if train is None else train.sha256()
    met = None  # of the test pictures, among those of the training part
    for one in contestants:
        for run in [] if one.run is None else one.run.lineage():
            data = run.manifest.data
            itself = data.sha256 == test[: data.count].sha256()
            if train is not None and data.sha256 == known_train:
                met = copies(test, train) if met is None else met
                itself = itself or met > MOST_COPIES * len(test)
            if itself:
                refuse(
                    InputError,
                    one.name,
                    "it knows the pictures that it is to be compared on: it learnt from them, or held them out",
                    got=f"trained on {data.source}, compared on {test.source}",
                    help="compare on pictures that none of the models has met",
                )


def copies(pictures: Digits, among: Digits) -> int:
    """How many of the pictures are, byte for byte, among others."""
    known = {picture.tobytes() for picture in among.images}
    return sum(picture.tobytes() in known for picture in pictures.images)
