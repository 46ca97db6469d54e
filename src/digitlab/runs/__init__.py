"""Runs: how a training is kept, as one folder on disk that can be killed at any moment, read, resumed and branched."""

from digitlab.runs.models import find_run, load
from digitlab.runs.options import Branch, TrainOptions
from digitlab.runs.run import Run

__all__ = ["Branch", "Run", "TrainOptions", "find_run", "load"]
