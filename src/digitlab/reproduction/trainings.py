"""The trainings of a reproduction: what they are, whether they are done, and each as events.

For each recipe there is one with samples held out, whose validation error is the figure to choose settings by; and one
for each seed, on all samples. Each is an ordinary run: ``RECIPE/validation``, ``RECIPE/seed-0``, ``RECIPE/seed-1``, ...
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from digitlab.data.digits import Digits
from digitlab.durable import TEMPORARY_PREFIX
from digitlab.engines import find_engine
from digitlab.errors import FileError, InputError, RecipeError, RunError, refuse
from digitlab.fitting import Events, follow
from digitlab.network.architecture import Architecture
from digitlab.runs import Run, TrainOptions, starts
from digitlab.runs.lock import LOCK, FolderLock
from digitlab.runs.manifest import Manifest
from digitlab.runs.run import CLOCK, HISTORY, MANIFEST, RECIPE, file_errors
from digitlab.training.events import Control
from digitlab.training.recipe_files import NamedRecipe
from digitlab.training.state import ENDED

HELD_OUT = 10_000  # samples, where the recipe does not say how many
ONLY_BEGUN = {LOCK, RECIPE, HISTORY, CLOCK, "checkpoint-0.safetensors"}  # what a run has before its first commit
ANOTHER = "choose another folder (--out); or remove this one, and it is trained again"


@dataclass(frozen=True)
class Training:
    """One training: its recipe, with seed and validation as they are here, and the folder of its run."""

    recipe: NamedRecipe
    folder: Path

    @property
    def title(self) -> str:
        """Which one it is, in words."""
        return f"{self.folder.parent.name}, {self.folder.name.replace('-', ' ')}"

    @property
    def shape(self) -> Architecture:
        """Of its network."""
        return Architecture(self.recipe.recipe.layers, self.recipe.recipe.activation)

    @property
    def work_per_sample(self) -> float:
        """How much there is to do for each sample, in weights times epochs."""
        return float(self.shape.parameter_count) * self.recipe.recipe.epochs

    def work(self, digits: Digits) -> float:
        """How much there is to do, in weights times samples: about what its time is proportional to."""
        return self.work_per_sample * (len(digits) - self.recipe.recipe.validation)

    def check(self, digits: Digits, options: TrainOptions) -> None:
        """Refuse what could not be trained.

        Raises:
            InputError: the recipe, the digits and the options do not belong together.
        """
        find_engine(options.engine, self.shape)
        try:
            starts.check_parts(self.recipe.recipe.new_network(), digits, self.recipe.recipe, options.threads)
        except InputError as error:
            refuse(type(error), self.title, error.what, must_be=error.must_be, got=error.got, help=error.help)

    def is_done(self, digits: Digits) -> bool:
        """Whether the folder holds this training, whole and ended. What was stopped before its first commit is removed.

        Raises:
            InputError: it is the folder of something else: other settings, other digits, or no run at all.
            RunError: the run is damaged.
        """
        if not (self.folder / MANIFEST).exists():
            self._clear()
            return False
        with _in_our_words(self.folder):
            run = Run(self.folder)
            starts.check_same(run, digits, vars(self.recipe.recipe))
            if run.manifest.changes or run.manifest.parent:
                raise InputError("a setting was changed in the middle, or the run is a branch of another one")
            ended = run.manifest.outcome.state in ENDED
            if ended:
                run.network()  # it must be whole
            return ended

    def _clear(self) -> None:
        """Remove what a run leaves that was killed before its first commit, so that it can begin again."""
        folder = self.folder
        with file_errors(folder, "begun"):
            if not folder.exists():
                return
            names = {path.name for path in folder.iterdir()} if folder.is_dir() else {"a file"}
            others = {name for name in names - ONLY_BEGUN if not name.startswith(TEMPORARY_PREFIX)}
            if others:
                refuse(InputError, folder, "there is something else", got=", ".join(sorted(others)), help=ANOTHER)
            lock = FolderLock(folder)  # somebody may be about to commit
            shutil.rmtree(folder)
            lock.release()

    def manifest(self) -> Manifest | None:
        """Of the run, if it has ended."""
        if not (self.folder / MANIFEST).exists():
            return None
        manifest = Run(self.folder).manifest
        return manifest if manifest.outcome.state in ENDED else None

    def events(self, digits: Digits, options: TrainOptions, control: Control) -> Events:
        """The training from its beginning, or from where it was stopped."""
        network, settings = self.recipe.recipe.new_network(), vars(self.recipe.recipe)
        options = replace(options, out=self.folder, resume=(self.folder / MANIFEST).exists())
        if options.resume:
            start = starts.resume(digits, options, settings)
        else:
            start = starts.begin(network, digits, self.recipe, options)
        return follow(start, network, digits, control)


@dataclass(frozen=True)
class Entry:
    """A recipe that is reproduced, and its trainings."""

    name: str
    recipe: NamedRecipe
    validation: Training
    seeds: tuple[Training, ...]

    @property
    def trainings(self) -> tuple[Training, ...]:
        """All of them, in their order."""
        return self.validation, *self.seeds


def plan(recipes: Sequence[NamedRecipe], out: Path, seeds: int) -> list[Entry]:
    """The trainings of these recipes, each below ``out``.

    Raises:
        RecipeError: two recipes of one name; or one whose end depends on digits that are held out.
    """
    entries: list[Entry] = []
    for recipe in recipes:
        name = Path(recipe.name).stem if recipe.name.endswith(".toml") else recipe.name
        if name in [entry.name for entry in entries]:
            refuse(RecipeError, recipe.name, f"two recipes are called {name}", help="name each once")
        if recipe.recipe.patience or recipe.recipe.keep == "best":
            what = "what is reproduced is trained on all digits, so its end cannot depend on some that are held out"
            got = f"patience {recipe.recipe.patience}, keep {recipe.recipe.keep}"
            refuse(RecipeError, recipe.name, what, must_be="patience 0, keep last", got=got)
        held_out = recipe.recipe.validation or HELD_OUT
        validation = Training(recipe.changed(seed=0, validation=held_out), out / name / "validation")
        on_all = [
            Training(recipe.changed(seed=seed, validation=0), out / name / f"seed-{seed}") for seed in range(seeds)
        ]
        entries.append(Entry(name, recipe, validation, tuple(on_all)))
    return entries


@contextmanager
def _in_our_words(folder: Path) -> Iterator[None]:
    """What is wrong with a run that is there, said of a training that was to be found there."""
    try:
        yield
    except InputError as error:
        what = f"this is not the training that is wanted: {error.what.removeprefix(f'{folder}: ')}"
        refuse(type(error), folder, what, must_be=error.must_be, got=error.got, help=ANOTHER)
    except FileError as error:
        help = "remove the folder, and it is trained again"
        raise RunError(error.what, must_be=error.must_be, got=error.got, help=help) from error
