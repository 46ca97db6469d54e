"""Evaluation: how good a network is, measured on digits that it was not trained on."""

from digitlab.evaluation.report import Report, evaluate

__all__ = ["Report", "evaluate"]
