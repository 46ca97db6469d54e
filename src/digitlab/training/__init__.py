"""Training: the recipe, the loop that follows it, and the folder that keeps what came of it."""

from digitlab.training.events import (
    Control,
    EpochDone,
    Event,
    History,
    SettingChanged,
    Started,
    StepDone,
    Stopped,
)
from digitlab.training.models import find_run, load
from digitlab.training.plan import Branch, train
from digitlab.training.recipe import SETTINGS, Recipe
from digitlab.training.recipe_files import named_recipes, recipe

__all__ = [
    "SETTINGS",
    "Branch",
    "Control",
    "EpochDone",
    "Event",
    "History",
    "Recipe",
    "SettingChanged",
    "Started",
    "StepDone",
    "Stopped",
    "find_run",
    "load",
    "named_recipes",
    "recipe",
    "train",
]
