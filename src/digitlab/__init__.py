"""digitlab: a laboratory for handwritten digits.

import digitlab as dl

train, test = dl.load_mnist()
network = dl.Network([784, 64, 10], activation="sigmoid", seed=0)
history = dl.fit(network, train, dl.recipe("seed"), progress=True)
print(dl.evaluate(network, test))
dl.display_prediction(network, test.images[0], test.labels[0])
"""

from digitlab import errors
from digitlab.data import Digits, load_data, load_mnist, normalize, one_hot, open_data
from digitlab.display import display_prediction
from digitlab.errors import DigitlabError
from digitlab.evaluation import Report, evaluate
from digitlab.fitting import fit
from digitlab.network import Network
from digitlab.training import Branch, Control, EpochDone, History, Recipe, StepDone, load, named_recipes, recipe, train
from digitlab.version import __version__

__all__ = [
    "Branch",
    "Control",
    "DigitlabError",
    "Digits",
    "EpochDone",
    "History",
    "Network",
    "Recipe",
    "Report",
    "StepDone",
    "__version__",
    "display_prediction",
    "errors",
    "evaluate",
    "fit",
    "load",
    "load_data",
    "load_mnist",
    "named_recipes",
    "normalize",
    "one_hot",
    "open_data",
    "recipe",
    "train",
]
