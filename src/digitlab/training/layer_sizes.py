"""How large each layer is, how steep the loss is there, and how far the last step moved it; as 2-norms.

Where the step is about a thousandth of the weights, a layer learns at a usual pace; much less, and it hardly learns;
much more, and it is torn about. Where gradients shrink from layer to layer towards the pixels, the first ones learn
last.

Source: the notes to Stanford's course CS231n, "Neural Networks Part 3: Learning and Evaluation".

Letters for shapes: D parameters.
"""

from itertools import starmap

import numpy as np

from digitlab.engines.base import Batch, Session
from digitlab.network.activations import Floats
from digitlab.network.architecture import Layer
from digitlab.training.events import LayerSizes, LayersMeasured


def size_of(layer: Layer) -> float:
    """The 2-norm of a layer's weights and biases together."""
    return float(np.sqrt(sum(np.sum(np.square(part, dtype=np.float64)) for part in (layer.W, layer.b))))


def measure_layers(
    session: Session, before: Floats, after: Floats, batch: Batch, place: tuple[int, int]
) -> LayersMeasured:
    """What the step from ``before (D,)`` to ``after (D,)`` was like, layer by layer; its gradient is computed again.

    Args:
        session: that took it.
        before: the parameters.
        after: likewise.
        batch: of the step.
        place: its epoch and its number.
    """
    shape, answer = session.architecture, session.sums(before, batch, place[0])
    change = after.astype(np.float64) - before
    vectors = (after, answer.gradient / answer.count, change)
    layers = zip(*(map(size_of, shape.layers(vector)) for vector in vectors), strict=True)
    return LayersMeasured(*place, tuple(starmap(LayerSizes, layers)))
