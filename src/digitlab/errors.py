"""Everything that digitlab can refuse, in one tree.

    DigitlabError                  anything below
    ├── InputError                 what the caller handed over is wrong       (also a ValueError)
    │   ├── ArchitectureError      layer sizes, activation, initializer
    │   ├── PictureError           pixels or labels of the wrong shape, type or range
    │   └── RecipeError            an unknown recipe or setting, a value out of bounds
    ├── FileError                  a file that is missing, damaged, or not what it should be
    │   ├── DataFileError          a data set
    │   ├── ModelFileError         a trained model
    │   └── RunError               a run folder
    │       └── RunLockedError     somebody is at work in it
    ├── DivergenceError            training left the finite numbers
    ├── ClusterError               no scheduler, or workers that cannot be used
    └── LabError                   what the lab cannot do now
        ├── BusyError              it is in use, or nothing is under way
        └── UnknownError           it holds nothing of that name

Each error says what is wrong; and, where that adds something, what it must be, what was got, and what would help.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

LONGEST_SHOWN = 200  # characters of a value that an error repeats


class DigitlabError(Exception):
    """Base of every error that digitlab raises on purpose.

    Args:
        what: what is wrong, as a sentence without its full stop.
        must_be: what would have been right, where the first sentence does not say it.
        got: what was there instead; long values are shortened.
        help: the next thing to try.
    """

    exit_code = 1  # of the command line: 1, the work failed; 2, the call was wrong

    def __init__(self, what: str, *, must_be: str = "", got: object = "", help: str = "") -> None:
        shown = _shortened(str(got))
        self.what, self.must_be, self.got, self.help = what, must_be, shown, help
        super().__init__(what, must_be, shown, help)

    def __str__(self) -> str:
        told = {"must be": self.must_be, "got": self.got, "help": self.help}
        return self.what + "".join(f"\n  {name}: {words}" for name, words in told.items() if words)

    def __reduce__(self) -> tuple[object, ...]:
        """Keyword-only arguments, and attributes such as ``step``, survive a trip to another process."""
        return _rebuild, (type(self), self.what, self.must_be, self.got, self.help), self.__dict__


def _rebuild(kind: type[DigitlabError], what: str, must_be: str, got: str, help: str) -> DigitlabError:
    return kind(what, must_be=must_be, got=got, help=help)


class InputError(DigitlabError, ValueError):
    """What the caller handed over is wrong."""

    exit_code = 2


class ArchitectureError(InputError):
    """Layer sizes, an activation or an initializer that cannot make a network."""


class PictureError(InputError):
    """Pixels or labels of the wrong shape, type or range."""


class RecipeError(InputError):
    """An unknown recipe or setting, or a value out of its bounds."""


class FileError(DigitlabError):
    """A file that is missing, damaged, or not what it should be."""


class DataFileError(FileError):
    """A data set's file cannot be trusted."""


class ModelFileError(FileError):
    """A model file cannot be trusted."""


class RunError(FileError):
    """A run folder cannot be read or written."""


class RunLockedError(RunError):
    """Somebody is at work in a run folder: another process, or another training of this one."""


class DivergenceError(DigitlabError):
    """Training left the finite numbers. The network keeps its last finite parameters.

    Attributes:
        step: the step (from 1) that could not be taken.
        layer: the name of the first parameter or layer that was not finite, such as ``"W2"``.
    """

    step: int = 0
    layer: str = ""


class ClusterError(DigitlabError):
    """There is no scheduler where one should be, or its workers cannot be used."""


class LabError(DigitlabError):
    """What the lab cannot do now."""


class BusyError(LabError):
    """Something is in use; or nothing is under way that could be told what to do."""


class UnknownError(LabError):
    """The lab holds nothing of that name."""


def describe(value: object) -> str:
    """``repr(value)``, shortened, for an error; even where there is none, as of whole numbers beyond 4,300 digits."""
    try:
        return _shortened(repr(value))
    except Exception as error:  # whatever a foreign __repr__ does
        return f"a value of type {type(value).__name__} that cannot be shown ({error})"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def printable(text: str, *, keep: str = "") -> str:
    """Text from outside (a file's name, a label) with whatever could confuse a terminal made visible, but ``keep``."""
    return "".join(letter if letter.isprintable() or letter in keep else repr(letter)[1:-1] for letter in text)


def refuse(
    kind: type[DigitlabError], where: object, what: str, *, must_be: str = "", got: object = "", help: str = ""
) -> NoReturn:
    """Raise an error of this ``kind`` that begins with the file, folder or name that it is about."""
    raise kind(f"{printable(str(where))}: {what}", must_be=must_be, got=got, help=help)


def require_name(name: object, known: Iterable[str], what: str, kind: type[DigitlabError] | None = None) -> None:
    """Refuse a ``name`` that is none of the ``known`` ones, such as those of recipes. Says which one may be meant.

    Raises:
        InputError: (or another ``kind``) there is no ``what`` of this name.
    """
    names = list(known)
    if not isinstance(name, str) or name not in names:
        import difflib  # only where somebody needs it

        typed = name[:LONGEST_SHOWN] if isinstance(name, str) else ""
        begun = [one for one in names if typed and one.startswith(typed)]
        near = begun if len(begun) == 1 else difflib.get_close_matches(typed, names, n=1)
        raise (kind or InputError)(
            f"there is no {what} {describe(name)}",
            must_be=", ".join(names),
            help=f"did you mean {near[0]}?" if near else "",
        )


def require_kind(value: object, kind: type, what: str, help: str) -> None:
    """Refuse a ``value`` that is not of this ``kind``, such as a name in the place of a recipe.

    Raises:
        InputError: it is something else.
    """
    if not isinstance(value, kind):
        raise InputError(f"{what} must be a {kind.__name__}", got=describe(value), help=help)


@contextmanager
def system_errors(kind: type[DigitlabError], what: str, *, must_be: str = "", help: str = "") -> Iterator[None]:
    """While inside, the operating system's complaints (no space, no permission, ...) are errors of this ``kind``."""
    try:
        yield
    except OSError as error:
        raise kind(what, must_be=must_be, got=error.strerror or str(error), help=help) from error
