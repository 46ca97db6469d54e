"""Display: figures for notebooks and files, pictures and progress for the terminal."""

from digitlab.display.show import display_prediction

__all__ = ["display_prediction"]
