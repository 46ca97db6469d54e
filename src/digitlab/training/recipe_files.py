"""Recipes by name and from files: TOML, with one setting a line. Unknown settings and wrong values are refused.

Named recipes ship in the folder ``recipes``; ``seed`` is the classic experiment.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from digitlab.errors import RecipeError, describe, refuse, require_name
from digitlab.training.recipe import SETTINGS, Recipe, differing

MAX_TOML_BYTES = 64 * 1024
MAX_ABOUT_LENGTH = 5000  # characters
MAX_PUBLISHED_LENGTH = 1000  # characters, of a source or a note
FOLDER = Path(__file__).with_name("recipes")
EVERYDAY = ("seed", "minibatch", "quick", "standard")  # in the order in which one meets them
HEADINGS = ("Everyday", "The ladder, one change a rung", "Published networks, trained again")


@dataclass(frozen=True)
class Published:
    """The result that somebody published for a recipe: the table ``[published]`` of its file. It is no setting.

    Attributes:
        error: percent of the test digits that were taken for another one.
        source: who published it, and when.
        note: what differs from the publication.

    Raises:
        RecipeError: an error that is no percentage, or words that are no line of text.
    """

    error: float
    source: str
    note: str = ""

    def __post_init__(self) -> None:
        number = isinstance(self.error, int | float) and not isinstance(self.error, bool)
        if not number or not 0 <= self.error <= 100:  # NaN is not
            raise RecipeError(
                "the published error must be a number from 0 to 100, in percent", got=describe(self.error)
            )
        for name, least in (("source", 1), ("note", 0)):
            words = getattr(self, name)
            line = isinstance(words, str) and words.isprintable()  # half a surrogate pair is not
            if not line or not least <= len(words) <= MAX_PUBLISHED_LENGTH:
                must_be = f"{least} to {MAX_PUBLISHED_LENGTH} printable characters"
                raise RecipeError(f"the published {name} is no line of text", must_be=must_be, got=describe(words))

    @property
    def in_words(self) -> str:
        """All of it, in a sentence."""
        note = f"; {self.note}" if self.note else ""
        return f"Published: {self.error:g} % test error ({self.source}{note})."

    def to_dict(self) -> dict[str, Any]:
        """What was given."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value != ""}


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe with its name, what it is for in words, and what was published for it, if anything was."""

    name: str
    about: str
    recipe: Recipe
    published: Published | None = None

    def changed(self, /, **changes: Any) -> NamedRecipe:
        """The same with some settings changed, which the words then tell. Nothing was published for the changed one.

        Raises:
            RecipeError: no such setting, or a value out of bounds.
        """
        for setting in changes:
            require_name(setting, SETTINGS, "setting", RecipeError)
        other = dataclasses.replace(self.recipe, **changes)
        told = differing(vars(other), vars(self.recipe))
        about = f"{self.about} Changed: {', '.join(told)}." if self.about and told else self.about
        return NamedRecipe(self.name, about[:MAX_ABOUT_LENGTH], other, None if told else self.published)

    @property
    def group(self) -> str:
        """The heading that it is listed under."""
        return HEADINGS[0 if self.name in EVERYDAY else 1 if self.name.startswith("ladder-") else 2]

    @property
    def in_words(self) -> str:
        """What it is for, and what was published."""
        return f"{self.about} {self.published.in_words}" if self.published else self.about

    def to_toml(self) -> str:
        """All of it as a TOML file that `read_recipe` reads back."""
        published = {"published": self.published.to_dict()} if self.published else {}
        return tomli_w.dumps(self.to_dict() | published)

    def to_dict(self) -> dict[str, Any]:
        """The words and the settings by name, as the card of a network has them."""
        return ({"about": self.about} if self.about else {}) | self.recipe.to_dict()


def recipe(name: str | Path = "seed", **changes: Any) -> Recipe:
    """A named recipe, or one from a TOML file, with some settings changed.

    >>> recipe("seed", epochs=30).epochs
    30

    Args:
        name: such as ``"seed"``, or a path that ends in ``.toml``.
        changes: settings to lay over it.

    Raises:
        RecipeError: no such recipe or setting, or a value out of bounds.
    """
    return read_recipe(name, **changes).recipe


def read_recipe(name: str | Path = "seed", **changes: Any) -> NamedRecipe:
    """As `recipe`, together with what it is for in words."""
    found = _read_toml(Path(name)) if str(name).endswith(".toml") else _find_named(str(name))
    return found.changed(**changes)


def named_recipes() -> dict[str, NamedRecipe]:
    """The recipes that ship with digitlab, by name: those of each day first, then the ladder, then the others."""
    found = [parse_recipe(path.read_text("utf-8"), path.stem) for path in FOLDER.glob("*.toml")]
    met = {name: place for place, name in enumerate(EVERYDAY)}
    ordered = sorted(found, key=lambda one: (HEADINGS.index(one.group), met.get(one.name, 0), one.name))
    return {one.name: one for one in ordered}


def _find_named(name: str) -> NamedRecipe:
    recipes = named_recipes()
    require_name(name, [*recipes, "a file that ends in .toml"], "recipe", RecipeError)
    return recipes[name]


def _read_toml(path: Path) -> NamedRecipe:
    try:
        if not path.is_file():
            refuse(RecipeError, path, "there is no such file" if not path.exists() else "this is not a file")
        if path.stat().st_size > MAX_TOML_BYTES:
            refuse(RecipeError, path, f"a recipe has at most {MAX_TOML_BYTES:,} bytes")
        return parse_recipe(path.read_bytes().decode(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        refuse(RecipeError, path, "the recipe cannot be read as text", got=error)


def parse_recipe(text: str, name: str) -> NamedRecipe:
    """Read TOML: the settings, and optionally ``about`` and ``published``. ``name`` is what error messages call it."""
    try:
        settings = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and numbers of more than 4,300 digits
        must_be = 'lines such as learning_rate = 0.1 and activation = "relu"'
        refuse(RecipeError, name, "this is not TOML", must_be=must_be, got=error)
    about = check_about(settings.pop("about", ""), name)
    told = settings.pop("published", None)
    if isinstance(settings.get("layers"), list):
        settings["layers"] = tuple(settings["layers"])
    try:
        for setting in settings:
            require_name(setting, SETTINGS, "setting", RecipeError)
        return NamedRecipe(name, about, Recipe(**settings), None if told is None else _as_published(told))
    except RecipeError as error:
        refuse(RecipeError, name, error.what, must_be=error.must_be, got=error.got, help=error.help)


def _as_published(told: object) -> Published:
    """The table ``[published]``, checked."""
    needed = {"error", "source"}
    if not isinstance(told, dict) or not needed <= told.keys():
        must_be = '[published], and below it error = 1.6 (percent) and source = "..."'
        raise RecipeError("published must be a table with an error and its source", must_be=must_be, got=describe(told))
    for key in told:
        require_name(key, [field.name for field in dataclasses.fields(Published)], "key of published", RecipeError)
    return Published(**told)


def check_about(about: object, where: str) -> str:
    """What a recipe or a run is for, in words that can be kept.

    Raises:
        RecipeError: it is no text, too long, or cannot be written as UTF-8.
    """
    with contextlib.suppress(UnicodeEncodeError):  # half a surrogate pair
        if isinstance(about, str) and len(about) <= MAX_ABOUT_LENGTH and about.encode() is not None:
            return about
    refuse(RecipeError, where, f"about must be a text of at most {MAX_ABOUT_LENGTH} characters", got=describe(about))
