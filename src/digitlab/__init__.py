"""digitlab: a laboratory for handwritten digits.

import digitlab as dl

train, test = dl.load_mnist()
network = dl.Network([784, 64, 10], activation="sigmoid", seed=0)
history = dl.fit(network, train, dl.recipe("seed"), progress=True)
print(dl.evaluate(network, test))
dl.display_prediction(network, test.images[0], test.labels[0])

Each name is fetched from its module when it is first used, so that `import digitlab` takes no time: the command line
can then answer a Ctrl-C from its first moment on.
"""

import importlib
from typing import TYPE_CHECKING, Any

from digitlab.version import __version__

if TYPE_CHECKING:
    from digitlab import errors
    from digitlab.data import Digits, load_data, load_mnist, normalize, one_hot, open_data
    from digitlab.display import Report, display_prediction, draw_distortions, evaluate
    from digitlab.errors import DigitlabError
    from digitlab.fitting import fit, train
    from digitlab.interop import export_model, import_model
    from digitlab.network import Network
    from digitlab.reading import Reading, read
    from digitlab.reading.why import Why, why
    from digitlab.runs import Branch, load
    from digitlab.training import Control, EpochDone, History, Recipe, StepDone, named_recipes
    from digitlab.training.augment import Distortion, distort
    from digitlab.training.recipe_files import recipe

__all__ = [
    "Branch",
    "Control",
    "DigitlabError",
    "Digits",
    "Distortion",
    "EpochDone",
    "History",
    "Network",
    "Reading",
    "Recipe",
    "Report",
    "StepDone",
    "Why",
    "__version__",
    "display_prediction",
    "distort",
    "draw_distortions",
    "errors",
    "evaluate",
    "export_model",
    "fit",
    "import_model",
    "load",
    "load_data",
    "load_mnist",
    "named_recipes",
    "normalize",
    "one_hot",
    "open_data",
    "read",
    "recipe",
    "train",
    "why",
]

_ROOMS = {  # where each name comes from
    "data": ("Digits", "load_data", "load_mnist", "normalize", "one_hot", "open_data"),
    "display": ("Report", "display_prediction", "draw_distortions", "evaluate"),
    "engines": (),
    "errors": ("DigitlabError",),
    "evaluation": (),
    "figures": (),
    "fitting": ("fit", "train"),
    "inside": (),
    "interop": ("export_model", "import_model"),
    "network": ("Network",),
    "reading": ("Reading", "read"),
    "reading.why": ("Why", "why"),
    "runs": ("Branch", "load"),
    "sweeping": (),
    "training": ("Control", "EpochDone", "History", "Recipe", "StepDone", "named_recipes"),
    "training.augment": ("Distortion", "distort"),
    "training.recipe_files": ("recipe",),
}


def __getattr__(name: str) -> Any:
    for room, names in _ROOMS.items():
        if name == room or name in names:
            module = importlib.import_module(f"{__name__}.{room}")
            value = module if name == room else getattr(module, name)
            globals()[name] = value  # the next time it is found at once
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
