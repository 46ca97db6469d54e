"""Backpropagation to be looked at: from the logits back to every weighted sum, and to the pixels.

Training needs gradients by the parameters, summed over many pictures, and has engines for that. Whoever looks inside
wants them by the weighted sums and by the pixels, for each picture by itself:

    delta_L = v                                     what is asked about, as a weight for each logit
    delta_l = (delta_(l+1) W_(l+1)^T) * f'(z_l)     back through a layer and its activation
    d/dx    = delta_1 W_1^T                         at the pixels

With v = e_k (a one at k) it is the derivative of logit k, with v = p - y that of the cross-entropy.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), section 5.3.

Letters for shapes: N samples, P pixels, H units of a layer, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitlab.network.activations import ACTIVATIONS, Floats
from digitlab.network.architecture import Layer
from digitlab.network.network import BEYOND, Network


@dataclass(frozen=True)
class Forward:
    """Everything that a forward pass computes.

    Attributes:
        inputs: what each layer takes: ``x (N, P)``, then ``a (N, H)`` of each hidden layer.
        sums: the weighted sums of each layer: ``z (N, H)``, and last the logits ``(N, K)``.
    """

    inputs: list[Floats]
    sums: list[Floats]

    @property
    def logits(self) -> Floats:
        """``(N, K)``."""
        return self.sums[-1]


@np.errstate(**BEYOND)
def forward(network: Network, x: Floats, layers: Sequence[Layer] | None = None) -> Forward:
    """The forward pass with all that it computes; in float64 where ``x`` is.

    Args:
        network: any.
        x: ``(N, P)`` floats 0..1, as `Network.inputs` gives them.
        layers: other weights and biases, in the place of the network's.
    """
    f = ACTIVATIONS[network.architecture.activation].function
    inputs: list[Floats] = [x]
    sums: list[Floats] = []
    for W, b in layers or network.layers:
        if sums:
            inputs.append(f(sums[-1]))
        sums.append(inputs[-1] @ W + b)
    return Forward(inputs, sums)


@np.errstate(**BEYOND)
def deltas(network: Network, passed: Forward, weights: Floats) -> list[Floats]:
    """The derivative of ``sum_k weights_k logit_k`` by the weighted sums of each layer: ``(N, H)``, last ``(N, K)``.

    Args:
        network: the one that was passed through.
        passed: what `forward` gave.
        weights: ``(N, K)``, what is asked about; or ``(K,)``, the same for all samples.
    """
    slope = ACTIVATIONS[network.architecture.activation].derivative
    found: list[Floats] = [np.broadcast_to(weights, passed.logits.shape)]
    for number in range(len(passed.sums) - 1, 0, -1):
        delta = found[0] @ network.layers[number].W.T  # (N, H)
        delta *= slope(passed.sums[number - 1], passed.inputs[number])
        found.insert(0, delta)
    return found


def input_gradient(network: Network, passed: Forward, weights: Floats) -> Floats:
    """The derivative of ``sum_k weights_k logit_k`` by each pixel: ``(N, P)``. See `deltas`."""
    gradient: Floats = deltas(network, passed, weights)[0] @ network.layers[0].W.T
    return gradient
