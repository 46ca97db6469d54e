"""Training: how a network learns. The recipe, the loop that follows it, and the events that it tells."""

from digitlab.training.events import (
    Advice,
    Control,
    EpochDone,
    Event,
    History,
    LayerSizes,
    LayersMeasured,
    Remark,
    SettingChanged,
    Started,
    StepDone,
    Stopped,
)
from digitlab.training.recipe import SETTINGS, Recipe
from digitlab.training.recipe_files import named_recipes

__all__ = [
    "SETTINGS",
    "Advice",
    "Control",
    "EpochDone",
    "Event",
    "History",
    "LayerSizes",
    "LayersMeasured",
    "Recipe",
    "Remark",
    "SettingChanged",
    "Started",
    "StepDone",
    "Stopped",
    "named_recipes",
]
