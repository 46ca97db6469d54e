"""Evaluation: how good a network is, measured on digits that it was not trained on."""

from digitlab.evaluation.calibration import calibration_error, fit_temperature
from digitlab.evaluation.corruptions import CORRUPTIONS, Corruption, corrupt
from digitlab.evaluation.report import Report, evaluate

__all__ = ["CORRUPTIONS", "Corruption", "Report", "calibration_error", "corrupt", "evaluate", "fit_temperature"]
