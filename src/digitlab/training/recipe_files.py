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
from digitlab.training.recipe import SETTINGS, Recipe

MAX_TOML_BYTES = 64 * 1024
MAX_ABOUT_LENGTH = 5000  # characters
FOLDER = Path(__file__).with_name("recipes")


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe with its name and what it is for, in words."""

    name: str
    about: str
    recipe: Recipe

    def changed(self, **changes: Any) -> NamedRecipe:
        """The same with some settings changed, which the words then tell.

        Raises:
            RecipeError: no such setting, or a value out of bounds.
        """
        for setting in changes:
            require_name(setting, SETTINGS, "setting", RecipeError)
        other = dataclasses.replace(self.recipe, **changes)
        told = [
            f"{name} {setting.show(getattr(other, name))}"
            for name, setting in SETTINGS.items()
            if getattr(other, name) != getattr(self.recipe, name)
        ]
        about = f"{self.about} Changed: {', '.join(told)}." if self.about and told else self.about
        return NamedRecipe(self.name, about[:MAX_ABOUT_LENGTH], other)

    def to_toml(self) -> str:
        """The words and the settings as a TOML file that `recipe` reads back."""
        return tomli_w.dumps(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """The words and the settings by name."""
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
    """The recipes that ship with digitlab, by name."""
    return {path.stem: parse_recipe(path.read_text("utf-8"), path.stem) for path in sorted(FOLDER.glob("*.toml"))}


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
    """Read TOML: the settings, and optionally ``about``. ``name`` is what error messages call it."""
    try:
        settings = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, and numbers of more than 4,300 digits
        must_be = 'lines such as learning_rate = 0.1 and activation = "relu"'
        refuse(RecipeError, name, "this is not TOML", must_be=must_be, got=error)
    about = check_about(settings.pop("about", ""), name)
    if isinstance(settings.get("layers"), list):
        settings["layers"] = tuple(settings["layers"])
    try:
        for setting in settings:
            require_name(setting, SETTINGS, "setting", RecipeError)
        return NamedRecipe(name, about, Recipe(**settings))
    except RecipeError as error:
        refuse(RecipeError, name, error.what, must_be=error.must_be, got=error.got, help=error.help)


def check_about(about: object, where: str) -> str:
    """What a recipe or a run is for, in words that can be kept.

    Raises:
        RecipeError: it is no text, too long, or cannot be written as UTF-8.
    """
    with contextlib.suppress(UnicodeEncodeError):  # half a surrogate pair
        if isinstance(about, str) and len(about) <= MAX_ABOUT_LENGTH and about.encode() is not None:
            return about
    refuse(RecipeError, where, f"about must be a text of at most {MAX_ABOUT_LENGTH} characters", got=describe(about))
