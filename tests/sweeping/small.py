"""What the tests of sweeps train: a small recipe on a few digits, in settings of which some take longer."""

from __future__ import annotations

from pathlib import Path

import digitlab as dl
from digitlab.sweeping import Sweep, sweep

RECIPE = dl.recipe("minibatch", layers=(784, 8, 10), epochs=3, validation=100)
VARY = {"learning_rate": "log:1e-3..1", "activation": "relu,gelu"}
LONG = 400  # epochs: long enough to be met at work
LONG_AND_SHORT = {"epochs": f"2,{LONG}", "learning_rate": "0.05,0.1"}


def sweep_small(digits: dl.Digits, out: Path, **options) -> Sweep:
    """Unless told otherwise, four trials by one process of this machine."""
    chosen = {"recipe": RECIPE, "vary": VARY, "trials": 4, "workers": 1} | options
    recipe, vary = chosen.pop("recipe"), chosen.pop("vary")
    return sweep(recipe, digits, vary, out, **chosen)
