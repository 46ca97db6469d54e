"""The folder of a sweep, which its workers must see under the same path as whoever began it.

    sweep.toml      what is swept: written once, when all of it was found to be right
    digits.bin      the training set: all pictures, then all labels, as bytes
    journal.jsonl   what was asked for and told, see `digitlab.sweeping.journal`
    trials/0001/    one ordinary run for each trial
    best.toml       the recipe of the best trial so far
    table.csv       all trials, for a spreadsheet

Where the journal is empty, nothing was begun yet, and another sweep may take its place.
"""

from __future__ import annotations

import functools
import secrets
import tomllib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import tomli_w

from digitlab.data.digits import SIDE, Digits
from digitlab.data.files import named
from digitlab.durable import TEMPORARY_PREFIX, make_durably, write_durably
from digitlab.durable import sweep as sweep_unfinished
from digitlab.errors import InputError, RunError, refuse, system_errors
from digitlab.runs.lock import LOCK, FolderLock
from digitlab.runs.manifest import DataRecord
from digitlab.sweeping.objective import Objective, Pruner
from digitlab.sweeping.space import Space, parse_space
from digitlab.training.recipe import differing
from digitlab.training.recipe_files import MAX_TOML_BYTES, NamedRecipe, parse_recipe

SPEC, DIGITS, JOURNAL, TRIALS, BEST, TABLE = (
    "sweep.toml",
    "digits.bin",
    "journal.jsonl",
    "trials",
    "best.toml",
    "table.csv",
)
STOP, TOKEN = ".stop", ".token-"  # where the first is there, trials end in order; by the second, a folder is known
FORMAT, VERSION = "digitlab-sweep", 1


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is swept. The same call later goes on with it; another one is refused."""

    objective: Objective
    pruner: Pruner
    sampler_seed: int
    vary: dict[str, str]
    data: DataRecord
    recipe: dict[str, Any]
    format: str = FORMAT
    version: int = VERSION

    @property
    def space(self) -> Space:
        """What may be tried."""
        return parse_space(self.vary)

    @property
    def named_recipe(self) -> NamedRecipe:
        """What all trials have in common."""
        return parse_recipe(tomli_w.dumps(self.recipe), SPEC)

    def to_toml(self) -> str:
        """As it is kept."""
        return tomli_w.dumps(msgspec.to_builtins(self))


def trial_folder(folder: Path, number: int) -> Path:
    """Where the run of a trial is."""
    return folder / TRIALS / f"{number:04d}"


def read_spec(folder: Path) -> Spec:
    """What is swept in a folder.

    Raises:
        RunError: there is no sweep, or it cannot be understood.
    """
    path = folder / SPEC
    with sweep_errors(folder, "read"):
        if not path.is_file():
            refuse(RunError, folder, "this is not a sweep", must_be=f"a folder with a {SPEC}", got="no such file in it")
        if path.stat().st_size > MAX_TOML_BYTES:
            refuse(RunError, path, f"it has at most {MAX_TOML_BYTES:,} bytes")
        content = path.read_bytes()
    try:
        spec = msgspec.convert(tomllib.loads(content.decode()), Spec)
    except (ValueError, RecursionError) as error:  # those of TOML, UTF-8 and msgspec are ValueErrors
        refuse(RunError, path, "it cannot be understood", must_be="what `digitlab sweep` wrote", got=error)
    if (spec.format, spec.version) != (FORMAT, VERSION):
        refuse(RunError, path, "this format is not known", must_be=f"{FORMAT} version {VERSION}", got=spec.format)
    return spec


@functools.lru_cache(maxsize=1)
def read_digits(folder: Path, data: tuple[str, int, str, tuple[str, ...]]) -> Digits:
    """The training set of a sweep, kept for the next trial in this process.

    Args:
        folder: of the sweep.
        data: the source, count, SHA-256 and classes that the sweep says it has.

    Raises:
        RunError: it is not what the sweep says.
    """
    source, count, sha256, classes = data
    path, size = folder / DIGITS, count * (SIDE * SIDE + 1)
    with sweep_errors(folder, "read"):
        if path.stat().st_size != size:
            refuse(RunError, path, "these are not the digits of the sweep", must_be=f"{size:,} bytes")
        content = np.fromfile(path, np.uint8)
    images, labels = np.split(content, [count * SIDE * SIDE])
    with named(path, RunError):
        digits = Digits(images.reshape(count, SIDE, SIDE), labels, source, classes)
    if (got := digits.sha256()) != sha256:
        refuse(RunError, path, "these are not the digits of the sweep", must_be=f"SHA-256 {sha256}", got=got)
    return digits


def digits_of(folder: Path, spec: Spec) -> Digits:
    """As `read_digits`."""
    data = spec.data
    return read_digits(folder, (data.source, data.count, data.sha256, tuple(data.classes)))


@contextmanager
def claimed(folder: Path, spec: Spec, digits: Digits) -> Iterator[Path]:
    """While inside, the sweep is this process's alone, and the file whose path is given is in its folder.

    It is made where it does not exist; what a killed process left behind is swept away.

    Raises:
        InputError: another sweep is there, or something else.
        RunError: it cannot be made, or somebody is at work in it.
    """
    with sweep_errors(folder, "kept"):
        if folder.exists() and not (folder / SPEC).is_file() and not _is_free(folder):
            got = "a folder with other files in it" if folder.is_dir() else "a file"
            must_be = f"a new folder, an empty one, or one with the {SPEC} of a sweep"
            help = "choose another folder (--out)"
            refuse(InputError, folder, "no sweep can be kept there", must_be=must_be, got=got, help=help)
        make_durably(folder)
        lock = FolderLock(folder)
    try:
        with sweep_errors(folder, "kept"):
            _begin(folder, spec, digits)
            token = folder / f"{TOKEN}{secrets.token_hex(16)}"  # a name that no other machine can have seen before
            token.touch()
        yield token
    finally:
        _sweep_away(folder)
        lock.release()


def _begin(folder: Path, spec: Spec, digits: Digits) -> None:
    """Write what is swept, or find that it is there; and sweep away what a killed process left behind."""
    begun = (folder / JOURNAL).exists() and (folder / JOURNAL).stat().st_size > 0
    if begun:
        _check_same(folder, read_spec(folder), spec)
    sweep_unfinished(folder)
    _sweep_away(folder)
    (folder / STOP).unlink(missing_ok=True)
    if not begun:
        write_durably(folder / DIGITS, digits.images.tobytes() + digits.labels.tobytes())
        make_durably(folder / TRIALS)
        write_durably(folder / SPEC, spec.to_toml().encode())


def _sweep_away(folder: Path) -> None:
    """The files by which a folder was known."""
    with suppress(OSError):
        for token in folder.glob(f"{TOKEN}*"):
            token.unlink(missing_ok=True)


def whose(token: str) -> str:
    """What a worker says of the folder that it finds under the path of a sweep's."""
    return "the sweep's own" if Path(token).is_file() else "another one"


