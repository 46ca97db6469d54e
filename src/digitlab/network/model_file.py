"""The model file: a network's parameters with what is needed to use them. It says by itself what it is.

Tensors ``W1, b1, W2, b2, ...`` in float32 (see `digitlab.network.tensor_file`); metadata, all strings, JSON where it is
more than a word:

    format         "digitlab-model"
    version        "1"
    architecture   {"sizes": [784, 64, 10], "activation": "sigmoid"}
    labels         ["0", "1", ...], one for each output
    preprocessing  {"version": 1, "kind": "divide", "by": 255, "side": 28}
    temperature    a number, where there is one
    recipe         {"learning_rate": 0.1, ...}, of a network that was trained
    training       {"epochs": 1000, "loss": 0.4087, ...}, likewise
    sha256         of the tensors
    text_sha256    of the other texts here

Reference: docs/reference/model-file.md.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from digitlab.data.files import named
from digitlab.errors import ModelFileError, refuse
from digitlab.network.activations import Floats
from digitlab.network.architecture import MAX_PARAMETERS, Architecture
from digitlab.network.card import FIELDS, Card, new_card
from digitlab.network.tensor_file import (
    COPY_AGAIN,
    MAX_HEADER_BYTES,
    TensorHeader,
    decode_json,
    decode_tensors,
    encode_tensors,
    read_header,
)

FORMAT = "digitlab-model"
VERSION = "1"
MODEL_SUFFIX = ".safetensors"
MAX_FILE_BYTES = 8 + MAX_HEADER_BYTES + 4 * MAX_PARAMETERS
NEEDED = {"format", "version", "architecture", "sha256"}
TEXT_SHA256 = "text_sha256"  # a bit that falls over in the name of a class would be noticed nowhere else
FORMER = "about"  # the first files had free JSON under this name instead; it is passed over


class ModelFile(NamedTuple):
    """What a model file holds."""

    architecture: Architecture
    parameters: NDArray[np.float32]  # flat
    card: Card


class _ArchitectureEntry(msgspec.Struct, forbid_unknown_fields=True):
    sizes: tuple[int, ...]
    activation: str


def encode_model(architecture: Architecture, parameters: Floats, card: Card | None = None) -> bytes:
    """The bytes of a model file: the same network with the same card always gives the same.

    Raises:
        ModelFileError: a parameter is NaN or infinite.
        InputError: the card is not the network's.
    """
    if parameters.shape != (architecture.parameter_count,):
        must_be = f"shape ({architecture.parameter_count},), for {architecture}"
        raise ModelFileError("the parameters do not fit the layers", must_be=must_be, got=f"shape {parameters.shape}")
    card = card or new_card(architecture)
    card.check_fit(architecture)
    shape = {"sizes": architecture.sizes, "activation": architecture.activation}
    texts = {"architecture": _json(shape), **encode_card(card), "format": FORMAT, "version": VERSION}
    return encode_tensors(architecture.named(parameters), texts | {TEXT_SHA256: _digest(texts)})


def decode_model(content: bytes, path: Path) -> ModelFile:
    """What is in the bytes of a model file, all of it checked; ``path`` is what error messages name.

    Raises:
        ModelFileError: not a model file, damaged, or shaped wrongly.
    """
    header = read_header(content, path)
    architecture = _read_architecture(header, path)
    if (size := 4 * architecture.parameter_count) > len(content):  # before memory is spent on it
        refuse(ModelFileError, path, f"{architecture} needs {size} bytes of numbers, and the file has {len(content)}")
    if FORMER in header.metadata:
        decode_json(header.metadata[FORMER], dict[str, object], path, FORMER)
    card = decode_card(header.metadata, architecture, path)
    flat = np.empty(architecture.parameter_count, dtype=np.float32)
    views = architecture.named(flat)
    shapes = {name: view.shape for name, view in views.items()}
    for name in sorted(shapes.keys() | header.shapes.keys()):
        if (must_be := shapes.get(name)) != (got := header.shapes.get(name)):
            what = f"{name[:40]} does not fit the layers {architecture}"
            refuse(ModelFileError, path, what, must_be=str(must_be or "no such tensor"), got=got or "no such tensor")
    tensors = decode_tensors(content, header, path)
    for name, view in views.items():
        view[...] = tensors[name]
    return ModelFile(architecture, flat, card)


def encode_card(card: Card) -> dict[str, str]:
    """What a card says, as JSON by the names of its `FIELDS`; what it does not say is left out."""
    return {name: _json(value) for name in FIELDS if (value := getattr(card, name)) is not None}


def decode_card(texts: Mapping[str, str | msgspec.Raw], architecture: Architecture, path: Path) -> Card:
    """The card in such texts; other names are passed over, and what is not there is as in a new network.

    Raises:
        ModelFileError: no such JSON, or not the card of such a network; ``path`` is what the message names.
    """
    told = {name: decode_json(texts[name], kind, path, f"the {name}") for name, kind in FIELDS.items() if name in texts}
    with named(path, ModelFileError):
        card = dataclasses.replace(new_card(architecture), **told)
        card.check_fit(architecture)
    return card


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _read_architecture(header: TensorHeader, path: Path) -> Architecture:
    texts = header.metadata
    if not NEEDED <= set(texts) <= NEEDED | set(FIELDS) | {TEXT_SHA256, FORMER}:
        must_be = f"the metadata {sorted(NEEDED)}, and perhaps {sorted(FIELDS)}"
        help = "`digitlab import` makes a model of a PyTorch state dict"
        refuse(ModelFileError, path, "this is not a model file", must_be=must_be, got=sorted(texts), help=help)
    if (texts["format"], texts["version"]) != (FORMAT, VERSION):
        got = f"{texts['format']} version {texts['version']}"
        refuse(ModelFileError, path, "this format is not known", must_be=f"{FORMAT} version {VERSION}", got=got)
    if texts.get(TEXT_SHA256, digest := _digest(texts)) != digest:  # the first files have none
        what = "what the file says of itself was changed or damaged: its SHA-256 is another"
        refuse(ModelFileError, path, what, help=COPY_AGAIN)
    entry: _ArchitectureEntry = decode_json(texts["architecture"], _ArchitectureEntry, path, "the architecture")
    with named(path, ModelFileError):
        return Architecture(entry.sizes, entry.activation)


def _digest(texts: Mapping[str, str]) -> str:
    """SHA-256 of the metadata but the checksums: a line ``name=text`` for each, in the order of their names."""
    lines = [f"{name}={texts[name]}\n" for name in sorted(texts) if name not in {"sha256", TEXT_SHA256}]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
