"""Inside: what goes on in a network, picture by picture and unit by unit.

All of it works on what the network sees, that is on pictures after the preprocessing of its card.
"""

from digitlab.inside.attribution import Attribution, attribute
from digitlab.inside.backprop import Backprop, backprop_step
from digitlab.inside.contributions import Contributions, contributions_of

__all__ = ["Attribution", "Backprop", "Contributions", "attribute", "backprop_step", "contributions_of"]
