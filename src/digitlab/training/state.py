"""The state of a training between two steps: all that is needed to go on as if it had never stopped.

The sample order needs no place in it: it is a function of the seed and the epoch (see `digitlab.training.batches`).

A checkpoint is a state as bytes: safetensors (see `digitlab.network.tensor_file`) with the tensors ``parameters``,
``optimizer.NAME`` for each vector that the optimizer keeps, and ``average`` and ``best`` where there are any; the
counters are JSON in the metadata. No clock is in it, so the same training gives the same bytes, however often it was
interrupted.

Reference: docs/reference/run-folder.md.
"""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from digitlab.errors import ModelFileError, refuse
from digitlab.network.tensor_file import decode_json, decode_tensors, encode_tensors, read_header

FORMAT = "digitlab-checkpoint"
VERSION = "1"
OPTIMIZER = "optimizer."
OTHERS = ("best", "average")  # vectors that not every training has
ENDED = frozenset({"finished", "early"})  # outcomes after which there is nothing to go on with


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A setting that was changed while training went on: from the step after ``step`` it had this value."""

    step: int
    name: str
    value: float


class Counters(msgspec.Struct, forbid_unknown_fields=True):
    """Where a training is.

    Attributes:
        step: optimizer steps taken.
        epoch: complete epochs.
        position: steps taken of the epoch that is under way.
        loss, hits, count: sums over these steps.
        waited: epochs since the validation loss was last lowest.
        best_epoch, best_loss: when it was lowest, and how low.
        changes: settings that were changed on the way.
        memory_since: the step at which the optimizer's memory was empty: 0, or that of a branch to another optimizer.
        averaged: epochs that are in the average.
    """

    step: int = 0
    epoch: int = 0
    position: int = 0
    loss: float = 0.0
    hits: int = 0
    count: int = 0
    waited: int = 0
    best_epoch: int = 0
    best_loss: float | None = None
    changes: list[Change] = []
    memory_since: int = 0
    averaged: int = 0


class Outcome(msgspec.Struct, forbid_unknown_fields=True):
    """How far it got; and the last complete epoch.

    ``state`` is ``running``, ``finished``, ``early`` (stopped because validation no longer improved), ``interrupted``
    or ``diverged``.
    """

    state: str
    epochs: int
    steps: int
    seconds: float
    loss: float | None = None
    accuracy: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass
class State:
    """Counters and vectors.

    Attributes:
        counters: where the training is.
        parameters: ``(D,)``; in a running training the network's own.
        memory: the optimizer's vectors ``(D,)`` by name.
        best: the best parameters so far, where they are kept.
        average: of the parameters at the ends of epochs, where the recipe wants one.
    """

    counters: Counters
    parameters: NDArray[np.float32]
    memory: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    best: NDArray[np.float32] | None = None
    average: NDArray[np.float32] | None = None

    @property
    def learnt(self) -> NDArray[np.float32]:
        """The parameters that the network has if training ends here: the average, where there is one."""
        return self.parameters if self.average is None else self.average

    def average_in(self, averaging: float) -> None:
        """Take the parameters into the average, which keeps the share ``averaging`` of what it was.

        The first epochs count alike, as long as an epoch's share of their mean is larger than ``1 - averaging``: so the
        average owes nothing to where it began.
        """
        self.counters.averaged += 1
        share = np.float32(max(1 - averaging, 1 / self.counters.averaged))
        if self.average is None:
            self.average = self.parameters.copy()
        self.average += share * (self.parameters - self.average)


def encode_checkpoint(state: State) -> bytes:
    """The bytes of a checkpoint: the same state always gives the same."""
    tensors = {"parameters": state.parameters}
    tensors |= {OPTIMIZER + name: vector for name, vector in state.memory.items()}
    tensors |= {name: vector for name in OTHERS if (vector := getattr(state, name)) is not None}
    counters = msgspec.json.encode(state.counters).decode()
    return encode_tensors(tensors, {"format": FORMAT, "version": VERSION, "counters": counters})


def decode_checkpoint(content: bytes, parameter_count: int, path: Path) -> State:
    """A state from its bytes; ``path`` is what error messages name.

    Raises:
        ModelFileError: damaged, or not a checkpoint of a network with so many parameters.
    """
    header = read_header(content, path)
    texts = header.metadata
    if (texts.get("format"), texts.get("version")) != (FORMAT, VERSION) or "counters" not in texts:
        must_be = f"{FORMAT} version {VERSION}"
        refuse(ModelFileError, path, "this is not a checkpoint", must_be=must_be, got=f"the metadata {sorted(texts)}")
    for name, shape in header.shapes.items():
        known = name in {"parameters", *OTHERS} or name.startswith(OPTIMIZER)
        if not known or shape != (parameter_count,):
            must_be = f"vectors of {parameter_count}"
            refuse(
                ModelFileError,
                path,
                "these are not the vectors of this training",
                must_be=must_be,
                got=f"{name} {shape}",
            )
    if "parameters" not in header.shapes:
        refuse(ModelFileError, path, "the parameters are missing", got=", ".join(header.shapes))
    counters = decode_json(texts["counters"], Counters, path, "the counters")
    tensors = decode_tensors(content, header, path)
    vectors = {name: tensor.copy() for name, tensor in tensors.items()}  # those of the file cannot be written to
    memory = {name.removeprefix(OPTIMIZER): vector for name, vector in vectors.items() if name.startswith(OPTIMIZER)}
    return State(counters, vectors["parameters"], memory, **{name: vectors.get(name) for name in OTHERS})
