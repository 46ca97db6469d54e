"""Figures: what was measured, drawn; each a `matplotlib.figure.Figure`, in one style that colour-blind eyes can read.

Each has a title, named axes and one sentence of what to look at. They are drawn from records of `digitlab.evaluation`
and `digitlab.inside`; a notebook shows them by themselves, `save_figure` writes one to a file.
"""

from digitlab.figures.cell import draw_cell, draw_counterfactual
from digitlab.figures.comparison import draw_comparison
from digitlab.figures.confusion import draw_confusion
from digitlab.figures.curves import draw_curves
from digitlab.figures.damage import draw_damage
from digitlab.figures.history import draw_history
from digitlab.figures.mistakes import draw_mislabels, draw_mistakes
from digitlab.figures.pixels import draw_attributions
from digitlab.figures.projection import draw_projection
from digitlab.figures.reliability import draw_coverage, draw_reliability
from digitlab.figures.robustness import draw_attacks, draw_corruptions, draw_robustness
from digitlab.figures.style import new_figure, save_figure
from digitlab.figures.units import draw_activations, draw_contributions, draw_weights

__all__ = [
    "draw_activations",
    "draw_attacks",
    "draw_attributions",
    "draw_cell",
    "draw_comparison",
    "draw_confusion",
    "draw_contributions",
    "draw_corruptions",
    "draw_counterfactual",
    "draw_coverage",
    "draw_curves",
    "draw_damage",
    "draw_history",
    "draw_mislabels",
    "draw_mistakes",
    "draw_projection",
    "draw_reliability",
    "draw_robustness",
    "draw_weights",
    "new_figure",
    "save_figure",
]
