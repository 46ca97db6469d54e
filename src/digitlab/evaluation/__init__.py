"""Evaluation: how good a network is, measured on digits that it was not trained on."""

from digitlab.evaluation.attacks import fgsm, pgd
from digitlab.evaluation.calibrating import Calibrated, calibrate
from digitlab.evaluation.calibration import Bin, calibration_error, calibration_interval, fit_temperature, reliability
from digitlab.evaluation.cells import Cell, cell_of
from digitlab.evaluation.comparison import Comparison, compare, mcnemar
from digitlab.evaluation.contest import Contest, Contestant, compare_all
from digitlab.evaluation.corruptions import CORRUPTIONS, Corruption, corrupt
from digitlab.evaluation.coverage import Coverage, Sure, coverage_curve, when_sure
from digitlab.evaluation.metrics import brier_score
from digitlab.evaluation.mistakes import Mistake
from digitlab.evaluation.predictions import Predictions, predict_all
from digitlab.evaluation.report import Report, evaluate, report_of
from digitlab.evaluation.robustness import Attacked, Corrupted, Curve, Robustness, attack_examples, measure_robustness
from digitlab.evaluation.temperatures import TemperatureCurve, temperature_curve

__all__ = [
    "CORRUPTIONS",
    "Attacked",
    "Bin",
    "Calibrated",
    "Cell",
    "Comparison",
    "Contest",
    "Contestant",
    "Corrupted",
    "Corruption",
    "Coverage",
    "Curve",
    "Mistake",
    "Predictions",
    "Report",
    "Robustness",
    "Sure",
    "TemperatureCurve",
    "attack_examples",
    "brier_score",
    "calibrate",
    "calibration_error",
    "calibration_interval",
    "cell_of",
    "compare",
    "compare_all",
    "corrupt",
    "coverage_curve",
    "evaluate",
    "fgsm",
    "fit_temperature",
    "mcnemar",
    "measure_robustness",
    "pgd",
    "predict_all",
    "reliability",
    "report_of",
    "temperature_curve",
    "when_sure",
]
