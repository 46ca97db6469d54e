"""The recipe: every setting that changes the result of a training, in one frozen table.

What does not change the result (the engine, threads, the folder, how often to report) is not in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomli_w

from digitlab.data.digits import SIDE
from digitlab.errors import RecipeError
from digitlab.network.activations import ACTIVATIONS
from digitlab.network.architecture import Architecture
from digitlab.network.card import Card, new_card
from digitlab.network.initializers import INITIALIZERS
from digitlab.network.network import Network
from digitlab.training.optimizers import OPTIMIZERS
from digitlab.training.regularizers import Regularizers
from digitlab.training.schedules import SCHEDULES
from digitlab.training.settings import Applies, Setting, choice, layer_sizes, number, settings_of, whole_number

NETWORK, LEARNING, TRAINING = "The network", "How it learns", "The training"  # headings


@dataclass(frozen=True, kw_only=True)
class Recipe(Regularizers):
    """Every setting that changes the result; the defaults are the classic experiment.

    Values are checked whenever a recipe is made, by ``dataclasses.replace`` too. `SETTINGS` is the table; those of
    `Regularizers` come last in it.

    Raises:
        RecipeError: a value of the wrong type or out of bounds, or two that make no sense together.
    """

    layers: tuple[int, ...] = layer_sizes(
        (784, 64, 10),
        group=NETWORK,
        help="units of each layer, from the 784 pixels to the 10 digits",
        why="one hidden layer of 64 units is the classic, and small enough to look inside",
    )
    activation: str = choice(
        "sigmoid",
        ACTIVATIONS,
        group=NETWORK,
        help="what a hidden unit does with its weighted sum",
        why="the classic experiment uses sigmoid",
    )
    initializer: str = choice(
        "lecun",
        INITIALIZERS,
        group=NETWORK,
        help="how large the first random weights are (biases start at 0)",
        why="keeps the sums of sigmoid units near 0, where they respond",
    )
    optimizer: str = choice(
        "sgd",
        OPTIMIZERS,
        group=LEARNING,
        help="how a gradient becomes a step",
        why="plain gradient descent is the one to understand first",
    )
    learning_rate: float = number(
        0.1,
        low=0,
        above=True,
        high=1000,
        group=LEARNING,
        help="how far a step goes along the gradient",
        why="the classic value; with the whole set as one batch, larger ones also work; Adam wants 0.001",
        live=True,
    )
    momentum: float = number(
        0.9,
        low=0,
        high=1,
        below=True,
        applies=Applies("optimizer", ("momentum", "nesterov")),
        live=True,
        group=LEARNING,
        help="how much of the last step is kept in the next one",
        why="0.9 is the usual value: steps add up to ten times their size in a steady direction",
    )
    beta1: float = number(
        0.9,
        low=0,
        high=1,
        below=True,
        applies=Applies("optimizer", ("adam", "adamw")),
        live=True,
        group=LEARNING,
        help="how much of the past stays in Adam's mean of gradients",
        why="the value of Adam's authors",
    )
    beta2: float = number(
        0.999,
        low=0,
        high=1,
        below=True,
        applies=Applies("optimizer", ("adam", "adamw")),
        live=True,
        group=LEARNING,
        help="how much of the past stays in Adam's mean of squared gradients",
        why="the value of Adam's authors",
    )
    weight_decay: float = number(
        0.0,
        low=0,
        high=1,
        live=True,
        group=LEARNING,
        help="how strongly parameters are pulled towards 0; with adamw apart from the gradient, else as part of it",
        why="the classic experiment has none; 0.0001 is a usual value where a network learns by heart",
    )
    schedule: str = choice(
        "constant",
        SCHEDULES,
        group=LEARNING,
        help="how the learning rate changes with the epochs; those before a branch count",
        why="the classic experiment keeps its rate",
    )
    decay: float = number(
        0.5,
        low=0,
        above=True,
        high=1,
        applies=Applies("schedule", ("step", "exponential")),
        group=LEARNING,
        help="what the schedule multiplies the learning rate by",
        why="half is gentle enough for step; exponential wants values nearer to 1",
    )
    decay_every: int = whole_number(
        10,
        low=1,
        high=1_000_000,
        applies=Applies("schedule", ("step",)),
        group=LEARNING,
        help="after how many epochs the learning rate is multiplied by decay, again and again",
        why="often enough for a training of 30 epochs",
    )
    warmup: float = number(
        0.0,
        low=0,
        high=1000,
        group=LEARNING,
        help="epochs at the beginning in which the learning rate grows to its full size; a part of one will do",
        why="the classic experiment begins at once",
    )
    batch_size: int = whole_number(
        0,
        low=0,
        high=1_000_000,
        group=LEARNING,
        help="samples in each step; 0 means all of them (full batch)",
        why="full batch is the classic: one step an epoch, the same whatever the order",
    )
    epochs: int = whole_number(
        1000,
        low=1,
        high=1_000_000,
        group=TRAINING,
        help="how often training goes through all samples",
        why="the classic value; full-batch descent takes one step an epoch, so it needs many",
    )
    validation: int = whole_number(
        0,
        low=0,
        high=1_000_000,
        group=TRAINING,
        help="how many training samples are held out, never trained on, and measured after each epoch",
        why="the classic experiment trains on all; 10,000 of MNIST's 60,000 tell accuracies apart to half a point",
    )
    patience: int = whole_number(
        0,
        low=0,
        high=1_000_000,
        applies=Applies("validation"),
        live=True,
        group=TRAINING,
        help="stop when the validation loss has not improved for so many epochs; 0 means never",
        why="the classic experiment takes all its epochs",
    )
    keep: str = choice(
        "last",
        {"last": "the parameters after the last step", "best": "those of the epoch with the lowest validation loss"},
        applies=Applies("validation"),
        group=TRAINING,
        help="which parameters the network has in the end",
        why="the last ones are what was trained",
    )
    preprocessing: str = choice(
        "none",
        {"none": "pixels as they are", "deskew": "slanted digits are made upright first"},
        group=NETWORK,
        help="what is done to each picture before the network sees it, in training and ever after",
        why="the classic experiment takes pixels as they are",
    )
    seed: int = whole_number(
        0,
        low=0,
        high=2**32 - 1,
        group=TRAINING,
        help="where random numbers start: first weights, sample order, what is held out, distortions, dropout",
        why="any number will do; the same one gives the same run",
    )

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            object.__setattr__(self, name, setting.check(getattr(self, name)))
        if self.dropout and len(self.layers) < 3:
            raise RecipeError(
                f"dropout {self.dropout:g} has no hidden units to leave out",
                must_be="0, or layers with a hidden one",
                got=f"layers {SETTINGS['layers'].show(self.layers)}",
                help="inputs and outputs are never left out",
            )

        if self.preprocessing == "deskew" and self.layers[0] != SIDE * SIDE:
            raise RecipeError(
                f"only pictures of {SIDE} x {SIDE} pixels can be made upright",
                must_be=f"{SIDE * SIDE} inputs, or preprocessing none",
                got=f"layers {SETTINGS['layers'].show(self.layers)}",
            )

    def to_dict(self) -> dict[str, Any]:
        """The settings by name, ready for TOML or JSON."""
        return {name: getattr(self, name) for name in SETTINGS} | {"layers": list(self.layers)}

    def to_toml(self) -> str:
        """The settings as a TOML file that `digitlab.recipe` reads back."""
        return tomli_w.dumps(self.to_dict())

    def new_network(self) -> Network:
        """The untrained network of this recipe."""
        network = Network(self.layers, activation=self.activation, initializer=self.initializer, seed=self.seed)
        network.card = self.new_card()
        return network

    def new_card(self, classes: Sequence[str] | None = None) -> Card:
        """What is said of a network of this recipe before it is trained. See `digitlab.network.card.new_card`."""
        upright = self.preprocessing == "deskew"
        return new_card(Architecture(self.layers, self.activation), classes, "deskew" if upright else "divide")


SETTINGS: dict[str, Setting] = settings_of(Recipe)


def differing(settings: Mapping[str, Any], others: Mapping[str, Any]) -> list[str]:
    """Those settings of a recipe that another one has otherwise, in words: ``["batch_size 64", "epochs 30"]``."""
    return [
        f"{name} {setting.show(settings[name])}"
        for name, setting in SETTINGS.items()
        if name in settings and settings[name] != others.get(name)
    ]


def check_live(name: str, value: float) -> float:
    """The checked value of a setting that may change while training goes on.

    Raises:
        RecipeError: no such setting, one that cannot change, or a value out of bounds.
    """
    live = [setting.name for setting in SETTINGS.values() if setting.live]
    if name not in live:
        raise RecipeError(f"{name} cannot change while training goes on", must_be=f"one of {', '.join(live)}")
    checked: float = SETTINGS[name].check(value)
    return checked
