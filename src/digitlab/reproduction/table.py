"""The table of a reproduction: published and measured errors, with all that is needed to judge them.

It is made of the run folders and of nothing else, but for the test errors, which are there once everything is trained.
All errors are in percent.

Reference: docs/how-to/reproduce.md.
"""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from digitlab.data.digits import Digits
from digitlab.data.files import read_file
from digitlab.errors import FileError, refuse
from digitlab.evaluation import evaluate
from digitlab.evaluation.metrics import wilson_interval
from digitlab.reproduction.trainings import Entry, Training
from digitlab.runs import Run
from digitlab.runs.manifest import now

FORMAT, VERSION = "digitlab-reproduction", 1
MAX_TABLE_BYTES = 2**24
COVERS = (
    "The 95 % interval is Wilson's for the mean error over so many test digits: it covers which digits the test set"
    " happens to hold, and not the seeds, whose spread stands beside the mean."
)


class Validation(msgspec.Struct):
    """The training with seed 0 on all digits but those held out: how many of these it took for others."""

    held_out: int
    errors: int
    error: float
    epochs: int
    seconds: float


class Seed(msgspec.Struct):
    """A training on all digits; and, once everything is trained, how many test digits it took for others."""

    seed: int
    epochs: int
    seconds: float  # of training, breaks not counted
    errors: int | None = None
    error: float | None = None


class Row(msgspec.Struct):
    """One recipe. What is not known yet is None, or missing from the list of seeds.

    ``spread`` is the standard deviation over the seeds (divided by one less than their number), None with one seed.
    """

    recipe: str
    network: str
    parameters: int
    epochs: int
    settings: dict[str, Any]
    published: dict[str, Any] | None
    validation: Validation | None
    seeds: list[Seed]
    mean: float | None = None
    spread: float | None = None
    least: float | None = None
    most: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def seconds(self) -> float | None:
        """Mean training time of a seed."""
        return statistics.fmean(seed.seconds for seed in self.seeds) if self.seeds else None


class Machine(msgspec.Struct, frozen=True):
    """Where trainings began, and with what."""

    digitlab: str
    engine: str
    path: str
    threads: int
    processor: str
    system: str
    python: str
    numpy: str

    def __str__(self) -> str:
        path = f" ({self.path})" if self.path else ""
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"digitlab {self.digitlab}, engine {self.engine}{path}, {threads}, {self.processor}, {self.system}"


class Table(msgspec.Struct):
    """All of it. ``complete``: every training is done, and the test set was read."""

    format: str
    version: int
    complete: bool
    source: str  # of the training digits
    samples: int  # how many they are
    test_source: str | None
    test_samples: int | None
    seeds: int
    interval_covers: str
    machines: list[Machine]
    date: str  # UTC
    recipes: list[Row]


def read_table(path: str | Path) -> Table:
    """The table that a reproduction kept as ``table.json``.

    Raises:
        FileError: missing, too large, or no such table.
    """
    path = Path(path)
    content = read_file(path, MAX_TABLE_BYTES, FileError)
    try:
        table = msgspec.json.decode(content, type=Table)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        refuse(
            FileError, path, "this is no table of a reproduction", must_be="what `digitlab reproduce` keeps", got=error
        )
    if (table.format, table.version) != (FORMAT, VERSION):
        got = f"{table.format} version {table.version}"
        refuse(FileError, path, "this format is not known", must_be=f"{FORMAT} version {VERSION}", got=got)
    return table


def table_of(entries: Sequence[Entry], digits: Digits, test: Digits | None = None) -> Table:
    """The table, from the run folders; with errors on the ``test`` set, which is None before the end."""
    wrong: dict[Path, int] = {}
    if test is not None:
        for training in [training for entry in entries for training in entry.seeds]:
            report = evaluate(Run(training.folder).network(), test)
            wrong[training.folder] = report.count - int(report.confusion.trace())
    return Table(
        format=FORMAT,
        version=VERSION,
        complete=test is not None,
        source=digits.source,
        samples=len(digits),
        test_source=test.source if test else None,
        test_samples=len(test) if test else None,
        seeds=len(entries[0].seeds),
        interval_covers=COVERS,
        machines=_machines(entries),
        date=now(),
        recipes=[_row(entry, wrong, len(test or ())) for entry in entries],
    )


def _row(entry: Entry, wrong: Mapping[Path, int], test_samples: int) -> Row:
    """One recipe; ``wrong``: how many of the test digits the network of each run folder took for others."""
    recipe = entry.recipe.recipe
    shape = entry.validation.shape
    row = Row(
        recipe=entry.name,
        network=f"{shape} ({shape.activation})",
        parameters=shape.parameter_count,
        epochs=recipe.epochs,
        settings=recipe.to_dict(),
        published=entry.recipe.published.to_dict() if entry.recipe.published else None,
        validation=_validation(entry.validation),
        seeds=[],
    )
    for training in entry.seeds:
        if manifest := training.manifest():
            outcome, errors = manifest.outcome, wrong.get(training.folder)
            error = None if errors is None else 100 * errors / test_samples
            row.seeds.append(Seed(training.recipe.recipe.seed, outcome.epochs, outcome.seconds, errors, error))
    measured = [seed.error for seed in row.seeds if seed.error is not None]
    if measured:
        row.mean, row.least, row.most = statistics.fmean(measured), min(measured), max(measured)
        row.spread = statistics.stdev(measured) if len(measured) > 1 else None
        low, high = wilson_interval(row.mean / 100 * test_samples, test_samples)
        row.interval = 100 * low, 100 * high
    return row


def _validation(training: Training) -> Validation | None:
    manifest = training.manifest()
    if manifest is None or (accuracy := manifest.outcome.validation_accuracy) is None:
        return None
    held_out, outcome = training.recipe.recipe.validation, manifest.outcome
    errors = round((1 - accuracy) * held_out)
    return Validation(held_out, errors, 100 * errors / held_out, outcome.epochs, outcome.seconds)


def _machines(entries: Sequence[Entry]) -> list[Machine]:
    """Each that trained any of it, once."""
    found = []
    for manifest in [training.manifest() for entry in entries for training in entry.trainings]:
        if manifest:
            told: dict[str, Any] = {name: manifest.environment.get(name, "") for name in Machine.__struct_fields__}
            told |= {"engine": manifest.engine, "threads": manifest.threads}
            found.append(msgspec.convert(told, Machine))
    return list(dict.fromkeys(found))
