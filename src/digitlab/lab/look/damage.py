"""Damage: what a network is still good for with units off, small weights gone, or noise on its weights."""

from digitlab.evaluation.predictions import Predictions, predict_all
from digitlab.inside import Damage, damaged
from digitlab.lab.lab import Lab
from digitlab.lab.look import records
from digitlab.lab.look.seen import Seen


def look_at_damage(lab: Lab, seen: Seen, damage: Damage) -> records.Damaged:
    """What the damage does to the answers to the whole test set, and to the one to this picture.

    Raises:
        InputError: there is no such unit, the reader knows other classes than the test set, or no network can have such
            a temperature.
        DivergenceError: the damaged network has no answer.
    """
    hurt = damaged(seen.network, damage)
    before = lab.predictions(seen.reader)
    return records.Damaged(
        **seen.told(),
        of=len(before),
        before=_measured(before),
        after=_measured(predict_all(hurt, before.digits)),
        names=list(seen.names),
        probabilities_before=seen.network.probabilities(seen.image).tolist(),
        probabilities=hurt.probabilities(seen.image).tolist(),
    )


def _measured(predictions: Predictions) -> records.Measured:
    return records.Measured(int(predictions.right.sum()), predictions.accuracy, predictions.cross_entropy)
