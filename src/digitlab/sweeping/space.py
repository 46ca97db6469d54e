"""What a sweep varies: a few settings of a recipe, and what each of them may be.

A range is written as on the command line: ``relu,gelu`` is one of these, ``0..0.5`` any number between two, ``10..100``
any whole number where the setting is one, and ``log:1e-3..1`` likewise, with all orders of magnitude alike.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from digitlab.errors import RecipeError, describe, refuse, require_kind, require_name
from digitlab.training.recipe import SETTINGS, Recipe
from digitlab.training.settings import Setting

LOG, TO, OR = "log:", "..", ","
DIGITS = 4  # significant ones of a number that is chosen: more make no difference, and are hard to read
MOST_CORNERS = 10_000  # that are tried before a sweep begins
FORMS = "relu,gelu (one of these), 0..0.5 (between two), log:1e-3..1 (all orders of magnitude alike)"


@dataclass(frozen=True)
class Axis:
    """One setting, and what it may be: one of some values, or any number between two.

    Attributes:
        setting: the row of the recipe's table.
        text: as a person writes it.
        values: one of these; empty where it is between ``low`` and ``high``, both included.
        log: whether all orders of magnitude are alike.
    """

    setting: Setting
    text: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is a range of whole numbers."""
        return not self.values and self.setting.kind == "whole number"

    @property
    def size(self) -> float:
        """How many values there are; infinite between two numbers."""
        return len(self.values) or (self.high - self.low + 1 if self.whole else math.inf)

    @property
    def ends(self) -> tuple[Any, ...]:
        """All of the values, or the two ends: where the others are between them, what holds for these holds for all."""
        return self.values or (self.low, self.high)

    def nth(self, place: int) -> Any:
        """One of finitely many values."""
        return self.values[place] if self.values else int(self.low) + place

    def holds(self, value: object) -> bool:
        """Whether this is one of its values."""
        if self.values:
            return value in self.values
        kinds = int if self.whole else int | float
        return isinstance(value, kinds) and not isinstance(value, bool) and self.low <= value <= self.high

    def rounded(self, number: float) -> float:
        """A number of the range, to some significant digits, and still within it."""
        return number if self.whole else min(max(float(f"{number:.{DIGITS}g}"), self.low), self.high)


@dataclass(frozen=True)
class Space:
    """All that a sweep may try: each axis with each other."""

    axes: tuple[Axis, ...]

    @cached_property
    def size(self) -> float:
        """How many different settings there are; infinite where one axis is."""
        return math.prod(axis.size for axis in self.axes)

    def nth(self, place: int) -> dict[str, Any]:
        """One of finitely many settings, counted like the digits of a number, the last axis fastest."""
        settings = {}
        for axis in reversed(self.axes):
            place, digit = divmod(place, int(axis.size))
            settings[axis.setting.name] = axis.nth(digit)
        return {axis.setting.name: settings[axis.setting.name] for axis in self.axes}

    def holds(self, settings: Mapping[str, Any]) -> bool:
        """Whether these are settings of the space."""
        names = [axis.setting.name for axis in self.axes]
        return sorted(settings) == sorted(names) and all(axis.holds(settings[axis.setting.name]) for axis in self.axes)

    def ends_of(self, name: str, recipe: Recipe) -> tuple[Any, ...]:
        """What a setting may be at its ends: the recipe's alone, where it is not varied."""
        return next((axis.ends for axis in self.axes if axis.setting.name == name), (getattr(recipe, name),))

    def to_dict(self) -> dict[str, str]:
        """Each setting with its range as it is written; `parse_space` reads it back."""
        return {axis.setting.name: axis.text for axis in self.axes}

    def check(self, recipe: Recipe) -> None:
        """Refuse what could not be trained, or what would make no difference, before anything is.

        Raises:
            RecipeError: values that make no sense together, or a setting that does not matter in this recipe.
        """
        for axis in self.axes:
            if (applies := axis.setting.applies) is not None:
                met = self.ends_of(applies.setting, recipe)
                if not any(value in applies.values if applies.values else value for value in met):
                    refuse(
                        RecipeError,
                        f"vary {axis.setting.name}",
                        "it makes no difference here",
                        must_be=f"{axis.setting.applies_in_words}, in the recipe or varied, too",
                        got=f"{applies.setting} {', '.join(map(str, met))}",
                    )
        for settings in itertools.islice(self._corners(), MOST_CORNERS):
            replace(recipe, **settings)

    def _corners(self) -> Iterator[dict[str, Any]]:
        names = [axis.setting.name for axis in self.axes]
        for values in itertools.product(*(axis.ends for axis in self.axes)):
            yield dict(zip(names, values, strict=True))


