"""`reproduce`: all trainings first, one after the other; then, once, the test set; and the table of both.

It can be stopped or killed at any moment and called again: it goes on, and the table is the same.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec

from digitlab.data.digits import Digits
from digitlab.durable import TEMPORARY_PREFIX, make_durably, sweep, write_durably
from digitlab.engines import AUTO, Engine
from digitlab.errors import DivergenceError, InputError, RunError, describe, refuse, require_kind, system_errors
from digitlab.fitting import Events, Listener, drain
from digitlab.reproduction.markdown import as_markdown
from digitlab.reproduction.table import FORMAT, Table, table_of
from digitlab.reproduction.trainings import Training, plan
from digitlab.runs import TrainOptions
from digitlab.runs.lock import LOCK, FolderLock
from digitlab.training.events import Control
from digitlab.training.recipe_files import NamedRecipe, named_recipes
from digitlab.training.settings import check_whole

TABLE, MARKDOWN = "table.json", "table.md"
MOST_SEEDS = 1000
BEGINNING = f'{{\n  "format": "{FORMAT}",'.encode()  # of the JSON


def default_recipes() -> list[NamedRecipe]:
    """Those that ship with digitlab and have a published result: the one with the least work first."""
    published = [recipe for recipe in named_recipes().values() if recipe.published]
    return sorted(published, key=lambda recipe: Training(recipe, Path(recipe.name)).work_per_sample)


def reproduce(
    recipes: Sequence[NamedRecipe],
    digits: Digits,
    open_test: Callable[[], Digits],
    out: str | Path,
    *,
    seeds: int = 3,
    engine: str | Engine = AUTO,
    threads: int | None = None,
    control: Control | None = None,
    progress: bool = False,
    listeners: Iterable[Listener] = (),
) -> Table:
    """Train each recipe with samples held out, and over several seeds on all ``digits``; then measure on the test set.

    Args:
        recipes: each is trained with seed 0 and its ``validation`` (or else 10,000) held out, then with the seeds 0 to
            ``seeds`` - 1 on everything. No other setting is changed.
        digits: the training set.
        open_test: gives the test set; called once, when all trainings are done.
        out: a new folder, or one in which a reproduction was begun: finished trainings in it are not done again.
        seeds: 1 to 1,000.
        engine: see `TrainOptions`.
        threads: likewise.
        control: lets another thread stop it.
        progress: show which training it is, its live bar and lines, and about how long all of it will take.
        listeners: called with every event of every training.

    Returns:
        The table, as it is kept in ``out`` as ``table.json`` and ``table.md``; not complete where it was stopped.

    Raises:
        InputError, RecipeError: nothing to reproduce; a recipe that cannot be; a folder with something else in it.
        RunError: a run in the folder is damaged, or somebody is at work in it.
        DivergenceError: a training left the finite numbers.
    """
    options, control = TrainOptions(engine=engine, threads=threads), control or Control()
    require_kind(digits, Digits, "the training set", "train, test = dl.load_mnist()")
    if check_whole(seeds, "seeds", low=1) > MOST_SEEDS:
        raise InputError(f"seeds must be a whole number from 1 to {MOST_SEEDS:,}", got=describe(seeds))
    out = Path(out)
    entries = plan(recipes, out, seeds)
    if not entries:
        raise InputError("there is nothing to reproduce", help="name a recipe, such as quick: `digitlab recipes`")
    trainings = [training for entry in entries for training in entry.trainings]
    for training in trainings:
        training.check(digits, options)
    with _claimed(out):
        left = [training for training in trainings if not training.is_done(digits)]
        for number, training in enumerate(left):
            if control.stopping:
                break
            _keep(table_of(entries, digits), out)  # no test error is in it while there is something to train
            title = f"{training.title}: training {trainings.index(training) + 1} of {len(trainings)}"
            later = sum(other.work(digits) for other in left[number + 1 :]) / training.work(digits)
            with _watched(training, title, later, shown=progress) as watching:
                _train(training, training.events(digits, options, control), control, [*watching, *listeners])
        table = table_of(entries, digits, None if control.stopping else open_test())
        _keep(table, out)
    return table


def _train(training: Training, events: Events, control: Control, listeners: Sequence[Listener]) -> None:
    try:
        drain(events, control, listeners)
    except DivergenceError as error:
        refuse(DivergenceError, training.title, error.what, must_be=error.must_be, got=error.got, help=error.help)


@contextmanager
def _watched(training: Training, title: str, later: float, *, shown: bool) -> Iterator[list[Listener]]:
    """The terminal's progress, where it is to be shown. ``later``: the work of those after it, by this training's."""
    if not shown:
        yield []
        return
    from digitlab.display.progress import TrainingProgress  # brings rich: only where it is wanted

    epochs = training.recipe.recipe.epochs
    with TrainingProgress(epochs, title=title, later=later * epochs) as progress:
        yield [progress]


def _keep(table: Table, out: Path) -> None:
    """Write it as JSON and as Markdown."""
    content = msgspec.json.format(msgspec.json.encode(table), indent=2) + b"\n"
    with _file_errors(out):
        write_durably(out / TABLE, content)
        write_durably(out / MARKDOWN, as_markdown(table).encode())


@contextmanager
def _claimed(out: Path) -> Iterator[None]:
    """While inside, the folder is this reproduction's alone.

    Raises:
        InputError: it is a file, or there is something else in it.
        RunError: it cannot be made, or somebody is at work in it.
    """
    with _file_errors(out):
        if out.exists() and not _is_ours(out):
            got = "a folder with other files in it" if out.is_dir() else "a file"
            must_be = f"a new folder, an empty one, or one with the {TABLE} of a reproduction"
            refuse(
                InputError,
                out,
                "no reproduction can be kept there",
                must_be=must_be,
                got=got,
                help="choose another folder (--out)",
            )
        make_durably(out)
        lock = FolderLock(out)
        sweep(out)
    try:
        yield
    finally:
        lock.release()


def _is_ours(out: Path) -> bool:
    if not out.is_dir():
        return False
    if not (out / TABLE).exists():
        return not [path for path in out.iterdir() if path.name != LOCK and not path.name.startswith(TEMPORARY_PREFIX)]
    with (out / TABLE).open("rb") as file:
        return file.read(len(BEGINNING)) == BEGINNING


def _file_errors(out: Path) -> AbstractContextManager[None]:
    return system_errors(RunError, f"{out}: the reproduction cannot be kept", help="check the folder and its disk")
