"""Inside: what goes on in a network, picture by picture and unit by unit.

All of it works on what the network sees, that is on pictures after the preprocessing of its card.
"""

from digitlab.inside.ablated import Ablation, ablation
from digitlab.inside.attribution import Attribution, attribute
from digitlab.inside.backprop import Backprop, backprop_step
from digitlab.inside.contributions import Contributions, contributions_of
from digitlab.inside.counterfactual import Counterfactual, find_counterfactual
from digitlab.inside.damage import Damage, DamageCurve, damaged, noise_curve, pruning_curve
from digitlab.inside.projection import Projection, project

__all__ = [
    "Ablation",
    "Attribution",
    "Backprop",
    "Contributions",
    "Counterfactual",
    "Damage",
    "DamageCurve",
    "Projection",
    "ablation",
    "attribute",
    "backprop_step",
    "contributions_of",
    "damaged",
    "find_counterfactual",
    "noise_curve",
    "project",
    "pruning_curve",
]
