"""Options that several commands share, and the flags that are made from the recipe's table."""

import inspect
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from cyclopts import Group, Parameter, Token
from numpy.typing import NDArray

from digitlab.cli.output import complain
from digitlab.data import Digits, open_data
from digitlab.data.files import check_place
from digitlab.data.polarity import Invert
from digitlab.data.unlabelled import Pictures, open_pictures
from digitlab.engines import engines_in_words
from digitlab.errors import InputError, RecipeError, refuse
from digitlab.figures.style import check_figure_path
from digitlab.network.model_file import MODEL_SUFFIX
from digitlab.network.network import Network
from digitlab.network.shipped import STANDARD
from digitlab.runs.models import LATEST, RUNS, FoundModel, find_model
from digitlab.training import SETTINGS
from digitlab.training.settings import Setting, by_group


def whole(_type: object, tokens: Sequence[Token]) -> int:
    """A whole number as it stands: the parser alone would take 1.5 for 2."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"{tokens[0].value[:40]!r} is not a whole number") from None


def can_be_drawn(_type: object, path: Path | None) -> None:
    """Refuse a place that no figure can be written to, before any work is done for it."""
    if path is not None:
        check_figure_path(path)


Data = Annotated[str, Parameter(help="A name that `digitlab data` lists, or a folder or file.")]
Index = Annotated[int | None, Parameter(help="Which digit of the test set.", show_default="random", converter=whole)]
EngineName = Annotated[str, Parameter(help=f"{engines_in_words()}. Does not change the result beyond rounding.")]
FigureFile = Annotated[
    Path | None, Parameter(help="Draw the figure into this file (.png, .svg, .pdf).", validator=can_be_drawn)
]
Json = Annotated[bool, Parameter(help="Print the answer as JSON, and nothing else.", show_default=False)]
Model = Annotated[
    str | None,
    Parameter(
        help=f"A run folder, RUN@EPOCH, a model file, {LATEST} (newest run under {RUNS}/), or {STANDARD}"
        " (ships with digitlab).",
        show_default=f"{LATEST}, or {STANDARD} where there is no run",
    ),
]
ModelFile = Annotated[Path, Parameter(help=f"Write the model into this file (*{MODEL_SUFFIX}).")]
Threads = Annotated[int | None, Parameter(help="1 to 256.", show_default="all cores", converter=whole)]

LabelColumn = Annotated[
    str | None,
    Parameter(
        help="Of a table: first, last, a name of its header, or a number from 1.",
        show_default="label or the like; without a header, first",
    ),
]

ToBeResized = Annotated[bool, Parameter(help="Bring pictures of any size to 28x28, as MNIST would have them.")]
Inverted = Annotated[Invert, Parameter(help="Whether to invert pictures; auto: where their ink is dark.")]


@Parameter(name="*")
@dataclass(frozen=True)
class DataOptions:
    """How a data set that has no name is to be understood."""

    label_column: LabelColumn = None
    invert: Inverted = "auto"
    resize: ToBeResized = False

    def open(self, name: str, *, quiet: bool = False) -> tuple[Digits, Digits]:
        """The training part and the test part of the data set; what was done to them is told on standard error."""
        train, test = open_data(name, **self._as_arguments())
        _tell(name, () if quiet else train.notes)
        return train, test

    def open_pictures(self, name: str) -> Pictures:
        """The pictures that are to be predicted; what was done to them is told on standard error."""
        pictures = open_pictures(name, **self._as_arguments())
        _tell(name, pictures.notes)
        return pictures

    def _as_arguments(self) -> dict[str, Any]:
        resize = _resize if self.resize else None
        return {"label_column": self.label_column, "invert": self.invert, "resize": resize}


AS_IT_IS = DataOptions()


def find(name: str | None) -> FoundModel:
    """The model that is meant; what else it could be is told on standard error."""
    found = find_model(name)
    if found.note:
        complain(found.note, 0)
    return found


def open_model(name: str | None) -> tuple[FoundModel, Network]:
    """The model that is meant, and its network. See `find`."""
    found = find(name)
    return found, found.load()


def check_model_place(out: Path) -> None:
    """Refuse a place that no model file can be written to, before any work is done for it."""
    if out.suffix != MODEL_SUFFIX:
        refuse(InputError, out, f"the name of a model file must end in {MODEL_SUFFIX}")
    check_place(out, "a model")


def one_digit(test: Digits, index: int | None) -> int:
    """The index of the digit of a test set that is meant; a random one where none is given.

    Raises:
        InputError: there is no such digit.
    """
    if index is None and len(test):
        index = random.randrange(len(test))
    if index is None or not 0 <= index < len(test):
        must_be = f"an index from 0 to {len(test) - 1}" if len(test) else ""
        raise InputError("there is no such digit in the test set", must_be=must_be, got="" if index is None else index)
    return index


def _tell(name: str, notes: Sequence[str]) -> None:
    for note in notes:
        complain(f"{name}: {note}", 0)


def _resize(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from digitlab.reading import prepare

    return prepare(picture).pixels


# One group for each of the recipe's, in its order; the first one says what all of them are.
_NOTE = "All settings from here on change the recipe, where given. `digitlab recipes` says why each default is so."
SETTING_GROUPS = {
    name: Group.create_ordered(name, help="" if i else _NOTE) for i, name in enumerate(by_group(SETTINGS.values()))
}


Command = Callable[..., int]


def with_recipe_flags(settings: Iterable[Setting] = SETTINGS.values()) -> Callable[[Command], Command]:
    """Give a command that ends in ``**changes`` one optional flag for each of these settings of the recipe.

    The parser is not handed the `Recipe` itself: it would then fill in the defaults of flags that were not given,
    which would override the named recipe, and would not know the bounds and the help. Each flag defaults to None.
    """
    flags = [
        inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(setting))
        for setting in settings
    ]

    def with_flags(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        own = [option for option in signature.parameters.values() if option.kind is not option.VAR_KEYWORD]
        command.__signature__ = signature.replace(parameters=[*own, *flags])  # type: ignore[attr-defined]
        command.__annotations__ = {option.name: option.annotation for option in [*own, *flags]}
        return command

    return with_flags


def changes_from_flags(flags: Mapping[str, Any]) -> dict[str, object]:
    """The flags that were given, with layer sizes split into numbers.

    Raises:
        RecipeError: layer sizes that are not numbers.
    """
    changes = {name: value for name, value in flags.items() if value is not None}
    if (text := changes.get("layers")) is not None:
        try:
            changes["layers"] = tuple(int(size) for size in text.replace("-", ",").split(","))
        except ValueError:
            must_be = "whole numbers with commas between them, such as 784,64,10"
            raise RecipeError("--layers cannot be understood", must_be=must_be, got=repr(text)) from None
    return changes


def _annotation(setting: Setting) -> Any:
    """The type and the help that the parser needs for one setting."""
    kinds: dict[str, type] = {"whole number": int, "number": float, "layer sizes": str}
    kind = Literal[tuple(setting.choices)] if setting.kind == "choice" else kinds[setting.kind]
    bounds = "" if setting.kind == "choice" else f" ({setting.must_be})"
    applies = f" Only with {setting.applies_in_words}." if setting.applies else ""
    text = f"{setting.help[0].upper()}{setting.help[1:]}{bounds}.{applies}"
    converter = whole if kind is int else None
    group = SETTING_GROUPS[setting.group]
    return Annotated[kind | None, Parameter(help=text, group=group, show_default=False, converter=converter)]
