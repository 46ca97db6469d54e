"""Attacks: the changes to a picture, too small to matter to a person, that do a network the most harm.

They go up the true gradient of the cross-entropy by the pixels. What is changed is what the network sees: floats 0..1
after the preprocessing of its card, so for a network that deskews, the upright digit.

Sources: I. Goodfellow, J. Shlens and C. Szegedy, "Explaining and harnessing adversarial examples" (2015): FGSM.
A. Madry, A. Makelov, L. Schmidt, D. Tsipras and A. Vladu, "Towards deep learning models resistant to adversarial
attacks" (2018): PGD.

Letters for shapes: N samples, P pixels, K classes.
"""

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import InputError, describe
from digitlab.network.activations import Floats, softmax
from digitlab.network.backward import forward, input_gradient
from digitlab.network.network import BLOCK, Network

STEPS = 20  # of `pgd`
_REACH = 2.5  # how far all steps together would lead, in epsilons: from one side of what is allowed to the other


def fgsm(network: Network, x: Floats, labels: NDArray[np.integer], epsilon: float) -> Floats:
    """The fast gradient sign method: each pixel by ``epsilon`` to the side on which the loss grows, within 0..1.

        x' = clip(x + epsilon sign(dL/dx), 0, 1)

    Where the loss were linear in the pixels, nothing within ``epsilon`` could be worse.

    Args:
        network: that is attacked.
        x: ``(N, P)`` floats 0..1, as `Network.inputs` gives them.
        labels: ``(N,)``, the true classes.
        epsilon: the most by which a pixel may change, 0 to 1.

    Raises:
        InputError: shapes that do not fit, or an epsilon out of bounds.
    """
    _check(network, x, labels, epsilon)
    attacked = np.empty_like(x)
    for start in range(0, len(x), BLOCK):
        part = slice(start, start + BLOCK)
        _, uphill = _answers_and_uphill(network, x[part], labels[part])
        attacked[part] = np.clip(x[part] + epsilon * np.sign(uphill), 0, 1)
    return attacked


def pgd(
    network: Network,
    x: Floats,
    labels: NDArray[np.integer],
    epsilon: float,
    steps: int = STEPS,
    start: Floats | None = None,
) -> Floats:
    """Projected gradient descent, uphill: many small steps of `fgsm`, each brought back to within ``epsilon``.

    The steps become shorter and shorter, and no step is taken from where the network is wrong already. There is one
    start and no chance: with ``start``, such as what a smaller epsilon led to, few steps find more than many without.
    That a network stands this does not prove that it stands all: its accuracy here is an upper bound of the true one.

    Args:
        network: that is attacked.
        x: ``(N, P)`` floats 0..1, as for `fgsm`.
        labels: ``(N,)``, the true classes.
        epsilon: the most by which a pixel may change, 0 to 1.
        steps: how many at most.
        start: ``(N, P)``, where to begin, once it is within ``epsilon``; by default the pictures themselves.

    Raises:
        InputError: as `fgsm`, or no steps.
    """
    _check(network, x, labels, epsilon)
    if steps < 1:
        raise InputError("an attack takes 1 step or more", got=describe(steps))
    attacked = np.array(x if start is None else start, x.dtype)
    if attacked.shape != x.shape:
        raise InputError("an attack starts from as many pictures", must_be=str(x.shape), got=str(attacked.shape))
    for first in range(0, len(x), BLOCK):
        part = slice(first, first + BLOCK)
        _climb(network, attacked[part], x[part], labels[part], epsilon, steps)
    return attacked


def _climb(
    network: Network, attacked: Floats, x: Floats, labels: NDArray[np.integer], epsilon: float, steps: int
) -> None:
    """All steps of `pgd` for some pictures, whose ``attacked`` changes in place."""
    low, high = np.maximum(x - epsilon, 0), np.minimum(x + epsilon, 1)
    np.clip(attacked, low, high, out=attacked)
    standing = np.arange(len(x))
    for step in range(steps):
        answers, uphill = _answers_and_uphill(network, attacked[standing], labels[standing])
        right = answers == labels[standing]
        standing = standing[right]
        length = 2 * (1 - step / steps) * _REACH * epsilon / steps
        ahead = attacked[standing] + np.float32(length) * np.sign(uphill[right])
        attacked[standing] = np.clip(ahead, low[standing], high[standing])


def _answers_and_uphill(network: Network, x: Floats, labels: NDArray[np.integer]) -> tuple[NDArray[np.intp], Floats]:
    """What the network says ``(N,)``, and the gradient of the cross-entropy by the pixels ``(N, P)``, up to a factor.

    By the logits the gradient is p - y: of the true class p_t - 1, of another p_k. It is divided by 1 - p_t here, a
    positive number for each picture, which leaves -1 and the softmax of the others: when a network is so sure that
    p_t rounds to 1, that still shows the way. The temperature of the card is left out: it changes no answer, so it must
    not seem to make a network stand more.
    """
    passed = forward(network, x)
    rows = np.arange(len(x))
    others = passed.logits.copy()
    others[rows, labels] = -np.inf
    weights = softmax(others)
    weights[rows, labels] = -1
    return passed.logits.argmax(axis=1), input_gradient(network, passed, weights)


def _check(network: Network, x: Floats, labels: NDArray[np.integer], epsilon: float) -> None:
    sizes = network.architecture.sizes
    if x.dtype.kind != "f" or (x.size and not 0 <= x.min() <= x.max() <= 1):
        what = "an attack needs floats from 0 to 1, as network.inputs(images) gives them"
        raise InputError(what, got=f"{x.dtype} up to {x.max(initial=0):g}")
    if x.ndim != 2 or x.shape[1] != sizes[0] or labels.shape != x.shape[:1]:
        got = f"shapes {x.shape} and {labels.shape}"
        raise InputError(f"an attack needs pictures (N, {sizes[0]}) and a label for each, (N,)", got=got)
    if sizes[-1] < 2:
        raise InputError("an attack needs two classes: with one, every answer is right")
    if len(labels) and not 0 <= labels.min() <= labels.max() < sizes[-1]:
        raise InputError(f"labels are 0 to {sizes[-1] - 1} here", got=f"{labels.min()} to {labels.max()}")
    if not 0 <= epsilon <= 1:  # NaN is not
        raise InputError("epsilon is the most by which a pixel may change", must_be="0 to 1", got=describe(epsilon))
