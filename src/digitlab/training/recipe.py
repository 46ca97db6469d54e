"""The recipe: every setting that changes the result of a training, in one frozen table.

What does not change the result (the engine, threads, the folder, how often to report) is not in it.
Named recipes ship as TOML files in the folder ``recipes``; ``seed`` is the classic experiment.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import tomli_w

from digitlab.errors import RecipeError
from digitlab.network.activations import ACTIVATIONS
from digitlab.network.initializers import INITIALIZERS
from digitlab.network.network import Network
from digitlab.training.optimizers import OPTIMIZERS
from digitlab.training.settings import Setting, choice, layer_sizes, number, settings_of, whole_number

__all__ = ["SETTINGS", "NamedRecipe", "Recipe", "named_recipes", "recipe"]

MAX_TOML_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every setting that changes the result; the defaults are the classic experiment.

    Values are checked whenever a recipe is made, by ``dataclasses.replace`` too. `SETTINGS` is the table.

    Raises:
        RecipeError: a value of the wrong type or out of bounds.
    """

    layers: tuple[int, ...] = layer_sizes(
        (784, 64, 10),
        help="units of each layer, from the 784 pixels to the 10 digits",
        why="one hidden layer of 64 units is the classic, and small enough to look inside",
    )
    activation: str = choice(
        "sigmoid",
        {name: activation.in_words for name, activation in ACTIVATIONS.items()},
        help="what a hidden unit does with its weighted sum",
        why="the classic experiment uses sigmoid",
    )
    initializer: str = choice(
        "lecun",
        {name: initializer.in_words for name, initializer in INITIALIZERS.items()},
        help="how large the first random weights are (biases start at 0)",
        why="keeps the sums of sigmoid units near 0, where they respond",
    )
    optimizer: str = choice(
        "sgd",
        {name: optimizer.in_words for name, optimizer in OPTIMIZERS.items()},
        help="how a gradient becomes a step",
        why="plain gradient descent is the one to understand first",
    )
    learning_rate: float = number(
        0.1,
        low=0,
        above=True,
        high=1000,
        help="how far a step goes along the gradient",
        why="the classic value; with the whole set as one batch, larger ones also work",
    )
    momentum: float = number(
        0.9,
        low=0,
        high=1,
        below=True,
        applies=("optimizer", ("momentum",)),
        help="how much of the last step is kept in the next one",
        why="0.9 is the usual value: steps add up to ten times their size in a steady direction",
    )
    batch_size: int = whole_number(
        0,
        low=0,
        high=1_000_000,
        help="samples in each step; 0 means all of them (full batch)",
        why="full batch is the classic: one step an epoch, the same whatever the order",
    )
    epochs: int = whole_number(
        1000,
        low=1,
        high=1_000_000,
        help="how often training goes through all samples",
        why="the classic value; full-batch descent takes one step an epoch, so it needs many",
    )
    seed: int = whole_number(
        0,
        low=0,
        high=2**32 - 1,
        help="of the first weights and of the sample order",
        why="any number will do; the same one gives the same run",
    )

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            object.__setattr__(self, name, setting.check(getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        """The settings by name, ready for TOML or JSON."""
        return dataclasses.asdict(self) | {"layers": list(self.layers)}

    def to_toml(self) -> str:
        """The settings as a TOML file that `recipe` reads back."""
        return tomli_w.dumps(self.to_dict())

    def new_network(self) -> Network:
        """The untrained network of this recipe."""
        return Network(self.layers, activation=self.activation, initializer=self.initializer, seed=self.seed)


SETTINGS: dict[str, Setting] = settings_of(Recipe)


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe with its name and what it is for, in words."""

    name: str
    about: str
    recipe: Recipe


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
    found = _read_toml(Path(name)) if str(name).endswith(".toml") else _find_named(str(name))
    _refuse_unknown(changes, "the call")
    return dataclasses.replace(found.recipe, **changes)


def named_recipes() -> dict[str, NamedRecipe]:
    """The recipes that ship with digitlab, by name."""
    folder = resources.files("digitlab.training") / "recipes"
    names = sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
    return {name: _parse((folder / f"{name}.toml").read_text("utf-8"), name) for name in names}


def _find_named(name: str) -> NamedRecipe:
    recipes = named_recipes()
    if name not in recipes:
        raise RecipeError(
            "there is no such recipe",
            must_be=f"{', '.join(recipes)}, or a file that ends in .toml",
            got=repr(name),
            help=_closest(name, recipes) or "`digitlab recipes` lists them",
        )
    return recipes[name]


def _read_toml(path: Path) -> NamedRecipe:
    try:
        if not path.is_file() or path.stat().st_size > MAX_TOML_BYTES:
            raise RecipeError(
                f"{path}: this is not a recipe",
                must_be=f"a TOML file of at most {MAX_TOML_BYTES} bytes",
                got="no file of that name" if not path.exists() else "something else",
                help="`digitlab recipes` lists the recipes that need no file",
            )
        return _parse(path.read_bytes().decode(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"{path}: the recipe cannot be read", must_be="a text file in UTF-8", got=str(error), help="check the file"
        ) from error


def _parse(text: str, name: str) -> NamedRecipe:
    """TOML: the settings, and optionally ``about``."""
    try:
        settings = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RecipeError(
            f"{name}: this is not TOML",
            must_be='lines such as learning_rate = 0.1 and activation = "relu"',
            got=str(error),
            help="see docs/reference/recipe.md",
        ) from error
    about = settings.pop("about", "")
    _refuse_unknown(settings, name)
    if isinstance(settings.get("layers"), list):
        settings["layers"] = tuple(settings["layers"])
    return NamedRecipe(name, str(about), Recipe(**settings))


def _refuse_unknown(settings: dict[str, Any], where: str) -> None:
    for name in settings:
        if name not in SETTINGS:
            raise RecipeError(
                f"{where}: there is no setting {name!r}",
                must_be=", ".join(SETTINGS),
                got=repr(name),
                help=_closest(name, SETTINGS) or "`digitlab recipes` explains them",
            )


def _closest(name: str, known: dict[str, Any]) -> str:
    matches = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {matches[0]}?" if matches else ""
