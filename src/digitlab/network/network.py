"""The network: an architecture and one flat vector of parameters.

    z1 = x W1 + b1      a1 = f(z1)          each hidden layer: a weighted sum, then the activation f
    z2 = a1 W2 + b2     p  = softmax(z2/T)  the last layer: logits z, turned into probabilities p

T is the temperature of the network's card, 1 unless somebody calibrated it.

This module is inference alone, written to be read. Losses and gradients are the engines' work.

Letters for shapes: N samples, P pixels (784), H hidden units (64), K classes (10).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.files import read_file
from digitlab.data.pixels import as_rows, normalize
from digitlab.durable import write_durably
from digitlab.errors import (
    ArchitectureError,
    DivergenceError,
    ModelFileError,
    printable,
    require_kind,
    system_errors,
)
from digitlab.network.activations import ACTIVATIONS, Floats, softmax
from digitlab.network.architecture import Architecture, Layer
from digitlab.network.card import Card, new_card
from digitlab.network.initializers import first_parameters
from digitlab.network.model_file import MAX_FILE_BYTES, decode_model, encode_model

BLOCK = 2000  # pictures at a time: keeps the arrays in the processor's cache, and memory small
BEYOND: dict[str, Any] = {"over": "ignore", "invalid": "ignore", "under": "ignore"}  # NumPy's; not finite is refused
_PARAMETER_NAME = re.compile(r"[Wb][1-9][0-9]*")


class Network:
    """A fully connected network that turns pictures into probabilities of digits.

    >>> network = Network([784, 64, 10], activation="sigmoid", seed=0)
    >>> network.W1.shape, network.b1.shape, network.W2.shape, network.b2.shape
    ((784, 64), (64,), (64, 10), (10,))

    Args:
        sizes: units of each layer, from inputs to outputs.
        activation: of the hidden units: ``"sigmoid"``, ``"tanh"``, ``"relu"``, ``"leaky_relu"`` or ``"gelu"``.
        initializer: of the weights: ``"lecun"`` (standard deviation 1/sqrt(inputs)), ``"glorot"``, ``"he"`` or
            ``"plain"``.
        seed: the same seed gives the same first weights.

    Attributes:
        architecture: layer sizes and activation.
        parameters: ``(parameter_count,) float32``, all weights and biases; ``W1``, ``b1``, ... are views into it.
        card: what its inputs and outputs mean, and how it was trained.

    Raises:
        ArchitectureError: sizes, activation or initializer that cannot make a network.
    """

    architecture: Architecture
    parameters: NDArray[np.float32]
    card: Card

    def __init__(
        self, sizes: Sequence[int], *, activation: str = "sigmoid", initializer: str = "lecun", seed: int = 0
    ) -> None:
        self.architecture = Architecture(sizes, activation)  # type: ignore[arg-type]  # it makes a tuple of them
        self.parameters = first_parameters(self.architecture, initializer, seed)
        self.card = new_card(self.architecture)

    @classmethod
    def from_parameters(cls, architecture: Architecture, parameters: Floats, card: Card | None = None) -> Network:
        """A network with these parameters (copied), such as the ones that a model file holds, and its card."""
        if parameters.shape != (architecture.parameter_count,):
            must_be = f"shape ({architecture.parameter_count},), for {architecture}"
            raise ArchitectureError(
                "the parameters do not fit the layers", must_be=must_be, got=f"shape {parameters.shape}"
            )
        network = cls.__new__(cls)
        network.architecture = architecture
        network.parameters = np.array(parameters, dtype=np.float32)
        network.card = card or new_card(architecture)
        return network

    @property
    def layers(self) -> list[Layer]:
        """Weights and biases of each layer, as views."""
        return list(self._layers)

    @cached_property
    def _layers(self) -> list[Layer]:
        """Made once, because `parameters` stays the same vector: for one picture, views take as long as a layer."""
        return self.architecture.layers(self.parameters)

    def __getstate__(self) -> dict[str, object]:
        """What is copied and pickled: all but the views, which would come back as arrays of their own."""
        return {name: value for name, value in self.__dict__.items() if name != "_layers"}

    def __getattr__(self, name: str) -> Floats:
        """``network.W1`` and the like: views into the flat vector."""
        if _PARAMETER_NAME.fullmatch(name):
            views = self.architecture.named(self.parameters)
            if name in views:
                return views[name]
        raise AttributeError(f"{type(self).__name__} {self.__dict__.get('architecture')} has no {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        """``network.W1 = array`` copies into the flat vector, so that views stay views."""
        if _PARAMETER_NAME.fullmatch(name):
            view = getattr(self, name)
            array = np.asarray(value)
            if array.shape != view.shape:
                raise ArchitectureError(f"{name} has shape {view.shape}", got=f"shape {array.shape}")
            view[...] = array
        elif name == "parameters" and value is not self.__dict__.get("parameters", value):  # `*=` assigns the same
            what = "the parameter vector can be changed, but not replaced"
            raise ArchitectureError(what, help="network.parameters[:] = values")
        else:
            if name == "card":
                require_kind(value, Card, "the card", "dataclasses.replace(network.card, temperature=1.5)")
                value.check_fit(self.architecture)  # type: ignore[attr-defined]
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.architecture.named(self.parameters)]

    def __repr__(self) -> str:
        shape = self.architecture
        return f"Network({shape}, {shape.activation}, {shape.parameter_count:,} parameters)"

    def activations(self, x: Floats) -> Iterator[Floats]:
        """The output of each hidden layer in turn, and last the logits: the forward pass, step by step.

        Args:
            x: inputs ``(N, P)``, or ``(P,)`` for a single picture; floats 0..1, see `inputs`.

        Yields:
            ``(N, H)`` for each hidden layer, then ``(N, K)``; without the N for a single picture.
        """
        f = ACTIVATIONS[self.architecture.activation].function
        a = x
        *hidden, last = self._layers
        for W, b in hidden:
            z = np.dot(a, W)  # (N, H); a @ W takes twice as long to begin
            z += b
            a = f(z, z)
            yield a
        yield np.dot(a, last.W) + last.b  # (N, K)

    def inputs(self, pixels: NDArray[Any]) -> Floats:
        """What pictures become before the first layer, such as `activations` takes: floats 0..1.

        Args:
            pixels: bytes or floats 0..1, shape ``(N, P)``, or ``(P,)`` for a single picture.

        Raises:
            PictureError: as `logits`.
        """
        return normalize(self.card.preprocess(pixels))

    @np.errstate(**BEYOND)
    def logits(self, images: ArrayLike, *, preprocessed: bool = False) -> Floats:
        """The last layer's sums, before softmax: ``(N, K)``, or ``(K,)`` for a single picture.

        Args:
            images: bytes or floats 0..1, shape ``(N, 28, 28)``, ``(N, 784)``, ``(28, 28)`` or ``(784,)``.
            preprocessed: they went through `Card.preprocess` already, as a training's do.

        Raises:
            PictureError: a wrong shape or type, a float outside 0..1, or NaN.
            DivergenceError: the parameters are so large that the sums are no longer finite.
        """
        return self._logits(images, preprocessed)

    def _logits(self, images: ArrayLike, preprocessed: bool = False) -> Floats:
        """See `logits`; NumPy's settings are those of whoever calls."""
        rows, single = as_rows(images, self.architecture.sizes[0])
        if single:
            return self._finite_logits(rows[0], preprocessed)
        starts = range(0, max(len(rows), 1), BLOCK)
        return np.concatenate([self._finite_logits(rows[start : start + BLOCK], preprocessed) for start in starts])

    def _finite_logits(self, pixels: NDArray[Any], preprocessed: bool) -> Floats:
        """The logits of pictures ``(N, P)``, or of one ``(P,)``."""
        *_, z = self.activations(normalize(pixels) if preprocessed else self.inputs(pixels))
        finite = np.isfinite(z)
        if np.count_nonzero(finite) < z.size:
            wrong = np.count_nonzero(~finite.all(axis=-1))
            raise DivergenceError(
                f"the network has no answer to {wrong} of the pictures: its sums are no longer finite",
                help="train it again with a smaller learning rate",
            )
        return z

    @np.errstate(**BEYOND)
    def probabilities(self, images: ArrayLike) -> Floats:
        """How probable each digit is: ``(N, K)``, or ``(K,)`` for a single picture. See `logits`.

        Where the card has a temperature, the logits are divided by it.
        """
        return softmax(self._logits(images), self.card.temperature or 1.0)

    def predict(self, images: ArrayLike) -> NDArray[np.intp] | np.intp:
        """The most probable digit of each picture: ``(N,)``, or one number for a single picture. See `logits`.

        What is not digits has names: ``network.card.labels[network.predict(picture)]``.
        """
        predicted: NDArray[np.intp] | np.intp = self.logits(images).argmax(axis=-1)
        return predicted

    def copy(self) -> Network:
        """The same network with parameters of its own."""
        return self.from_parameters(self.architecture, self.parameters, self.card)

    def save(self, path: str | Path) -> None:
        """Write a model file (safetensors) that `digitlab.load` reads. See `digitlab.network.model_file`.

        Raises:
            ModelFileError: the file cannot be written, or the parameters are not finite.
        """
        content = encode_model(self.architecture, self.parameters, self.card)
        with system_errors(ModelFileError, f"{printable(str(path))}: the model cannot be written"):
            write_durably(Path(path), content)

    @classmethod
    def decode(cls, content: bytes, path: Path) -> Network:
        """The network in the bytes of a model file; ``path`` is what error messages name. See `load`."""
        return cls.from_parameters(*decode_model(content, path))

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """The network in a model file.

        Raises:
            ModelFileError: missing, damaged, or not a model file.
        """
        return cls.decode(read_file(Path(path), MAX_FILE_BYTES, ModelFileError), Path(path))
