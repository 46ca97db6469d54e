"""Where training left the finite numbers: found only after it happened, so it may take its time."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.data.pixels import normalize
from digitlab.engines import Batch, StepResults
from digitlab.errors import DivergenceError
from digitlab.network.network import Network

BLOCK = 3000  # samples at a time: as few as the engine has in memory


def explain_divergence(
    network: Network, digits: Digits, batch: Batch, failed: StepResults, step: int
) -> DivergenceError:
    """The error to raise for the step that could not be taken.

    Args:
        network: with the parameters before that step, which are finite.
        digits: the training set, preprocessed.
        batch: the samples of that step.
        failed: what `Session.advance` told of it.
        step: its number, from 1.
    """
    return _error(step, *_first_trouble(network, digits, batch, failed))


def explain_silence(network: Network, held_out: Digits, step: int) -> DivergenceError:
    """The error to raise when a network that could take its last step, number ``step``, has no answer afterwards.

    What was ``held_out`` is preprocessed.
    """
    numbers = [_first_layer(network, held_out.images[block]) for block in _blocks(slice(None), len(held_out))]
    return _error(step, f"layer {min(filter(None, numbers), default=len(network.layers))}", "its output for validation")


def _error(step: int, layer: str, what: str) -> DivergenceError:
    error = DivergenceError(
        f"training diverged at step {step}, in {layer}: {what} is no longer finite",
        must_be="finite numbers throughout",
        got="an overflow (inf) or an undefined result (NaN)",
        help="use a smaller learning rate; the network keeps its last finite parameters",
    )
    error.step, error.layer = step, layer
    return error


def _first_trouble(network: Network, digits: Digits, batch: Batch, failed: StepResults) -> tuple[str, str]:
    """The layer and the quantity, in the order in which they are computed: forward, backward, step."""
    numbers = [_first_layer(network, digits.images[block]) for block in _blocks(batch, len(digits))]
    if any(numbers):
        return f"layer {min(filter(None, numbers))}", "its output"
    if failed.failed is not None:
        if not np.isfinite(failed.failed.loss):
            return f"layer {len(network.layers)}", "the loss"
        for name, view in reversed(network.architecture.named(failed.failed.gradient).items()):
            if not np.isfinite(view).all():
                return name, "its gradient"
    if failed.beyond is not None:
        for name, view in network.architecture.named(failed.beyond).items():
            if not np.isfinite(view).all():
                return name, "its new value"
    return "the loss", "its sum"


def _blocks(batch: Batch, count: int) -> Iterator[NDArray[np.intp]]:
    """The samples of a batch, a block at a time."""
    samples = np.arange(count)[batch]
    yield from (samples[first : first + BLOCK] for first in range(0, len(samples), BLOCK))


def _first_layer(network: Network, images: NDArray[np.uint8]) -> int:
    """The number of the first layer whose output is not finite; 0 where all are."""
    x = normalize(images).reshape(-1, network.architecture.sizes[0])
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for number, output in enumerate(network.activations(x), start=1):
            if not np.isfinite(output).all():
                return number
    return 0