def parse_space(vary: Mapping[str, str]) -> Space:
    """The space of these settings, each with its range as text: ``{"learning_rate": "log:1e-3..1"}``.

    Raises:
        RecipeError: no settings, one that does not exist, a range that cannot be understood or is out of bounds.
    """
    require_kind(vary, Mapping, "what is varied", 'vary={"learning_rate": "log:1e-3..1"}')
    if not vary:
        raise RecipeError(
            "nothing is varied", help="such as --vary learning_rate=log:1e-3..1 --vary activation=relu,gelu"
        )
    axes = {name: _parse_axis(name, text) for name, text in vary.items()}
    return Space(tuple(axes[name] for name in SETTINGS if name in axes))  # in whatever order they are given


def parse_vary(texts: list[str] | tuple[str, ...]) -> dict[str, str]:
    """``NAME=RANGE`` of the command line, each setting once.

    Raises:
        RecipeError: no such form, or a setting twice.
    """
    vary: dict[str, str] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise RecipeError("--vary must be NAME=RANGE", got=repr(text), help=f"ranges are {FORMS}")
        if name in vary:
            raise RecipeError(f"--vary {name} is there twice", help=f"all of its values in one: {vary[name]},{values}")
        vary[name] = values
    return vary


def _parse_axis(name: str, text: object) -> Axis:
    require_name(name, SETTINGS, "setting", RecipeError)
    setting = SETTINGS[name]
    if not isinstance(text, str):
        refuse(RecipeError, f"vary {name}", "a range must be text", must_be=FORMS, got=describe(text))
    written = text.strip()
    try:
        axis = _between(setting, written) if TO in written else _one_of(setting, written)
        for end in axis.ends:
            setting.check(end)
    except RecipeError as error:
        refuse(
            RecipeError, f"vary {name}", error.what, must_be=error.must_be, got=error.got or repr(text), help=error.help
        )
    return axis


def _one_of(setting: Setting, text: str) -> Axis:
    """``relu,gelu``; layer sizes with dashes between them, ``784-64-10,784-100-10``."""
    values = [_value(setting, one.strip()) for one in text.split(OR) if one.strip()]
    if text.startswith(LOG) or len(set(values)) < 2:
        raise RecipeError("there are no two different values to choose from", must_be=FORMS)
    return Axis(setting, text, tuple(dict.fromkeys(values)))


def _between(setting: Setting, text: str) -> Axis:
    """``LOW..HIGH``."""
    if "number" not in setting.kind:
        raise RecipeError(
            "a range has numbers at its ends", must_be=f"some of its values with commas: {setting.must_be}"
        )
    log = text.startswith(LOG)
    low, high = (_value(setting, end.strip()) for end in text.removeprefix(LOG).split(TO, 1))
    if not low < high or (log and low <= 0):
        above = " above 0, as all orders of magnitude are alike" if log else ""
        raise RecipeError("a range goes from a number to a larger one", must_be=f"LOW..HIGH, with LOW{above} < HIGH")
    return Axis(setting, text, low=low, high=high, log=log)


def _value(setting: Setting, text: str) -> Any:
    """What the text means for this setting; its bounds are checked later."""
    try:
        if setting.kind == "layer sizes":
            return tuple(int(size) for size in text.split("-"))
        return {"number": float, "whole number": int, "choice": str}[setting.kind](text)
    except ValueError:
        example = ", with dashes between them: 784-64-10" if setting.kind == "layer sizes" else ""
        raise RecipeError("a value cannot be understood", must_be=setting.must_be + example, got=repr(text)) from None
