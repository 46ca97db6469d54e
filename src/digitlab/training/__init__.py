"""Training: the recipe, the loop that follows it, and the folder that keeps what came of it."""

from digitlab.training.events import Control, EpochDone, Event, History, Started, StepDone, Stopped
from digitlab.training.loop import train
from digitlab.training.models import load
from digitlab.training.recipe import SETTINGS, Recipe, named_recipes, recipe

__all__ = [
    "SETTINGS",
    "Control",
    "EpochDone",
    "Event",
    "History",
    "Recipe",
    "Started",
    "StepDone",
    "Stopped",
    "load",
    "named_recipes",
    "recipe",
    "train",
]
