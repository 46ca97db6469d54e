"""Display: figures for notebooks and files, pictures and progress for the terminal."""

from digitlab.display.prediction import display_prediction

__all__ = ["display_prediction"]
