"""What each hidden unit contributes to each digit: the sums behind the logits, term by term.

A logit is a sum over the units of the last hidden layer and a bias,

    z_k = sum_h a_h W_hk + b_k

so ``a_h W_hk`` is what unit h pushes to digit k: for it where positive, against it where negative. Nothing is
estimated, and together they are the logit.

Letters for shapes: H units of a hidden layer, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.inside.picture import forward_one
from digitlab.network.network import Network


@dataclass(frozen=True, eq=False)
class Contributions:
    """How the answer to one picture comes about.

    Attributes:
        names: what the classes are called, K of them.
        activations: the output of the units of each hidden layer, ``(H,) float64`` each.
        pushes: ``(H, K) float64``, ``a_h W_hk`` of the last hidden layer; of the pixels, where there is none.
        bias: ``(K,) float64``, the last layer's.
        logits: ``(K,) float64``, what the network itself answers, in its float32.
    """

    names: tuple[str, ...]
    activations: tuple[NDArray[np.float64], ...]
    pushes: NDArray[np.float64]
    bias: NDArray[np.float64]
    logits: NDArray[np.float64]

    @property
    def digit(self) -> int:
        """The number of the most probable class."""
        return int(self.logits.argmax())

    @property
    def sums(self) -> NDArray[np.float64]:
        """``(K,)``, all pushes and the bias added up."""
        added: NDArray[np.float64] = self.pushes.sum(axis=0) + self.bias
        return added

    @property
    def off_by(self) -> float:
        """The sanity check: how far the sums are from the logits, at most; no more than float32 rounds."""
        return float(np.abs(self.sums - self.logits).max())

    def towards(self, digit: int, over: int | None = None) -> NDArray[np.float64]:
        """``(H,)``, what each unit pushes to ``digit``; with ``over``, more than to that one."""
        pushed: NDArray[np.float64] = self.pushes[:, digit]
        return pushed if over is None else pushed - self.pushes[:, over]

    def to_dict(self) -> dict[str, object]:
        """All as plain values, ready for JSON."""
        return {
            "digit": self.digit,
            "names": list(self.names),
            "activations": [layer.tolist() for layer in self.activations],
            "pushes": self.pushes.tolist(),
            "bias": self.bias.tolist(),
            "logits": self.logits.tolist(),
            "sums": self.sums.tolist(),
            "off_by": self.off_by,
        }


def contributions_of(network: Network, image: ArrayLike) -> Contributions:
    """What the units of ``network`` contribute to its answer to one picture. Arguments and errors as `forward_one`."""
    passed = forward_one(network, image)
    W, b = network.layers[-1]
    return Contributions(
        names=network.card.labels,
        activations=tuple(a[0] for a in passed.inputs[1:]),
        pushes=passed.inputs[-1].T * W,
        bias=b.astype(np.float64),
        logits=np.array(network.logits(image), dtype=np.float64).reshape(-1),
    )
