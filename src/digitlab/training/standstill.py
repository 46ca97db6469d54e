"""Why a training learns nothing: measured only where it seems so, beside a new network of the same recipe."""

import numpy as np

from digitlab.engines import Session
from digitlab.network.activations import ACTIVATIONS
from digitlab.network.network import Network
from digitlab.training.recipe import Recipe

PROBES = 500  # digits that are looked at
NEAR = 0.05  # an epoch that was right so little more often than to name the commonest class may have learnt nothing:
BELOW = 0.99  # it has not, where the loss now is not below this part of a guesser's, who knows only the classes' shares
FAINT = 25  # a tenth of full ink
FAR = 3.0  # steps that together led away from a new network by so many times its own size were too large
WEAK = 1 / 20  # the gradient of the first layer, as a part of that of the last: the layers between pass little on


def explain_standstill(network: Network, session: Session, recipe: Recipe, rate: float, accuracy: float) -> str:
    """What is most likely wrong, in one line; empty where something is learnt.

    Args:
        network: as it is now.
        session: an engine at work on the training set.
        recipe: what it is trained by.
        rate: the learning rate now, before its schedule.
        accuracy: of the last epoch, 0 to 1.
    """
    digits = session.digits
    counts = np.bincount(digits.labels)
    if accuracy > counts.max() / len(digits) + NEAR:
        return ""
    probe = np.linspace(0, len(digits) - 1, min(PROBES, len(digits))).astype(np.intp)
    shares = np.bincount(digits.labels[probe]) / len(probe)
    guessers_loss = -np.sum(shares * np.log(np.maximum(shares, 1e-9)))
    if session.sums(network.parameters, probe).loss / len(probe) < BELOW * guessers_loss:
        return ""
    new = recipe.new_network()
    if np.count_nonzero(counts) == 1:
        why = f"every picture is a {digits.classes[counts.argmax()]}, and there is nothing to tell apart; add others"
    elif (most := digits.images.max()) <= FAINT:
        why = f"no pixel is above {most}, where full ink is 255; bring them to 0 to 255"
    elif np.linalg.norm(network.parameters - new.parameters) > FAR * np.linalg.norm(new.parameters):
        why = f"the learning rate {rate:g} is too large, its steps leap too far; try a tenth of it"
    elif _passed_on(new, session, probe) < WEAK:
        layers, activation = len(recipe.layers) - 2, recipe.activation
        other = "relu or fewer layers" if ACTIVATIONS[activation].flat_ends else "fewer layers"
        why = f"{layers} {activation} layers hardly pass anything on; try {other}"
    else:
        why = f"the loss falls too slowly; try a larger learning rate than {rate:g}, or more epochs"
    return f"nothing is learnt so far: {why}"


def _passed_on(network: Network, session: Session, probe: np.ndarray) -> float:
    """How large the gradient of the first layer is (its 2-norm), beside that of the last."""
    gradients = network.architecture.layers(session.sums(network.parameters, probe).gradient)
    first, *_, last = [np.hypot(np.linalg.norm(W), np.linalg.norm(b)) for W, b in (gradients[0], *gradients)]
    return float(first / last) if last > 0 else 1.0
