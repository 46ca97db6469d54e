"""Keras files, made without Keras, part by part; and their form for the fuzzer. h5py must be there."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

import digitlab as dl
from tests.hostile import forge
from tests.hostile.fuzzed import Format, words

Layers = list[dict[str, Any]]
PLACES = {"layers/dense/vars/0": (4, 3), "layers/dense/vars/1": (3,)}
PLACES |= {"layers/dense_1/vars/0": (3, 2), "layers/dense_1/vars/1": (2,)}
NUMBERS = {place: np.arange(math.prod(shape), dtype="<f4").reshape(shape) / 8 for place, shape in PLACES.items()}


def layer(kind: str, name: str, **settings: object) -> dict[str, Any]:
    config = {"name": name, "dtype": "float32", **settings}
    return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None, "name": name}


def layers() -> Layers:
    """An input, three units, two outputs, and softmax."""
    return [
        layer("InputLayer", "in", batch_shape=[None, 4]),
        layer("Rescaling", "scale", scale=1 / 255, offset=0.0),
        layer("Dense", "a", units=3, activation="relu", use_bias=True),
        layer("Dense", "b", units=2, activation="linear", use_bias=True),
        layer("Softmax", "p", axis=-1),
    ]


def sequential(told: object) -> bytes:
    return json.dumps({"module": "keras", "class_name": "Sequential", "config": {"layers": told}}).encode()


def functional(told: Layers, **ends: object) -> bytes:
    """Each layer takes what the one before it gives, where it does not say something else."""
    names = [None, *(one["name"] for one in told)]
    fed = [{"inbound_nodes": [node(name)] if name else []} | one for name, one in zip(names, told, strict=False)]
    config = {"layers": fed, "input_layers": [*names[1:2], 0, 0], "output_layers": [names[-1], 0, 0], **ends}
    return json.dumps({"module": "keras", "class_name": "Functional", "config": config}).encode()


def node(*names: str, **more: object) -> dict[str, Any]:
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}} for name in names]
    return {"args": tensors, "kwargs": more}


def weights(change: Callable[[h5py.File], None] = lambda file: None) -> bytes:
    """The HDF5 file, changed."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for place, array in NUMBERS.items():
            file[place] = array
        change(file)
    return content.getvalue()


def keras(
    config: bytes | None = None, metadata: bytes | None = None, numbers: bytes | None = None, **said: Any
) -> bytes:
    """A file, of which some members are others; ``said`` is what the archive says of itself."""
    members = [
        ("metadata.json", b'{"keras_version": "3.15.1"}' if metadata is None else metadata),
        ("config.json", sequential(layers()) if config is None else config),
        ("model.weights.h5", weights() if numbers is None else numbers),
    ]
    return forge.archive(members, **said)


def is_true(content: bytes, read: dl.Network) -> bool:
    """The layers behind the first have the bits of the file; the first may have been scaled."""
    with (
        zipfile.ZipFile(io.BytesIO(content)) as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file,
    ):
        for number, layer in enumerate(read.layers[1:], start=1):
            told = file[f"layers/dense_{number}/vars"]
            biases = told["1"][()] if "1" in told else np.zeros(len(layer.b), "<f4")
            if told["0"][()].tobytes() != layer.W.tobytes() or biases.tobytes() != layer.b.tobytes():
                return False
    return bool(np.isfinite(read.parameters).all())


KERAS = Format(
    "model.keras",
    (bytes, keras, lambda data: keras(numbers=data)),
    dl.import_model,
    is_true,
    ((0, keras()), (1, sequential(layers())), (1, functional(layers())), (2, weights())),
    words(
        "class_name config layers Dense Flatten Gelu LeakyReLU negative_slope batch_shape inbound_nodes [[ 1e400 null"
    ),
    ("interop/keras.py", "interop/keras_layers.py"),
    10_000,
)