def ask_to_stop(folder: Path) -> None:
    """Ask all that train below a folder to end in order, wherever they are."""
    with sweep_errors(folder, "stopped"):
        (folder / STOP).touch()


def is_to_stop(folder: Path) -> bool:
    """Whether it was asked for."""
    return (folder / STOP).exists()


def sweep_errors(folder: Path, done: str) -> AbstractContextManager[None]:
    """The operating system's complaints about a sweep's folder, in our words."""
    return system_errors(RunError, f"{folder}: the sweep cannot be {done}", help="check the folder and its disk")


def _is_free(folder: Path) -> bool:
    ours = {LOCK, DIGITS, TRIALS}  # all that there can be before the first commit
    return folder.is_dir() and not [
        path for path in folder.iterdir() if path.name not in ours and not path.name.startswith(TEMPORARY_PREFIX)
    ]


def _check_same(folder: Path, theirs: Spec, ours: Spec) -> None:
    """A sweep goes on with what it began with."""
    if theirs.data.sha256 != ours.data.sha256 or theirs.data.classes != ours.data.classes:
        got = f"{ours.data.count} digits from {ours.data.source}"
        must_be = f"{theirs.data.count} digits from {theirs.data.source}"
        refuse(InputError, folder, "the sweep was begun with other digits", must_be=must_be, got=got)
    wanted, given = _in_words(theirs, ours), _in_words(ours, theirs)
    if wanted or given:
        help = "leave out what is not the same, or choose another folder (--out)"
        what = "a sweep goes on with what it began with"
        refuse(InputError, folder, what, must_be=", ".join(wanted), got=", ".join(given) or "not that", help=help)


def _in_words(one: Spec, other: Spec) -> list[str]:
    """What one has otherwise than the other."""
    names = [name for name in ("objective", "pruner", "sampler_seed") if getattr(one, name) != getattr(other, name)]
    plain = [f"{name} {getattr(one, name)}" for name in names]
    vary = [f"vary {name}={text}" for name, text in one.vary.items() if other.vary.get(name) != text]
    return [*plain, *vary, *differing(vars(one.named_recipe.recipe), vars(other.named_recipe.recipe))]
