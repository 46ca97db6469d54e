"""A training for TensorBoard: curves, the first layer's weights as pictures, and the settings to compare runs by.

An event file is a row of records, each with its length and checksums around an `Event` of TensorFlow's event.proto.
tensorboardX has these messages. Its own writer is not used: a thread in it would let a full disk pass unseen.
"""

import io
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.data.digits import SIDE
from digitlab.errors import require_kind
from digitlab.extras import require_extra
from digitlab.interop.log_file import LogFile, refuse_used
from digitlab.network.activations import Floats
from digitlab.network.network import Network
from digitlab.training.events import (
    Advice,
    EpochDone,
    Event,
    LayersMeasured,
    Remark,
    SettingChanged,
    Started,
    StepDone,
    Stopped,
)
from digitlab.training.recipe import Recipe

CURVES = {
    "loss/training": "loss",
    "accuracy/training": "accuracy",
    "loss/validation": "validation_loss",
    "accuracy/validation": "validation_accuracy",
    "learning_rate": "learning_rate",
    "epoch": "epoch",
}
PICTURES = 10  # in a training, beside the one before it
MOST_UNITS, IN_A_ROW = 64, 8  # the first ones, so that a picture can be compared with the next


class TensorBoardLog(LogFile):
    """A listener for `digitlab.fit` that writes an event file.

    The horizontal axis counts steps. Where a training is resumed, a file is added that makes void what was told after
    the checkpoint: no point is there twice.

    Args:
        folder: of this training alone, beside those of others in what ``tensorboard --logdir`` is given.
        network: the one that is trained, whose weights are drawn.
        recipe: of the training.
        resume: go on with the log that is there.

    Raises:
        InputError: tensorboardX is not installed; there is a log in the folder.
        FileError: (here and when called) it cannot be written.
    """

    def __init__(self, folder: str | Path, network: Network, recipe: Recipe, *, resume: bool = False) -> None:
        require_kind(network, Network, "the network", "network = recipe.new_network()")
        require_kind(recipe, Recipe, "the recipe", 'dl.recipe("seed")')
        self._records, self._summaries, self._messages = (
            require_extra(f"tensorboardX.{name}", "tensorboard", "a TensorBoard log")
            for name in ("record_writer", "summary", "proto.event_pb2")
        )
        self._network, self._recipe, self._resume = network, recipe, resume
        before = len(list(Path(folder).glob("*tfevents*")))
        if before and not resume:
            refuse_used(Path(folder), "folder")
        super().__init__(Path(folder) / f"events.out.tfevents.{before + 1:06}.digitlab")  # read in the order of names
        self._new = not before
        self._step = self._drawn = -1  # of the last event, of the last picture

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        self._step = getattr(event, "step", self._step)
        if isinstance(event, Started):
            self._begin(event)
        elif isinstance(event, StepDone):
            self._tell({"loss/step": event.loss, "accuracy/step": event.accuracy})
        elif isinstance(event, EpochDone):
            self._tell_epoch(event)
            if event.epoch % max(1, self._recipe.epochs // PICTURES) == 0:
                self._draw_weights()
        elif isinstance(event, LayersMeasured):
            for number, layer in enumerate(event.layers, 1):
                sizes = {"weights": layer.weights, "gradient": layer.gradient, "change": layer.change}
                self._tell({f"{name}/layer_{number}": size for name, size in sizes.items()})
        elif isinstance(event, SettingChanged):
            self._tell({f"changed/{event.name}": event.value})
        elif isinstance(event, Advice | Remark):
            self._write(summary=self._summaries.text(type(event).__name__.lower(), event.words))
        elif isinstance(event, Stopped):
            self._draw_weights()
            self._write(summary=self._settings()[-1])

    def tell_divergence(self, step: int, words: str) -> None:
        """See `LogFile.tell_divergence`."""
        self._write(step, summary=self._summaries.text("diverged", words))

    def _begin(self, event: Started) -> None:
        if self.size and not self._resume:
            refuse_used(self.path.parent, "folder")
        if not self.size:
            self._write(file_version="brain.Event:2")
        start = self._messages.SessionLog(status=self._messages.SessionLog.START)
        self._write(0 if self._new else event.step + 1, session_log=start)  # every start but the first makes void
        if not self._new:
            self._drawn = event.step
            return
        self._new = False
        for summary in self._settings()[:-1]:
            self._write(0, summary=summary)
        words = f"network {event.network}, {event.samples:,} digits from {event.source}, engine {event.engine}"
        self._write(0, summary=self._summaries.text("training", "  \n".join((words, *event.warnings))))
        for epoch in event.earlier:
            self._tell_epoch(epoch)
        self._draw_weights()

    def _tell_epoch(self, event: EpochDone) -> None:
        values = {curve: getattr(event, name) for curve, name in CURVES.items()}
        self._tell({curve: value for curve, value in values.items() if value is not None}, event.step)

    def _draw_weights(self) -> None:
        """The weights of the first layer, a picture for each unit; of networks that take 28 x 28 pixels."""
        W = self._network.layers[0].W  # (P, H)
        if len(W) != SIDE * SIDE or self._drawn == self._step:
            return
        self._drawn, picture = self._step, io.BytesIO()
        drawn = Image.fromarray(_mosaic(W[:, :MOST_UNITS]))
        drawn.save(picture, "png")
        Summary = self._summaries.Summary
        image = Summary.Image(
            height=drawn.height, width=drawn.width, colorspace=3, encoded_image_string=picture.getvalue()
        )
        self._write(summary=Summary(value=[Summary.Value(tag="weights of the first layer", image=image)]))

    def _settings(self) -> tuple[Any, Any, Any]:
        """The settings as TensorBoard has them: which there are, their values here, and that the training ended."""
        settings = self._recipe.to_dict() | {"layers": "-".join(map(str, self._recipe.layers))}
        curves = list(CURVES)[: 4 if self._recipe.validation else 2]
        answer: tuple[Any, Any, Any] = self._summaries.hparams(settings, dict.fromkeys(curves, 0.0))
        return answer

    def _tell(self, values: Mapping[str, float], step: int | None = None) -> None:
        Summary = self._summaries.Summary
        points = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self._write(step, summary=Summary(value=points))

    def _write(self, step: int | None = None, **what: Any) -> None:
        """A record with one `Event`, of the last step where none is named."""
        event = self._messages.Event(wall_time=time.time(), step=self._step if step is None else step, **what)
        content, checksum = event.SerializeToString(), self._records.masked_crc32c
        length = struct.pack("<Q", len(content))
        self.append(length + struct.pack("<I", checksum(length)) + content + struct.pack("<I", checksum(content)))


def _mosaic(W: Floats) -> NDArray[np.uint8]:
    """Weights ``(784, H)`` as squares in rows: red where ink makes a unit stronger, blue where weaker, white for 0."""
    rows = -(-W.shape[1] // IN_A_ROW)
    squares = np.zeros((rows * IN_A_ROW, SIDE, SIDE))
    squares[: W.shape[1]] = W.T.reshape(-1, SIDE, SIDE) / (float(np.percentile(np.abs(W), 99.5)) or 1.0)
    whole = squares.reshape(rows, IN_A_ROW, SIDE, SIDE).swapaxes(1, 2).reshape(rows * SIDE, -1).clip(-1, 1)
    colours = 1 - np.stack([np.maximum(-whole, 0), np.abs(whole), np.maximum(whole, 0)], axis=-1)
    return np.round(255 * colours).astype(np.uint8)
