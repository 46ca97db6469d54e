"""Many trainings: a recipe's settings varied, each trial an ordinary run.

Optuna says which settings to try next, Dask's workers train them, and a journal in the folder of the sweep is the truth
about it: whatever is killed, the same call goes on.
"""

from digitlab.sweeping.figure import draw_importance
from digitlab.sweeping.journal import Told, Trial
from digitlab.sweeping.results import Sweep, read_sweep
from digitlab.sweeping.running import sweep
from digitlab.sweeping.space import Space, parse_space, parse_vary

__all__ = ["Space", "Sweep", "Told", "Trial", "draw_importance", "parse_space", "parse_vary", "read_sweep", "sweep"]
