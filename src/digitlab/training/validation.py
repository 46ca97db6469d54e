"""Samples that are held out: never trained on, and measured after each epoch."""

import numpy as np

from digitlab.data.digits import Digits
from digitlab.errors import DivergenceError
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.network.network import Network
from digitlab.training.batches import split
from digitlab.training.divergence import explain_silence
from digitlab.training.state import State


def hold_out(digits: Digits, held_out: int, seed: int) -> tuple[Digits, Digits | None]:
    """The digits to train on, and those for validation, if there are to be any."""
    if held_out == 0:
        return digits, None
    trained, held = split(len(digits), held_out, seed)
    return digits[trained], digits[held]


def validate(
    network: Network, held_out: Digits | None, state: State, *, keep_best: bool
) -> tuple[float, float] | tuple[None, None]:
    """Loss and accuracy of the samples held out; the state remembers when, and with which parameters, it was lowest.

    Args:
        network: the one in training.
        held_out: preprocessed already; None where there are none, and nothing is measured.
        state: of the training, at the end of an epoch.
        keep_best: whether the parameters of the lowest loss are wanted.

    Raises:
        DivergenceError: the network has no answer.
    """
    if held_out is None:
        return None, None
    counters, learnt = state.counters, state.learnt
    try:
        judged = Network.from_parameters(network.architecture, learnt, network.card)
        logits = judged.logits(held_out.images, preprocessed=True).astype(np.float64)
    except DivergenceError:
        raise explain_silence(network, held_out, counters.step) from None
    measured = softmax_cross_entropy(logits, held_out.labels)
    loss, accuracy = measured.total / len(held_out), measured.hits / len(held_out)
    counters.waited += 1
    if counters.best_loss is None or loss < counters.best_loss:
        counters.best_loss, counters.best_epoch, counters.waited = loss, counters.epoch, 0
        if keep_best:
            state.best = learnt.copy()
    return loss, accuracy
