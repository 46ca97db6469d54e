"""The loss: cross-entropy of softmax, and its derivative.

For one sample with logits z and true class t, the network says ``p = softmax(z)`` and pays

    loss = -ln p_t = ln(sum_j e^z_j) - z_t

which is 0 when it is certain and right, ln 10 = 2.303 when it guesses among ten, and large when it is certain
and wrong. Its derivative is the simplest formula in the subject, and the start of backpropagation:

    delta_k = d loss / d z_k = p_k - y_k        (y is the one-hot label)

Where labels are smoothed by e, y is e / K for each of the K classes and 1 - e more for the true one; the loss is then
``-sum_k y_k ln p_k``, and delta is the same formula.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), equation 4.108 and section 5.3.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.network.activations import Floats


class Loss(NamedTuple):
    """What one batch costs.

    Attributes:
        total: the cross-entropy summed over the samples (natural logarithm, float64).
        hits: how many samples have their largest logit at the true class.
        delta: ``(N, K)``, the derivative of ``total`` by each logit.
    """

    total: float
    hits: int
    delta: Floats


def softmax_cross_entropy(z: Floats, labels: NDArray[np.integer], smoothing: float = 0.0) -> Loss:
    """Loss, hits and delta of logits ``z (N, K)`` with true classes ``labels (N,)``. Overwrites ``z`` with delta.

    Safe for any finite logits: the row's largest is subtracted first, and no probability is ever put into a logarithm.

    One example by hand: the logits of three classes are 0, ln 2 and ln 5, so that their powers are 1, 2 and 5,
    with sum 8. The probabilities are 1/8, 2/8 and 5/8. If class 1 is true, the loss is -ln(2/8) = ln 4, and
    delta is (1/8, 2/8 - 1, 5/8).

    >>> z = np.log(np.array([[1.0, 2.0, 5.0]]))
    >>> loss = softmax_cross_entropy(z, np.array([1]))
    >>> round(loss.total, 12) == round(float(np.log(4)), 12), loss.hits, loss.delta.round(12).tolist()
    (True, 0, [[0.125, -0.75, 0.625]])
    """
    rows = np.arange(len(z))
    hits = int(np.count_nonzero(z.argmax(axis=1) == labels))
    z -= z.max(axis=1, keepdims=True)
    true_logits = z[rows, labels].astype(np.float64)  # (N,)
    if smoothing:  # sum_k y_k z_k
        true_logits = (1 - smoothing) * true_logits + smoothing * z.mean(axis=1, dtype=np.float64)
    with np.errstate(under="ignore"):
        np.exp(z, out=z)
    sums = z.sum(axis=1, keepdims=True)  # (N, 1)
    total = float((np.log(sums[:, 0], dtype=np.float64) - true_logits).sum())
    z /= sums  # now the probabilities
    z[rows, labels] -= 1 - smoothing
    if smoothing:
        z -= smoothing / z.shape[1]
    return Loss(total, hits, z)
