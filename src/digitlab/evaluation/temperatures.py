"""What a temperature does to a network: nothing to its answers, and so to its accuracy; much to how sure it is of them.

Source: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On calibration of modern neural networks" (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digitlab.data.digits import Digits
from digitlab.evaluation.calibration import calibration_error
from digitlab.evaluation.predictions import predict_all
from digitlab.network.activations import softmax
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.network.network import Network

TEMPERATURES = (0.25, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.4, 1.7, 2, 2.8, 4)


@dataclass(frozen=True)
class TemperatureCurve:
    """Cross-entropy and calibration error by temperature.

    Attributes:
        own: the temperature of the network's card, or 1.
        accuracy: the same at every temperature.
        temperatures: from too sure to too unsure.
        cross_entropy: at each of them, the mean of the test set.
        calibration_error: likewise, 0 to 1.
    """

    own: float
    accuracy: float
    temperatures: tuple[float, ...]
    cross_entropy: tuple[float, ...]
    calibration_error: tuple[float, ...]

    def to_dict(self) -> dict[str, object]:
        """All as plain values, ready for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


def temperature_curve(
    network: Network, digits: Digits, temperatures: Sequence[float] = TEMPERATURES
) -> TemperatureCurve:
    """What each temperature does to ``network``. Errors as `predict_all`."""
    predictions, own = predict_all(network, digits), network.card.temperature or 1.0
    costs, errors = [], []
    for temperature in temperatures:
        logits = predictions.logits * (own / temperature)
        errors.append(calibration_error(softmax(logits), digits.labels))
        costs.append(softmax_cross_entropy(logits, digits.labels).total / len(digits))
    return TemperatureCurve(own, predictions.accuracy, tuple(map(float, temperatures)), tuple(costs), tuple(errors))
