"""What one lab consists of, whoever speaks with it: runs, data, events, the training and the readers."""

import logging
import random
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from digitlab.data import open_data
from digitlab.data.digits import Digits
from digitlab.display.distortions import in_first_epochs
from digitlab.engines import find_engine
from digitlab.engines.checks import check_threads
from digitlab.errors import BusyError, DigitlabError, InputError, RecipeError, require_name
from digitlab.evaluation.predictions import Predictions, predict_all
from digitlab.lab import records
from digitlab.lab.feed import Feed
from digitlab.lab.judge import Judge
from digitlab.lab.kept import Kept
from digitlab.lab.measuring import Measuring
from digitlab.lab.readers import Reader, Readers, read_pixels
from digitlab.lab.runs import delete_run, describe_run, folder_of, list_runs
from digitlab.lab.scores import Scores
from digitlab.lab.trainer import Trainer
from digitlab.network.card import names_of_outputs
from digitlab.network.network import Network
from digitlab.runs.run import Run
from digitlab.training import SETTINGS, Recipe, named_recipes
from digitlab.training.augment import distortion_of
from digitlab.training.recipe_files import NamedRecipe
from digitlab.version import __version__

_log = logging.getLogger("digitlab.lab")


class Lab:
    """Everything behind the page.

    Args:
        folder: where the runs are kept.
        data: the name or place of the digits to train on.
        engine, threads: what trains.
        models: networks that read, besides those of the runs, by their names.

    Attributes:
        kept: what took long to compute of a reader.
        closed: whether the training had ended when the lab was closed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        data: str = "mnist",
        engine: str = "auto",
        threads: int | None = None,
        models: Mapping[str, Network] | None = None,
    ) -> None:
        self.folder, self.data_name = folder, data
        self.engine, self.threads = engine, threads
        self.feed = Feed()
        self.trainer = Trainer(folder, self.data, self.feed, engine=engine, threads=threads)
        self.readers = Readers(folder, self.trainer, models)
        self.kept = Kept()
        self.judge = Judge(self.readers, self.data, self.predictions, self.kept)
        self.scores = Scores(lambda: self.data()[1], self.predictions, self.trainer.is_running)
        self.measuring = Measuring(lambda: self.data()[1], self.trainer.is_running)
        self.closed = False
        self._data: tuple[Digits, Digits] | None = None
        self._loading = threading.Lock()

    def data(self) -> tuple[Digits, Digits]:
        """The training and the test part, read once.

        Raises:
            InputError: there is no such data.
            DataFileError: it is damaged.
        """
        with self._loading:
            if self._data is None:
                self._data = open_data(self.data_name)
            return self._data

    def about(self) -> records.About:
        """Which lab this is, and what it trains on."""
        train, test = self.data()
        data = records.DataSet(
            self.data_name, train.source, len(train), len(test), list(train.classes), list(train.notes)
        )
        return records.About("digitlab", __version__, find_engine(self.engine).name, check_threads(self.threads), data)

    def state(self) -> records.State:
        """Where everything stands."""
        event = self.feed.last  # before the state: an event between them is told twice rather than not at all
        return records.State(event, self.trainer.state(), self.trainer.trouble)

    def start(
        self,
        recipe: str | None = None,
        settings: Mapping[str, records.Value] | None = None,
        *,
        branch: tuple[str, int] | None = None,
        paused: bool = False,
    ) -> str:
        """Begin a training; the name of its run.

        Args:
            recipe: its name; by default that of the run to branch from, else ``seed``.
            settings: laid over it.
            branch: the name of a run, and the epoch to branch from.
            paused: before the first step.

        Raises:
            BusyError: a training is under way.
            RecipeError, InputError, RunError, UnknownError: it cannot be begun so.
        """
        if recipe is None and branch is not None:
            named = Run(folder_of(self.folder, branch[0])).named_recipe
        else:  # by its name alone: a file is not meant
            known = named_recipes()
            require_name(recipe or "seed", known, "recipe", RecipeError)
            named = known[recipe or "seed"]
        return self.trainer.start(named.changed(**(settings or {})), branch=branch, paused=paused)

    def list_runs(self) -> list[records.Run]:
        """All runs, the newest first."""
        return list_runs(self.folder, self.trainer.run_under_way())

    def describe_run(self, name: str) -> records.RunDetails:
        """One run with its settings and history; see `digitlab.lab.runs.describe_run`."""
        return describe_run(self.folder, name, self.trainer.run_under_way())

    def delete_run(self, name: str) -> None:
        """Remove a run for good.

        Raises:
            BusyError: it is being trained, or has just read something.
            UnknownError, RunError: as `digitlab.lab.runs.delete_run`.
        """
        if name in self.readers.in_use():
            raise BusyError(
                "this run has just read something",
                got=name,
                help="choose another reader, wait ten seconds, and delete it then",
            )
        delete_run(self.folder, name, self.trainer.run_under_way())
        self.readers.forget()
        self.feed.publish("runs", records.Empty())

    def test_index(self, index: int | None = None) -> int:
        """The place of a digit in the test set, by default a random one.

        Raises:
            InputError: there is no digit of this index.
        """
        _, test = self.data()
        if index is None and len(test):
            index = random.randrange(len(test))
        if index is None or not 0 <= index < len(test):
            raise InputError(f"the test set has {len(test)} digits, counted from 0", got="" if index is None else index)
        return index

    def test_digit(self, index: int | None = None, reader: str | None = None) -> records.TestDigit:
        """A digit of the test set, by default a random one, and what a reader says of it.

        Raises:
            InputError: there is no digit of this index, or the reader knows other classes.
            UnknownError: there is no such reader.
        """
        _, test = self.data()
        index = self.test_index(index)
        found = self.readers.find(reader)
        names = names_of_outputs(found.network.card, test.classes)
        image, label = test.images[index], int(test.labels[index])
        reading = read_pixels(found, image, blank=not image.any(), known=True)
        if reading.digit is not None:
            reading.name = names[reading.digit]
        return records.TestDigit(index, label, names[label], reading)

    def predictions(self, reader: Reader) -> Predictions:
        """What a reader says of the whole test set.

        Raises:
            InputError: the reader knows other classes, or there are no test digits.
        """
        return self.kept.get(reader, "predictions", lambda: predict_all(reader.network, self.data()[1]))

    def distorted(self, settings: Mapping[str, records.Value]) -> records.Distorted:
        """What settings, laid over the classic recipe, make of the first training digit in the first epochs.

        Raises:
            RecipeError: no such setting, or a value out of bounds.
            InputError: the data has no digits.
        """
        chosen = NamedRecipe("seed", "", Recipe()).changed(**settings).recipe
        train, _ = self.data()
        if not len(train):
            raise InputError("there are no training digits to distort")
        seen = chosen.new_card().preprocess(train.images[:1])
        pictures = in_first_epochs(seen, np.zeros(1, int), distortion_of(chosen), seed=chosen.seed)
        return records.Distorted([picture.tobytes() for picture in pictures])

    def warm_up(self) -> None:
        """Read the data, and go on with a training that was under way when the lab was killed; in a thread."""
        threading.Thread(target=self._warm_up, name="digitlab-warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            self.data()
            self.trainer.continue_after_kill()
            self.readers.default()
        except DigitlabError as error:  # whoever needs the data or the run is told again
            _log.warning("%s", error)

    def close(self, timeout: float) -> None:
        """Tell watchers to go, stop the training and keep what was learnt; takes at most so many seconds."""
        self.feed.close()
        self.measuring.close()
        self.closed = self.trainer.close(timeout)


def recipes() -> records.Recipes:
    """Every setting, and the named recipes."""
    settings = [
        msgspec.convert(
            one.to_dict() | {"must_be": one.must_be, "applies_in_words": one.applies_in_words}, records.Setting
        )
        for one in SETTINGS.values()
    ]
    return records.Recipes(settings, [_described(one) for one in named_recipes().values()])


def _described(named: NamedRecipe) -> records.Recipe:
    error, source = (named.published.error, named.published.source) if named.published else (None, "")
    return records.Recipe(named.name, named.group, named.about, error, source, named.recipe.to_dict())
