"""One setting of a recipe as data: its kind, bounds, help, the reason for its default, and when it applies.

The recipe's table is made of these, and from the table come the checks, the TOML file, the command-line flags
and the documentation: nothing about a setting is said twice.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from digitlab.errors import ArchitectureError, InputError, RecipeError, describe
from digitlab.network.architecture import MAX_LAYERS, MAX_UNITS, Architecture

MOST_EPOCHS = 1_000_000_000  # between lines, or between snapshots


@dataclass(frozen=True)
class Applies:
    """A setting matters only while another one has one of these values; without values: while it is above 0."""

    setting: str
    values: tuple[str, ...] = ()


Kind = Literal["whole number", "number", "choice", "layer sizes"]


class Grouped(Protocol):
    """Whatever is shown under a heading with others: a setting, a recipe."""

    @property
    def group(self) -> str:
        """The heading."""


One = TypeVar("One", bound=Grouped)


def by_group(all_of_them: Iterable[One]) -> dict[str, list[One]]:
    """The same under their headings, which come in the order in which they are met first."""
    groups: dict[str, list[One]] = {}
    for one in all_of_them:
        groups.setdefault(one.group, []).append(one)
    return groups


@dataclass(frozen=True)
class Setting:
    """One row of the table.

    Attributes:
        name: as in TOML and in Python; the flag is ``--name`` with dashes.
        kind: what its values are.
        default: its value when nobody says otherwise.
        help: what it does, in one line.
        why: the reason for the default.
        group: the heading that it is shown under, on the page, in help and in the documentation.
        low, high: bounds of a number, both allowed unless ``above`` or ``below`` say otherwise.
        above, below: the bound itself is not allowed.
        named: what a choice is among, by name; looked up when it is needed, as more may be added to a table such as
            `ACTIVATIONS`. Each entry says what it means: in its ``in_words``, or by being words.
        applies: when it matters; None means always.
        live: whether it may change while training goes on.
    """

    kind: Kind
    default: Any
    help: str
    why: str
    group: str
    name: str = ""
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    below: bool = False
    named: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    applies: Applies | None = None
    live: bool = False

    @property
    def choices(self) -> dict[str, str]:
        """The allowed names of a choice, each with what it means."""
        return {name: one if isinstance(one, str) else one.in_words for name, one in self.named.items()}

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def must_be(self) -> str:
        """Which values it may have, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "layer sizes":
            return f"2 to {MAX_LAYERS + 1} whole numbers from 1 to {MAX_UNITS:,}, from inputs to outputs"
        low = f"above {self.low:,}" if self.above else f"from {self.low:,}"
        high = f"below {self.high:,}" if self.below else f"to {self.high:,}"
        return f"a {self.kind} {low} {high}"

    @property
    def applies_in_words(self) -> str:
        """When it matters, such as ``optimizer momentum``; empty when always."""
        if self.applies is None:
            return ""
        return f"{self.applies.setting} {' or '.join(self.applies.values) or 'above 0'}"

    def show(self, value: Any) -> str:
        """A value as a person writes it on the command line."""
        return ",".join(map(str, value)) if self.kind == "layer sizes" else str(value)

    def to_dict(self) -> dict[str, Any]:
        """The row as plain values, ready for JSON. Bounds are there for numbers alone."""
        row = dataclasses.asdict(dataclasses.replace(self, named={})) | {"choices": self.choices}
        del row["named"]
        if "number" not in self.kind:
            for key in ("low", "high", "above", "below"):
                del row[key]
        return row

    def check(self, value: Any) -> Any:
        """The value in its plain form (int, float, str, tuple), or an error.

        Raises:
            RecipeError: the wrong type, or out of bounds.
        """
        must_be = self.must_be
        try:
            plain = self._plain(value)
        except ArchitectureError as error:
            plain, must_be = None, error.must_be
        if plain is None:
            raise RecipeError(
                f"the setting {self.name} cannot have this value",
                must_be=must_be,
                got=describe(value),
                help=f"it says {self.help}; the default is {self.show(self.default)}",
            )
        return plain

    def _plain(self, value: Any) -> Any:
        """The checked value, or None where it is refused."""
        if isinstance(value, bool):
            return None
        if self.kind == "choice":
            return value if isinstance(value, str) and value in self.choices else None
        if self.kind == "layer sizes":
            return Architecture(value).sizes
        accepted = int | np.integer if self.kind == "whole number" else int | float | np.integer | np.floating
        if not isinstance(value, accepted) or not self._within(value):
            return None
        plain = int(value) if self.kind == "whole number" else float(value)
        return plain if self._within(plain) else None  # a wider float may round to a bound that is not allowed

    def _within(self, value: float) -> bool:
        """Whether a number is finite and in bounds."""
        above_low = value > self.low if self.above else value >= self.low
        below_high = value < self.high if self.below else value <= self.high
        return above_low and below_high  # NaN fails both


def whole_number(default: int, **about: Any) -> Any:
    """A dataclass field for a whole number; ``about`` are the attributes of its `Setting`, with low and high."""
    return _field("whole number", default, about)


def number(default: float, **about: Any) -> Any:
    """A dataclass field for a number, likewise."""
    return _field("number", default, about)


def choice(default: str, named: Mapping[str, Any], **about: Any) -> Any:
    """A dataclass field for one of several names."""
    return _field("choice", default, about | {"named": named})


def layer_sizes(default: Sequence[int], **about: Any) -> Any:
    """A dataclass field for the units of each layer."""
    return _field("layer sizes", tuple(default), about)


def _field(kind: Kind, default: Any, about: Mapping[str, Any]) -> Any:
    return dataclasses.field(default=default, metadata={"setting": Setting(kind, default, **about)})


def settings_of(recipe_type: type) -> dict[str, Setting]:
    """The table of a dataclass whose fields were made by the functions above: its own by name, then those inherited."""
    fields = sorted(dataclasses.fields(recipe_type), key=lambda field: field.name not in vars(recipe_type))
    return {field.name: dataclasses.replace(field.metadata["setting"], name=field.name) for field in fields}


def check_whole(value: Any, name: str, *, low: int) -> int:
    """A whole number from ``low`` on, in its plain form.

    Raises:
        InputError: it is something else.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not low <= value <= MOST_EPOCHS:
        raise InputError(f"{name} must be a whole number from {low} to {MOST_EPOCHS:,}", got=describe(value))
    return int(value)
